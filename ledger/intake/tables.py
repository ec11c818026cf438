"""Rows of CSV and of newline-delimited JSON, as texts in the order of the columns asked for.

Rule of the room: columns are found by name and never by place; each line is read for itself, so that
a broken one cannot swallow those after it.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, Final, Literal, NamedTuple

import msgspec

from ledger.domain.limits import INTAKE_LINE_BYTES_MAX
from ledger.intake.lines import encoding_of, without_mark
from ledger.intake.outcomes import Unreadable, unreadable

Format = Literal["csv", "ndjson", "gbt32960"]

SEPARATORS: Final = ",\t;|"
LAYOUTS_REMEMBERED_MAX: Final = 1_000

_SAME_SIGN = str.maketrans({"（": "(", "）": ")", "／": "/", " ": "_", "-": "_", "\u3000": "_"})  # noqa: RUF001

Texts = Sequence[str]
Pick = Callable[[Any], Texts]


class Column(NamedTuple):
    """A column that a reader asks for."""

    name: str
    aliases: tuple[str, ...] = ()


class Columns(NamedTuple):
    """What a reader asks for, and of what it needs at least one."""

    columns: tuple[Column, ...]
    needed: tuple[tuple[str, ...], ...]

    def places(self, header: Sequence[str]) -> list[int | None] | None:
        """Find each column in a header; None when one that is needed is not there."""
        names = [_same(name) for name in header]
        found: list[int | None] = []
        for column in self.columns:
            asked = (column.name, *column.aliases)
            found.append(next((names.index(_same(name)) for name in asked if _same(name) in names), None))
        there = {column.name for column, place in zip(self.columns, found, strict=True) if place is not None}
        return found if all(there & set(group) for group in self.needed) else None


def _same(name: str) -> str:
    """Give the one spelling of a column's name."""
    return name.strip().translate(_SAME_SIGN).lower()


Row = tuple[int, Texts]


def format_of(first_line: bytes) -> Format:
    """Tell what a file is by its first line that is not empty."""
    text = without_mark(first_line).strip()
    if text[:2] == b"##" or text[:4] in {b"2323", b"2424"} or text[:5] == b"23 23":
        return "gbt32960"
    if text[:1] == b"[" or (text[:1] == b"{" and b'"hex"' in text):
        return "gbt32960"
    return "ndjson" if text[:1] == b"{" else "csv"


def rows_of(lines: Iterable[bytes], columns: Columns, form: Format) -> Iterator[Row | Unreadable]:
    """Give every line that is not empty, as the texts of `columns` (`""` where there is none) or unreadable.

    Args:
        lines: of the file, with their ends.
        columns: what is asked for.
        form: ``csv`` with a header line, or ``ndjson``.
    """
    return _csv_rows(lines, columns) if form == "csv" else _json_rows(lines, columns)


# --- CSV ----------------------------------------------------------------------------------------


def _csv_rows(lines: Iterable[bytes], columns: Columns) -> Iterator[Row | Unreadable]:
    numbered = enumerate(lines, 1)
    number, first = next(((n, line) for n, line in numbered if without_mark(line).strip()), (0, b""))
    if not number:
        return
    encoding = encoding_of(first)
    if encoding is None:
        yield unreadable(number, "encoding_unknown", repr(first))
        return
    head = without_mark(first).decode(encoding).rstrip("\r\n")
    separator = max(SEPARATORS, key=head.count)
    header = _split(head, separator)
    places = columns.places(header) if header else None
    if places is None or header is None:
        yield unreadable(number, "header_incomplete", head)
        return
    width = len(header)
    # An empty text stands after the last value, for columns that the file has not.
    pick: Pick = itemgetter(*(width if place is None else place for place in places))
    for number, line in numbered:
        try:
            text = line.decode(encoding).rstrip("\r\n")
        except UnicodeDecodeError:
            yield unreadable(number, "encoding_unknown", repr(line[:INTAKE_LINE_BYTES_MAX]))
            continue
        if len(line) > INTAKE_LINE_BYTES_MAX:
            yield unreadable(number, "line_too_long", text)
            continue
        values = _split(text, separator) if '"' in text else text.split(separator)
        if values is None:
            yield unreadable(number, "line_malformed", text)
        elif len(values) == width:
            values.append("")
            yield number, pick(values)
        elif text.strip():
            yield unreadable(number, "columns_differ", text)


def _split(text: str, separator: str) -> list[str] | None:
    """Split a line that may have quotes; None when they are not balanced."""
    try:
        return next(csv.reader([text], delimiter=separator, strict=True), [])
    except csv.Error:
        return None


# --- newline-delimited JSON ---------------------------------------------------------------------

_ABSENT: Final = ""
"""A key under which nothing is asked for, so that what the object has not can be looked up there."""


def _json_rows(lines: Iterable[bytes], columns: Columns) -> Iterator[Row | Unreadable]:
    # A number keeps the text in which it was sent.
    decode = msgspec.json.Decoder(dict[str, Any], float_hook=str).decode
    layouts: dict[tuple[str, ...], Pick | None] = {}
    for number, line in enumerate(lines, 1):
        if len(line) > INTAKE_LINE_BYTES_MAX:
            yield unreadable(number, "line_too_long", _shown(line))
            continue
        try:
            found = decode(without_mark(line) if number == 1 else line)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            if without_mark(line).strip():
                yield unreadable(number, "line_malformed", _shown(line))
            continue
        keys = tuple(found)
        if keys not in layouts:
            if len(layouts) > LAYOUTS_REMEMBERED_MAX:
                layouts.clear()
            layouts[keys] = _json_pick(keys, columns)
        pick = layouts[keys]
        if pick is None:
            yield unreadable(number, "header_incomplete", _shown(line))
            continue
        found[_ABSENT] = ""
        values = pick(found)
        yield number, [value if type(value) is str else _text(value) for value in values]


def _json_pick(keys: tuple[str, ...], columns: Columns) -> Pick | None:
    places = columns.places(keys)
    if places is None:
        return None
    return itemgetter(*(_ABSENT if place is None else keys[place] for place in places))


def _text(value: object) -> str:
    """Give a JSON value as text; what is neither text nor number becomes what no reader takes."""
    if value is None:
        return ""
    return str(value) if type(value) is int else repr(value)


def _shown(line: bytes) -> str:
    return line[:1_000].decode("utf-8", "replace").strip()


def peeked(lines: Iterable[bytes]) -> tuple[Format, Iterator[bytes]]:
    """Tell the format of a file and give all of its lines."""
    rest = iter(lines)
    seen = []
    for line in rest:
        seen.append(line)
        if without_mark(line).strip():
            break
    return format_of(seen[-1] if seen else b""), chain(seen, rest)
