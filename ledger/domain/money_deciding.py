"""Deciding on money on its way in and out of funds: proposals, approvals, rejections.

Rule of the room: pure. A proposal sets nothing aside: what it asks for must be there when it is
proposed, and is looked at again when it is approved, in the decision that moves it.
"""

from datetime import datetime, timedelta
from typing import Any

from ledger.domain import addresses
from ledger.domain.addresses import CNY
from ledger.domain.book import Accounts, Leg
from ledger.domain.errors import (
    MoneyTargetUnsuitable,
    ProposalDecided,
    ProposalLapsed,
    ProposalNotFound,
    SecondKeyNeeded,
    SponsorHasLess,
)
from ledger.domain.fund import MoneyCommitted, require_available
from ledger.domain.fund_registers import contribution_of
from ledger.domain.instants import utc
from ledger.domain.messages import Event
from ledger.domain.money import (
    ApproveProposal,
    MoneyProposed,
    MoneyTransferred,
    MoneyWithdrawn,
    Proposal,
    ProposalApproved,
    ProposalRejected,
    ProposeMoney,
    RejectProposal,
)
from ledger.domain.owners import require_known
from ledger.domain.registers import Registers


def propose_money(
    command: ProposeMoney, accounts: Accounts, registers: Registers, recorded_at: datetime
) -> MoneyProposed:
    """Decide a proposal, which must be one that could be approved now.

    Raises, in this order:
        MoneyTargetUnsuitable: a transfer without another fund, or a fund named without a transfer,
        AccountNotFound: the fund, then where a transfer goes, then the sponsor of a commitment,
        SponsorHasLess, InsufficientFund: for a withdrawal or a transfer
    """
    is_transfer = command.movement == "transfer"
    if is_transfer == (command.to_fund_id is None) or command.to_fund_id == command.fund_id:
        raise MoneyTargetUnsuitable(
            field="to_fund_id",
            movement=command.movement,
            fund_id=command.fund_id,
            to_fund_id=command.to_fund_id,
        )
    owners = [addresses.fund(command.fund_id)]
    if command.to_fund_id is not None:
        owners.append(addresses.fund(command.to_fund_id))
    if command.movement == "commit":
        owners.append(addresses.sponsor(command.sponsor_id))
    for owner in owners:
        require_known(accounts[owner], owner)
    proposed = MoneyProposed(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        id=command.id,
        movement=command.movement,
        fund_id=command.fund_id,
        sponsor_id=command.sponsor_id,
        value_fen=command.value_fen,
        lapses_at=recorded_at + timedelta(days=command.valid_days),
        by=command.by,
        to_fund_id=command.to_fund_id,
        reference=command.reference,
        valid_days=command.valid_days,
    )
    _require_movable(proposed, accounts, registers)
    return proposed


def approve_proposal(
    command: ApproveProposal,
    proposal: Proposal | None,
    accounts: Accounts,
    registers: Registers,
    recorded_at: datetime,
) -> tuple[Event, ...]:
    """Decide an approval: the approval, and what it moves.

    Raises, in this order:
        ProposalNotFound, ProposalDecided, ProposalLapsed, SecondKeyNeeded,
        SponsorHasLess, InsufficientFund: for a withdrawal or a transfer
    """
    proposed = _open(proposal, command.proposal_id, recorded_at).proposed
    if command.by == proposed.by:
        raise SecondKeyNeeded(by=command.by)
    _require_movable(proposed, accounts, registers)
    approved = ProposalApproved(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        proposal_id=proposed.id,
        by=command.by,
    )
    return approved, _moved(proposed, approved)


def reject_proposal(
    command: RejectProposal, proposal: Proposal | None, recorded_at: datetime
) -> ProposalRejected:
    """Decide a rejection, by whomever.

    Raises, in this order:
        ProposalNotFound, ProposalDecided, ProposalLapsed
    """
    proposed = _open(proposal, command.proposal_id, recorded_at).proposed
    return ProposalRejected(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        proposal_id=proposed.id,
        reason=command.reason,
        by=command.by,
    )


def _open(proposal: Proposal | None, proposal_id: str, recorded_at: datetime) -> Proposal:
    if proposal is None:
        raise ProposalNotFound(proposal_id=proposal_id)
    if proposal.status != "proposed":
        raise ProposalDecided(proposal_id=proposal_id, status=proposal.status)
    if recorded_at >= proposal.proposed.lapses_at:
        raise ProposalLapsed(proposal_id=proposal_id, lapsed_at=proposal.proposed.lapses_at)
    return proposal


def _require_movable(proposed: MoneyProposed, accounts: Accounts, registers: Registers) -> None:
    """Refuse to take out more than the sponsor put in, or more than is free."""
    if proposed.movement == "commit":
        return
    part_fen = contribution_of(registers, proposed.fund_id, proposed.sponsor_id).part_fen
    if part_fen < proposed.value_fen:
        raise SponsorHasLess(
            sponsor_id=proposed.sponsor_id,
            fund_id=proposed.fund_id,
            needed_fen=proposed.value_fen,
            part_fen=part_fen,
        )
    require_available(accounts, proposed.fund_id, proposed.value_fen)


def _moved(proposed: MoneyProposed, approved: ProposalApproved) -> Event:
    """Give what an approval moves, with its legs."""
    fund, outside = addresses.available(proposed.fund_id), addresses.external(proposed.sponsor_id)
    told: dict[str, Any] = {
        "occurred_at": approved.occurred_at,
        "recorded_at": approved.recorded_at,
        "proposal_id": proposed.id,
        "fund_id": proposed.fund_id,
        "sponsor_id": proposed.sponsor_id,
        "value_fen": proposed.value_fen,
        "proposed_by": proposed.by,
        "approved_by": approved.by,
    }
    if proposed.movement == "commit":
        return MoneyCommitted(**told, id=proposed.id, legs=_legs(outside, fund, proposed.value_fen))
    if proposed.to_fund_id is None:
        return MoneyWithdrawn(**told, legs=_legs(fund, outside, proposed.value_fen))
    target = addresses.available(proposed.to_fund_id)
    return MoneyTransferred(
        **told, to_fund_id=proposed.to_fund_id, legs=_legs(fund, target, proposed.value_fen)
    )


def _legs(source: str, target: str, value_fen: int) -> tuple[Leg, Leg]:
    return Leg(source, CNY, None, -value_fen), Leg(target, CNY, None, value_fen)
