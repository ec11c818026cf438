"""Trips: how far a vehicle went between two instants.

The distance is what counts. Energy that a file estimates from the state of charge is left out unless
it is asked for, and then says that it is estimated.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, tzinfo
from typing import Final

from ledger.domain.limits import ODOMETER_JUMP_KM_MAX, REPORT_LATE_DAYS
from ledger.domain.methodology import Measured
from ledger.intake.outcomes import Outcome, Proposed, in_order
from ledger.intake.reports import Reports, decimal_of, own_id_of, read_rows, subject_of, whole_of
from ledger.intake.spans import Spans
from ledger.intake.tables import Column, Columns, Format, Texts

TRIPS: Final = Columns(
    (
        Column("trip_id", ("id", "source_id", "行程编号", "行程id")),
        Column("vehicle_id", ("vin", "vehicle", "车辆识别代号", "车架号")),
        Column("begins_at", ("start_local", "start_time", "开始时间", "行程开始时间")),
        Column("ends_at", ("end_local", "end_time", "结束时间", "行程结束时间")),
        Column("distance_km", ("行驶里程(km)", "行程里程(km)", "里程(km)")),
        Column("energy_kwh_est", ("energy_kwh_estimated", "估算电耗(kwh)")),
        Column("gaps", ("gaps_gt30s", "缺失段数")),
        Column("bad_rows", ("坏数据条数",)),
        Column("received_at", ("received", "接收时间", "上报时间")),
        Column("quality", ("flags", "数据质量", "质量标识")),
    ),
    needed=(("trip_id",), ("vehicle_id",), ("begins_at",), ("ends_at",), ("distance_km",)),
)


def read_trips(
    lines: Iterable[bytes],
    *,
    source: str,
    zone: tzinfo,
    form: Format = "csv",
    late_days: int = REPORT_LATE_DAYS,
    with_energy: bool = False,
) -> Iterator[Outcome]:
    """Read one activity from each trip.

    Args:
        lines: of the file; `docs/intake.md` lists the columns.
        source: the system that reports.
        zone: of times that name no offset.
        form: ``csv`` or ``ndjson``.
        late_days: days after the end of a trip from which a report is late.
        with_energy: report the energy that the file estimates, too, with the flag ``estimated``.
    """
    reports = Reports(source, zone, late_days)
    spans = Spans()

    def proposed(number: int, texts: Texts) -> Proposed:
        own_id, vehicle, begins, ends, distance, energy, gaps, bad_rows, received, quality = texts
        begins_at, ends_at, is_doubtful = reports.span(begins, ends)
        flags, received_at = reports.doubts(quality, received, begins_at, ends_at)
        distance_km = decimal_of(distance)
        energy_kwh = decimal_of(energy) if with_energy else None
        if with_energy:
            flags.add("estimated")
        if whole_of(gaps or "0") or whole_of(bad_rows or "0"):
            flags.add("gap")
        if int(distance_km.partition(".")[0]) >= ODOMETER_JUMP_KM_MAX * _days(begins_at, ends_at):
            flags.add("jump")
        if is_doubtful:
            flags.add("clock_skew")
        if spans.overlaps(subject_of(vehicle), own_id_of(own_id), begins_at, ends_at):
            flags.add("overlap")
        return Proposed(
            source,
            own_id,
            "vehicle",
            vehicle,
            begins_at,
            ends_at,
            Measured(distance_km=distance_km, energy_kwh=energy_kwh),
            in_order(flags),
            received_at,
            number,
        )

    return read_rows(lines, TRIPS, form, proposed)


def _days(begins_at: datetime, ends_at: datetime) -> int:
    """Days on which a trip may have driven, at least one."""
    return (ends_at - begins_at) // timedelta(days=1) + 1
