"""Readings of many vehicles in any order, given back vehicle by vehicle and in order of time.

What memory cannot hold is sorted in parts on disk. A reading is twenty bytes there and names its
vehicle by a number, so no id of a vehicle is written anywhere.
"""

import heapq
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import IO, Final, NamedTuple

PART_READINGS_MAX: Final = 500_000
"""Readings sorted at once, some 40 MB."""

_PACKED: Final = struct.Struct(">IIIII")
_READ_BYTES: Final = _PACKED.size * 4_096


class Reading(NamedTuple):
    """One reading of one vehicle; sorted by its fields in their order."""

    vehicle: int
    collected_s: int
    odometer_tenth_km: int
    received_s: int
    """0 where it is not known."""
    line: int


class Readings:
    """Takes readings, then gives them in order; close it to give its files back."""

    def __init__(self, part_readings_max: int = PART_READINGS_MAX) -> None:
        self._part_readings_max = part_readings_max
        self._part: list[bytes] = []
        self._files: list[IO[bytes]] = []
        self._closing = ExitStack()

    def add(self, vehicle: int, collected_s: int, odometer_tenth_km: int, received_s: int, line: int) -> None:
        """Take one; times are seconds since 1970 and fit into 32 bits."""
        self._part.append(_PACKED.pack(vehicle, collected_s, odometer_tenth_km, received_s, line))
        if len(self._part) >= self._part_readings_max:
            self._put_down()

    def in_order(self) -> Iterator[Reading]:
        """Give all of them, by vehicle and time."""
        self._part.sort()
        parts = [_records(file) for file in self._files]
        merged = heapq.merge(*parts, self._part) if parts else iter(self._part)
        return map(Reading._make, map(_PACKED.unpack, merged))

    def close(self) -> None:
        """Remove what was put down."""
        self._closing.close()

    def _put_down(self) -> None:
        self._part.sort()
        file = self._closing.enter_context(TemporaryFile(buffering=_READ_BYTES))  # noqa: SIM115 - it is
        file.writelines(self._part)
        file.seek(0)
        self._files.append(file)
        self._part = []


def _records(file: IO[bytes]) -> Iterator[bytes]:
    size = _PACKED.size
    while block := file.read(_READ_BYTES):
        for begin in range(0, len(block), size):
            yield block[begin : begin + size]
