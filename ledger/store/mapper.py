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
from msgspec.inspect import type_info

from ledger.domain.errors import EventNewerThanCode
from ledger.domain.messages import VERSION_FIELD, Event, version_of
from ledger.domain.topics import BY_TOPIC
from ledger.store.known_fields import known_only

Upcast = Callable[[dict[str, Any]], dict[str, Any]]
"""One step: the plain fields of a version to those of the next, without the version itself."""

UPCASTS: Final[dict[str, tuple[Upcast, ...]]] = {}
"""For a topic whose shape changed: the steps from each older version to the next, oldest first.

An event of version n + 1 carries `"v": n + 1`; one without it is of version 1.
"""

_VERSION_MARK: Final = f'{{"{VERSION_FIELD}":'.encode()
"""With which the bytes of every event above version 1 begin: the encoder writes a tag first."""


class Reading(NamedTuple):
    """How the events of one topic are read."""

    event: type[Event]
    version: int
    steps: tuple[Upcast, ...]

    @classmethod
    def of(cls, event: type[Event], steps: tuple[Upcast, ...]) -> "Reading":
        """Prepare the reading of a topic.

        Raises:
            ValueError: there is not a step from each older version to the next.
        """
        version = version_of(event)
        if len(steps) != version - 1:
            raise ValueError(f"{event.topic} of version {version} has {len(steps)} steps up to it")
        return cls(event, version, steps)

    def of_present(self) -> tuple[bytes, bool, Callable[[bytes], Event]]:
        """Give how bytes of the present version are told and read: with a mark, or by having none."""
        decode = msgspec.json.Decoder(self.event).decode
        if self.version == 1:
            return _VERSION_MARK, False, decode
        return b"%b%d," % (_VERSION_MARK, self.version), True, decode


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
        self._readings = {
            topic: Reading.of(event, tuple(upcasts.get(topic, ()))) for topic, event in by_topic.items()
        }
        self._present = {topic: reading.of_present() for topic, reading in self._readings.items()}

    def state_of(self, event: Event) -> bytes:
        """Give the bytes that are stored for an event; above version 1 they begin with the version."""
        return self.transcoder.encode(event)

    def event_of(self, topic: str, state: bytes) -> Event:
        """Give the event that was stored, brought up to the present version.

        Raises:
            EventNewerThanCode: only a later release can read the event.
            MapperDeserialisationError: the bytes are not of their topic.
        """
        try:
            mark, says_version, decode = self._present[topic]
            if state.startswith(mark) is says_version:
                return decode(state)
        except (KeyError, msgspec.DecodeError):
            pass  # perhaps a later release made it
        return self._read_other(topic, state)

    def _read_other(self, topic: str, state: bytes) -> Event:
        """Read an event that is not plainly of the present version."""
        version, fields = _version_in(topic, state)
        reading = self._readings.get(topic)
        version_known = reading.version if reading else 0
        if reading is None or version > version_known:
            raise EventNewerThanCode(topic=topic, version_known=version_known, version_found=version)
        try:
            for step in reading.steps[version - 1 :]:
                fields = step(fields)
            return msgspec.convert(known_only(fields, type_info(reading.event)), reading.event)
        except (KeyError, TypeError, ValueError) as broken:  # of a step, or the converter's
            raise MapperDeserialisationError(f"{topic} of version {version}: {broken}") from broken

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


def _version_in(topic: str, state: bytes) -> tuple[int, dict[str, Any]]:
    """Give the version of an event, and its fields without it."""
    try:
        fields = msgspec.json.decode(state, type=dict[str, Any])
    except msgspec.DecodeError as broken:
        raise MapperDeserialisationError(f"{topic}: {broken}") from broken
    version = fields.pop(VERSION_FIELD, 1)
    if type(version) is not int or version < 1:
        raise MapperDeserialisationError(f"{topic}: {version!r} is no version")
    return version, fields


@lru_cache(maxsize=1)
def mapper() -> EventMapper:
    """Give this process's mapper: it keeps a prepared decoder for each topic."""
    return EventMapper()
