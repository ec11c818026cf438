"""A statement as a workbook: its summary, its funds, its payouts and its lines.

Rule of the room: amounts are numbers in yuan, days and instants are dates, ids and names are texts that
are never formulas. Sums are formulas that come with our numbers, so that a program that does not
compute shows the same. Lines go to a file as they come and are never held.
"""

from collections.abc import Iterable
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import BinaryIO

import xlsxwriter  # type: ignore[import-untyped]  # has no types

from ledger.documents.amounts import local
from ledger.documents.statement import Statement, StatementLine
from ledger.documents.summary import Tally
from ledger.documents.words import Language, Words
from ledger.documents.workbook import Book
from ledger.documents.workbook_lines import write_lines
from ledger.documents.workbook_sums import write_funds, write_payouts, write_summary


def to_xlsx(statement: Statement, lines: Iterable[StatementLine], language: Language, out: BinaryIO) -> None:
    """Write a statement as a workbook with the sheets Summary, Funds, Payouts and Lines.

    Beyond a sheet's rows the lines go on in sheets of their own. Nothing is written before all is well.

    Raises:
        LinesDifferError: the lines are not the statement's.
    """
    words = Words(language)
    with TemporaryDirectory(prefix="statement-") as folder:
        path = Path(folder, "statement.xlsx")
        # Every text is written as one, so nothing is looked at for formulas, links or numbers.
        workbook = xlsxwriter.Workbook(path, {"constant_memory": True, "tmpdir": folder})
        try:
            issued_at = local(statement.issued_at, statement.time_zone)
            title = f"{words['statement']} {statement.number}"
            workbook.set_properties({"title": title, "author": statement.programme_id, "created": issued_at})
            book = Book(workbook, words, statement.time_zone)
            summary = book.sheet("summary")
            write_funds(book, statement)
            write_payouts(book, statement)
            ranges = write_lines(book, Tally(statement).through(lines))
            write_summary(book, summary, statement, ranges)
        finally:
            workbook.close()
        with path.open("rb") as file:
            copyfileobj(file, out)
