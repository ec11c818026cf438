"""Points in time, local calendars and expiry dates.

Rule of the room: every instant is aware and UTC; a local date exists only together with a
programme's time zone; nothing here reads a clock.
"""

import calendar
import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from ledger.domain.limits import EXPIRY_MONTHS_MAX

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""An RFC 3339 timestamp that names its offset."""

ExpiryKind = Literal["months", "month_end", "year_end"]

MONTHS_PER_YEAR: Final = 12

EXPIRY_MONTHS_MAX_OF_KIND: Final[dict[ExpiryKind, int]] = {
    "months": EXPIRY_MONTHS_MAX,
    # Rounding up to the end of the month or the year must not carry a lot beyond ten years.
    "month_end": EXPIRY_MONTHS_MAX - 1,
    "year_end": EXPIRY_MONTHS_MAX - MONTHS_PER_YEAR,
}

# Many systems keep these beside the zones: the machine's own choice, and copies with leap seconds.
# A programme in one of them would have other days on another machine.
_OF_THE_MACHINE = re.compile(r"(?:localtime|posixrules)\Z|(?:posix|right)/")


class ExpiryPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long credits live, counted from the local date of their issue.

    `months`: the same day `months` later (the month's last day where that day is missing);
    `month_end`: the last day of the month `months` later;
    `year_end`: 31 December of the year `months // 12` years later.
    However it is counted, no lot lives longer than ten years.
    """

    kind: ExpiryKind
    months: Annotated[int, msgspec.Meta(ge=0, le=EXPIRY_MONTHS_MAX)]


@lru_cache(maxsize=1024)
def zone(time_zone: str) -> ZoneInfo:
    """Look up an IANA time zone.

    Raises:
        ZoneInfoNotFoundError: no such zone.
    """
    try:
        return ZoneInfo(time_zone)
    except (ValueError, OSError) as refused:
        raise ZoneInfoNotFoundError(time_zone) from refused


def is_published(time_zone: str) -> bool:
    """Whether a time zone stands in the IANA database, so that it is the same on every machine."""
    if _OF_THE_MACHINE.match(time_zone):
        return False
    try:
        zone(time_zone)
    except ZoneInfoNotFoundError:
        return False
    return True


def utc(instant: datetime) -> datetime:
    """Give the same instant with the offset written as UTC."""
    return instant if instant.tzinfo is UTC else instant.astimezone(UTC)


@lru_cache(maxsize=16_384)
def local_date(instant: datetime, time_zone: str) -> date:
    """Give the calendar day on which `instant` falls in `time_zone`; one act is asked about many times."""
    return instant.astimezone(zone(time_zone)).date()


def expires_on(issued_on: date, policy: ExpiryPolicy) -> date:
    """Give the last local day on which credits issued on `issued_on` can be spent."""
    if policy.kind == "year_end":
        return date(issued_on.year + policy.months // MONTHS_PER_YEAR, 12, 31)
    month_index = issued_on.month - 1 + policy.months
    year, month = issued_on.year + month_index // MONTHS_PER_YEAR, month_index % MONTHS_PER_YEAR + 1
    last_day = calendar.monthrange(year, month)[1]
    return date(year, month, last_day if policy.kind == "month_end" else min(issued_on.day, last_day))
