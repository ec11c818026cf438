"""Files opened for reading: packed or not, with lines and bytes that are bounded."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from ledger.bills.rows import BillKind
from ledger.bills.values import Broken
from ledger.domain.errors import BillFileUnsuitable
from ledger.domain.limits import BILL_BYTES_MAX, BILL_LINE_BYTES_MAX

BLOCK_BYTES: Final = 65_536

_GZIP: Final = b"\x1f\x8b"
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class Source:
    """A file read from its beginning, which tells when it breaks off or goes on for too long.

    Raises:
        Broken: from its methods: the packed file is damaged or ends early; `BILL_BYTES_MAX` was reached.
    """

    def __init__(self, file: IO[bytes] | gzip.GzipFile, bytes_max: int = BILL_BYTES_MAX) -> None:
        self._file = file
        self._bytes_max = self._bytes_left = bytes_max

    def read(self, size: int) -> bytes:
        """Read as many bytes, or those that are left."""
        try:
            found = self._file.read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as damage:
            raise Broken("file_truncated", str(damage)) from None
        return self._counted(found)

    def readline(self, size: int) -> bytes:
        """Read up to the end of a line, or as many bytes."""
        try:
            found = self._file.readline(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as damage:
            raise Broken("file_truncated", str(damage)) from None
        return self._counted(found)

    def _counted(self, found: bytes) -> bytes:
        self._bytes_left -= len(found)
        if self._bytes_left < 0:
            raise Broken("file_too_long", f"{self._bytes_max:,}")
        return found


def opened_raw(path: Path, kind: BillKind) -> IO[bytes]:
    """Open a file as it is.

    Raises:
        BillFileUnsuitable: there is nothing to be read.
    """
    try:
        return path.open("rb")
    except OSError as unreachable:
        reason = unreachable.strerror or "it cannot be opened"
        raise BillFileUnsuitable(kind=kind, reason=reason, found="") from None


@contextmanager
def opened(path: Path, kind: BillKind) -> Iterator[Source]:
    """Open a file, and unpack it where it is packed with gzip.

    Raises:
        BillFileUnsuitable: there is nothing to be read.
    """
    with opened_raw(path, kind) as file:
        is_packed = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        if not is_packed:
            yield Source(file)
            return
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield Source(unpacked)


def lines_of(source: Source) -> Iterator[tuple[int, bytes]]:
    """Give the lines by number; of one beyond `BILL_LINE_BYTES_MAX` the beginning, one byte too long.

    So a file without line ends costs no more memory than any other, and its reader can tell.

    Raises:
        Broken: with the line at which it was.
    """
    size = BILL_LINE_BYTES_MAX + 1
    number = 1
    try:
        while line := source.readline(size):
            yield number, line
            rest = line
            while len(rest) == size and not rest.endswith(b"\n"):
                rest = source.readline(size)
            number += 1
    except Broken as broken:
        broken.line = number
        raise
