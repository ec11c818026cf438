"""Lines of a file as bytes, none longer than a bound, and the text in them."""

import codecs
from collections.abc import Iterator
from typing import Final, Protocol

from ledger.domain.limits import INTAKE_LINE_BYTES_MAX

ENCODINGS: Final = ("utf-8", "gb18030")
"""In the order in which they are tried: what is UTF-8 is hardly ever anything else by chance."""

_WIDE_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Readable(Protocol):
    """A file opened for reading bytes."""

    def readline(self, size: int = -1, /) -> bytes:
        """Read up to the end of a line, or as many bytes."""
        ...


def lines_of(file: Readable) -> Iterator[bytes]:
    """Give the lines of a file; of one beyond `INTAKE_LINE_BYTES_MAX` the beginning, one byte too long.

    So a file without line ends costs no more memory than any other, and its reader can tell.
    """
    size = INTAKE_LINE_BYTES_MAX + 1
    while line := file.readline(size):
        yield line
        rest = line
        while len(rest) == size and not rest.endswith(b"\n"):
            rest = file.readline(size)


def encoding_of(line: bytes) -> str | None:
    """Tell the encoding of a file by its first line, None when it is in none that is read."""
    if line.startswith(_WIDE_MARKS):
        return None
    for encoding in ENCODINGS:
        try:
            line.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return None


def without_mark(line: bytes) -> bytes:
    """Take the mark away with which some programs begin a UTF-8 file."""
    return line.removeprefix(codecs.BOM_UTF8)
