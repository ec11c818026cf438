"""The lines of a statement as rows of a workbook."""

from collections.abc import Iterable
from itertools import chain, islice
from typing import Final, NamedTuple

from ledger.documents.statement import StatementLine
from ledger.documents.workbook import Book, Sheet
from ledger.domain.limits import SHEET_LINES_MAX

WIDTHS: Final = (8, 12, 12, 20, 11, 38, 20, 20, 13, 13, 13, 9)
KIND, FACE_VALUE, FEE, EARNED, HELD_BACK = 1, 8, 9, 10, 11
LETTERS: Final = "ABCDEFGHIJKL"


class LinesRange(NamedTuple):
    """Where lines stand: a sheet, and its first and last row, counted from 1."""

    sheet: str
    first: int
    last: int

    def column(self, place: int, *, sheet: bool = True) -> str:
        """Name the cells of a column, as formulas do."""
        cells = f"${LETTERS[place]}${self.first}:${LETTERS[place]}${self.last}"
        return f"'{self.sheet}'!{cells}" if sheet else cells


def write_lines(book: Book, lines: Iterable[StatementLine]) -> list[LinesRange]:
    """Write lines, in as many sheets as they need, and tell where they stand."""
    numbered = enumerate(lines, 1)
    following = next(numbered, None)
    if following is None:
        _sheet(book, 1).text(0, book.words["no_lines"], "plain")
    ranges: list[LinesRange] = []
    while following is not None:
        sheet = _sheet(book, len(ranges) + 1)
        sums = [0, 0, 0]
        for number, line in chain([following], islice(numbered, SHEET_LINES_MAX - 1)):
            _line(book, sheet, number, line)
            sums[0] += line.face_value_fen
            sums[1] += line.fee_fen
            sums[2] += line.earned_fen
        ranges.append(LinesRange(sheet.name, 2, sheet.row))
        _total(book, sheet, ranges[-1], sums)
        following = next(numbered, None)
    return ranges


def _sheet(book: Book, number: int) -> Sheet:
    words = book.words
    sheet = book.sheet("lines", number, landscape=True)
    for column, width in enumerate(WIDTHS):
        sheet.raw.set_column(column, column, width)
    sheet.raw.set_row(0, 30)
    sheet.raw.freeze_panes(1, 0)
    sheet.raw.repeat_rows(0)
    names = ("line", "kind", "local_day", "recorded_at", "position", "redemption_id", "offer_id", "store_id")
    titles = {name: words[name] for name in names}
    titles["recorded_at"] = book.in_zone("recorded_at")
    amounts = [book.in_yuan(name) for name in ("face_value", "fee", "earned")]
    sheet.header([*titles.values(), *amounts, words["is_held_back"]])
    return sheet


def _line(book: Book, sheet: Sheet, number: int, line: StatementLine) -> None:
    sheet.whole(0, number)
    sheet.text(KIND, book.words.of("kind", line.kind))
    sheet.day(2, line.local_day)
    sheet.instant(3, line.recorded_at)
    sheet.whole(4, line.position)
    sheet.text(5, line.redemption_id)
    sheet.text(6, line.offer_id)
    sheet.text(7, line.store_id)
    sheet.money(FACE_VALUE, line.face_value_fen)
    sheet.money(FEE, line.fee_fen)
    sheet.money(EARNED, line.earned_fen)
    sheet.text(HELD_BACK, book.words["yes"] if line.is_held_back else None)
    sheet.row += 1


def _total(book: Book, sheet: Sheet, where: LinesRange, sums: list[int]) -> None:
    """Write what the rows that a filter shows come to."""
    sheet.raw.autofilter(0, 0, where.last - 1, len(WIDTHS) - 1)
    sheet.text(0, book.words["sum"], "total_text")
    for place, fen in zip((FACE_VALUE, FEE, EARNED), sums, strict=True):
        sheet.sum(place, f"=ROUND(SUBTOTAL(109,{where.column(place, sheet=False)}),2)", fen)
    sheet.row += 1
