"""The lines of a statement on paper, and what proves them."""

from collections.abc import Iterable
from typing import Final

from ledger.documents.amounts import clock, grouped
from ledger.documents.paper import AMBER, GREY, INK, LEFT_MM, WIDTH_MM, Paper
from ledger.documents.statement import Statement, StatementLine
from ledger.documents.summary import lines_of
from ledger.documents.table import Column, Table, section
from ledger.domain.limits import PDF_LINES_MAX

SIZE_PT: Final = 7


def draw_lines(paper: Paper, statement: Statement, lines: Iterable[StatementLine]) -> None:
    """Draw the lines, or as many as a PDF has room for and where the others are."""
    words = paper.words
    paper.set_y(paper.y + 5)
    if not paper.has_room(40):
        paper.add_page()
    section(paper, words["lines"], words["in_yuan"] if lines_of(statement) else "")
    table = None
    sums = [0, 0, 0]
    for number, line in enumerate(lines, 1):
        if table is None:
            table = Table(paper, _columns(paper), size=SIZE_PT, heading=words["lines_continued"])
        if number <= PDF_LINES_MAX:
            _line(paper, table, statement, number, line)
        sums[0] += line.face_value_fen
        sums[1] += line.fee_fen
        sums[2] += line.earned_fen
    if table is not None:
        table.row([*[""] * 3, words["sum"], "", *map(grouped, sums)], bold=True, filled=True)
    rest = lines_of(statement) - PDF_LINES_MAX
    if rest > 0:
        _small(paper, words["lines_elsewhere"].format(shown=f"{PDF_LINES_MAX:,}", rest=f"{rest:,}"))
    elif table is None:
        _small(paper, words["no_lines"])


def _columns(paper: Paper) -> list[Column]:
    words = paper.words
    return [
        Column(words["line"], 9, "right"),
        Column(words["recorded_at"], 26),
        Column(words["kind"], 17),
        Column(words["redemption_id"], 50.5),
        Column(words["offer_store"], 29),
        Column(words["face_value"], 17, "right"),
        Column(words["fee"], 12.5, "right"),
        Column(words["earned"], 17, "right"),
    ]


def _line(paper: Paper, table: Table, statement: Statement, number: int, line: StatementLine) -> None:
    words = paper.words
    kind = words.of("kind", line.kind)
    if line.is_held_back:
        kind = words["held_back_mark"].format(kind=kind)
    table.row(
        [
            f"{number:,}",
            clock(line.recorded_at, statement.time_zone),
            kind,
            line.redemption_id,
            " / ".join(filter(None, (line.offer_id, line.store_id))),
            grouped(line.face_value_fen),
            grouped(line.fee_fen),
            grouped(line.earned_fen),
        ],
        colour=AMBER if line.is_held_back else INK,
    )


def draw_proof(paper: Paper, statement: Statement) -> None:
    """Draw the digests, and how to check them."""
    words = paper.words
    paper.set_y(paper.y + 6)
    if not paper.has_room(20):
        paper.add_page()
    paper.rule(paper.y)
    paper.set_y(paper.y + 1.5)
    for name, digest in (("lines_digest", statement.lines_digest), ("digest", statement.digest)):
        paper.put(LEFT_MM, paper.y + 3, f"{words[name]}  SHA-256  {digest}", 6.5, colour=GREY)
        paper.set_y(paper.y + 3.6)
    _small(paper, words["how_to_check"], size=6.5)


def _small(paper: Paper, text: str, size: float = 8) -> None:
    for line in paper.wrapped(text, size, WIDTH_MM):
        if not paper.has_room(4):
            paper.add_page()
        paper.put(LEFT_MM, paper.y + 3.5, line, size, colour=GREY)
        paper.set_y(paper.y + 4)
