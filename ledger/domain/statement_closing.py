"""Closing a period of a merchant, and approving what came of it.

Rule of the room: Decide; all pure. As much is due as the lines of the period come to, but never more
than the merchant still has to get: what was taken back after the period is not paid first.
"""

from datetime import date, datetime

import msgspec

from ledger.domain import addresses
from ledger.domain.addresses import CNY
from ledger.domain.book import Accounts, Leg
from ledger.domain.errors import (
    AlreadyRecorded,
    NothingToSettle,
    ObjectionsOpen,
    PeriodNotOver,
    PeriodSettled,
    PeriodTooLong,
    RegisterIncomplete,
    SecondKeyNeeded,
    StatementNotFound,
)
from ledger.domain.instants import utc
from ledger.domain.limits import SETTLED_DAYS_MAX
from ledger.domain.messages import Event
from ledger.domain.owners import require_known
from ledger.domain.recovery import released
from ledger.domain.registers import Registers
from ledger.domain.settling import Due, Lines, Sum, Unsettled, due, lines_digest, unsettled_of
from ledger.domain.statement import (
    ApproveStatement,
    CloseStatement,
    FundBears,
    Statement,
    StatementApproved,
    StatementIssued,
    StatementSettled,
)
from ledger.domain.statement_digest import digest_of
from ledger.domain.statement_life import evolve


def statement_id_of(merchant_id: str, ends_on: date) -> str:
    """Give the id of a merchant's statement by the day on which its period ended, exclusive."""
    return f"{merchant_id}:{ends_on.isoformat()}"


def close_statement(
    command: CloseStatement,
    statement: Statement | None,
    accounts: Accounts,
    registers: Registers,
    today: str,
    recorded_at: datetime,
) -> StatementIssued:
    """Close a merchant's days before `ends_on` on the programme's local day `today` (ISO date).

    Raises, in this order:
        AccountNotFound: the merchant,
        AlreadyRecorded: the same period was closed before,
        PeriodNotOver: its last day is not over,
        PeriodSettled: a statement covers `ends_on` or the day before already,
        RegisterIncomplete: uses recorded by an earlier release are not in the register,
        NothingToSettle: there is no line,
        PeriodTooLong: from the first line on
    """
    merchant = addresses.merchant(command.merchant_id)
    require_known(accounts[merchant], merchant)
    statement_id = statement_id_of(command.merchant_id, command.ends_on)
    if statement is not None:
        raise AlreadyRecorded(id=statement_id)
    if command.ends_on > date.fromisoformat(today):
        raise PeriodNotOver(field="ends_on", value=command.ends_on, today=date.fromisoformat(today))
    entry = unsettled_of(registers, command.merchant_id)
    payable_fen = accounts[addresses.payable(command.merchant_id)].total(CNY)
    period = _period(command, entry, payable_fen, registers)
    lines = _together(period)
    total_fen = entry.carried_fen + lines.earned_fen
    due_fen = max(0, min(total_fen, payable_fen))
    used, refunded, amended = lines.sum_of("use"), lines.sum_of("refund"), lines.sum_of("amendment")
    issued = StatementIssued(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        legs=_legs(command.merchant_id, due_fen, payable_fen, entry),
        statement_id=statement_id,
        number=f"{command.merchant_id}-{entry.statements + 1:06d}",
        merchant_id=command.merchant_id,
        starts_on=date.fromisoformat(entry.closed_until or entry.first_day),
        ends_on=command.ends_on,
        objection_days=command.objection_days,
        uses=used.lines,
        used_face_value_fen=used.face_value_fen,
        used_fee_fen=used.fee_fen,
        refunds=refunded.lines,
        refunded_face_value_fen=-refunded.face_value_fen,
        refunded_fee_fen=-refunded.fee_fen,
        amendments=amended.lines,
        amended_fen=amended.face_value_fen,
        carried_in_fen=entry.carried_fen,
        total_fen=total_fen,
        due_fen=due_fen,
        carried_out_fen=total_fen - due_fen,
        funds=tuple(
            FundBears(fund_id=fund_id, face_value_fen=face_value_fen, fee_fen=fee_fen)
            for fund_id, (face_value_fen, fee_fen) in sorted(lines.funds.items())
        ),
        lines_digest=lines_digest((day, of_day.digest) for day, of_day in period.days),
        digest="",
        by=command.by,
    )
    return msgspec.structs.replace(issued, digest=digest_of(issued))


def _period(command: CloseStatement, entry: Unsettled, payable_fen: int, registers: Registers) -> Due:
    """Give the days to be settled, or refuse."""
    ends_on = command.ends_on.isoformat()
    if entry.closed_until and ends_on <= entry.closed_until:
        closed_until = date.fromisoformat(entry.closed_until)
        raise PeriodSettled(merchant_id=command.merchant_id, closed_until=closed_until)
    if payable_fen != entry.balance_fen:
        raise RegisterIncomplete(
            merchant_id=command.merchant_id, payable_fen=payable_fen, register_fen=entry.balance_fen
        )
    if not entry.first_day or entry.first_day >= ends_on:
        raise NothingToSettle(merchant_id=command.merchant_id, ends_on=command.ends_on)
    first_on = date.fromisoformat(entry.first_day)
    if (command.ends_on - first_on).days > SETTLED_DAYS_MAX:
        raise PeriodTooLong(first_on=first_on, ends_on=command.ends_on, days_max=SETTLED_DAYS_MAX)
    return due(registers, command.merchant_id, ends_on)


def _together(period: Due) -> Lines:
    """Add the days up."""
    whole = Lines()
    for _, lines in period.days:
        for kind, added in lines.sums.items():
            before = whole.sum_of(kind)
            whole.sums[kind] = Sum(*(a + b for a, b in zip(before, added, strict=True)))
        for fund_id, (face_value_fen, fee_fen) in lines.funds.items():
            face_before_fen, fee_before_fen = whole.funds.get(fund_id, (0, 0))
            whole.funds[fund_id] = (face_before_fen + face_value_fen, fee_before_fen + fee_fen)
    return whole


def _legs(merchant_id: str, due_fen: int, payable_fen: int, entry: Unsettled) -> tuple[Leg, ...]:
    """Move what is due, and free what funds have to claim no more."""
    moved = [
        Leg(addresses.payable(merchant_id), CNY, None, -due_fen),
        Leg(addresses.settling(merchant_id), CNY, None, due_fen),
    ]
    owed_fen = max(0, -payable_fen)
    return (*(moved if due_fen else ()), *released(entry.claims, owed_fen))


def approve_statement(
    command: ApproveStatement, statement: Statement | None, issued_on: date, today: str, recorded_at: datetime
) -> tuple[Event, ...]:
    """Approve a statement that was issued on a local day, on the local day `today` (ISO date).

    Raises, in this order:
        StatementNotFound, AlreadyRecorded,
        SecondKeyNeeded: it was closed by the same key,
        ObjectionsOpen: the merchant can still object, and nobody says that it has agreed
    """
    if statement is None:
        raise StatementNotFound(statement_id=command.statement_id)
    if statement.approved_by is not None:
        raise AlreadyRecorded(id=command.statement_id)
    if command.by == statement.issued.by:
        raise SecondKeyNeeded(by=command.by)
    objections_end_on = statement.objections_end_on(issued_on)
    if not command.is_early and date.fromisoformat(today) < objections_end_on:
        raise ObjectionsOpen(statement_id=command.statement_id, objections_end_on=objections_end_on)
    approved = StatementApproved(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        statement_id=command.statement_id,
        merchant_id=statement.issued.merchant_id,
        is_early=command.is_early,
        by=command.by,
    )
    return with_end(statement, approved)


def with_end(statement: Statement, event: Event) -> tuple[Event, ...]:
    """Give an event, with the statement's end after it where it leaves nothing to do."""
    after = evolve(statement, event)
    if after is None or after.status != "approved" or not after.is_done:
        return (event,)
    settled = StatementSettled(
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        statement_id=after.issued.statement_id,
        merchant_id=after.issued.merchant_id,
        paid_fen=after.paid_fen,
        moved_fen=after.moved_fen,
    )
    return event, settled
