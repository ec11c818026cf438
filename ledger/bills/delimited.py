"""Rows of a CSV, each as the texts of the columns asked for.

A row may run over several lines where line ends stand in quotes; a quote that never ends costs its own
line and none after it.
"""

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from operator import itemgetter

from ledger.bills.files import BYTE_ORDER_MARK, Source, lines_of
from ledger.bills.headers import Cell, places_of
from ledger.bills.mapping import Mapping
from ledger.bills.rows import Unreadable, shown, unreadable
from ledger.bills.values import Fault
from ledger.domain.errors import BillFileUnsuitable
from ledger.domain.limits import BILL_FIELD_CHARS_MAX, BILL_LINE_BYTES_MAX, BILL_ROW_LINES_MAX

Numbered = tuple[int, bytes]


def delimited_rows(
    source: Source, mapping: Mapping, columns: Sequence[str | None]
) -> Iterator[tuple[int, Sequence[Cell]] | Unreadable]:
    """Give the rows below the header as the texts of `columns`; empty ones are left out.

    Raises:
        BillFileUnsuitable: the header is not there or lacks a column; before the first row.
        Broken: the rest cannot be read.
    """
    rows = _Rows(lines_of(source), mapping)
    header = next(islice(rows, mapping.header_row - 1, None), None)
    if header is None:
        raise BillFileUnsuitable(kind="merchant", reason="it ends before the header", found="")
    if isinstance(header, Unreadable):
        raise BillFileUnsuitable(kind="merchant", reason=f"its header: {header.reason}", found=header.excerpt)
    names = header[1]
    places = places_of(names, columns)
    width = len(names)
    # An empty text stands after the last value, for columns that are not asked for.
    pick = itemgetter(*(width if place is None else place for place in places))
    for row in rows:
        if isinstance(row, Unreadable):
            yield row
            continue
        number, values = row
        if len(values) == width:
            if any(values):
                values.append("")
                yield number, pick(values)
        elif any(values):
            yield unreadable(number, "columns_differ", mapping.delimiter.join(values))


class _Rows:
    """The rows of a file as lists of all their texts."""

    def __init__(self, lines: Iterator[Numbered], mapping: Mapping) -> None:
        self._lines = lines
        self._encoding = mapping.encoding
        self._delimiter = mapping.delimiter
        self._ahead: deque[Numbered] = deque()

    def __iter__(self) -> Iterator[tuple[int, list[str]] | Unreadable]:
        while (found := self._next()) is not None:
            number, line = found
            if number == 1:
                line = line.removeprefix(BYTE_ORDER_MARK)
            try:
                yield number, self._values(line) or self._over_lines(line)
            except Fault as fault:
                yield unreadable(number, fault.reason, fault.text)

    def _next(self) -> Numbered | None:
        return self._ahead.popleft() if self._ahead else next(self._lines, None)

    def _values(self, line: bytes) -> list[str] | None:
        """Split a line; None where a quote is open at its end."""
        if len(line) > BILL_LINE_BYTES_MAX:
            raise Fault("line_too_long", line.decode(self._encoding, "replace"))
        try:
            text = line.decode(self._encoding).rstrip("\r\n")
        except UnicodeDecodeError:
            raise Fault("encoding_unknown", line.decode(self._encoding, "replace")) from None
        if '"' not in text:
            values = text.split(self._delimiter)
        else:
            try:
                (values,) = csv.reader([text], delimiter=self._delimiter, strict=True)
            except (csv.Error, ValueError):
                return None
        if len(text) > BILL_FIELD_CHARS_MAX and any(len(value) > BILL_FIELD_CHARS_MAX for value in values):
            raise Fault("field_too_long", max(values, key=len))
        return values

    def _over_lines(self, line: bytes) -> list[str]:
        """Read a row together with the lines after it; they stay where they are if that makes no row."""
        whole = line
        for taken in range(1, BILL_ROW_LINES_MAX):
            if taken > len(self._ahead):
                following = next(self._lines, None)
                if following is None:
                    break
                self._ahead.append(following)
            whole += self._ahead[taken - 1][1]
            if len(whole) > BILL_LINE_BYTES_MAX:
                break
            if (values := self._values(whole)) is not None:
                for _ in range(taken):
                    self._ahead.popleft()
                return values
        raise Fault("line_malformed", shown(line.decode(self._encoding, "replace")))
