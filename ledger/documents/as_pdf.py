"""A statement as a PDF on A4, to be read, printed and filed."""

from collections.abc import Iterable
from datetime import UTC
from typing import BinaryIO

from ledger.documents.paper import Paper
from ledger.documents.pdf_head import draw_figures, draw_letterhead, draw_sums
from ledger.documents.pdf_lines import draw_lines, draw_proof
from ledger.documents.statement import Statement, StatementLine
from ledger.documents.summary import Tally
from ledger.documents.words import Language, Words


def to_pdf(statement: Statement, lines: Iterable[StatementLine], language: Language, out: BinaryIO) -> None:
    """Write a statement as a PDF; of a long one the first `PDF_LINES_MAX` lines.

    Nothing is written before all is well.

    Raises:
        LinesDifferError: the lines are not the statement's.
    """
    words = Words(language)
    programme = words.pick(statement.programme_name_zh, statement.programme_name_en)
    merchant = words.pick(statement.merchant_name_zh, statement.merchant_name_en)
    paper = Paper(
        words,
        made_at=statement.issued_at.astimezone(UTC),
        title=f"{words['title']} {statement.number}",
        left=f"{programme} / {merchant}",
        right=statement.number,
    )
    try:
        draw_letterhead(paper, statement)
        draw_figures(paper, statement)
        draw_sums(paper, statement)
        draw_lines(paper, statement, Tally(statement).through(lines))
        draw_proof(paper, statement)
        out.write(paper.finished())
    finally:
        paper.close_fonts()
