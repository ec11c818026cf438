"""Tables of daily statistics, charging sessions, trips and steps: what a line means, and what is doubtful."""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from ledger.domain import limits
from ledger.intake import (
    FLAGS,
    REASONS,
    Outcome,
    Proposed,
    Unreadable,
    format_of,
    read_charging,
    read_daily,
    read_steps,
    read_trips,
)
from ledger.intake.lines import lines_of

ROOT = Path(__file__).parents[2]
SHANGHAI = ZoneInfo("Asia/Shanghai")
HEADER = "vehicle_id,day,odometer_begin_km,odometer_end_km,id,records,received_at,quality"
ROW = {
    "vehicle_id": "V1",
    "day": "2024-05-06",
    "odometer_begin_km": "100.0",
    "odometer_end_km": "125.5",
    "id": "r-1",
    "records": "2880",
    "received_at": "2024-05-07T02:00:00+08:00",
    "quality": "",
}


def daily(text: str | bytes, **options: Any) -> list[Outcome]:
    data = text.encode() if isinstance(text, str) else text
    return list(read_daily(lines_of(BytesIO(data)), source="oem", zone=SHANGHAI, **options))


def rows(*changes: dict[str, str]) -> list[Outcome]:
    """Lines that differ from `ROW` in some columns."""
    lines = [",".join({**ROW, **change}.values()) for change in changes]
    return daily("\n".join([HEADER, *lines]))


def flags(*changes: dict[str, str]) -> tuple[str, ...]:
    """The flags of the last of some lines."""
    last = rows(*changes)[-1]
    assert isinstance(last, Proposed)
    return last.flags


def day(on: str, begin: str, end: str, own_id: str = "") -> dict[str, str]:
    return {"day": on, "odometer_begin_km": begin, "odometer_end_km": end, "id": own_id, "received_at": ""}


# ── Daily statistics ─────────────────────────────────────────────────────────────────────────


def test_a_line_is_the_distance_between_two_readings_over_a_whole_local_day() -> None:
    [one] = rows({})
    assert isinstance(one, Proposed)
    assert (one.source, one.source_id, one.subject_kind, one.subject) == ("oem", "r-1", "vehicle", "V1")
    assert (one.measured.distance_km, one.flags, one.line) == ("25.5", (), 2)
    assert one.begins_at == datetime(2024, 5, 5, 16, tzinfo=UTC)
    assert one.ends_at == datetime(2024, 5, 6, 16, tzinfo=UTC)
    assert one.received_at == datetime(2024, 5, 6, 18, tzinfo=UTC)


def test_nothing_but_the_distance_is_made_of_a_day() -> None:
    [one] = daily(HEADER.replace("quality", "soc_begin") + "\n" + ",".join({**ROW, "quality": "80"}.values()))
    assert isinstance(one, Proposed)
    assert msgspec.to_builtins(one.measured) == {"distance_km": "25.5"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_chinese_headers_are_read_in_any_order_encoding_and_with_any_separator(
    encoding: str, separator: str, end: str
) -> None:
    header = ["终止里程（0.1km）", "备注", "车辆识别代号", "起始里程（0.1km）", "统计日期"]
    values = ["1255", "晴", "V1", "1000", "2024/5/6"]
    table = separator.join(header) + end + separator.join(values) + end + end
    [one] = daily(table.encode(encoding))
    assert isinstance(one, Proposed)
    assert (one.subject, one.measured.distance_km, one.source_id) == ("V1", "25.5", "V1:2024-05-06")


def test_objects_on_lines_say_the_same_as_rows_of_a_table() -> None:
    table = rows({}, {"id": "r-2", "odometer_end_km": "130.25"}, {"quality": "manual"}, {"day": "never"})
    lines: list[dict[str, Any]] = [
        {},
        {"id": "r-2", "odometer_end_km": 130.25},
        {"quality": "manual"},
        {"day": "never"},
    ]
    sent = b"\n".join(msgspec.json.encode({**ROW, **one}) for one in lines)
    found = daily(sent, form="ndjson")
    assert [msgspec.structs.replace(one, line=one.line + 1) for one in found] == table


def test_numbers_of_objects_keep_the_text_in_which_they_were_sent() -> None:
    line = b'{"vin":17,"date":20240506,"odometer_begin":1000,"odometer_end_km":100.30}'
    [one] = daily(line, form="ndjson")
    assert isinstance(one, Proposed)
    assert (one.subject, one.source_id, one.measured.distance_km) == ("17", "17:2024-05-06", "0.3")
    [fault] = daily(line.replace(b"100.30", b"1.0e2"), form="ndjson")
    assert fault == Unreadable(1, "odometer_malformed", "1.0e2")


@pytest.mark.parametrize(
    ("end", "km"),
    [("125.70000000000001", "25.7"), ("125.69999999999999", "25.7"), ("125.6994", "25.699"), ("125", "25.0")],
)
def test_what_a_program_s_binary_floats_add_to_an_odometer_is_taken_away(end: str, km: str) -> None:
    [one] = rows({"odometer_end_km": end})
    assert isinstance(one, Proposed)
    assert one.measured.distance_km == km


@pytest.mark.parametrize(
    ("begin", "end", "km"),
    [
        ("1000", "1255", "25.5"),
        ("100.0", "125.5", "25.5"),
        ("1000", "4294967294", "0.0"),
        ("1000", "100.5", "0.5"),
    ],
)
def test_an_odometer_without_a_unit_is_tenths_of_kilometres_unless_it_has_a_point(
    begin: str, end: str, km: str
) -> None:
    [one] = daily(f"vin,date,odometer_begin,odometer_end\nV1,2024-05-06,{begin},{end}")
    assert isinstance(one, Proposed)
    assert one.measured.distance_km == km
    assert one.flags == (("invalid_sentinel",) if len(end) > 9 else ())


def test_quotes_belong_to_one_line_and_swallow_none_after_it() -> None:
    quoted = 'V1,"2024-05-06","100.0",125.5,"r,1",,,'
    broken = 'V1,"2024-05-06,100.0,125.5,r-2,,,'
    found = daily(f"{HEADER}\n{quoted}\n{broken}\n{quoted}")
    assert [getattr(one, "source_id", getattr(one, "reason", "")) for one in found] == [
        "r,1",
        "line_malformed",
        "r,1",
    ]


def test_the_same_line_again_is_the_same_activity() -> None:
    twice = rows({}, {})
    first, again = twice
    assert msgspec.structs.replace(again, line=first.line) == first
    gapped = rows(
        day("2024-05-05", "10.0", "20.0", "a"),
        day("2024-05-06", "50.0", "60.0", "b"),
        day("2024-05-06", "50.0", "60.0", "b"),
    )
    assert [one.flags for one in gapped if isinstance(one, Proposed)] == [(), ("gap",), ("gap",)]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"received_at": "2024-05-14T00:00:00+08:00"}, ()),
        ({"received_at": "2024-05-14T00:00:01+08:00"}, ("late",)),
        ({"received_at": "2024-05-13 23:59:59"}, ()),
        ({"received_at": "2024-05-06 00:00:00"}, ()),
        ({"received_at": "2024-05-05 23:59:59"}, ("clock_skew",)),
        ({"odometer_end_km": "1600.0"}, ()),
        ({"odometer_end_km": "1600.001"}, ("jump",)),
        ({"odometer_end_km": "99.9"}, ("rollback",)),
        ({"odometer_end_km": ""}, ("invalid_sentinel",)),
        ({"odometer_end_km": "429496729.4"}, ("invalid_sentinel",)),
        ({"odometer_begin_km": "429496729.5"}, ("invalid_sentinel",)),
        ({"records": "0"}, ("gap",)),
        ({"quality": "人工"}, ("manual",)),
        ({"quality": "Manual; 估算|正常"}, ("estimated", "manual")),
    ],
)
def test_a_doubtful_line_says_what_is_doubtful(change: dict[str, str], expected: tuple[str, ...]) -> None:
    assert flags(change) == expected


@pytest.mark.parametrize(
    "change", [{"odometer_end_km": "99.9"}, {"odometer_end_km": ""}, {"odometer_begin_km": ""}]
)
def test_readings_that_do_not_tell_a_distance_leave_none(change: dict[str, str]) -> None:
    [one] = rows(change)
    assert isinstance(one, Proposed)
    assert one.measured.distance_km == "0.0"


@pytest.mark.parametrize(
    ("begin", "expected"),
    [("120.0", ()), ("121.0", ()), ("121.001", ("gap",)), ("119.9", ("rollback",))],
)
def test_a_day_is_held_against_the_vehicle_s_day_before(begin: str, expected: tuple[str, ...]) -> None:
    assert flags(day("2024-05-06", "100.0", "120.0"), day("2024-05-07", begin, "150.0")) == expected


def test_two_lines_of_one_day_under_different_ids_overlap() -> None:
    assert flags(day("2024-05-06", "100.0", "120.0", "a"), day("2024-05-06", "100.0", "120.0", "b")) == (
        "overlap",
    )


def test_an_earlier_day_that_comes_later_says_nothing_of_the_latest() -> None:
    late_and_latest = (day("2024-05-07", "120.0", "150.0"), day("2024-05-05", "10.0", "100.0"))
    assert flags(*late_and_latest) == ()
    assert flags(*late_and_latest, day("2024-05-08", "150.0", "160.0")) == ()


def test_no_more_vehicles_are_remembered_than_asked_for() -> None:
    table = [HEADER, "V1,2024-05-06,1.0,2.0,,,,", "V2,2024-05-06,1.0,2.0,,,,", "V1,2024-05-07,9.0,9.5,,,,"]
    for remembered, expected in ((2, ("gap",)), (1, ())):
        last = daily("\n".join(table), vehicles_remembered_max=remembered)[-1]
        assert isinstance(last, Proposed)
        assert last.flags == expected


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"vehicle_id": ""}, "subject_missing"),
        ({"vehicle_id": "V" * 65}, "subject_missing"),
        ({"vehicle_id": "V\0"}, "subject_missing"),
        ({"id": "r" * 97}, "id_unsuitable"),
        ({"id": "记录"}, "id_unsuitable"),
        ({"id": " r"}, "id_unsuitable"),
        ({"day": "2024-02-30"}, "day_malformed"),
        ({"day": "2024-5"}, "day_malformed"),
        ({"day": "2024-05/06"}, "day_malformed"),
        ({"day": "2024106"}, "day_malformed"),
        ({"day": "２０２４-05-06"}, "day_malformed"),
        ({"day": "9999-12-31"}, "day_malformed"),
        ({"received_at": "yesterday"}, "time_malformed"),
        ({"received_at": "2024-05-07"}, "time_malformed"),
        ({"received_at": "2024-05-07T25:00:00"}, "time_malformed"),
        ({"odometer_begin_km": "-1.0"}, "odometer_malformed"),
        ({"odometer_begin_km": ".5"}, "odometer_malformed"),
        ({"odometer_begin_km": "5."}, "odometer_malformed"),
        ({"odometer_begin_km": "1e3"}, "odometer_malformed"),
        ({"odometer_begin_km": "1_0.0"}, "odometer_malformed"),
        ({"odometer_begin_km": "１.0"}, "odometer_malformed"),
        ({"odometer_begin_km": "1.00x1"}, "odometer_malformed"),
        ({"odometer_begin_km": "1234567890.0"}, "odometer_malformed"),
        ({"records": "many"}, "number_malformed"),
        ({"quality": "splendid"}, "flag_unknown"),
    ],
)
def test_a_line_that_cannot_be_read_says_why(change: dict[str, str], reason: str) -> None:
    before, fault, after = rows({}, change, {"id": "r-9"})
    assert isinstance(fault, Unreadable)
    assert (fault.line, fault.reason) == (3, reason)
    assert isinstance(before, Proposed)
    assert isinstance(after, Proposed)


@pytest.mark.parametrize(
    ("data", "form", "line", "reason"),
    [
        (b"\n\nvin,date\nV1,2024-05-06\n", "csv", 3, "header_incomplete"),
        ("车辆,日期".encode("utf-16"), "csv", 1, "encoding_unknown"),
        (HEADER.encode() + b"\nV\xff1,,,,,,,", "csv", 2, "encoding_unknown"),
        (HEADER.encode() + b"\nV1,2024-05-06\n", "csv", 2, "columns_differ"),
        (b"\n{}", "ndjson", 2, "header_incomplete"),
        (b"\n{", "ndjson", 2, "line_malformed"),
        (b"[]", "ndjson", 1, "line_malformed"),
        (b'{"a":' * 9_999, "ndjson", 1, "line_malformed"),
        (b'{"vin":"\xff"}', "ndjson", 1, "line_malformed"),
    ],
)
def test_a_file_or_line_of_another_form_says_why(data: bytes, form: Any, line: int, reason: str) -> None:
    [fault] = daily(data, form=form)
    assert isinstance(fault, Unreadable)
    assert (fault.line, fault.reason) == (line, reason)


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_a_line_may_be_as_long_as_its_bound_and_no_longer(form: Any) -> None:
    row = ",".join(ROW.values()).encode() if form == "csv" else msgspec.json.encode(ROW)
    head = HEADER.encode() + b"\n" if form == "csv" else b""
    short = limits.INTAKE_LINE_BYTES_MAX - len(row) - 1
    fitting = row.replace(b"r-1", b"r-1" + b" " * short) if form == "csv" else row + b" " * short
    for too_many, expected in (
        (0, {"", "id_unsuitable"}),
        (1, {"line_too_long"}),
        (999_999, {"line_too_long"}),
    ):
        long, after = daily(head + fitting + b" " * too_many + b"\n" + row, form=form)
        assert getattr(long, "reason", "") in expected
        assert isinstance(after, Proposed)


def test_an_empty_file_says_nothing() -> None:
    assert daily(b"") == daily(b"\n\r\n") == daily(b"\n", form="ndjson") == []


def test_what_is_told_of_an_unreadable_line_names_no_vehicle() -> None:
    for line in ("LSVAM4187C2184847,2024-05-06", "LSVAM4187C2184847,x,1.0,2.0,,,,"):
        [fault] = daily(HEADER + "\n" + line)
        assert isinstance(fault, Unreadable)
        assert "LSVAM4187C2184847" not in fault.excerpt
        assert len(fault.excerpt) <= limits.ECHO_CHARS_MAX


@pytest.mark.parametrize(
    ("first", "form"),
    [
        (b"vin,date", "csv"),
        (b"\xef\xbb\xbfvin,date", "csv"),
        (b'{"vin":"V1"}', "ndjson"),
        (b'  {"hex": "2323"}', "gbt32960"),
        (b"[", "gbt32960"),
        (b"232302FE", "gbt32960"),
        (b"23 23 02 FE", "gbt32960"),
        (b"2424", "gbt32960"),
        (b"", "csv"),
    ],
)
def test_the_first_line_tells_what_a_file_is(first: bytes, form: str) -> None:
    assert format_of(first) == form


def test_every_reason_is_explained_once() -> None:
    assert len(set(REASONS.values())) == len(REASONS)
    assert len(set(FLAGS)) == limits.FLAGS_MAX


# ── Charging sessions ────────────────────────────────────────────────────────────────────────

LOS_ANGELES = ZoneInfo("America/Los_Angeles")


def charging(
    *lines: str, header: str = "session_id,station_id,connect_local,disconnect_local,energy_kwh"
) -> list[Outcome]:
    table = "\n".join([header, *lines]).encode()
    return list(read_charging(lines_of(BytesIO(table)), source="acn", zone=LOS_ANGELES))


def test_every_real_session_is_read() -> None:
    with (ROOT / "tests/data/acn_sessions_train.csv").open("rb") as file:
        found = list(read_charging(lines_of(file), source="acn", zone=LOS_ANGELES))
    sessions = [one for one in found if isinstance(one, Proposed)]
    assert len(sessions) == len(found) == 640
    first = sessions[0]
    assert (first.source_id, first.subject_kind, first.subject) == (
        "2_39_89_25_2019-03-01 14:24:58.323646",
        "station",
        "CA-315",
    )
    assert (first.measured.charged_kwh, first.flags) == ("4.216", ())
    assert first.begins_at == datetime(2019, 3, 1, 14, 20, tzinfo=UTC)
    assert first.ends_at == datetime(2019, 3, 1, 15, 40, tzinfo=UTC)


def test_digits_that_no_meter_has_are_cut_off() -> None:
    [one] = charging("s,CA-1,2019-03-01T06:00:00,2019-03-01T07:00:00,0.7066547199952350353")
    assert isinstance(one, Proposed)
    assert one.measured.charged_kwh == "0.706654719"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("s,CA-1,2019-03-01T06:00:00,2019-03-01T06:00:00,1.0", "interval_backwards"),
        ("s,CA-1,2019-03-01T07:00:00,2019-03-01T06:00:00,1.0", "interval_backwards"),
        ("s,CA-1,2019-03-01T06:00:00,,1.0", "time_malformed"),
        ("s,CA-1,2019-03-01T06:00:00,2019-03-01T07:00:00,-1.0", "number_malformed"),
        ("s,CA-1,2019-03-01T06:00:00,2019-03-01T07:00:00,1.", "number_malformed"),
        ("s,CA-1,2019-03-01T06:00:00,2019-03-01T07:00:00,1234567890.0", "number_malformed"),
        (",CA-1,2019-03-01T06:00:00,2019-03-01T07:00:00,1.0", "id_unsuitable"),
        ("s,,2019-03-01T06:00:00,2019-03-01T07:00:00,1.0", "subject_missing"),
    ],
)
def test_a_session_that_cannot_be_read_says_why(line: str, reason: str) -> None:
    [fault] = charging(line)
    assert isinstance(fault, Unreadable)
    assert fault.reason == reason


def test_two_sessions_at_one_station_at_once_overlap_and_one_after_the_other_do_not() -> None:
    found = charging(
        "a,CA-1,2019-03-01T06:00:00,2019-03-01T07:00:00,1.0",
        "b,CA-1,2019-03-01T07:00:00,2019-03-01T08:00:00,1.0",
        "c,CA-2,2019-03-01T07:30:00,2019-03-01T08:30:00,1.0",
        "d,CA-1,2019-03-01T07:59:59,2019-03-01T08:30:00,1.0",
        "d,CA-1,2019-03-01T07:59:59,2019-03-01T08:30:00,1.0",
    )
    assert [one.flags for one in found if isinstance(one, Proposed)] == [(), (), (), ("overlap",), ()]


def test_a_local_time_that_was_skipped_is_a_wrong_clock_unless_its_offset_is_told() -> None:
    local, told = charging(
        "a,CA-1,2019-03-10T02:30:00,2019-03-10T04:00:00,1.0",
        "b,CA-2,2019-03-10T02:30:00-08:00,2019-03-10T04:00:00-07:00,1.0",
    )
    assert isinstance(local, Proposed)
    assert isinstance(told, Proposed)
    assert (local.flags, told.flags) == (("clock_skew",), ())


def test_a_session_is_the_vehicle_s_before_it_is_the_person_s_or_the_station_s() -> None:
    header = "session_id,vin,user_id,station_id,connect_local,disconnect_local,energy_kwh"
    times = "2019-03-01T06:00:00,2019-03-01T07:00:00,1.0"
    found = charging(f"a,V1,U1,C1,{times}", f"b,,U1,C1,{times}", f"c,,,C1,{times}", header=header)
    assert [(one.subject_kind, one.subject) for one in found if isinstance(one, Proposed)] == [
        ("vehicle", "V1"),
        ("person", "U1"),
        ("station", "C1"),
    ]


# ── Trips ────────────────────────────────────────────────────────────────────────────────────


def twizy(**options: Any) -> list[Proposed]:
    with (ROOT / "ledger/data/twizy_trips.csv").open("rb") as file:
        found = list(
            read_trips(lines_of(file), source="twizy", zone=ZoneInfo("Africa/Casablanca"), **options)
        )
    return [one for one in found if isinstance(one, Proposed)]


def test_real_trips_are_their_distances_and_say_where_data_is_missing() -> None:
    trips = twizy()
    assert len(trips) == 17
    assert msgspec.to_builtins(trips[0].measured) == {"distance_km": "49.615"}
    assert [one.source_id for one in trips if one.flags] == [
        "T1_03_29_2021",
        "T1_06_30_2021_1",
        "T2_03_29_2021",
        "T2_03_30_2021",
        "T2_04_26_2021",
    ]
    assert {one.flags for one in trips} == {(), ("gap",)}


def test_energy_estimated_from_the_state_of_charge_counts_only_when_asked_for_and_says_so() -> None:
    trips = twizy(with_energy=True)
    assert trips[0].measured.energy_kwh == "4.425"
    assert all("estimated" in one.flags for one in trips)


@pytest.mark.parametrize(
    ("end", "km", "expected"),
    [
        ("2024-05-06T23:00:00", "1499.9", ()),
        ("2024-05-06T23:00:00", "1500", ("jump",)),
        ("2024-05-07T08:00:00", "1500", ()),
        ("2024-05-07T08:00:00", "3000", ("jump",)),
    ],
)
def test_a_trip_longer_than_a_vehicle_can_drive_in_its_time_is_a_jump(
    end: str, km: str, expected: tuple[str, ...]
) -> None:
    table = f"trip_id,vin,start_local,end_local,distance_km\nt,V1,2024-05-06T08:00:00,{end},{km}"
    [one] = read_trips(lines_of(BytesIO(table.encode())), source="oem", zone=SHANGHAI)
    assert isinstance(one, Proposed)
    assert one.flags == expected


# ── Steps ────────────────────────────────────────────────────────────────────────────────────


def steps(*lines: str) -> list[Outcome]:
    table = "\n".join(["person_id,day,steps,received_at,origin", *lines]).encode()
    return list(read_steps(lines_of(BytesIO(table)), source="watch", zone=SHANGHAI))


def test_a_count_sent_again_is_given_again_under_the_same_id() -> None:
    first, again = steps("p,2024-05-06,8000,2024-05-07 06:00,", "p,2024-05-06,9000,2024-05-20 06:00,")
    assert isinstance(first, Proposed)
    assert isinstance(again, Proposed)
    assert (first.source_id, first.measured.steps, first.flags) == ("p:2024-05-06", 8_000, ())
    assert (again.source_id, again.measured.steps, again.flags) == ("p:2024-05-06", 9_000, ("late",))
    assert (first.subject_kind, first.subject) == ("person", "p")
    assert (again.received_at, again.ends_at) == (
        datetime(2024, 5, 19, 22, tzinfo=UTC),
        datetime(2024, 5, 6, 16, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("p,2024-05-06,8000,,manual", ("manual",)),
        ("p,2024-05-06,8000,,自报", ("self_declared",)),
        ("p,2024-05-06,8000,,device", ()),
    ],
)
def test_steps_say_where_they_come_from(line: str, expected: tuple[str, ...]) -> None:
    [one] = steps(line)
    assert isinstance(one, Proposed)
    assert one.flags == expected


@pytest.mark.parametrize("count", ["", "-1", "8000.0", "8 000", "99999999999"])
def test_steps_are_plain_whole_numbers(count: str) -> None:
    [fault] = steps(f"p,2024-05-06,{count},,")
    assert isinstance(fault, Unreadable)
    assert fault.reason == "number_malformed"
