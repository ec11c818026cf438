"""Daily statistics of vehicles: where the odometer stood when a local day began and ended.

The odometer is the datum: the distance is the difference of its readings, and nothing is made of the
state of charge. A reading that cannot be used leaves a distance of 0 with a flag that says why.
"""

from collections.abc import Iterable, Iterator
from datetime import tzinfo
from typing import Final

import msgspec

from ledger.domain.limits import ODOMETER_GAP_KM_MIN, ODOMETER_JUMP_KM_MAX, REPORT_LATE_DAYS
from ledger.domain.methodology import Measured
from ledger.domain.quality import QualityFlag
from ledger.intake.calendar import Day
from ledger.intake.numbers import M_PER_KM, M_PER_TENTH_KM, km_text, metres_of_km, whole
from ledger.intake.outcomes import Outcome, Proposed, in_order
from ledger.intake.reports import Fault, Reports, own_id_of, read_rows, subject_of, whole_of
from ledger.intake.tables import Column, Columns, Format, Texts

VEHICLES_REMEMBERED_MAX: Final = 500_000
"""Vehicles whose latest day is remembered, some 250 MB: beyond it the one not seen for longest goes."""

DAILY: Final = Columns(
    (
        Column(
            "vehicle_id", ("vin", "vehicle", "车辆识别代号", "车辆识别码", "车架号", "车辆编号", "车辆id")
        ),
        Column("day", ("date", "stat_date", "日期", "统计日期", "行驶日期")),
        Column("odometer_begin_km", ("begin_km", "起始里程(km)", "开始里程(km)", "起始里程", "开始里程")),
        Column("odometer_end_km", ("end_km", "结束里程(km)", "终止里程(km)", "结束里程", "终止里程")),
        Column("odometer_begin_01km", ("odometer_begin", "起始里程(0.1km)", "开始里程(0.1km)")),
        Column("odometer_end_01km", ("odometer_end", "结束里程(0.1km)", "终止里程(0.1km)")),
        Column("id", ("record_id", "source_id", "记录编号", "流水号")),
        Column("records", ("record_count", "记录数", "数据条数", "报文数")),
        Column("received_at", ("received", "接收时间", "上报时间", "入库时间")),
        Column("quality", ("flags", "数据质量", "质量标识")),
    ),
    needed=(
        ("vehicle_id",),
        ("day",),
        ("odometer_begin_km", "odometer_begin_01km"),
        ("odometer_end_km", "odometer_end_01km"),
    ),
)

SENTINELS_01KM: Final = frozenset({0xFFFFFFFE, 0xFFFFFFFF})
"""Abnormal and invalid. Source: GB/T 32960.3-2016, table of the whole vehicle's data."""

_NO_READING: Final = -1
_SENTINELS_M: Final = frozenset(tenths * M_PER_TENTH_KM for tenths in SENTINELS_01KM)
_JUMP_M: Final = ODOMETER_JUMP_KM_MAX * M_PER_KM
_GAP_M: Final = ODOMETER_GAP_KM_MIN * M_PER_KM


def read_daily(
    lines: Iterable[bytes],
    *,
    source: str,
    zone: tzinfo,
    form: Format = "csv",
    late_days: int = REPORT_LATE_DAYS,
    vehicles_remembered_max: int = VEHICLES_REMEMBERED_MAX,
) -> Iterator[Outcome]:
    """Read one activity of a whole local day from each line.

    Args:
        lines: of the file; `docs/intake.md` lists the columns.
        source: the system that reports.
        zone: whose days they are, and whose times where they name no offset.
        form: ``csv`` or ``ndjson``.
        late_days: days after the end of the day from which a report is late.
        vehicles_remembered_max: vehicles whose day before is compared.
    """
    reports = Reports(source, zone, late_days)
    odometers = _Odometers(vehicles_remembered_max)

    def proposed(number: int, texts: Texts) -> Proposed:
        vehicle, on, begin_km, end_km, begin_01km, end_01km, own_id, records, received, quality = texts
        day = reports.day(on)
        begin_m = _metres(begin_km, begin_01km)
        end_m = _metres(end_km, end_01km)
        source_id = own_id_of(own_id) if own_id else f"{vehicle}:{day.text}"
        flags, received_at = reports.doubts(quality, received, day.begins_at, day.ends_at)
        if records and not whole_of(records):
            flags.add("gap")
        odometers.compare(subject_of(vehicle), day, source_id, begin_m, end_m, flags)
        return Proposed(
            source,
            source_id,
            "vehicle",
            vehicle,
            day.begins_at,
            day.ends_at,
            Measured(distance_km=km_text(_distance_m(begin_m, end_m, flags))),
            in_order(flags),
            received_at,
            number,
        )

    return read_rows(lines, DAILY, form, proposed)


class Latest(msgspec.Struct, frozen=True, gc=False):
    """A vehicle's latest day, and the one before it."""

    day: int
    end_m: int
    own_id: str
    before: "Latest | None"


class _Odometers:
    """The latest day of each vehicle."""

    def __init__(self, remembered_max: int) -> None:
        self._remembered_max = remembered_max
        self._latest: dict[str, Latest] = {}

    def compare(
        self, vehicle: str, day: Day, own_id: str, begin_m: int, end_m: int, flags: set[QualityFlag]
    ) -> None:
        """Add what a vehicle's reading before says of a day, and remember this day's last reading."""
        latest = self._latest.pop(vehicle, None)
        # A line sent again says the same of itself again, so it is held against what stood before it.
        before = latest if latest is None or latest.own_id != own_id else latest.before
        if before is not None and begin_m >= 0:
            if day.number == before.day:
                flags.add("overlap")
            elif day.number > before.day and begin_m < before.end_m:
                flags.add("rollback")
            elif day.number > before.day and begin_m - before.end_m > _GAP_M:
                flags.add("gap")
        # Days come out of order; only the latest says where the next one begins.
        if end_m >= 0 and (before is None or day.number >= before.day):
            latest = Latest(
                day.number, end_m, own_id, before and Latest(before.day, before.end_m, before.own_id, None)
            )
        if latest is not None:
            self._latest[vehicle] = latest
            if len(self._latest) > self._remembered_max:
                del self._latest[next(iter(self._latest))]


def _distance_m(begin_m: int, end_m: int, flags: set[QualityFlag]) -> int:
    """Give the distance between two readings, 0 where they do not tell; and say in `flags` why."""
    if begin_m < 0 or end_m < 0:
        flags.add("invalid_sentinel")
        return 0
    if end_m < begin_m:
        flags.add("rollback")
        return 0
    if end_m - begin_m > _JUMP_M:
        flags.add("jump")
    return end_m - begin_m


def _metres(km: str, tenths: str) -> int:
    """Read an odometer as metres, or that it has no reading; a point makes kilometres of tenths."""
    text = km or tenths
    if not text:
        return _NO_READING
    if km or "." in tenths:
        metres = metres_of_km(text)
    else:
        value = whole(tenths)
        metres = None if value is None else value * M_PER_TENTH_KM
    if metres is None:
        raise Fault("odometer_malformed", text)
    return _NO_READING if metres in _SENTINELS_M else metres
