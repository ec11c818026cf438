"""Whether every event is next in its stream, for a log of any length.

Rule of the room: what is kept of an event is 28 bytes, in a temporary file once there are many; one
part of the streams after the other is looked at, so memory does not grow with the log.
"""

import struct
import tempfile
from contextlib import ExitStack
from typing import IO, Final, NamedTuple, Self

PARTS: Final = 256
"""Streams by the first byte of their id, which is that of a hash."""
_BUFFERED_BYTES: Final = 1 << 16
"""Of a part in memory, before it goes to its file: 16 MB for all of them."""
_RECORD: Final = struct.Struct(">16sIQ")
"""Id of the stream, place in it, position in the log."""


class Misplaced(NamedTuple):
    """An event that is not next in its stream."""

    position: int
    place: int
    """That the event would have to have."""
    place_found: int


class Streams:
    """The places that the events of a log have in their streams."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._buffers = [bytearray() for _ in range(PARTS)]
        self._files: dict[int, IO[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(self, stream: bytes, place: int, position: int) -> None:
        """Note the next event of the log."""
        buffer = self._buffers[stream[0]]
        buffer += _RECORD.pack(stream, place, position)
        if len(buffer) >= _BUFFERED_BYTES:
            self._write(stream[0])

    def misplaced(self) -> Misplaced | None:
        """Give the first event that is not next in its stream, None when every one is."""
        found = (self._misplaced_in(part) for part in range(PARTS))
        return min((one for one in found if one is not None), default=None)

    def _misplaced_in(self, part: int) -> Misplaced | None:
        last: dict[bytes, int] = {}
        for stream, place, position in _RECORD.iter_unpack(self._all_of(part)):
            next_place = last.get(stream, 0) + 1
            if place != next_place:
                return Misplaced(position, next_place, place)
            last[stream] = place
        return None

    def _all_of(self, part: int) -> bytes:
        file = self._files.get(part)
        if file is None:
            return bytes(self._buffers[part])
        file.seek(0)
        return file.read() + self._buffers[part]

    def _write(self, part: int) -> None:
        file = self._files.get(part)
        if file is None:
            opened = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed with all of them
            file = self._files[part] = self._open.enter_context(opened)
        file.write(self._buffers[part])
        self._buffers[part].clear()
