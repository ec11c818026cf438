"""Statements written out: from the view into a file, in one of the formats."""

import re
from typing import IO, BinaryIO, Final, cast

from ledger.documents.summary import last_day, lines_of
from ledger.documents.words import Language, Words
from ledger.documents.writing import Format, file_name, write_statement
from ledger.domain.errors import DocumentTooLong
from ledger.domain.limits import DOCUMENT_LINES_MAX, WORKBOOK_LINES_MAX
from ledger.merchant_statements.paper import Paper, Read, all_lines

_NOT_IN_NAMES: Final = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')
"""What some system does not take in the name of a file."""


def require_writable(paper: Paper, form: Format) -> None:
    """Refuse a document that takes too long beside other work.

    Raises:
        DocumentTooLong
    """
    lines_max = WORKBOOK_LINES_MAX if form == "xlsx" else DOCUMENT_LINES_MAX
    if (lines := lines_of(paper.statement)) > lines_max:
        raise DocumentTooLong(statement_id=paper.statement.statement_id, lines=lines, lines_max=lines_max)


def write_document(paper: Paper, read: Read, form: Format, language: Language, out: IO[bytes]) -> None:
    """Write a statement with its lines, read as they are written.

    Raises:
        LinesDifferError: the view's lines are not those of the event; no such document is ever whole.
    """
    write_statement(paper.statement, all_lines(read, paper), form, language, cast("BinaryIO", out))


def document_name(paper: Paper, form: Format, language: Language) -> tuple[str, str]:
    """Name a document's file: in ASCII, and in its language with merchant and period."""
    plain, of = file_name(paper.statement, form, language), paper.statement
    words = Words(language)
    merchant = _NOT_IN_NAMES.sub(" ", words.pick(of.merchant_name_zh, of.merchant_name_en)).strip()
    days = f"{of.starts_on}_{last_day(of)}"
    return plain, f"{words['statement']} {merchant} {days} {of.number}.{form}"
