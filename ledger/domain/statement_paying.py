"""Deciding payouts of a statement.

Rule of the room: Decide; all pure. Nothing disputed is paid, and nothing is paid while the same
money is under way.
"""

from datetime import datetime

from ledger.domain import addresses
from ledger.domain.addresses import CNY
from ledger.domain.book import Leg
from ledger.domain.errors import (
    AlreadyRecorded,
    NothingToPay,
    PayoutExists,
    PayoutNotFound,
    PayoutStatusUnsuitable,
    StatementNotFound,
    StatementStatusUnsuitable,
    TooManyPayouts,
)
from ledger.domain.instants import utc
from ledger.domain.limits import PAYOUTS_MAX
from ledger.domain.messages import Event
from ledger.domain.payout import (
    ConfirmPayout,
    FailPayout,
    InstructPayout,
    Payout,
    PayoutConfirmed,
    PayoutFailed,
    PayoutInstructed,
    PayoutOf,
    PayoutReturned,
    PayoutStatus,
    ReturnPayout,
)
from ledger.domain.statement import Statement
from ledger.domain.statement_closing import with_end


def instruct_payout(
    command: InstructPayout, statement: Statement | None, known: PayoutOf | None, recorded_at: datetime
) -> PayoutInstructed:
    """Decide how much of a statement is to be paid now.

    Raises, in this order:
        StatementNotFound,
        AlreadyRecorded: the payout is of this statement,
        PayoutExists: it is of another one,
        StatementStatusUnsuitable: it is not approved, or settled,
        NothingToPay: all that is left is disputed or under way,
        TooManyPayouts
    """
    if statement is None:
        raise StatementNotFound(statement_id=command.statement_id)
    if command.id in statement.payouts:
        raise AlreadyRecorded(id=command.id)
    if known is not None:
        raise PayoutExists(payout_id=command.id, statement_id=known.statement_id)
    if statement.status != "approved":
        raise StatementStatusUnsuitable(
            statement_id=command.statement_id, status=statement.status, needed="approved"
        )
    if not statement.payable_fen:
        raise NothingToPay(
            statement_id=command.statement_id,
            held_back_fen=statement.held_back_fen,
            under_way_fen=statement.under_way_fen,
        )
    if len(statement.payouts) >= PAYOUTS_MAX:
        raise TooManyPayouts(statement_id=command.statement_id, payouts_max=PAYOUTS_MAX)
    return PayoutInstructed(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        id=command.id,
        statement_id=command.statement_id,
        merchant_id=statement.issued.merchant_id,
        value_fen=statement.payable_fen,
        by=command.by,
    )


def confirm_payout(
    command: ConfirmPayout, statement: Statement | None, recorded_at: datetime
) -> tuple[Event, ...]:
    """Decide that a payout has been paid.

    Raises, in this order:
        StatementNotFound, PayoutNotFound,
        AlreadyRecorded: it was confirmed,
        PayoutStatusUnsuitable: it failed
    """
    statement, payout = _found(command, statement, after=("confirmed", "returned"), needed="instructed")
    merchant_id = statement.issued.merchant_id
    confirmed = PayoutConfirmed(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        legs=_legs(addresses.settling(merchant_id), addresses.paid(merchant_id), payout.value_fen),
        statement_id=command.statement_id,
        payout_id=command.payout_id,
        merchant_id=merchant_id,
        value_fen=payout.value_fen,
        bank_reference=command.bank_reference,
        by=command.by,
    )
    return with_end(statement, confirmed)


def fail_payout(command: FailPayout, statement: Statement | None, recorded_at: datetime) -> PayoutFailed:
    """Decide that a payout was not paid.

    Raises, in this order:
        StatementNotFound, PayoutNotFound,
        AlreadyRecorded: it failed before,
        PayoutStatusUnsuitable: it was confirmed
    """
    statement, payout = _found(command, statement, after=("failed",), needed="instructed")
    return PayoutFailed(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        statement_id=command.statement_id,
        payout_id=command.payout_id,
        merchant_id=statement.issued.merchant_id,
        value_fen=payout.value_fen,
        reason=command.reason,
        by=command.by,
    )


def return_payout(
    command: ReturnPayout, statement: Statement | None, recorded_at: datetime
) -> PayoutReturned:
    """Decide that the money of a payout has come back.

    Raises, in this order:
        StatementNotFound, PayoutNotFound,
        AlreadyRecorded: it has come back before,
        PayoutStatusUnsuitable: it was not confirmed
    """
    statement, payout = _found(command, statement, after=("returned",), needed="confirmed")
    merchant_id = statement.issued.merchant_id
    return PayoutReturned(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        legs=_legs(addresses.paid(merchant_id), addresses.settling(merchant_id), payout.value_fen),
        statement_id=command.statement_id,
        payout_id=command.payout_id,
        merchant_id=merchant_id,
        value_fen=payout.value_fen,
        reason=command.reason,
        by=command.by,
    )


def _found(
    command: ConfirmPayout | FailPayout | ReturnPayout,
    statement: Statement | None,
    *,
    after: tuple[PayoutStatus, ...],
    needed: PayoutStatus,
) -> tuple[Statement, Payout]:
    """Give the payout that a command is about, in the status that it needs and in none after it."""
    if statement is None:
        raise StatementNotFound(statement_id=command.statement_id)
    if (payout := statement.payouts.get(command.payout_id)) is None:
        raise PayoutNotFound(statement_id=command.statement_id, payout_id=command.payout_id)
    if payout.status in after:
        raise AlreadyRecorded(id=command.payout_id)
    if payout.status != needed:
        raise PayoutStatusUnsuitable(payout_id=command.payout_id, status=payout.status, needed=needed)
    return statement, payout


def _legs(source: str, target: str, value_fen: int) -> tuple[Leg, ...]:
    return Leg(source, CNY, None, -value_fen), Leg(target, CNY, None, value_fen)
