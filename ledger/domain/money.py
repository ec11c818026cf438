"""Money on its way in and out of funds, which one key proposes and another one approves.

Rule of the room: Events → State → Evolve; all pure. What is decided stands in
`ledger.domain.money_deciding`.
"""

from typing import Annotated, ClassVar, Literal

import msgspec

from ledger.domain.identifiers import EntityId, Text
from ledger.domain.instants import Instant
from ledger.domain.limits import PROPOSAL_VALID_DAYS, PROPOSAL_VALID_DAYS_MAX, VALUE_FEN_MAX
from ledger.domain.messages import Event, SignedCommand

Movement = Literal["commit", "withdraw", "transfer"]
ProposalStatus = Literal["proposed", "approved", "rejected"]


class ProposeMoney(SignedCommand, frozen=True, kw_only=True, tag_field="kind", tag="money.propose"):
    """Propose that a sponsor's money enters a fund, leaves it, or goes from it to another fund."""

    id: EntityId
    movement: Movement
    fund_id: EntityId
    """The fund that it enters or leaves."""
    sponsor_id: EntityId
    value_fen: Annotated[int, msgspec.Meta(ge=1, le=VALUE_FEN_MAX)]
    to_fund_id: EntityId | None = None
    """Where a transfer goes."""
    reference: Text | None = None
    """The contract, decision or bank entry that it rests on."""
    valid_days: Annotated[int, msgspec.Meta(ge=1, le=PROPOSAL_VALID_DAYS_MAX)] = PROPOSAL_VALID_DAYS
    """For how many times 24 hours it can be approved."""


class ApproveProposal(SignedCommand, frozen=True, kw_only=True, tag_field="kind", tag="money.approve"):
    """Approve a proposal that another key made; the money moves at once."""

    proposal_id: EntityId


class RejectProposal(SignedCommand, frozen=True, kw_only=True, tag_field="kind", tag="money.reject"):
    """Reject a proposal; whoever made it may take it back in this way."""

    proposal_id: EntityId
    reason: Text


# --- Events -------------------------------------------------------------------------------------


class MoneyProposed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A movement of a sponsor's money was proposed; nothing has moved."""

    topic: ClassVar[str] = "money.proposed"

    id: str
    movement: Movement
    fund_id: str
    sponsor_id: str
    value_fen: int
    lapses_at: Instant
    """From then on it cannot be approved."""
    by: str
    to_fund_id: str | None = None
    reference: str | None = None
    valid_days: int = PROPOSAL_VALID_DAYS


class ProposalApproved(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A proposal was approved; what it moved follows in the same decision."""

    topic: ClassVar[str] = "money.approved"

    proposal_id: str
    by: str


class ProposalRejected(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A proposal was rejected."""

    topic: ClassVar[str] = "money.rejected"

    proposal_id: str
    reason: str
    by: str


class MoneyWithdrawn(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Money of a fund that nothing is promised against went back to its sponsor."""

    topic: ClassVar[str] = "fund.withdrawn"

    proposal_id: str
    fund_id: str
    sponsor_id: str
    value_fen: int
    proposed_by: str
    approved_by: str


class MoneyTransferred(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Money went from one fund to another of the same sponsor."""

    topic: ClassVar[str] = "fund.transferred"

    proposal_id: str
    fund_id: str
    to_fund_id: str
    sponsor_id: str
    value_fen: int
    proposed_by: str
    approved_by: str


# --- State --------------------------------------------------------------------------------------


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What later decisions need of one proposal."""

    proposed: MoneyProposed
    status: ProposalStatus = "proposed"
    version: int = 1
    """Events in its stream."""


# --- Evolve -------------------------------------------------------------------------------------

STATUS_AFTER: dict[type[Event], ProposalStatus] = {
    ProposalApproved: "approved",
    ProposalRejected: "rejected",
}


def evolve(proposal: Proposal | None, event: Event) -> Proposal | None:
    """Give a proposal's state after one more event of its stream."""
    if isinstance(event, MoneyProposed):
        return Proposal(proposed=event)
    if proposal is None:
        return None
    status = STATUS_AFTER.get(type(event), proposal.status)
    return msgspec.structs.replace(proposal, status=status, version=proposal.version + 1)
