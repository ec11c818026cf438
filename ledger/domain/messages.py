"""What every command and every event has in common.

Rule of the room: a command is what a caller asks (imperative, never stored); an event is what
happened (past participle, stored for ever). An event keeps each field of its command under the
same name, which is how a repeated command is told from a different one.
"""

from typing import Any, ClassVar

import msgspec

from ledger.domain.book import Leg
from ledger.domain.instants import Instant


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """A request to change the programme's book."""

    occurred_at: Instant
    """When it happened, as the caller knows it."""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A fact. Fields are added with defaults, never renamed; a topic is never used again.

    An event's own unknown fields are ignored on reading, so that a release can read its successor's
    log. The parts inside an event (a factor, a measurement) are checked as strictly as in a command:
    a release that adds a field there is rolled out everywhere before it is used.
    """

    topic: ClassVar[str]

    occurred_at: Instant
    """When it happened, as the caller told it (UTC)."""
    recorded_at: Instant
    """When the ledger wrote it (UTC)."""
    legs: tuple[Leg, ...] = ()
    """The lines of the entry; they sum to zero for each asset."""


def differing_fields(command: Command, event: Event) -> list[str]:
    """Name the fields in which a repeated command differs from the event that stands under its id."""
    return [
        name for name in command.__struct_fields__ if getattr(command, name) != _recorded_value(event, name)
    ]


def _recorded_value(event: Event, name: str) -> Any:
    return getattr(event, name, None)
