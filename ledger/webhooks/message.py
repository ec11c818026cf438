"""What is sent for one event.

Rule of the room: the event's bytes are those that were stored; the same event is the same message,
byte for byte and under the same id, however often and to whomever it is sent.
"""

from typing import Final, NamedTuple

import msgspec

from ledger.store.log import LoggedEvent

_BODY: Final = (
    b'{"type":"%b","timestamp":%b,"data":{"programme_id":"%b","position":%d,'
    b'"originator_id":"%b","originator_version":%d,"event":%b}}'
)


class Message(NamedTuple):
    """A message to a receiver."""

    id: str
    """The same for every attempt, so that a receiver can tell what it has had."""
    position: int
    topic: str
    body: bytes


class _Recorded(msgspec.Struct):
    """The only field of an event that is looked at."""

    recorded_at: msgspec.Raw


_decode = msgspec.json.Decoder(_Recorded).decode


def message_of(programme_id: str, logged: LoggedEvent) -> Message:
    """Give the message of an event."""
    body = _BODY % (
        logged.topic.encode(),
        bytes(_decode(logged.state).recorded_at),
        programme_id.encode(),
        logged.position,
        str(logged.originator_id).encode(),
        logged.originator_version,
        logged.state,
    )
    return Message(f"{programme_id}/{logged.position}", logged.position, logged.topic, body)
