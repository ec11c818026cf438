"""What every command and every event has in common.

Rule of the room: a command is what a caller asks (imperative, never stored); an event is what
happened (past participle, stored for ever). An event keeps each field of its command under the
same name, which is how a repeated command is told from a different one.
"""

from typing import Any, ClassVar, Final

import msgspec

from ledger.domain.book import Leg
from ledger.domain.identifiers import CommandId
from ledger.domain.instants import Instant


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """A request to change the programme's book."""

    circumstances: ClassVar[frozenset[str]] = frozenset()
    """Fields in which a repeated request may differ: they say who asks or when, not for what."""

    occurred_at: Instant
    """When it happened, as the caller knows it."""


SIGNATURE: Final = frozenset({"by"})
"""Fields that say who asks, not for what."""

VERSION_FIELD: Final = "v"
"""The field in which an event says its version, when that is above 1."""


class SignedCommand(Command, frozen=True, kw_only=True, gc=False):
    """A request that says who makes it, because what somebody prepares another must check."""

    circumstances: ClassVar[frozenset[str]] = SIGNATURE

    by: CommandId
    """Id of the key that asks. A request repeated under another key is the same request."""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A fact. Fields are added with defaults; a topic is never used again.

    Unknown fields are ignored on reading, in the event and in the parts inside it (a factor, a
    measurement), so that a release can read its successor's log. Whatever else changes makes a new
    version: its class says so with `tag_field="v", tag=2`, and `ledger/store/mapper.py` gets a step
    from the version before. `occurred_at`, `recorded_at` and `legs` are the same in every version.
    """

    topic: ClassVar[str]

    occurred_at: Instant
    """When it happened, as the caller told it (UTC)."""
    recorded_at: Instant
    """When the ledger wrote it (UTC)."""
    legs: tuple[Leg, ...] = ()
    """The lines of the entry; they sum to zero for each asset."""


def version_of(event: type[Event]) -> int:
    """Give the version of an event's shape."""
    config = event.__struct_config__
    return config.tag if config.tag_field == VERSION_FIELD and isinstance(config.tag, int) else 1


def differing_fields(command: Command, event: Event) -> list[str]:
    """Name the fields in which a repeated command differs from the event that stands under its id."""
    return [
        name
        for name in command.__struct_fields__
        if getattr(command, name) != _recorded_value(event, name) and name not in command.circumstances
    ]


def _recorded_value(event: Event, name: str) -> Any:
    return getattr(event, name, None)
