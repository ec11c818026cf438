"""What a command has added to its stream, and the answer made of it."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from ledger.domain.messages import Command, Event
from ledger.domain.row import Row


class Written(NamedTuple):
    """An event of a stream, stored or about to be."""

    position: int
    event: Event
    state: bytes


def outcome_body(events: Sequence[Written], position: int) -> bytes:
    """Write an outcome: `{"position": …, "events": [{"position", "topic", "data"}, …]}`."""
    lines = [
        b'{"position":%d,"topic":"%b","data":%b}' % (at, _topic_bytes(event.topic), state)
        for at, event, state in events
    ]
    return b'{"position":%d,"events":[%b]}' % (position, b",".join(lines))


@lru_cache(maxsize=128)
def _topic_bytes(topic: str) -> bytes:
    return topic.encode()


def made_by(command: Command, row: Row, stream: Sequence[Written]) -> list[Written]:
    """Give what a command, or another one under the same id, has added to a stream; it stands together."""
    first = next(
        (
            at
            for at, written in enumerate(stream)
            if isinstance(written.event, row.begins) and row.is_repeat(command, written.event)
        ),
        None,
    )
    if first is None:
        return []
    made = [stream[first]]
    for written in stream[first + 1 :]:
        if written.position != made[-1].position + 1 or not isinstance(written.event, row.goes_on):
            break
        made.append(written)
    return made
