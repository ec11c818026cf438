"""What all tables of reports have in common: whose, when, under which id, how good, and received when.

A value that cannot be read raises `Fault`, which `read_rows` turns into an `Unreadable`; it never
leaves this package.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, tzinfo
from typing import Final, NamedTuple

from ledger.domain.limits import COMMAND_ID_CHARS_MAX
from ledger.domain.quality import QualityFlag
from ledger.intake.calendar import Day, Days, Instants
from ledger.intake.numbers import decimal_text, whole
from ledger.intake.outcomes import Outcome, Proposed, Reason, unreadable
from ledger.intake.qualities import qualities_of
from ledger.intake.tables import Columns, Format, Texts, rows_of

SUBJECT_CHARS_MAX: Final = 64
"""A VIN has 17 characters, a UUID 36, a hexadecimal SHA-256 64."""


class Fault(Exception):
    """A value of a line cannot be read."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.text = text


def read_rows(
    lines: Iterable[bytes], columns: Columns, form: Format, proposed: Callable[[int, Texts], Proposed]
) -> Iterator[Outcome]:
    """Read every line of a table, each for itself.

    Args:
        lines: of the file.
        columns: what is asked for.
        form: ``csv`` or ``ndjson``.
        proposed: makes an activity of the number and the values of a line, or raises `Fault`.
    """
    for row in rows_of(lines, columns, form):
        if isinstance(row, tuple):
            try:
                yield proposed(*row)
            except Fault as fault:
                yield unreadable(row[0], fault.reason, fault.text)
        else:
            yield row


class Span(NamedTuple):
    """Between which instants something happened."""

    begins_at: datetime
    ends_at: datetime
    is_doubtful: bool
    """Whether one of its ends is a local time that never was: the clocks were put forward over it."""


class Reports:
    """Reads the values of one file's lines."""

    def __init__(self, source: str, zone: tzinfo, late_days: int) -> None:
        self.source = source
        self._days = Days(zone)
        self._instants = Instants(zone)
        self._late_after = timedelta(days=late_days)

    def day(self, text: str) -> Day:
        """Read a local day."""
        day = self._days[text]
        if day is None:
            raise Fault("day_malformed", text)
        return day

    def span(self, begins: str, ends: str) -> Span:
        """Read an interval."""
        begins_at, ends_at = self._instants[begins], self._instants[ends]
        if begins_at is None or ends_at is None:
            raise Fault("time_malformed", ends if ends_at is None else begins)
        if ends_at <= begins_at:
            raise Fault("interval_backwards", f"{begins} {ends}")
        skipped = self._instants.is_skipped(begins) or self._instants.is_skipped(ends)
        return Span(begins_at, ends_at, skipped)

    def doubts(
        self, quality: str, received: str, begins_at: datetime, ends_at: datetime
    ) -> tuple[set[QualityFlag], datetime | None]:
        """Read what the source says of the quality, and when it received the report: late, or too early."""
        flags: set[QualityFlag] = set()
        if quality:
            named = qualities_of(quality)
            if named is None:
                raise Fault("flag_unknown", quality)
            flags = named
        if not received:
            return flags, None
        received_at = self._instants[received]
        if received_at is None:
            raise Fault("time_malformed", received)
        if received_at > ends_at + self._late_after:
            flags.add("late")
        elif received_at < begins_at:
            flags.add("clock_skew")
        return flags, received_at


def subject_of(text: str) -> str:
    """Read whose something is."""
    if not (0 < len(text) <= SUBJECT_CHARS_MAX and text.isprintable()):
        raise Fault("subject_missing", "")
    return text


def own_id_of(text: str) -> str:
    """Read a source's own id."""
    if not (
        0 < len(text) <= COMMAND_ID_CHARS_MAX
        and text.isascii()
        and text.isprintable()
        and text[0] != " " != text[-1]
    ):
        raise Fault("id_unsuitable", text)
    return text


def decimal_of(text: str) -> str:
    """Read a decimal."""
    value = decimal_text(text)
    if value is None:
        raise Fault("number_malformed", text)
    return value


def whole_of(text: str) -> int:
    """Read a whole number."""
    value = whole(text)
    if value is None:
        raise Fault("number_malformed", text)
    return value
