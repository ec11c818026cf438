"""One proposal as it is read: what has become of it, and every event that made it so.

Rule of the room: folded from its stream by the very function that decisions use; nothing is stored,
and nothing is ever behind.
"""

from datetime import datetime
from typing import NamedTuple

from ledger.domain.errors import ProposalNotFound
from ledger.domain.money import Proposal, evolve
from ledger.projections.funds_queries import ShownStatus
from ledger.store.log import Log, LoggedEvent


class ProposalView(NamedTuple):
    """A proposal and its history."""

    proposal: Proposal
    status: ShownStatus
    events: list[LoggedEvent]


def read_proposal(log: Log, programme_id: str, proposal_id: str, *, now: datetime) -> ProposalView:
    """Read a proposal.

    Raises:
        ProposalNotFound: nobody made it, or nobody opened the programme.
    """
    logged = log.stream(programme_id, "proposal", proposal_id)
    proposal: Proposal | None = None
    for event in logged:
        proposal = evolve(proposal, log.decode(event))
    if proposal is None:
        raise ProposalNotFound(proposal_id=proposal_id)
    has_lapsed = proposal.status == "proposed" and now >= proposal.proposed.lapses_at
    return ProposalView(proposal, "lapsed" if has_lapsed else proposal.status, logged)
