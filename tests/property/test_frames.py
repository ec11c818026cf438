"""Frames: what is written is read, damage is found, and the order of frames does not matter."""

import string
from datetime import UTC, datetime
from functools import reduce
from operator import xor
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ledger.intake import Proposed, read_frames
from ledger.intake.frames import ABNORMAL_4, REAL_TIME, REISSUE, Frame, checksum, parse, render

BYTE = st.integers(0, 0xFF)
WORD = st.integers(0, 0xFFFF)
SECONDS_FROM = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())
SECONDS_TO = int(datetime(2099, 12, 31, 15, 59, 59, tzinfo=UTC).timestamp())

FRAMES = st.builds(
    Frame,
    command=st.sampled_from((REAL_TIME, REISSUE)),
    vin=st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=17),
    collected_s=st.integers(SECONDS_FROM, SECONDS_TO),
    vehicle_state=BYTE,
    charge_state=BYTE,
    run_mode=BYTE,
    speed_tenth_kmh=WORD,
    odometer_tenth_km=st.integers(0, 0xFFFFFFFF),
    voltage_tenth_v=WORD,
    current_tenth_a=WORD,
    soc_percent=BYTE,
    dc_state=BYTE,
    gear=BYTE,
    insulation_kohm=WORD,
    accelerator_percent=BYTE,
    brake_percent=BYTE,
)


def zeros(count: int) -> bytes:
    return b"\xaa" * count


def counted(count: int, size: int) -> bytes:
    return bytes([count]) + zeros(count * size)


SMALL = st.integers(0, 5)
NONE_OR_SMALL = st.one_of(SMALL.map(lambda n: (n, n)), st.sampled_from([(0xFE, 0), (0xFF, 0)]))
SUBSYSTEM_VOLTAGES = SMALL.map(lambda cells: zeros(9) + counted(cells, 2))
SUBSYSTEM_TEMPERATURES = SMALL.map(lambda probes: zeros(1) + probes.to_bytes(2, "big") + zeros(probes))
UNITS = st.one_of(
    NONE_OR_SMALL.map(lambda n: b"\x02" + bytes([n[0]]) + zeros(12 * n[1])),
    SMALL.map(lambda probes: b"\x03" + zeros(6) + probes.to_bytes(2, "big") + zeros(probes + 10)),
    st.just(b"\x03" + zeros(6) + b"\xff\xff" + zeros(10)),
    st.just(b"\x04" + zeros(5)),
    st.just(b"\x05" + zeros(9)),
    st.just(b"\x06" + zeros(14)),
    st.lists(SMALL, min_size=4, max_size=4).map(
        lambda counts: b"\x07" + zeros(5) + b"".join(counted(count, 4) for count in counts)
    ),
    st.lists(SUBSYSTEM_VOLTAGES, max_size=3).map(lambda subs: b"\x08" + bytes([len(subs)]) + b"".join(subs)),
    st.lists(SUBSYSTEM_TEMPERATURES, max_size=3).map(
        lambda subs: b"\x09" + bytes([len(subs)]) + b"".join(subs)
    ),
    st.builds(
        lambda kind, data: bytes([kind]) + len(data).to_bytes(2, "big") + data,
        st.integers(0x80, 0xFE),
        st.binary(max_size=40),
    ),
)
MANY_UNITS = st.lists(UNITS, max_size=4).map(b"".join)


@given(FRAMES, MANY_UNITS, MANY_UNITS)
def test_a_frame_is_read_as_it_was_written_whatever_units_stand_around_the_vehicle_s(
    frame: Frame, before: bytes, after: bytes
) -> None:
    assert parse(render(frame, before, after)) == frame


@given(st.binary(max_size=300))
def test_the_checksum_is_the_exclusive_or_of_all_bytes(data: bytes) -> None:
    assert checksum(data) == reduce(xor, data, 0)


@given(FRAMES, MANY_UNITS, st.data(), st.integers(1, 0xFF))
def test_one_damaged_byte_is_found_wherever_it_is(
    frame: Frame, before: bytes, data: st.DataObject, damage: int
) -> None:
    sent = bytearray(render(frame, before))
    sent[data.draw(st.integers(0, len(sent) - 1))] ^= damage
    assert isinstance(parse(bytes(sent)), str)


@given(st.binary(max_size=120), FRAMES, st.integers(0, 60))
def test_any_bytes_are_a_frame_or_have_a_reason(noise: bytes, frame: Frame, cut: int) -> None:
    whole = render(frame)
    for data in (noise, b"##" + noise, whole[:cut], whole[:24] + noise):
        assert isinstance(parse(data), Frame | str)
    # With a length and a checksum that hold, all that is left to go wrong is inside.
    body = whole[:22] + len(noise).to_bytes(2, "big") + noise
    assert isinstance(parse(body + bytes([checksum(body[2:])])), Frame | str)


def days_of(frames: list[Frame]) -> dict[str, Proposed]:
    lines = [render(frame).hex().encode() for frame in frames]
    found = read_frames(lines, source="platform", zone=ZoneInfo("Asia/Shanghai"), part_readings_max=5)
    # The line is that of the first frame in the file, so it is the one thing that the order changes.
    return {one.source_id: replace(one, line=0) for one in found if isinstance(one, Proposed)}


NEAR_FRAMES = st.builds(
    lambda one, vin, second, odometer: Frame(
        one.command, vin, SECONDS_FROM + second, 1, 3, 1, 0, odometer, 0, 0, 50, 1, 0, 0, 0, 0
    ),
    FRAMES,
    st.sampled_from(("V1", "V2")),
    st.integers(0, 4 * 86_400),
    st.one_of(st.integers(0, 20_000), st.just(ABNORMAL_4)),
)


@settings(max_examples=60)
@given(st.lists(NEAR_FRAMES, max_size=12), st.randoms(use_true_random=False))
def test_frames_in_any_order_fold_into_the_same_days(frames: list[Frame], random: Random) -> None:
    shuffled = list(frames)
    random.shuffle(shuffled)
    assert days_of(shuffled) == days_of(frames)
