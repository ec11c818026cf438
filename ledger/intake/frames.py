"""Frames of GB/T 32960.3-2016: what a vehicle reports to its platform, byte by byte.

Only what a report of the vehicle needs is read; other data units are passed over by the lengths that
the standard's tables give them.
"""

import struct
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Final

import msgspec

from ledger.intake.outcomes import Reason

REAL_TIME: Final = 0x02
REISSUE: Final = 0x03
"""What could not be sent at its time is sent later under another command."""

ABNORMAL_4: Final = 0xFFFFFFFE
INVALID_4: Final = 0xFFFFFFFF
_ABNORMAL: Final = {1: 0xFE, 2: 0xFFFE, 4: ABNORMAL_4}

GMT_8_S: Final = 8 * 3_600
"""Collect times are those of GMT+8, wherever the vehicle is. Source: GB/T 32960.3-2016, 7.2.2."""

_START: Final = b"##"
_START_2025: Final = b"$$"
_NOT_A_REPLY: Final = 0xFE
_PLAIN: Final = 0x01

_HEADER: Final = struct.Struct(">2sBB17sBH")
_VEHICLE: Final = struct.Struct(">BBBHIHHBBBHBB")
_TIME_BYTES: Final = 6
_VEHICLE_UNIT: Final = 0x01
_BYTE_BITS: Final = 8
_BASE_YEAR: Final = 2000
_YEARS_MAX: Final = 99
_EPOCH: Final = date(1970, 1, 1).toordinal()
_DAY_S: Final = 86_400


class Frame(msgspec.Struct, frozen=True, gc=False):
    """A report of the vehicle, with its values as they stand in the frame, sentinels among them.

    Attributes:
        command: `REAL_TIME` or `REISSUE`.
        vin: the vehicle, or what its platform calls it.
        collected_s: when it was collected, seconds since 1970 (UTC).
        vehicle_state: 1 started, 2 off, 3 other.
        charge_state: 1 charging parked, 2 charging while driving, 3 not charging, 4 charged.
        run_mode: 1 electric, 2 hybrid, 3 fuel.
        speed_tenth_kmh: 0.1 km/h.
        odometer_tenth_km: accumulated mileage, 0.1 km.
        voltage_tenth_v: 0.1 V.
        current_tenth_a: 0.1 A, 0 for -1,000 A.
        soc_percent: state of charge.
        dc_state: 1 works, 2 is off.
        gear: bits of the gear.
        insulation_kohm: insulation resistance.
        accelerator_percent: pedal.
        brake_percent: pedal.
    """

    command: int
    vin: str
    collected_s: int
    vehicle_state: int
    charge_state: int
    run_mode: int
    speed_tenth_kmh: int
    odometer_tenth_km: int
    voltage_tenth_v: int
    current_tenth_a: int
    soc_percent: int
    dc_state: int
    gear: int
    insulation_kohm: int
    accelerator_percent: int
    brake_percent: int


def is_sentinel(value: int, width_bytes: int) -> bool:
    """Whether a value of so many bytes stands for abnormal or invalid."""
    return value >= _ABNORMAL[width_bytes]


def checksum(data: bytes) -> int:
    """Give the BCC: all bytes, one after the other, by exclusive or."""
    value = int.from_bytes(data, "big")
    # Folded in halves: the same result in a logarithm's number of steps.
    width_bits = _BYTE_BITS << max(0, (len(data) - 1).bit_length())
    while width_bits > _BYTE_BITS:
        width_bits >>= 1
        value = (value >> width_bits) ^ (value & ((1 << width_bits) - 1))
    return value


def parse(frame: bytes) -> Frame | Reason:
    """Read one frame, or say why it cannot be read."""
    if len(frame) <= _HEADER.size:
        return "frame_start_missing" if frame[:2] not in {_START, _START_2025} else "frame_length_differs"
    start, command, reply, vin_bytes, encryption, length_bytes = _HEADER.unpack_from(frame)
    fault: Reason | None = None
    if start != _START:
        fault = "frame_of_2025" if start == _START_2025 else "frame_start_missing"
    elif len(frame) != _HEADER.size + length_bytes + 1:
        fault = "frame_length_differs"
    elif checksum(frame[2:-1]) != frame[-1]:
        fault = "frame_checksum_differs"
    elif command not in (REAL_TIME, REISSUE) or reply != _NOT_A_REPLY:
        fault = "frame_not_reported"
    elif encryption != _PLAIN:
        fault = "frame_encrypted"
    return fault or _report(frame, command, vin_bytes.rstrip(b"\0 "))


def _report(frame: bytes, command: int, vin_bytes: bytes) -> Frame | Reason:
    vin = vin_bytes.decode("ascii", "replace")
    if not vin or not vin.isascii() or not vin.isprintable():
        return "frame_subject_malformed"
    begin, end = _HEADER.size, len(frame) - 1
    time = frame[begin : min(begin + _TIME_BYTES, end)]
    collected_s = _seconds(time) if len(time) == _TIME_BYTES else None
    if collected_s is None:
        return "frame_time_invalid"
    at = _vehicle_data(frame, begin + _TIME_BYTES, end)
    if at is None:
        return "frame_without_vehicle_data"
    return Frame(command, vin, collected_s, *_VEHICLE.unpack_from(frame, at))


def render(frame: Frame, units_before: bytes = b"", units_after: bytes = b"") -> bytes:
    """Write a frame as a vehicle would: `parse` gives the same one back.

    Args:
        frame: what to write.
        units_before: other data units, before that of the vehicle.
        units_after: likewise, after it.
    """
    day, second = divmod(frame.collected_s + GMT_8_S, _DAY_S)
    on = date.fromordinal(day + _EPOCH)
    time = bytes((on.year - _BASE_YEAR, on.month, on.day, second // 3_600, second // 60 % 60, second % 60))
    values = msgspec.structs.astuple(frame)[3:]
    units = units_before + bytes([_VEHICLE_UNIT]) + _VEHICLE.pack(*values) + units_after
    vin = frame.vin.encode("ascii").ljust(17, b"\0")
    header = _HEADER.pack(_START, frame.command, _NOT_A_REPLY, vin, _PLAIN, _TIME_BYTES + len(units))
    body = header + time + units
    return body + bytes([checksum(body[2:])])


# --- time -------------------------------------------------------------------------------------------


@lru_cache(maxsize=4_096)
def _day_s(year: int, month: int, day: int) -> int | None:
    """Seconds from 1970 to the beginning of a day of GMT+8; None when there is no such day."""
    if year > _YEARS_MAX:
        return None
    try:
        return (date(_BASE_YEAR + year, month, day).toordinal() - _EPOCH) * _DAY_S - GMT_8_S
    except ValueError:
        return None


def _seconds(time: bytes) -> int | None:
    year, month, day, hour, minute, second = time
    begins_s = _day_s(year, month, day)
    if begins_s is None or hour > 23 or minute > 59 or second > 59:  # noqa: PLR2004 - a clock's own
        return None
    return begins_s + hour * 3_600 + minute * 60 + second


# --- data units -------------------------------------------------------------------------------------
# Each entry gives the place after a data unit that begins at a place; a count that is abnormal or
# invalid stands for none. Source: GB/T 32960.3-2016, tables 7 to 20 and annex B.


def _count(frame: bytes, at: int) -> int:
    value = frame[at]
    return 0 if is_sentinel(value, 1) else value


def _word(frame: bytes, at: int) -> int:
    value = frame[at] << 8 | frame[at + 1]
    return 0 if is_sentinel(value, 2) else value


def _fuel_cell(frame: bytes, at: int) -> int:
    return at + 8 + _word(frame, at + 6) + 10


def _alarms(frame: bytes, at: int) -> int:
    at += 5
    for _ in range(4):
        at += 1 + 4 * _count(frame, at)
    return at


def _voltages(frame: bytes, at: int) -> int:
    subsystems, at = _count(frame, at), at + 1
    for _ in range(subsystems):
        at += 10 + 2 * _count(frame, at + 9)
    return at


def _temperatures(frame: bytes, at: int) -> int:
    subsystems, at = _count(frame, at), at + 1
    for _ in range(subsystems):
        at += 3 + _word(frame, at + 1)
    return at


def _own(frame: bytes, at: int) -> int:
    return at + 2 + (frame[at] << 8 | frame[at + 1])


_AFTER: Final[dict[int, Callable[[bytes, int], int]]] = {
    0x02: lambda frame, at: at + 1 + 12 * _count(frame, at),
    0x03: _fuel_cell,
    0x04: lambda _, at: at + 5,
    0x05: lambda _, at: at + 9,
    0x06: lambda _, at: at + 14,
    0x07: _alarms,
    0x08: _voltages,
    0x09: _temperatures,
    **dict.fromkeys(range(0x80, 0xFF), _own),
}
"""Drive motors, fuel cell, engine, place, extremes, alarms, voltages, temperatures, a maker's own."""


def _vehicle_data(frame: bytes, at: int, end: int) -> int | None:
    """Find the vehicle's data unit; None when the data ends or becomes unknown before it."""
    try:
        while at < end:
            unit = frame[at]
            at += 1
            if unit == _VEHICLE_UNIT:
                return at if at + _VEHICLE.size <= end else None
            at = _AFTER[unit](frame, at)
    except (IndexError, KeyError):
        return None
    return None
