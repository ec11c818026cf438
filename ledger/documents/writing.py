"""The one way to a document: a statement, its lines, a format and a language."""

from collections.abc import Iterable
from typing import BinaryIO, Final, Literal

from ledger.documents.as_csv import to_csv
from ledger.documents.as_json import to_json
from ledger.documents.as_xlsx import to_xlsx
from ledger.documents.statement import Statement, StatementLine
from ledger.documents.words import Language

Format = Literal["pdf", "xlsx", "csv", "json"]

MEDIA_TYPES: Final[dict[Format, str]] = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}
"""What HTTP calls each format."""


def write_statement(
    statement: Statement,
    lines: Iterable[StatementLine],
    form: Format,
    language: Language,
    out: BinaryIO,
) -> None:
    """Write a statement as a document; the same statement gives the same bytes.

    Args:
        statement: what is due, and why.
        lines: all of its lines by position; they are read once and never held.
        form: ``pdf`` and ``xlsx`` are written when they are whole, ``csv`` and ``json`` line by line.
        language: of what is not data; JSON has none and is the same in both.
        out: a file opened for writing bytes; it is not closed.

    Raises:
        LinesDifferError: the lines are not the statement's.
    """
    match form:
        case "pdf":
            # Loading what sets pages takes a third of a second, which only those wait who need it.
            from ledger.documents.as_pdf import to_pdf  # noqa: PLC0415

            to_pdf(statement, lines, language, out)
        case "xlsx":
            to_xlsx(statement, lines, language, out)
        case "csv":
            to_csv(statement, lines, language, out)
        case "json":
            to_json(statement, lines, out)


def file_name(statement: Statement, form: Format, language: Language) -> str:
    """Name the file of a document: ``teahouse-000003.zh.pdf``."""
    of_language = "" if form == "json" else f".{language}"
    return f"{statement.number}{of_language}.{form}"
