"""Objecting to a line of a statement, and resolving that.

Rule of the room: Decide; all pure. A disputed line is held back, never taken out of the statement;
what it is worth after all comes as a line of the next one.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import NamedTuple

from ledger.domain import addresses
from ledger.domain.addresses import CNY
from ledger.domain.book import Accounts, Leg
from ledger.domain.errors import (
    AlreadyRecorded,
    AmendmentUnsuitable,
    DisputeNotFound,
    LineNotFound,
    ObjectionsClosed,
    RedemptionStatusUnsuitable,
    StatementNotFound,
    StatementStatusUnsuitable,
    TooManyDisputes,
)
from ledger.domain.fund import require_available
from ledger.domain.instants import utc
from ledger.domain.limits import DISPUTES_MAX, VALUE_FEN_MAX
from ledger.domain.messages import Event
from ledger.domain.quantities import split_by_largest_remainder
from ledger.domain.recovery import returned, uncovered_fen
from ledger.domain.redemption import FundShare, Redemption, RedemptionStatus
from ledger.domain.statement import (
    Dispute,
    DisputedKind,
    DisputeLine,
    DisputeResolved,
    LineWasDisputed,
    ResolveDispute,
    Statement,
    line_key,
)
from ledger.domain.statement_closing import with_end

Today = Callable[[datetime], date]
"""Gives the programme's local day at an instant."""


class Worth(NamedTuple):
    """What a line stands for."""

    recorded_at: datetime
    earned_fen: int
    """Below zero for a refund."""
    shares: tuple[FundShare, ...]
    """What each fund bore of it, or got back."""


def worth_of(redemption: Redemption, line: DisputedKind) -> Worth | None:
    """Give what a line of a redemption stands for; None when there is no such line."""
    held = redemption.held
    if line == "use" and redemption.used is not None:
        return Worth(redemption.used.recorded_at, held.earned_fen, held.shares)
    if line == "refund" and redemption.refunded is not None:
        face_value_fen, shares = redemption.taken_back(redemption.refunded)
        return Worth(redemption.refunded.recorded_at, held.fee_fen - face_value_fen, shares)
    return None


def dispute_line(
    command: DisputeLine,
    statement: Statement | None,
    redemption: Redemption | None,
    today: Today,
    recorded_at: datetime,
) -> LineWasDisputed:
    """Decide an objection.

    Raises, in this order:
        StatementNotFound,
        AlreadyRecorded: the line was disputed before,
        StatementStatusUnsuitable: the statement is approved,
        ObjectionsClosed: its time for them is over,
        LineNotFound: the statement has no such line,
        RedemptionStatusUnsuitable: the use was taken back since, by a line of its own,
        TooManyDisputes
    """
    if statement is None:
        raise StatementNotFound(statement_id=command.statement_id)
    if line_key(command.line, command.redemption_id) in statement.disputes:
        raise AlreadyRecorded(id=command.redemption_id)
    if statement.status != "issued":
        raise StatementStatusUnsuitable(
            statement_id=command.statement_id, status=statement.status, needed="issued"
        )
    objections_end_on = statement.objections_end_on(today(statement.issued.recorded_at))
    if today(recorded_at) >= objections_end_on:
        raise ObjectionsClosed(statement_id=command.statement_id, objections_end_on=objections_end_on)
    worth = _line(command, statement, redemption, today)
    if len(statement.disputes) >= DISPUTES_MAX:
        raise TooManyDisputes(statement_id=command.statement_id, disputes_max=DISPUTES_MAX)
    return LineWasDisputed(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        statement_id=command.statement_id,
        merchant_id=statement.issued.merchant_id,
        redemption_id=command.redemption_id,
        line=command.line,
        reason=command.reason,
        earned_fen=worth.earned_fen,
        held_back_fen=max(0, min(worth.earned_fen, statement.payable_fen)),
        by=command.by,
    )


def _line(command: DisputeLine, statement: Statement, redemption: Redemption | None, today: Today) -> Worth:
    issued = statement.issued
    worth = None if redemption is None else worth_of(redemption, command.line)
    if (
        worth is None
        or redemption is None
        or redemption.held.merchant_id != issued.merchant_id
        or not issued.starts_on <= today(worth.recorded_at) < issued.ends_on
    ):
        raise LineNotFound(
            statement_id=command.statement_id, line=command.line, redemption_id=command.redemption_id
        )
    needed: RedemptionStatus = "fulfilled" if command.line == "use" else "refunded"
    if redemption.status != needed:
        raise RedemptionStatusUnsuitable(
            redemption_id=command.redemption_id, status=redemption.status, needed=needed
        )
    return worth


def resolve_dispute(
    command: ResolveDispute,
    statement: Statement | None,
    redemption: Redemption | None,
    accounts: Accounts,
    recorded_at: datetime,
) -> tuple[Event, ...]:
    """Decide what a disputed line is worth.

    Raises, in this order:
        StatementNotFound, DisputeNotFound,
        AlreadyRecorded: it is resolved,
        AmendmentUnsuitable: an amendment without an amount that differs, or an amount without one,
        InsufficientFund: fund by fund, where the line is worth more
    """
    if statement is None:
        raise StatementNotFound(statement_id=command.statement_id)
    dispute = statement.disputes.get(line_key(command.line, command.redemption_id))
    worth = None if redemption is None else worth_of(redemption, command.line)
    if dispute is None or worth is None:
        raise DisputeNotFound(
            statement_id=command.statement_id, line=command.line, redemption_id=command.redemption_id
        )
    if dispute.outcome is not None:
        raise AlreadyRecorded(id=command.redemption_id)
    merchant_id, added_fen = statement.issued.merchant_id, _added_fen(command, dispute)
    amendment = Amendment()
    if command.outcome == "amended":
        amendment = _amendment(merchant_id, dispute, added_fen, worth, accounts)
    return with_end(statement, _resolved(command, merchant_id, dispute, amendment, recorded_at))


def _added_fen(command: ResolveDispute, dispute: Dispute) -> int:
    """Give what the line is worth more than the statement says; below zero, less."""
    earned_fen, amended_fen = dispute.earned_fen, command.amended_fen
    is_use = command.line == "use"
    least_fen, most_fen = (0, VALUE_FEN_MAX) if is_use else (earned_fen, 0)
    if command.outcome == "upheld":
        if amended_fen is None:
            return 0
    elif amended_fen is not None and least_fen <= amended_fen <= most_fen and amended_fen != earned_fen:
        return amended_fen - earned_fen
    raise AmendmentUnsuitable(
        field="amended_fen",
        value=amended_fen,
        outcome=command.outcome,
        earned_fen=earned_fen,
        least_fen=least_fen,
        most_fen=most_fen,
    )


def _resolved(
    command: ResolveDispute,
    merchant_id: str,
    dispute: Dispute,
    amendment: "Amendment",
    recorded_at: datetime,
) -> DisputeResolved:
    return DisputeResolved(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        legs=amendment.legs,
        statement_id=command.statement_id,
        merchant_id=merchant_id,
        redemption_id=command.redemption_id,
        line=command.line,
        outcome=command.outcome,
        reason=command.reason,
        amended_fen=command.amended_fen,
        held_back_fen=dispute.held_back_fen,
        amendment_fen=amendment.value_fen,
        shares=amendment.shares,
        changes=amendment.changes,
        by=command.by,
    )


class Amendment(NamedTuple):
    """The line of the next statement that a dispute leads to."""

    value_fen: int = 0
    shares: tuple[FundShare, ...] = ()
    changes: tuple[FundShare, ...] = ()
    legs: tuple[Leg, ...] = ()


def _amendment(
    merchant_id: str, dispute: Dispute, added_fen: int, worth: Worth, accounts: Accounts
) -> Amendment:
    """Take what was held back out of the statement, and put what the line is worth into the next one.

    Raises:
        InsufficientFund
    """
    value_fen = dispute.held_back_fen + added_fen
    changes = _split(added_fen, worth.shares)
    payable_fen = accounts[addresses.payable(merchant_id)].total(CNY)
    return Amendment(
        value_fen=value_fen,
        shares=_added(_split(dispute.held_back_fen, worth.shares), changes),
        changes=changes,
        legs=(
            *_moved(addresses.settling(merchant_id), -dispute.held_back_fen),
            *_moved(addresses.payable(merchant_id), value_fen),
            *_borne(added_fen, changes, uncovered_fen(payable_fen, max(0, -value_fen)), accounts),
        ),
    )


def _split(value_fen: int, shares: tuple[FundShare, ...]) -> tuple[FundShare, ...]:
    parts = split_by_largest_remainder(value_fen, [share.value_fen for share in shares])
    return tuple(
        FundShare(fund_id=share.fund_id, value_fen=part) for share, part in zip(shares, parts, strict=True)
    )


def _added(ones: tuple[FundShare, ...], others: tuple[FundShare, ...]) -> tuple[FundShare, ...]:
    return tuple(
        FundShare(fund_id=one.fund_id, value_fen=one.value_fen + other.value_fen)
        for one, other in zip(ones, others, strict=True)
    )


def _borne(added_fen: int, changes: tuple[FundShare, ...], uncovered: int, accounts: Accounts) -> list[Leg]:
    """Give the legs of the funds: out of what they have free, or back to them."""
    if added_fen < 0:
        return returned([(change.fund_id, -change.value_fen) for change in changes], uncovered)
    paying = [change for change in changes if change.value_fen]
    for change in paying:
        require_available(accounts, change.fund_id, change.value_fen)
    return [Leg(addresses.available(change.fund_id), CNY, None, -change.value_fen) for change in paying]


def _moved(account: str, value_fen: int) -> list[Leg]:
    return [Leg(account, CNY, None, value_fen)] if value_fen else []
