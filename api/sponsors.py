"""Sponsors over HTTP, and proposals of their money."""

import re
from typing import Any, Final

from flask import Response

from api.access import EVERY_ROLE, Access
from api.answer_schemas import OwnerAnswer
from api.answers import event_documents, found, recorded
from api.funds import PAGE, PAGE_PARAMETERS, ROLES, lines_wanted, require_fund
from api.funds_schemas import ProposalAnswer, ProposalsAnswer
from api.owners import owner
from api.periods import text_of
from api.position_cursors import cursor_of, position_before
from api.queries import truth
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from api.views import view_reading
from ledger.domain import addresses
from ledger.domain.errors import ProposalNotFound
from ledger.domain.identifiers import ENTITY_ID
from ledger.domain.limits import ECHO_CHARS_MAX, ENTITY_ID_CHARS_MAX
from ledger.domain.money import ApproveProposal, ProposeMoney, RejectProposal
from ledger.domain.sponsor import OpenSponsor
from ledger.projections.funds import Funds
from ledger.projections.funds_queries import proposals
from ledger.projections.proposals import read_proposal as proposal_with_events

routes = Routes("sponsors", description="Sponsors, and their money on its way in and out of funds.")

_ENTITY_ID: Final = re.compile(ENTITY_ID)
_FUND: Final[dict[str, Any]] = {
    "in": "query",
    "name": "fund",
    "description": "Those alone that concern this fund.",
    "schema": {"type": "string", "maxLength": ENTITY_ID_CHARS_MAX},
}
_OPEN: Final[dict[str, Any]] = {
    "in": "query",
    "name": "open",
    "description": "Those alone that can still be approved.",
    "schema": {"type": "boolean", "default": False},
}


@routes.post(f"{IN_PROGRAMME}/sponsors")
@routes.takes(OpenSponsor)
def open_sponsor(command: OpenSponsor, programme_id: str) -> Response:
    """Open a sponsor, whose money can then be proposed for funds."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.get(f"{IN_PROGRAMME}/sponsors/<sponsor_id>")
@routes.gives(OwnerAnswer, Access(EVERY_ROLE))
def read_sponsor(programme_id: str, sponsor_id: str) -> Response:
    """Read a sponsor's status and opening event."""
    return owner(programme_id, "sponsor", sponsor_id, addresses.sponsor(sponsor_id))


@routes.post(f"{IN_PROGRAMME}/proposals")
@routes.takes(ProposeMoney)
def propose_money(command: ProposeMoney, programme_id: str) -> Response:
    """Propose that money enters a fund, leaves it, or goes to another one; another key must approve it."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.post(f"{IN_PROGRAMME}/proposals/<proposal_id>/approve")
@routes.takes(ApproveProposal, from_path=("proposal_id",))
def approve_proposal(command: ApproveProposal, programme_id: str) -> Response:
    """Approve a proposal of another key; the money moves at once."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.post(f"{IN_PROGRAMME}/proposals/<proposal_id>/reject")
@routes.takes(RejectProposal, from_path=("proposal_id",))
def reject_proposal(command: RejectProposal, programme_id: str) -> Response:
    """Reject a proposal, or take back one's own."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.get(f"{IN_PROGRAMME}/proposals")
@routes.gives(
    ProposalsAnswer, Access(ROLES, query=PAGE | {"fund", "open"}), parameters=(*PAGE_PARAMETERS, _FUND, _OPEN)
)
def list_proposals(programme_id: str) -> Response:
    """Read proposals and what became of them, the newest first."""
    limit, before, is_open = lines_wanted(), position_before(), truth("open", default=False)
    if (fund_id := text_of("fund")) is not None:
        require_fund(programme_id, fund_id)
    with view_reading(programme_id, Funds.name) as reading:
        rows = proposals(
            reading,
            now=the_ledger().clock(),
            before=before,
            limit=limit + 1,
            fund_id=fund_id,
            is_open=is_open,
        )
    shown = rows[:limit]
    return found(
        {
            "position": reading.position,
            "proposals": [row._asdict() for row in shown],
            "next_cursor": cursor_of(shown[-1].proposed_position if len(rows) > limit else None),
        }
    )


@routes.get(f"{IN_PROGRAMME}/proposals/<proposal_id>")
@routes.gives(ProposalAnswer, Access(ROLES))
def read_proposal(programme_id: str, proposal_id: str) -> Response:
    """Read one proposal with its events: what was asked, who decided, what moved."""
    if _ENTITY_ID.fullmatch(proposal_id) is None:
        raise ProposalNotFound(proposal_id=proposal_id[:ECHO_CHARS_MAX])
    ledger = the_ledger()
    view = proposal_with_events(ledger.log, programme_id, proposal_id, now=ledger.clock())
    return found(
        {
            "proposal_id": proposal_id,
            "status": view.status,
            "position": view.events[-1].position,
            "events": event_documents(view.events),
        }
    )
