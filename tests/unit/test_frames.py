"""Frames of GB/T 32960: what the samples mean, what is refused, and how frames fold into days."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from ledger.domain import limits
from ledger.intake import Outcome, Proposed, Unreadable, read_frames
from ledger.intake.frames import ABNORMAL_4, INVALID_4, REISSUE, Frame, checksum, is_sentinel, parse, render
from ledger.intake.lines import lines_of

DATA = Path(__file__).parents[1] / "data"
SAMPLE = msgspec.json.decode((DATA / "gbt32960_frames.json").read_bytes())
SHANGHAI = ZoneInfo("Asia/Shanghai")
VIN = "LSVAM4187C2184847"


def sampled(index: int) -> Frame:
    found = parse(bytes.fromhex(SAMPLE[index]["hex"]))
    assert isinstance(found, Frame)
    return found


START = sampled(0)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())


def frame(time: str, odometer_km: str, **fields: Any) -> Frame:
    """The first sample at another time, with another odometer."""
    value = ABNORMAL_4 if odometer_km == "abnormal" else round(float(odometer_km) * 10)
    return msgspec.structs.replace(START, collected_s=at(time), odometer_tenth_km=value, **fields)


def hexed(*frames: Frame) -> list[bytes]:
    return [render(one).hex().encode() + b"\n" for one in frames]


def read(lines: list[bytes], zone: ZoneInfo = SHANGHAI, **options: Any) -> list[Outcome]:
    return list(read_frames(lines, source="platform", zone=zone, **options))


def days(*frames: Frame, **options: Any) -> dict[str, tuple[str | None, tuple[str, ...]]]:
    """Distance and flags by day."""
    return {
        one.source_id.partition(":")[2]: (one.measured.distance_km, one.flags)
        for one in read(hexed(*frames), **options)
        if isinstance(one, Proposed)
    }


# ── The samples ──────────────────────────────────────────────────────────────────────────────


def meaning(sample: dict[str, Any]) -> dict[str, Any]:
    """What a frame says, in the words of the samples."""
    found = parse(bytes.fromhex(sample["hex"]))
    if not isinstance(found, Frame):
        return {"error": {"frame_checksum_differs": "bcc"}.get(found, found)}
    odometer, soc = found.odometer_tenth_km, found.soc_percent
    return {
        "cmd": f"0x{found.command:02x}",
        "vin": found.vin,
        "ts": datetime.fromtimestamp(found.collected_s, SHANGHAI).isoformat(),
        "odometer_km": None if is_sentinel(odometer, 4) else f"{odometer // 10}.{odometer % 10}",
        "odometer_flag": {ABNORMAL_4: "abnormal", INVALID_4: "invalid"}.get(odometer),
        "soc": None if is_sentinel(soc, 1) else soc,
        "soc_flag": {0xFE: "abnormal", 0xFF: "invalid"}.get(soc),
        "voltage_v": f"{found.voltage_tenth_v // 10}.{found.voltage_tenth_v % 10}",
        "current_a": f"{(found.current_tenth_a - 10_000) / 10:.1f}",
        "run_mode": {1: "electric", 2: "hybrid", 3: "fuel"}[found.run_mode],
    }


@pytest.mark.parametrize("sample", SAMPLE, ids=lambda sample: sample["name"])
def test_a_sample_means_what_it_says(sample: dict[str, Any]) -> None:
    found = meaning(sample)
    # These two say something of a frame beside others; the next test holds them.
    expected = {
        name: value for name, value in sample["expect"].items() if name not in {"duplicate_of", "flag"}
    }
    assert {name: found[name] for name in expected} == expected


def test_the_samples_fold_into_one_day_with_its_doubts_and_one_damaged_frame() -> None:
    with (DATA / "gbt32960_frames.json").open("rb") as file:
        damaged, day = read(list(lines_of(file)))
    assert damaged == Unreadable(6, "frame_checksum_differs", "232302FE")
    assert isinstance(day, Proposed)
    assert day.flags == ("rollback", "invalid_sentinel", "duplicate")
    assert (day.subject, day.source_id) == (VIN, f"{VIN}:2024-05-06")
    assert day.measured.distance_km == "0.0"
    assert day.begins_at == datetime(2024, 5, 5, 16, tzinfo=UTC)
    assert day.ends_at == datetime(2024, 5, 6, 16, tzinfo=UTC)


def test_the_trip_of_the_samples_is_25_km_with_no_doubts() -> None:
    [day] = read([sample["hex"].encode() for sample in SAMPLE[:2]])
    assert isinstance(day, Proposed)
    assert (day.measured.distance_km, day.flags, day.line) == ("25.0", (), 1)


def test_samples_are_read_from_lines_of_digits_and_of_objects_and_from_a_list_alike() -> None:
    digits = [sample["hex"].encode() + b"\n" for sample in SAMPLE]
    objects = [msgspec.json.encode(sample) + b"\n" for sample in SAMPLE]
    [*listed] = (DATA / "gbt32960_frames.json").read_bytes().splitlines(keepends=True)
    assert read(digits) == read(objects) == read(listed)


# ── What cannot be read ──────────────────────────────────────────────────────────────────────


def with_checksum(body: bytes) -> bytes:
    return body[:-1] + bytes([checksum(body[2:-1])])


def changed(place: int, value: int, sample: int = 0) -> bytes:
    data = bytearray.fromhex(SAMPLE[sample]["hex"])
    data[place] = value
    return with_checksum(bytes(data))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "frame_start_missing"),
        (b"##", "frame_length_differs"),
        (b"$$" + bytes.fromhex(SAMPLE[0]["hex"])[2:], "frame_of_2025"),
        (b"#!" + bytes.fromhex(SAMPLE[0]["hex"])[2:], "frame_start_missing"),
        (bytes.fromhex(SAMPLE[0]["hex"])[:-1], "frame_length_differs"),
        (bytes.fromhex(SAMPLE[0]["hex"]) + b"\0", "frame_length_differs"),
        (bytes.fromhex(SAMPLE[5]["hex"]), "frame_checksum_differs"),
        (changed(2, 0x01), "frame_not_reported"),
        (changed(3, 0x01), "frame_not_reported"),
        (changed(21, 0x03), "frame_encrypted"),
        (changed(21, 0xFE), "frame_encrypted"),
        (changed(4, 0x80), "frame_subject_malformed"),
        (changed(4, 0x0A), "frame_subject_malformed"),
        (changed(24, 100), "frame_time_invalid"),
        (changed(25, 13), "frame_time_invalid"),
        (changed(26, 0), "frame_time_invalid"),
        (changed(27, 24), "frame_time_invalid"),
        (changed(28, 60), "frame_time_invalid"),
        (changed(29, 60), "frame_time_invalid"),
        (changed(30, 0x30), "frame_without_vehicle_data"),
        (changed(30, 0x05), "frame_without_vehicle_data"),
    ],
)
def test_a_frame_that_cannot_be_read_says_why(data: bytes, reason: str) -> None:
    assert parse(data) == reason


def test_a_report_without_time_or_without_all_of_the_vehicle_s_data_is_not_read() -> None:
    header = bytes.fromhex(SAMPLE[0]["hex"])[:22]
    for length, reason in (
        (0, "frame_time_invalid"),
        (5, "frame_time_invalid"),
        (6, "frame_without_vehicle_data"),
    ):
        data = with_checksum(header + length.to_bytes(2, "big") + bytes([24, 5, 6, 0, 0, 0])[:length] + b"\0")
        assert parse(data) == reason
    short = bytes.fromhex(SAMPLE[0]["hex"])[24:50]
    assert parse(with_checksum(header + b"\0\x1a" + short + b"\0")) == "frame_without_vehicle_data"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"232302FEZZ", "frame_not_hex"),
        ("２３".encode(), "frame_not_hex"),
        (b'{"hex": 1}', "line_malformed"),
        (b'{"hex": "2323"', "line_malformed"),
        (b"[1]", "line_malformed"),
        (b'{"hex":"%s","received_at":"yesterday"}' % SAMPLE[0]["hex"].encode(), "time_malformed"),
        (b'{"hex":"%s","received_at":"2100-01-02 00:00"}' % SAMPLE[0]["hex"].encode(), "time_malformed"),
    ],
)
def test_a_line_without_a_frame_says_why(line: bytes, reason: str) -> None:
    [fault] = read([line])
    assert isinstance(fault, Unreadable)
    assert (fault.line, fault.reason) == (1, reason)


def test_no_vehicle_is_named_by_what_is_told_of_an_unreadable_line() -> None:
    damaged = bytes.fromhex(SAMPLE[5]["hex"])
    for line in (damaged.hex().encode(), b'{"hex":"%s"' % VIN.encode(), damaged):
        [fault] = read([line])
        assert isinstance(fault, Unreadable)
        assert VIN not in fault.excerpt
        assert VIN.encode().hex() not in fault.excerpt.lower()


def test_a_line_or_a_list_may_be_as_long_as_its_bound_and_no_longer() -> None:
    sample = SAMPLE[0]["hex"].encode()
    longest = sample + b" " * (limits.INTAKE_LINE_BYTES_MAX - len(sample))
    assert [type(one) for one in read([longest])] == [Proposed]
    assert [getattr(one, "reason", "") for one in read([longest + b" "])] == ["line_too_long"]
    item = msgspec.json.encode([{"hex": SAMPLE[0]["hex"]}])
    blanks = [b" " * 65_536] * (limits.INTAKE_DOCUMENT_BYTES_MAX // 65_536)
    fitting = [item, *blanks[1:], b" " * (65_536 - len(item))]
    assert [type(one) for one in read(fitting)] == [Proposed]
    assert [getattr(one, "reason", "") for one in read([*fitting, b" "])] == ["document_too_long"]


# ── Days ─────────────────────────────────────────────────────────────────────────────────────


def test_a_day_begins_where_the_day_before_ended_when_that_is_known() -> None:
    found = days(
        frame("2024-05-06T18:00:00+08:00", "100.0"),
        frame("2024-05-07T09:00:00+08:00", "100.8"),
        frame("2024-05-07T09:30:00+08:00", "120.8"),
    )
    assert found == {"2024-05-06": ("0.0", ()), "2024-05-07": ("20.8", ())}


def test_kilometres_that_no_frame_saw_are_a_gap_and_belong_to_no_day_of_silence() -> None:
    found = days(
        frame("2024-05-06T18:00:00+08:00", "100.0"),
        frame("2024-05-09T09:00:00+08:00", "150.0"),
        frame("2024-05-09T09:30:00+08:00", "170.0"),
    )
    assert found["2024-05-09"] == ("20.0", ("gap",))


@pytest.mark.parametrize(
    ("later", "km", "flags"),
    [
        ("09:00:00", "120.0", ()),  # an hour to the second
        ("09:00:01", "120.0", ("gap",)),
        ("09:00:01", "101.0", ()),  # one kilometre to the metre
        ("09:00:01", "101.1", ("gap",)),
        ("23:00:00", "100.0", ()),  # parked
    ],
)
def test_an_hour_without_readings_while_a_vehicle_drives_is_a_gap(
    later: str, km: str, flags: tuple[str, ...]
) -> None:
    found = days(frame("2024-05-06T08:00:00+08:00", "100.0"), frame(f"2024-05-06T{later}+08:00", km))
    assert found["2024-05-06"][1] == flags


def test_sentinels_at_the_ends_of_a_day_are_passed_over_and_told() -> None:
    found = days(
        frame("2024-05-06T08:00:00+08:00", "abnormal"),
        frame("2024-05-06T08:01:00+08:00", "100.0"),
        frame("2024-05-06T08:30:00+08:00", "112.5"),
        frame("2024-05-06T08:31:00+08:00", "abnormal"),
        frame("2024-05-07T08:00:00+08:00", "abnormal"),
    )
    assert found == {
        "2024-05-06": ("12.5", ("invalid_sentinel",)),
        "2024-05-07": ("0.0", ("invalid_sentinel",)),
    }


@pytest.mark.parametrize(("km", "flags"), [("1600.0", ()), ("1600.1", ("jump",))])
def test_a_day_of_more_than_1500_km_is_a_jump(km: str, flags: tuple[str, ...]) -> None:
    hours = [frame(f"2024-05-06T{hour:02d}:00:00+08:00", str(100 + hour)) for hour in range(24)]
    found = days(*hours, frame("2024-05-06T23:59:00+08:00", km))
    assert found["2024-05-06"] == (f"{float(km) - 100:.1f}", flags)


def test_a_day_is_that_of_the_programme_s_zone_to_the_second() -> None:
    last = frame("2024-05-06T23:59:59+08:00", "100.0")
    first = frame("2024-05-07T00:00:00+08:00", "100.1")
    assert list(days(last, first)) == ["2024-05-06", "2024-05-07"]
    assert list(days(last, first, zone=ZoneInfo("Asia/Urumqi"))) == ["2024-05-06"]


def received(one: Frame, received_at: str) -> bytes:
    return msgspec.json.encode({"hex": render(one).hex(), "received_at": received_at}) + b"\n"


@pytest.mark.parametrize(
    ("received_at", "flags"),
    [
        ("2024-05-06T10:00:00+08:00", ()),
        ("2024-05-06T09:55:00+08:00", ()),
        ("2024-05-06T09:54:59+08:00", ("clock_skew",)),
        ("2024-05-14T00:00:00+08:00", ()),
        ("2024-05-14T00:00:01+08:00", ("late",)),
        ("2025-05-07T10:00:00+08:00", ("late",)),
        ("2025-05-07T10:00:01+08:00", ("late", "clock_skew")),
    ],
)
def test_when_a_frame_was_received_tells_of_lateness_and_of_clocks(
    received_at: str, flags: tuple[str, ...]
) -> None:
    [day] = read([received(frame("2024-05-06T10:00:00+08:00", "100.0"), received_at)])
    assert isinstance(day, Proposed)
    assert day.flags == flags
    assert day.received_at == datetime.fromisoformat(received_at)


def test_what_memory_does_not_hold_is_sorted_in_parts_with_the_same_outcome() -> None:
    frames = [
        frame(f"2024-05-{day:02d}T{hour:02d}:10:00+08:00", str(100 * day + hour), vin=f"VEHICLE{vehicle}")
        for hour in range(24)
        for vehicle in range(3)
        for day in (8, 6, 7)
    ]
    whole = read(hexed(*frames))
    assert len(whole) == 9
    assert read(hexed(*frames), part_readings_max=7) == whole


def test_files_of_parts_are_given_back_when_reading_is_broken_off() -> None:
    def broken() -> Iterator[bytes]:
        yield from hexed(*[frame("2024-05-06T10:00:00+08:00", "100.0")] * 5)
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - raised just above
        list(read_frames(broken(), source="platform", zone=SHANGHAI, part_readings_max=2))


def test_a_reissued_frame_counts_like_the_first_one() -> None:
    first = frame("2024-05-06T08:00:00+08:00", "100.0")
    again = msgspec.structs.replace(first, command=REISSUE)
    last = frame("2024-05-06T08:30:00+08:00", "120.0")
    assert days(first, last)["2024-05-06"] == ("20.0", ())
    assert days(first, last, again)["2024-05-06"] == ("20.0", ("duplicate",))
