"""Funds: opening one, committing a sponsor's money to it, and how much of it is free.

Rule of the room: Events → State → Decide → Evolve; all pure. Money is whole 分.
"""

from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

from ledger.domain import addresses
from ledger.domain.addresses import CNY
from ledger.domain.book import Accounts, Leg
from ledger.domain.errors import CommitmentNeedsApproval, InsufficientFund
from ledger.domain.fund_registers import Fund
from ledger.domain.identifiers import CommandId, EntityId
from ledger.domain.instants import utc
from ledger.domain.limits import VALUE_FEN_MAX
from ledger.domain.messages import Command, Event
from ledger.domain.owners import FundOpened, OpenFund, require_known


class CommitMoney(Command, frozen=True, kw_only=True, tag_field="kind", tag="fund.commit"):
    """Commit a sponsor's money to a fund."""

    id: CommandId
    fund_id: EntityId
    sponsor_id: EntityId
    value_fen: Annotated[int, msgspec.Meta(ge=1, le=VALUE_FEN_MAX)]


# --- Events -------------------------------------------------------------------------------------


class MoneyCommitted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A sponsor committed money to a fund."""

    topic: ClassVar[str] = "fund.committed"

    id: str
    """Of the command, or of the proposal."""
    fund_id: str
    sponsor_id: str
    value_fen: int
    proposal_id: str | None = None
    """None when it was committed without a proposal."""
    proposed_by: str | None = None
    approved_by: str | None = None


# --- Decide -------------------------------------------------------------------------------------


def open_fund(command: OpenFund, recorded_at: datetime) -> FundOpened:
    """Open a fund: nothing but its own stream can stand against it."""
    return FundOpened(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        id=command.id,
        name_zh=command.name_zh,
        name_en=command.name_en,
        needs_approval=command.needs_approval,
    )


def commit_money(
    command: CommitMoney, accounts: Accounts, recorded_at: datetime, terms: Fund | None = None
) -> MoneyCommitted:
    """Commit money to an open fund, of which `terms` asks nothing else.

    Raises, in this order:
        AccountNotFound: nobody opened the fund.
        CommitmentNeedsApproval
    """
    fund = addresses.fund(command.fund_id)
    require_known(accounts[fund], fund)
    if terms is not None and terms.needs_approval:
        raise CommitmentNeedsApproval(fund_id=command.fund_id)
    return MoneyCommitted(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        legs=(
            Leg(addresses.external(command.sponsor_id), CNY, None, -command.value_fen),
            Leg(addresses.available(command.fund_id), CNY, None, command.value_fen),
        ),
        id=command.id,
        fund_id=command.fund_id,
        sponsor_id=command.sponsor_id,
        value_fen=command.value_fen,
    )


def require_available(accounts: Accounts, fund_id: str, needed_fen: int) -> None:
    """Refuse to promise more than a fund has free.

    Raises:
        AccountNotFound: nobody opened the fund.
        InsufficientFund: it has less than `needed_fen` free.
    """
    fund = addresses.fund(fund_id)
    require_known(accounts[fund], fund)
    available_fen = accounts[addresses.available(fund_id)].total(CNY)
    if available_fen < needed_fen:
        raise InsufficientFund(fund_id=fund_id, needed_fen=needed_fen, available_fen=available_fen)
