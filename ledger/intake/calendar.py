"""Days and times as files write them, in the time zone that the importer names."""

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

REMEMBERED_MAX: Final = 20_000
"""Texts remembered: a file has few days, and few instants at which it was received."""

_DAY = re.compile(r"([0-9]{4})([-/.]?)([0-9]{1,2})\2([0-9]{1,2})")
_COMPACT_DAY_CHARS: Final = 8
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)


class Day(NamedTuple):
    """A local day."""

    number: int
    """Its ordinal, so that yesterday is one less."""
    text: str
    """As ISO writes it."""
    begins_at: datetime
    ends_at: datetime


class Days(dict[str, "Day | None"]):
    """Local days by the texts that name them, such as 2024-05-06, 2024/5/6 or 20240506.

    None stands for a text that names no day. A dict, because a file names few days and very often.
    """

    def __init__(self, zone: tzinfo) -> None:
        super().__init__()
        self._zone = zone

    def __missing__(self, text: str) -> Day | None:
        if len(self) >= REMEMBERED_MAX:
            self.clear()
        found = self[text] = self._read(text)
        return found

    def _read(self, text: str) -> Day | None:
        match = _DAY.fullmatch(text)
        if match is None or (not match[2] and len(text) != _COMPACT_DAY_CHARS):
            return None
        try:
            day = date(int(match[1]), int(match[3]), int(match[4]))
            begins, ends = self._midnight(day), self._midnight(day + timedelta(days=1))
        except (ValueError, OverflowError):
            return None
        return Day(day.toordinal(), day.isoformat(), begins, ends)

    def _midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self._zone).astimezone(UTC)


class Instants(dict[str, "datetime | None"]):
    """Instants (UTC) by the texts that name them: with an offset, or else local in the zone.

    None stands for a text that names no instant.
    """

    def __init__(self, zone: tzinfo) -> None:
        super().__init__()
        self._zone = zone

    def __missing__(self, text: str) -> datetime | None:
        if len(self) >= REMEMBERED_MAX:
            self.clear()
        found = self[text] = self._read(text)
        return found

    def is_skipped(self, text: str) -> bool:
        """Whether a local time never was: the clocks were put forward over it."""
        local = datetime.fromisoformat(text)
        if local.tzinfo is not None:
            return False
        at = local.replace(tzinfo=self._zone)
        return at.astimezone(UTC).astimezone(self._zone).replace(tzinfo=None) != local

    def _read(self, text: str) -> datetime | None:
        if not _TIME.fullmatch(text):
            return None
        try:
            at = datetime.fromisoformat(text)
            return (at if at.tzinfo is not None else at.replace(tzinfo=self._zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            return None
