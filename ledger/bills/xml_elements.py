"""XML read piece by piece: the texts of the elements asked for, by their paths of local names.

Nothing is taken from outside the file: a document type, and with it every entity, is refused.
"""

import codecs
import re
from collections.abc import Iterator, Mapping
from typing import Final, Protocol
from xml.parsers import expat

from ledger.bills.files import BLOCK_BYTES, Source
from ledger.bills.values import Broken
from ledger.domain.limits import BILL_FIELD_CHARS_MAX, BILL_XML_DEPTH_MAX, BILL_XML_TOKEN_BYTES_MAX

_DECLARED: Final = re.compile(rb"""^\s*<\?xml[^>]{1,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_CHINESE: Final = {"gb2312", "gbk", "gb18030"}
_NAMESPACE_END: Final = " "
_NAME_CHARS_MAX: Final = 100
_PATHS_REMEMBERED_MAX: Final = 2_000
_TRUNCATED: Final = {
    expat.errors.codes[message]
    for message in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
    )
}


class Hearer(Protocol):
    """What takes the elements of a document as they come.

    Attributes:
        anchors: paths that get a short name; those below begin with it.
        wanted: paths whose texts are asked for.
    """

    anchors: Mapping[str, str]
    wanted: frozenset[str]

    def begin(self, path: str, line: int, attributes: Mapping[str, str]) -> None:
        """Take the begin of an anchor or of an element that is asked for."""
        ...

    def text(self, path: str, text: str | None) -> None:
        """Take the text of an element that is asked for; None for one longer than is read."""
        ...

    def end(self, path: str) -> None:
        """Take the end of an anchor."""
        ...


def hear(source: Source, hearer: Hearer) -> Iterator[None]:
    """Have a document heard, and yield after each block of it.

    Raises:
        Broken: the rest is no XML, or more than is read.
    """
    parser = _Parser(hearer)
    try:
        for block in _blocks(source, parser):
            parser.feed(block)
            yield
        parser.feed(b"", is_last=True)
    except Broken as broken:
        broken.line = broken.line or parser.line
        raise
    except UnicodeDecodeError:
        raise Broken("encoding_unknown", "", parser.line) from None
    yield


def _blocks(source: Source, parser: "_Parser") -> Iterator[bytes]:
    """Give the blocks of a file, in an encoding that the parser knows."""
    block = source.read(BLOCK_BYTES)
    declared = _DECLARED.match(block)
    if declared is None or declared[1].decode().lower() not in _CHINESE:
        while block:
            yield block
            block = source.read(BLOCK_BYTES)
        return
    parser.override("utf-8")
    decoder = codecs.getincrementaldecoder("gb18030")()
    while block:
        yield decoder.decode(block).encode()
        block = source.read(BLOCK_BYTES)
    yield decoder.decode(b"", final=True).encode()


class _Parser:
    """Expat, with the paths of elements."""

    def __init__(self, hearer: Hearer) -> None:
        self._hearer = hearer
        self._wanted = hearer.wanted
        self._anchors = frozenset(hearer.anchors.values())
        self._paths = [""]
        self._below: dict[tuple[str, str], str] = {}
        self._text: list[str] | None = None
        self._chars = 0
        self._bytes = 0
        self._make(None)

    def override(self, encoding: str) -> None:
        """Take the bytes to come as of this encoding, whatever the document says of itself."""
        self._make(encoding)

    def _make(self, encoding: str | None) -> None:
        parser = self._expat = expat.ParserCreate(encoding, _NAMESPACE_END)
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters

    @property
    def line(self) -> int:
        return self._expat.CurrentLineNumber

    def feed(self, block: bytes, *, is_last: bool = False) -> None:
        try:
            self._expat.Parse(block, is_last)
        except expat.ExpatError as wrong:
            is_short = is_last and wrong.code in _TRUNCATED
            told = expat.ErrorString(wrong.code) or ""
            raise Broken("file_truncated" if is_short else "line_malformed", told, wrong.lineno) from None
        except (LookupError, ValueError) as wrong:
            raise Broken("encoding_unknown", str(wrong), self.line) from None
        self._bytes += len(block)
        # What the parser holds back is one token that has not ended.
        if self._bytes - self._expat.CurrentByteIndex > BILL_XML_TOKEN_BYTES_MAX + BLOCK_BYTES:
            raise Broken("field_too_long", self._paths[-1], self.line)

    def _refuse(self, *_: object) -> None:
        raise Broken("document_type_refused", "<!DOCTYPE", self.line)

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        above = self._paths[-1]
        path = self._below.get((above, name)) or self._path(above, name)
        self._paths.append(path)
        self._text = None
        if path in self._wanted:
            self._text, self._chars = [], 0
            self._hearer.begin(path, self.line, attributes)
        elif path in self._anchors:
            self._hearer.begin(path, self.line, attributes)

    def _path(self, above: str, name: str) -> str:
        local = name.rpartition(_NAMESPACE_END)[2]
        if len(self._paths) > BILL_XML_DEPTH_MAX or len(local) > _NAME_CHARS_MAX:
            raise Broken("line_malformed", f"{above}/{local}", self.line)
        path = f"{above}/{local}" if above else local
        path = self._hearer.anchors.get(path, path)
        if len(self._below) < _PATHS_REMEMBERED_MAX:
            self._below[above, name] = path
        return path

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._chars += len(text)
            if self._chars <= BILL_FIELD_CHARS_MAX:
                self._text.append(text)

    def _end(self, _name: str) -> None:
        path = self._paths.pop()
        if self._text is not None:
            is_read = self._chars <= BILL_FIELD_CHARS_MAX
            self._hearer.text(path, "".join(self._text).strip() if is_read else None)
            self._text = None
        elif path in self._anchors:
            self._hearer.end(path)
