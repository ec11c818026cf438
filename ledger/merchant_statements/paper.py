"""A statement as its documents show it, read from the view as of one position.

Rule of the room: everything but the lines is read in one snapshot. Lines follow page by page, holding
no connection in between; what was issued never changes, so they are those of that position.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, time
from itertools import islice
from typing import Final, NamedTuple

from ledger.documents.statement import FundPart, PayoutPart, Statement, StatementLine
from ledger.domain.instants import utc, zone
from ledger.domain.limits import SETTLEMENT_LINES_MAX
from ledger.merchant_statements.names import Names, names_of
from ledger.projections.settlement_statement_rows import (
    DisputeRow,
    PayoutRow,
    StatementFundRow,
    StatementRow,
)
from ledger.projections.settlement_statements import (
    BEGINNING,
    LinesAfter,
    SettledLine,
    disputes_of,
    funds_of,
    lines_of_statement,
    merchant_statement,
    payouts_of,
)
from ledger.projections.snapshot import Snapshot
from ledger.projections.waiting import terms_of
from ledger.store.database import Database

Read = Callable[[int], AbstractContextManager[Snapshot]]
"""Opens the settlement view when it has come as far as a position."""

_SAME: Final = frozenset(StatementRow._fields) & frozenset(Statement.__struct_fields__) - {"objections_until"}
"""Fields that stand in a document as they stand in the view."""


class Paper(NamedTuple):
    """A statement at a position."""

    statement: Statement
    row: StatementRow
    """As it stands in the view; its position is that of the event that changed it last, and until the next
    one all documents of it are the same."""
    disputes: list[DisputeRow]
    position: int
    """At which all of it was read."""


def read_paper(database: Database, read: Read, programme_id: str, statement_id: str) -> Paper:
    """Read a statement.

    Raises:
        ProgrammeNotFound, ViewLagging
        StatementNotFound: the view has seen none under this id.
    """
    terms = terms_of(database, programme_id)
    with read(0) as reading:
        row = merchant_statement(reading, statement_id)
        funds = funds_of(reading, [statement_id])[statement_id]
        payouts = payouts_of(reading, [statement_id])[statement_id]
        disputes, position = disputes_of(reading, statement_id), reading.position
    merchant = names_of(database, programme_id, "merchant", [row.merchant_id])[row.merchant_id]
    own_funds = [fund for fund in funds if fund.has_lines]
    names = names_of(database, programme_id, "fund", [fund.fund_id for fund in own_funds])
    objections_until = utc(datetime.combine(row.objections_until, time(), zone(terms.time_zone)))
    statement = Statement(
        programme_id=programme_id,
        programme_name_zh=terms.name_zh,
        programme_name_en=terms.name_en,
        merchant_name_zh=merchant.name_zh,
        merchant_name_en=merchant.name_en,
        time_zone=terms.time_zone,
        objections_until=objections_until,
        payable_now_fen=row.payable_fen,
        funds=tuple(_fund(fund, names[fund.fund_id]) for fund in own_funds),
        payouts=tuple(map(_payout, payouts)),
        **{name: getattr(row, name) for name in _SAME},
    )
    return Paper(statement, row, disputes, position)


def lines_after(read: Read, paper: Paper, after: LinesAfter, *, limit: int) -> list[StatementLine]:
    """Give the next lines of a statement, by day and position.

    Args:
        read: opens the view.
        paper: whose.
        after: where the lines before ended.
        limit: lines at most.
    """
    held_back = {(one.kind, one.redemption_id) for one in paper.disputes if one.outcome is None}
    with read(paper.position) as reading:
        rows = list(islice(lines_of_statement(reading, paper.row, after=after, at_a_time=limit), limit))
    return [_line(row, is_held_back=(row.kind, row.redemption_id) in held_back) for row in rows]


def all_lines(read: Read, paper: Paper) -> Iterator[StatementLine]:
    """Give every line of a statement, by day and position, read as they are taken."""
    after = BEGINNING
    while lines := lines_after(read, paper, after, limit=SETTLEMENT_LINES_MAX):
        yield from lines
        if len(lines) < SETTLEMENT_LINES_MAX:
            return
        after = LinesAfter(lines[-1].local_day, lines[-1].position)


def _fund(row: StatementFundRow, names: Names) -> FundPart:
    return FundPart(
        fund_id=row.fund_id,
        name_zh=names.name_zh,
        name_en=names.name_en,
        face_value_fen=row.face_value_fen,
        fee_fen=row.fee_fen,
        earned_fen=row.earned_fen,
    )


def _payout(row: PayoutRow) -> PayoutPart:
    return PayoutPart(
        id=row.payout_id,
        status=row.status,
        value_fen=row.value_fen,
        instructed_at=row.instructed_at,
        confirmed_at=row.confirmed_at,
        bank_reference=row.bank_reference,
        reason=row.reason,
    )


def _line(row: SettledLine, *, is_held_back: bool) -> StatementLine:
    same = row._asdict() | {"is_held_back": is_held_back}
    return StatementLine(**same, earned_fen=row.earned_fen)
