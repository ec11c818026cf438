"""What both bills of WeChat Pay have in common: their layout, their summary, and the empty day.

A header of plain names, rows whose every value begins with a backtick, the names of the summary, and
its one row. Values are parted by a comma and a backtick, so commas may stand within them.

Source: WeChat Pay's documents of the interfaces `bill/tradebill` and `bill/fundflowbill`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta, timezone
from operator import itemgetter
from typing import Any, Final, Literal, NamedTuple, Protocol

from ledger.bills.bill import Reading
from ledger.bills.files import BYTE_ORDER_MARK, Source, lines_of
from ledger.bills.rows import BillKind, BillRow, Difference, Ending, Outcome, shown, unreadable
from ledger.bills.values import Fault, Moments, fen_of
from ledger.domain.errors import BillFileUnsuitable
from ledger.domain.limits import BILL_COLUMNS_MAX, BILL_FIELD_CHARS_MAX, BILL_LINE_BYTES_MAX

BEIJING: Final = timezone(timedelta(hours=8))
NO_BILL: Final = ("NO_STATEMENT_EXIST", "No Bill Exist")
"""What WeChat Pay answers, as JSON or XML, for a day without any row."""

_WIDE_BRACKETS = str.maketrans({"（": "(", "）": ")"})  # noqa: RUF001 - both are in use
_COUNT_DIGITS_MAX: Final = 12

Texts = Sequence[str]
Lines = Iterator[tuple[int, bytes]]
Pick = Callable[[Any], Texts]


class Column(NamedTuple):
    """A column by the names that it has had, the present one first."""

    names: tuple[str, ...]
    is_needed: bool = False


class Sum(NamedTuple):
    """A number of the summary: what is counted, and what the rows came to."""

    unit: Literal["rows", "fen"]
    found: int


class Sheet(Protocol):
    """One of the two bills: its columns, and what it makes of a row.

    Attributes:
        kind: of the bill.
        columns: what it asks for.
        summary: the names that a number of the summary has had, by the present one; the first of them
            counts the rows, and tells that a line is the summary's.
    """

    kind: BillKind
    columns: tuple[Column, ...]
    summary: Mapping[str, tuple[str, ...]]

    def row(self, line: int, texts: Texts) -> BillRow:
        """Make a row of the texts of `columns` and count it, or raise `Fault`."""
        ...

    def sums(self) -> Mapping[str, Sum]:
        """What the rows came to, by the present names of the summary."""
        ...


def moments() -> Moments:
    """Read the times of WeChat Pay, which are those of Beijing."""
    return Moments("%Y-%m-%d %H:%M:%S", BEIJING)


def named(text: str) -> str:
    """Give an id, or nothing for the 0 that stands where there is none."""
    return "" if text == "0" else text


def read_wechat(source: Source, sheet: Sheet) -> Reading:
    """Read a bill.

    Raises:
        BillFileUnsuitable: it is another file; before the first outcome.
        Broken: the rest cannot be read.
    """
    lines = lines_of(source)
    number, head = next(((n, line) for n, line in lines if _unmarked(line).strip()), (0, b""))
    if _unmarked(head).lstrip()[:1] in {b"{", b"<"}:
        yield _ending_of_answer(head, lines, sheet.kind)
        return
    width, pick = _header(head, sheet)
    names: list[str | None] | None = None
    outcome: Outcome
    for number, line in lines:
        try:
            text = _text(line)
            if text[:1] == "`":
                outcome = sheet.row(number, pick(_values(text, width)))
            elif not text.strip():
                continue
            elif names := _summary_names(text, sheet):
                break
            else:
                outcome = unreadable(number, "line_malformed", text)
        except Fault as fault:
            outcome = unreadable(number, fault.reason, fault.text)
        yield outcome
    if names is None:
        yield unreadable(number, "summary_missing", "")
        yield Ending(is_agreed=False)
    else:
        yield from _compared(names, number, lines, sheet)


def _unmarked(line: bytes) -> bytes:
    return line.removeprefix(BYTE_ORDER_MARK)


def _text(line: bytes) -> str:
    if len(line) > BILL_LINE_BYTES_MAX:
        raise Fault("line_too_long", line[:BILL_FIELD_CHARS_MAX].decode("utf-8", "replace"))
    try:
        return line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise Fault("encoding_unknown", line.decode("utf-8", "replace")) from None


def _values(text: str, width: int) -> list[str]:
    """Split a row; an empty text stands after its last value, for columns that the file has not."""
    values = text[1:].split(",`")
    if len(values) != width:
        raise Fault("columns_differ", text)
    if len(text) > BILL_FIELD_CHARS_MAX and any(len(value) > BILL_FIELD_CHARS_MAX for value in values):
        raise Fault("field_too_long", max(values, key=len))
    values.append("")
    return values


# --- the header -----------------------------------------------------------------------------------


def _names(text: str) -> list[str]:
    return [name.strip().removeprefix("`").translate(_WIDE_BRACKETS) for name in text.split(",")]


def _header(line: bytes, sheet: Sheet) -> tuple[int, Pick]:
    """Find the columns by their names."""
    try:
        text = _text(_unmarked(line))
    except Fault as fault:
        raise BillFileUnsuitable(
            kind=sheet.kind, reason=f"its header: {fault.reason}", found=shown(fault.text)
        ) from None
    header = _names(text)
    places = [_place(column, header) for column in sheet.columns]
    missing = [
        column.names[0]
        for column, place in zip(sheet.columns, places, strict=True)
        if column.is_needed and place is None
    ]
    if missing or len(header) > BILL_COLUMNS_MAX:
        reason = f"its header lacks {missing[0]}" if missing else f"more than {BILL_COLUMNS_MAX} columns"
        raise BillFileUnsuitable(
            kind=sheet.kind, reason=reason if text else "the file is empty", found=shown(text)
        )
    width = len(header)
    return width, itemgetter(*(width if place is None else place for place in places))


def _place(column: Column, header: Sequence[str]) -> int | None:
    return next((header.index(name) for name in column.names if name in header), None)


def _ending_of_answer(head: bytes, lines: Lines, kind: BillKind) -> Ending:
    """Take the answer that there is no bill as an empty one; what else is no table is no bill."""
    answer = head
    for _, line in lines:
        if len(answer) > BILL_LINE_BYTES_MAX:
            break
        answer += line
    text = _unmarked(answer).decode("utf-8", "replace").strip()
    if len(answer) <= BILL_LINE_BYTES_MAX and any(words in text for words in NO_BILL):
        return Ending(is_agreed=None)
    raise BillFileUnsuitable(kind=kind, reason="it is an answer that is no bill", found=shown(text))


# --- the summary ----------------------------------------------------------------------------------


def _summary_names(text: str, sheet: Sheet) -> list[str | None] | None:
    """Give the present names of the summary's columns; None where the line is not its header."""
    present = {name: now for now, names in sheet.summary.items() for name in (now, *names)}
    found = [present.get(name) for name in _names(text)]
    return found if next(iter(sheet.summary)) in found else None


def _compared(names: Sequence[str | None], number: int, lines: Lines, sheet: Sheet) -> Reading:
    """Read the summary's row, and hold it against the rows; nothing stands after it."""
    filled = ((n, line) for n, line in lines if line.strip())
    number, line = next(filled, (number, b""))
    differences: list[Difference] = []
    is_whole = True
    try:
        differences += _differences(names, _text(line), sheet.sums())
    except Fault as fault:
        yield unreadable(number, "summary_malformed" if line else "summary_missing", fault.text)
        is_whole = False
    for number, line in filled:
        yield unreadable(number, "line_malformed", line.decode("utf-8", "replace"))
        is_whole = False
    yield Ending(is_agreed=is_whole and not differences, differences=tuple(differences))


def _differences(names: Sequence[str | None], text: str, sums: Mapping[str, Sum]) -> Iterator[Difference]:
    values = _values(text if text[:1] == "`" else "`" + text.replace(",", ",`"), len(names))
    for name, value in zip(names, values, strict=False):
        if name is not None:
            unit, found = sums[name]
            if (stated := _stated(unit, value)) != found:
                yield Difference(name, unit, stated, found)


def _stated(unit: Literal["rows", "fen"], text: str) -> int:
    if unit == "fen":
        return fen_of(text)
    if not (text.isascii() and text.isdecimal() and len(text) <= _COUNT_DIGITS_MAX):
        raise Fault("summary_malformed", text)
    return int(text)
