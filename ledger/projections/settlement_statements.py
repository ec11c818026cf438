"""What the settlement view answers about statements, their lines, disputes and payouts.

Rule of the room: whoever reads a statement with what belongs to it does so in one reading; amounts
are those of the lines, so refunds are below zero.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from ledger.domain.errors import StatementNotFound
from ledger.domain.instants import utc
from ledger.projections.settlement_statement_rows import (
    DisputeRow,
    PayoutRow,
    StatementFundRow,
    StatementRow,
)
from ledger.projections.snapshot import Snapshot
from ledger.store.queries import load

_QUERIES: Final = load(Path(__file__).parent / "sql" / "settlement_statements.sql")

LINES_AT_A_TIME: Final = 1_000
"""So that a statement of any length takes little memory."""


class SettledLine(NamedTuple):
    """A line of a statement."""

    position: int
    kind: str
    """`use`, `refund` or `amendment`."""
    local_day: date
    recorded_at: datetime
    redemption_id: str
    offer_id: str | None
    store_id: str | None
    face_value_fen: int
    fee_fen: int
    is_held_back: bool
    """Whether it is disputed, and nobody has resolved that yet."""

    @property
    def earned_fen(self) -> int:
        """What the merchant earns by it."""
        return self.face_value_fen - self.fee_fen


class LinesAfter(NamedTuple):
    """A place among the lines of a statement."""

    day: date
    position: int


BEGINNING: Final = LinesAfter(date.min, 0)
"""Before the first line of any statement."""


def merchant_statements(
    reading: Snapshot,
    *,
    merchant_id: str | None = None,
    status: str | None = None,
    ends_from: date | None = None,
    ends_to: date | None = None,
    after: str = "",
    limit: int,
) -> list[StatementRow]:
    """Give the next statements, by id.

    Args:
        reading: of the settlement view.
        merchant_id: whose; everybody's when None.
        status: `issued`, `approved` or `settled`; any when None.
        ends_from: the first day that counts of those on which periods end, exclusive as these are.
        ends_to: the first such day that no longer counts.
        after: the statement before the first; empty to begin.
        limit: statements at most.
    """
    parameters = {
        "merchant_id": merchant_id,
        "status": status,
        "ends_from": ends_from or date.min,
        "ends_to": ends_to or date.max,
        "after": after,
        "limit": limit,
    }
    return [_statement(row) for row in reading.rows(_QUERIES["page"], parameters)]


def merchant_statement(reading: Snapshot, statement_id: str) -> StatementRow:
    """Give one statement.

    Raises:
        StatementNotFound: the view has seen none under this id.
    """
    rows = reading.rows(_QUERIES["statements"], {"statement_ids": [statement_id]})
    if not rows:
        raise StatementNotFound(statement_id=statement_id)
    return _statement(rows[0])


def statements_named(reading: Snapshot, statement_ids: Iterable[str]) -> Mapping[str, StatementRow]:
    """Give statements by id; those that the view has not seen are left out."""
    found = (_statement(row) for row in _of(reading, "statements", statement_ids))
    return {row.statement_id: row for row in found}


def funds_of(reading: Snapshot, statement_ids: Sequence[str]) -> Mapping[str, list[StatementFundRow]]:
    """Give what each fund bears of statements, by statement, in order of the funds' ids.

    Those with `has_lines` are the funds that the event names, and the statement's digest with it.
    """
    found = _of(reading, "funds", statement_ids)
    return _by_statement(statement_ids, [StatementFundRow._make(row) for row in found])


def payouts_of(reading: Snapshot, statement_ids: Sequence[str]) -> Mapping[str, list[PayoutRow]]:
    """Give the payouts of statements, by statement, in the order in which they were instructed."""
    return _by_statement(statement_ids, [_payout(row) for row in _of(reading, "payouts", statement_ids)])


def disputes_of(reading: Snapshot, statement_id: str) -> list[DisputeRow]:
    """Give the disputes of a statement, in the order in which they began."""
    return [_dispute(row) for row in _of(reading, "disputes", [statement_id])]


def payouts(reading: Snapshot, *, status: str | None = None, after: str = "", limit: int) -> list[PayoutRow]:
    """Give the next payouts, by id.

    Args:
        reading: of the settlement view.
        status: `instructed`, `confirmed`, `failed` or `returned`; any when None.
        after: the payout before the first; empty to begin.
        limit: payouts at most.
    """
    parameters = {"status": status, "after": after, "limit": limit}
    return [_payout(row) for row in reading.rows(_QUERIES["page_payouts"], parameters)]


def lines_of_statement(
    reading: Snapshot,
    statement: StatementRow,
    *,
    after: LinesAfter = BEGINNING,
    at_a_time: int = LINES_AT_A_TIME,
) -> Iterator[SettledLine]:
    """Give the lines of a statement by day and position, which is the order of its digest.

    They are read page by page while they are taken, all in the one reading.

    Args:
        reading: of the settlement view.
        statement: whose lines.
        after: the line before the first.
        at_a_time: lines on a page.
    """
    parameters: dict[str, Any] = {
        "statement_id": statement.statement_id,
        "merchant_id": statement.merchant_id,
        "begin": statement.starts_on,
        "end": statement.ends_on,
        "after_day": after.day,
        "after_position": after.position,
        "limit": at_a_time,
    }
    while rows := reading.rows(_QUERIES["lines"], parameters):
        for position, kind, local_day, recorded_at, *others in rows:
            yield SettledLine(position, kind, local_day, utc(recorded_at), *others)
        if len(rows) < at_a_time:
            return
        parameters |= {"after_day": rows[-1][2], "after_position": rows[-1][0]}


def _of(reading: Snapshot, query: str, statement_ids: Iterable[str]) -> list[tuple[Any, ...]]:
    ids = sorted(statement_ids)
    return reading.rows(_QUERIES[query], {"statement_ids": ids}) if ids else []


def _by_statement(statement_ids: Iterable[str], rows: Iterable[Any]) -> dict[str, list[Any]]:
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.statement_id].append(row)
    return {statement_id: found[statement_id] for statement_id in statement_ids}


def _statement(row: tuple[Any, ...]) -> StatementRow:
    made = StatementRow._make(row)
    return made._replace(
        issued_at=utc(made.issued_at), approved_at=_utc(made.approved_at), settled_at=_utc(made.settled_at)
    )


def _payout(row: tuple[Any, ...]) -> PayoutRow:
    made = PayoutRow._make(row)
    return made._replace(
        instructed_at=utc(made.instructed_at),
        confirmed_at=_utc(made.confirmed_at),
        ended_at=_utc(made.ended_at),
    )


def _dispute(row: tuple[Any, ...]) -> DisputeRow:
    made = DisputeRow._make(row)
    return made._replace(opened_at=utc(made.opened_at), resolved_at=_utc(made.resolved_at))


def _utc(instant: datetime | None) -> datetime | None:
    return None if instant is None else utc(instant)
