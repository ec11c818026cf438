"""A statement as a PDF on A4, to be read, printed and filed."""

from collections.abc import Iterable
from typing import BinaryIO

from ledger.documents.statement import Statement, StatementLine
from ledger.documents.words import Language


def to_pdf(statement: Statement, lines: Iterable[StatementLine], language: Language, out: BinaryIO) -> None:
    """Write a statement as a PDF."""
    raise NotImplementedError
