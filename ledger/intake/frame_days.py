"""Frames folded into one activity for each vehicle and local day, in whatever order they come.

A day begins with the last reading of the day before when the file has it, or else with its own first,
and ends with its own last. Readings that are abnormal or invalid are passed over, and said to be there.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import msgspec

from ledger.domain.limits import (
    CLOCK_BEHIND_DAYS_MAX,
    CLOCK_SKEW_MAX,
    INTAKE_DOCUMENT_BYTES_MAX,
    INTAKE_LINE_BYTES_MAX,
    ODOMETER_GAP_KM_MIN,
    ODOMETER_JUMP_KM_MAX,
    READING_GAP_S_MIN,
    REPORT_LATE_DAYS,
)
from ledger.domain.methodology import Measured
from ledger.domain.quality import QualityFlag
from ledger.intake.calendar import Day, Days, Instants
from ledger.intake.frames import ABNORMAL_4, parse
from ledger.intake.lines import without_mark
from ledger.intake.numbers import M_PER_TENTH_KM, km_text
from ledger.intake.outcomes import Outcome, Proposed, Unreadable, in_order, unreadable
from ledger.intake.readings import PART_READINGS_MAX, Reading, Readings

_TENTHS: Final = 10
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_BEYOND: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""Frames have two digits for the year; nothing was received after them."""
_AHEAD_S: Final = int(CLOCK_SKEW_MAX.total_seconds())
_BEHIND_S: Final = int(timedelta(days=CLOCK_BEHIND_DAYS_MAX).total_seconds())
_QUARTER_S: Final = 900
"""Every zone of today is a whole number of quarters from UTC, so no day begins within one."""

_EXCERPT_CHARS: Final = 8
"""Of a frame: its beginning and its command, before the vehicle's id."""

Sent = tuple[int, str, str]
"""A frame in a file: line, hexadecimal digits, when it was received (`""` where it is not told)."""


def read_frames(
    lines: Iterable[bytes],
    *,
    source: str,
    zone: tzinfo,
    late_days: int = REPORT_LATE_DAYS,
    part_readings_max: int = PART_READINGS_MAX,
) -> Iterator[Outcome]:
    """Read frames of GB/T 32960 and give the unreadable ones, then an activity of each vehicle's day.

    Args:
        lines: hexadecimal digits, a frame on each; or JSON objects with `hex` and, if it is known,
            `received_at`, one on each line or in one list.
        source: the platform that had them.
        zone: whose days they are.
        late_days: days after the end of a day from which a frame is late.
        part_readings_max: readings kept in memory at once.
    """
    vehicles: dict[str, int] = {}
    instants = Instants(zone)
    readings = Readings(part_readings_max)
    try:
        for sent in _sent(lines):
            if type(sent) is tuple:
                fault = _take(sent, vehicles, instants, readings)
                if fault is not None:
                    yield fault
            else:
                yield sent  # type: ignore[misc] # what is no tuple is unreadable
        yield from _days(readings.in_order(), list(vehicles), source, zone, late_days)
    finally:
        readings.close()


# --- frames in a file -------------------------------------------------------------------------------


def _sent(lines: Iterable[bytes]) -> Iterator[Sent | Unreadable]:
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    numbered = enumerate(lines, 1)
    for number, line in numbered:
        text = without_mark(line).strip()
        if len(line) > INTAKE_LINE_BYTES_MAX:
            yield unreadable(number, "line_too_long", _shown(text))
        elif text[:1] == b"[":
            yield from _listed(text, numbered)
        elif text[:1] == b"{":
            try:
                yield _of_object(number, decode(text))
            except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
                yield unreadable(number, "line_malformed", _shown(text))
        elif text:
            yield number, text.decode("ascii", "replace"), ""


def _of_object(number: int, found: dict[str, Any]) -> Sent | Unreadable:
    digits, received = found.get("hex"), found.get("received_at") or ""
    if not isinstance(digits, str) or not isinstance(received, str):
        return unreadable(number, "line_malformed", "")
    return number, digits, received


def _listed(first: bytes, rest: Iterator[tuple[int, bytes]]) -> Iterator[Sent | Unreadable]:
    """Read a JSON list; its frames are counted instead of lines."""
    parts, size_bytes = [first], len(first)
    for _, line in rest:
        parts.append(line)
        size_bytes += len(line)
        if size_bytes > INTAKE_DOCUMENT_BYTES_MAX:
            yield unreadable(1, "document_too_long", "")
            return
    try:
        found = msgspec.json.decode(b"".join(parts), type=list[dict[str, Any]])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        yield unreadable(1, "line_malformed", "")
        return
    for number, one in enumerate(found, 1):
        yield _of_object(number, one)


def _take(sent: Sent, vehicles: dict[str, int], instants: Instants, readings: Readings) -> Unreadable | None:
    number, digits, received = sent
    try:
        data = bytes.fromhex(digits)
    except ValueError:
        return unreadable(number, "frame_not_hex", digits[:_EXCERPT_CHARS])
    received_at = instants[received] if received else None
    if received and (received_at is None or received_at >= _BEYOND or received_at < _EPOCH):
        return unreadable(number, "time_malformed", received)
    frame = parse(data)
    if isinstance(frame, str):
        return unreadable(number, frame, digits[:_EXCERPT_CHARS])
    received_s = (received_at - _EPOCH) // _SECOND if received_at else 0
    vehicle = vehicles.setdefault(frame.vin, len(vehicles))
    readings.add(vehicle, frame.collected_s, frame.odometer_tenth_km, received_s, number)
    return None


def _shown(text: bytes) -> str:
    return text[:_EXCERPT_CHARS].decode("ascii", "replace")


# --- days of a vehicle ------------------------------------------------------------------------------


def _days(
    readings: Iterator[Reading], vehicles: list[str], source: str, zone: tzinfo, late_days: int
) -> Iterator[Proposed]:
    days = Days(zone)

    @lru_cache(maxsize=10_000)
    def of_quarter(quarter: int) -> Day:
        at = datetime.fromtimestamp(quarter * _QUARTER_S, UTC)
        day = days[at.astimezone(zone).date().isoformat()]
        assert day is not None
        return day

    for vehicle, of_vehicle in groupby(readings, itemgetter(0)):
        before: tuple[int, Reading] | None = None
        for day, of_day in groupby(of_vehicle, lambda reading: of_quarter(reading.collected_s // _QUARTER_S)):
            fold = _DayFold(day, before, late_days)
            for reading in of_day:
                fold.add(reading)
            if fold.last is not None:
                before = (day.number, fold.last)
            yield fold.proposed(source, vehicles[vehicle])


class _DayFold:
    """The readings of one vehicle on one local day, one after the other."""

    def __init__(self, day: Day, before: tuple[int, Reading] | None, late_days: int) -> None:
        self._day = day
        self._late_s = (day.ends_at + timedelta(days=late_days) - _EPOCH) // _SECOND
        self._flags: set[QualityFlag] = set()
        self._begin: Reading | None = None
        self._line = 0
        self._collected_s = -1
        self._received_s = 0
        self._latest = before[1] if before else None
        self.last: Reading | None = None
        """The last one that is valid."""
        if before is not None and before[0] == day.number - 1:
            self._begin = before[1]

    def add(self, reading: Reading) -> None:
        """Take the next one, in order of time."""
        self._line = min(self._line, reading.line) if self._line else reading.line
        if reading.collected_s == self._collected_s:
            self._flags.add("duplicate")
        self._collected_s = reading.collected_s
        self._received(reading)
        if reading.odometer_tenth_km >= ABNORMAL_4:
            self._flags.add("invalid_sentinel")
            return
        if self._latest is not None:
            self._compare(self._latest, reading)
        if self._begin is None:
            self._begin = reading
        self._latest = self.last = reading

    def _received(self, reading: Reading) -> None:
        received_s = reading.received_s
        if not received_s:
            return
        self._received_s = max(self._received_s, received_s)
        if received_s > self._late_s:
            self._flags.add("late")
        if not -_BEHIND_S <= reading.collected_s - received_s <= _AHEAD_S:
            self._flags.add("clock_skew")

    def _compare(self, earlier: Reading, reading: Reading) -> None:
        driven = reading.odometer_tenth_km - earlier.odometer_tenth_km
        if driven < 0:
            self._flags.add("rollback")
        elif (
            driven > ODOMETER_GAP_KM_MIN * _TENTHS
            and reading.collected_s - earlier.collected_s > READING_GAP_S_MIN
        ):
            self._flags.add("gap")

    def proposed(self, source: str, vehicle: str) -> Proposed:
        """Give the day."""
        tenths = 0
        if self._begin is not None and self.last is not None:
            tenths = max(0, self.last.odometer_tenth_km - self._begin.odometer_tenth_km)
        if tenths > ODOMETER_JUMP_KM_MAX * _TENTHS:
            self._flags.add("jump")
        return Proposed(
            source,
            f"{vehicle}:{self._day.text}",
            "vehicle",
            vehicle,
            self._day.begins_at,
            self._day.ends_at,
            Measured(distance_km=km_text(tenths * M_PER_TENTH_KM)),
            in_order(self._flags),
            datetime.fromtimestamp(self._received_s, UTC) if self._received_s else None,
            self._line,
        )
