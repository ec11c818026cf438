"""Sponsors: those whose money is in funds.

Rule of the room: Events → State → Decide → Evolve; all pure. A sponsor's state is the status of its
address in the book; whoever commits money without a proposal need not be opened.
"""

from datetime import datetime
from typing import ClassVar

from ledger.domain.identifiers import EntityId, Name
from ledger.domain.instants import utc
from ledger.domain.messages import Command, Event


class OpenSponsor(Command, frozen=True, kw_only=True, tag_field="kind", tag="sponsor.open"):
    """Open a sponsor, whose money can then be proposed for funds."""

    id: EntityId
    name_zh: Name
    name_en: Name


# --- Events -------------------------------------------------------------------------------------


class SponsorOpened(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A sponsor was opened."""

    topic: ClassVar[str] = "sponsor.opened"

    id: str
    name_zh: str
    name_en: str


# --- Decide -------------------------------------------------------------------------------------


def open_sponsor(command: OpenSponsor, recorded_at: datetime) -> SponsorOpened:
    """Open a sponsor: nothing but its own stream can stand against it."""
    return SponsorOpened(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        id=command.id,
        name_zh=command.name_zh,
        name_en=command.name_en,
    )
