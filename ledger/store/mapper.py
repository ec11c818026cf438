"""Events to stored bytes and back.

Rule of the room: the topic says which struct the bytes are; an old event is brought up to date
here, before it is decoded, so that nothing above knows older shapes.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from eventsourcing.persistence import Mapper, MapperDeserialisationError, StoredEvent, Transcoder

from ledger.domain.messages import Event
from ledger.domain.topics import BY_TOPIC

Upcast = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTS: Final[Mapping[str, tuple[Upcast, ...]]] = {}
"""For a topic whose shape changed: the steps from each older version to the next, oldest first.

An event of version n + 1 carries `"v": n + 1`; one without it is of version 1.
"""


class StreamEvent(NamedTuple):
    """An event at its place in a stream, as the library passes events around."""

    originator_id: UUID
    originator_version: int
    event: Event


class MsgspecTranscoder(Transcoder):
    """Any struct to JSON bytes; the same struct gives the same bytes on every machine."""

    def __init__(self) -> None:
        self._encoder = msgspec.json.Encoder()

    def encode(self, obj: Any) -> bytes:
        """Give the JSON bytes of a struct."""
        return self._encoder.encode(obj)

    def decode(self, data: bytes) -> Any:
        """Give the plain values of JSON bytes."""
        return msgspec.json.decode(data)


class EventMapper(Mapper[UUID]):
    """Maps events by their frozen topics instead of by where their classes live."""

    def __init__(
        self,
        transcoder: Transcoder | None = None,
        *,
        by_topic: Mapping[str, type[Event]] = BY_TOPIC,
        upcasts: Mapping[str, tuple[Upcast, ...]] = UPCASTS,
    ) -> None:
        super().__init__(transcoder or MsgspecTranscoder())
        self._decoders = {topic: msgspec.json.Decoder(event) for topic, event in by_topic.items()}
        self._by_topic = by_topic
        self._upcasts = upcasts

    def state_of(self, event: Event) -> bytes:
        """Give the bytes that are stored for an event."""
        return self.transcoder.encode(event)

    def event_of(self, topic: str, state: bytes) -> Event:
        """Give the event that was stored.

        Raises:
            MapperDeserialisationError: the topic is unknown, or the bytes are not of it.
        """
        try:
            upcasts = self._upcasts.get(topic)
            if upcasts is None:
                return self._decoders[topic].decode(state)
            fields = msgspec.json.decode(state)
            for upcast in upcasts[fields.pop("v", 1) - 1 :]:
                fields = upcast(fields)
            return msgspec.convert(fields, self._by_topic[topic])
        except (KeyError, msgspec.MsgspecError) as broken:
            raise MapperDeserialisationError(f"{topic}: {broken}") from broken

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Give the row of a `StreamEvent`."""
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=domain_event.event.topic,
            state=self.state_of(domain_event.event),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Give the `StreamEvent` of a row."""
        originator_id = stored_event.originator_id
        return StreamEvent(
            originator_id if isinstance(originator_id, UUID) else UUID(originator_id),
            stored_event.originator_version,
            self.event_of(stored_event.topic, stored_event.state),
        )


@lru_cache(maxsize=1)
def mapper() -> EventMapper:
    """Give this process's mapper: it keeps a prepared decoder for each topic."""
    return EventMapper()
