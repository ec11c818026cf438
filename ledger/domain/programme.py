"""A programme: the unit of order, consistency and proof; one programme is one ledger.

Rule of the room: Events → State → Decide → Evolve; all pure.
"""

from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, ClassVar, Literal

import msgspec

from ledger.domain.errors import ExpiryTooLong, TimeZoneUnknown
from ledger.domain.identifiers import Name, ProgrammeId
from ledger.domain.instants import (
    EXPIRY_MONTHS_MAX_OF_KIND,
    ExpiryPolicy,
    expires_on,
    is_published,
    local_date,
    utc,
)
from ledger.domain.limits import CREDITS_MAX, TIME_ZONE_CHARS_MAX
from ledger.domain.messages import Command, Event

Level = Literal["enterprise", "community", "city"]


class OpenProgramme(Command, frozen=True, kw_only=True, tag_field="kind", tag="programme.open"):
    """Open a programme: its book, its calendar and what its credits may do."""

    id: ProgrammeId
    name_zh: Name
    name_en: Name
    level: Level
    time_zone: Annotated[str, msgspec.Meta(min_length=1, max_length=TIME_ZONE_CHARS_MAX)]
    """IANA name; days, months and years of the programme are those of this zone."""
    transferable: bool
    """Whether credits may be given away at all."""
    transfer_quota_credits: Annotated[int, msgspec.Meta(ge=1, le=CREDITS_MAX)] | None = None
    """Credits a participant may give away in one local month; None for no quota."""
    expiry: ExpiryPolicy


# --- Events -------------------------------------------------------------------------------------


class ProgrammeOpened(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A programme began."""

    topic: ClassVar[str] = "programme.opened"

    id: str
    name_zh: str
    name_en: str
    level: Level
    time_zone: str
    transferable: bool
    transfer_quota_credits: int | None = None
    expiry: ExpiryPolicy

    def today(self, recorded_at: datetime) -> date:
        """Give the programme's local day at an instant."""
        return local_date(recorded_at, self.time_zone)

    def lot_issued(self, recorded_at: datetime) -> str:
        """Give the lot of credits issued at an instant: their last day of validity."""
        return _lot(self.today(recorded_at), self.expiry)


@lru_cache(maxsize=1024)
def _lot(issued_on: date, policy: ExpiryPolicy) -> str:
    return expires_on(issued_on, policy).isoformat()


# --- Decide -------------------------------------------------------------------------------------


def open_programme(command: OpenProgramme, recorded_at: datetime) -> ProgrammeOpened:
    """Open a programme; that it is not open already is seen when its stream is written.

    Raises, in this order:
        TimeZoneUnknown: the time zone is not in the IANA database.
        ExpiryTooLong: counted to the end of a month or a year, credits could outlive ten years.
    """
    if not is_published(command.time_zone):
        raise TimeZoneUnknown(field="time_zone", value=command.time_zone)
    months_max = EXPIRY_MONTHS_MAX_OF_KIND[command.expiry.kind]
    if command.expiry.months > months_max:
        raise ExpiryTooLong(field="expiry.months", value=command.expiry.months, months_max=months_max)
    return ProgrammeOpened(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        id=command.id,
        name_zh=command.name_zh,
        name_en=command.name_en,
        level=command.level,
        time_zone=command.time_zone,
        transferable=command.transferable,
        transfer_quota_credits=command.transfer_quota_credits,
        expiry=command.expiry,
    )
