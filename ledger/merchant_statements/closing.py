"""Closing a period of every merchant that has lines in it.

Rule of the room: a list of whom there is to close for is a hint; each statement is decided for
itself. So what stops half way, or comes twice, or runs beside another, does no harm.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Annotated, NamedTuple

import msgspec

from ledger.deciding import Outcome, Recorded
from ledger.domain.errors import LedgerError, NothingToSettle, PeriodNotOver, PeriodSettled, Unavailable
from ledger.domain.instants import Instant, local_date
from ledger.domain.limits import CLOSED_PER_COMMIT_MAX, OBJECTION_DAYS_DEFAULT, OBJECTION_DAYS_MAX
from ledger.domain.settling import Unsettled
from ledger.domain.statement import CloseStatement, StatementIssued
from ledger.projections.waiting import terms_of
from ledger.store.database import Database
from ledger.store.registers import entries_from
from ledger.writer import Writer


class ClosePeriod(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settle the days of every merchant up to one that is over."""

    occurred_at: Instant
    """When somebody decided it."""
    ends_on: date
    """The first local day that is not in the statements any more; today at the latest."""
    objection_days: Annotated[int, msgspec.Meta(ge=0, le=OBJECTION_DAYS_MAX)] = OBJECTION_DAYS_DEFAULT
    """Local days, from the one on which they are issued, on which lines can be disputed."""


class ClosedFor(NamedTuple):
    """What came of it for one merchant."""

    merchant_id: str
    outcome: Outcome


class ClosedPage(NamedTuple):
    """What came of it for some merchants, in order of their ids."""

    merchants: list[ClosedFor]
    next_merchant_id: str | None
    """After whom the next page begins; None on the last."""

    @property
    def issued(self) -> Iterator[tuple[Recorded, StatementIssued]]:
        """Give the statements that there are now."""
        for _, outcome in self.merchants:
            if isinstance(outcome, Recorded):
                event = outcome.written[0].event
                assert isinstance(event, StatementIssued)
                yield outcome, event

    @property
    def refused(self) -> Iterator[tuple[str, LedgerError]]:
        """Give for whom there is none, and why."""
        for merchant_id, outcome in self.merchants:
            if isinstance(outcome, LedgerError):
                yield merchant_id, outcome


def require_over(database: Database, programme_id: str, ends_on: date, now: datetime) -> None:
    """Refuse an end that lies after the programme's local day.

    Raises:
        ProgrammeNotFound, PeriodNotOver
    """
    today = local_date(now, terms_of(database, programme_id).time_zone)
    if ends_on > today:
        raise PeriodNotOver(field="ends_on", value=ends_on, today=today)


def close_period(
    *,
    database: Database,
    writer: Writer,
    programme_id: str,
    command: ClosePeriod,
    by: str,
    now: datetime,
    after: str,
    limit: int,
) -> ClosedPage:
    """Close a period of the next merchants; sent again it answers with the same statements.

    Merchants that have no line in it, or only such as an earlier statement has, are left out.

    Args:
        database: where the merchants stand.
        writer: takes the commands.
        programme_id: whose merchants.
        command: the period.
        by: id of the key that asks.
        now: says which local day it is.
        after: the merchant before the first; empty to begin.
        limit: merchants looked at, at most.

    Raises:
        ProgrammeNotFound, PeriodNotOver
        Unavailable: some are closed and some are not; sent again it goes on.
    """
    require_over(database, programme_id, command.ends_on, now)
    entries = entries_from(database, programme_id, Unsettled, prefix="", after=after, limit=limit)
    ends_on = command.ends_on.isoformat()
    due = [merchant_id for merchant_id, entry in entries if _is_due(entry, ends_on)]
    closed: list[ClosedFor] = []
    step = min(CLOSED_PER_COMMIT_MAX, writer.group_commands_max)
    for start in range(0, len(due), step):
        closed += _close(writer, programme_id, command, by, due[start : start + step])
    return ClosedPage(closed, entries[-1][0] if len(entries) == limit else None)


def _is_due(entry: Unsettled, ends_on: str) -> bool:
    """Whether a merchant may have a statement of such a period, now or since before."""
    return bool(entry.first_day and entry.first_day < ends_on) or entry.closed_until >= ends_on


def _close(
    writer: Writer, programme_id: str, command: ClosePeriod, by: str, merchant_ids: Sequence[str]
) -> Iterator[ClosedFor]:
    commands = [
        CloseStatement(
            occurred_at=command.occurred_at,
            merchant_id=merchant_id,
            ends_on=command.ends_on,
            objection_days=command.objection_days,
            by=by,
        )
        for merchant_id in merchant_ids
    ]
    outcomes = writer.submit_many(programme_id, commands)
    for merchant_id, outcome in zip(merchant_ids, outcomes, strict=True):
        if isinstance(outcome, Unavailable):
            raise outcome
        # Another statement covers the day, or there is no line: nothing is left to do for this period.
        if not isinstance(outcome, PeriodSettled | NothingToSettle):
            yield ClosedFor(merchant_id, outcome)
