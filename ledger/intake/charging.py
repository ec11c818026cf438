"""Charging sessions: how much a station gave, and between which instants a vehicle was there."""

from collections.abc import Iterable, Iterator
from datetime import tzinfo
from typing import Final

from ledger.domain.limits import REPORT_LATE_DAYS
from ledger.domain.methodology import Measured
from ledger.intake.outcomes import Outcome, Proposed, SubjectKind, in_order
from ledger.intake.reports import Reports, decimal_of, own_id_of, read_rows, subject_of
from ledger.intake.spans import Spans
from ledger.intake.tables import Column, Columns, Format, Texts

CHARGING: Final = Columns(
    (
        Column("session_id", ("id", "source_id", "sessionid", "订单号", "充电订单号")),
        Column("vehicle_id", ("vin", "vehicle", "车辆识别代号", "车架号")),
        Column("user_id", ("person_id", "userid", "用户编号", "用户id")),
        Column("station_id", ("stationid", "charger_id", "充电桩编号", "充电站编号")),
        Column("connected_at", ("connect_local", "connection_time", "begins_at", "充电开始时间")),
        Column(
            "disconnected_at", ("disconnect_local", "disconnect_time", "ends_at", "充电结束时间", "结束时间")
        ),
        Column("energy_kwh", ("kwh_delivered", "充电电量(kwh)", "充电量(kwh)", "充电量(度)")),
        Column("received_at", ("received", "接收时间", "上报时间")),
        Column("quality", ("flags", "数据质量", "质量标识")),
    ),
    needed=(
        ("session_id",),
        ("vehicle_id", "user_id", "station_id"),
        ("connected_at",),
        ("disconnected_at",),
        ("energy_kwh",),
    ),
)


def read_charging(
    lines: Iterable[bytes],
    *,
    source: str,
    zone: tzinfo,
    form: Format = "csv",
    late_days: int = REPORT_LATE_DAYS,
) -> Iterator[Outcome]:
    """Read one activity from each session.

    Its subject is the vehicle, or the person, or the station, whichever the file knows first.

    Args:
        lines: of the file; `docs/intake.md` lists the columns.
        source: the system that reports.
        zone: of times that name no offset.
        form: ``csv`` or ``ndjson``.
        late_days: days after the end of a session from which a report is late.
    """
    reports = Reports(source, zone, late_days)
    spans = Spans()

    def proposed(number: int, texts: Texts) -> Proposed:
        own_id, vehicle, user, station, connected, disconnected, energy, received, quality = texts
        kind, subject = _subject(vehicle, user, station)
        begins_at, ends_at, is_doubtful = reports.span(connected, disconnected)
        flags, received_at = reports.doubts(quality, received, begins_at, ends_at)
        if is_doubtful:
            flags.add("clock_skew")
        if spans.overlaps(subject_of(subject), own_id_of(own_id), begins_at, ends_at):
            flags.add("overlap")
        return Proposed(
            source,
            own_id,
            kind,
            subject,
            begins_at,
            ends_at,
            Measured(charged_kwh=decimal_of(energy)),
            in_order(flags),
            received_at,
            number,
        )

    return read_rows(lines, CHARGING, form, proposed)


def _subject(vehicle: str, user: str, station: str) -> tuple[SubjectKind, str]:
    if vehicle:
        return "vehicle", vehicle
    return ("person", user) if user else ("station", station)
