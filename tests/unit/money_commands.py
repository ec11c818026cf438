"""Sponsors' money on its way in and out of funds, and alarms: one good command of every kind to vary."""

from ledger.domain.fund_alarms import SetFundAlarms
from ledger.domain.money import ApproveProposal, ProposeMoney, RejectProposal
from ledger.domain.sponsor import OpenSponsor
from tests.unit.builders import NOW, OPEN_FUND, World, but

MAKER, CHECKER = "key_maker", "key_checker"

OPEN_SPONSOR = OpenSponsor(occurred_at=NOW, id="council", name_zh="市财政局", name_en="Finance bureau")
COMMIT = ProposeMoney(
    occurred_at=NOW,
    id="p-commit",
    movement="commit",
    fund_id="city",
    sponsor_id="council",
    value_fen=5_000,
    by=MAKER,
)
WITHDRAW = but(COMMIT, id="p-withdraw", movement="withdraw", value_fen=3_000)
TRANSFER = but(COMMIT, id="p-transfer", movement="transfer", to_fund_id="bank", value_fen=4_000)
SET_ALARMS = SetFundAlarms(
    occurred_at=NOW, id="alarms-1", fund_id="city", thresholds_fen=(5_000, 9_500), by=MAKER
)


def approval(proposal: ProposeMoney, by: str = CHECKER) -> ApproveProposal:
    """Approve a proposal, by another key than its maker's."""
    return ApproveProposal(occurred_at=NOW, proposal_id=proposal.id, by=by)


def rejection(proposal: ProposeMoney, by: str = CHECKER) -> RejectProposal:
    """Reject a proposal."""
    return RejectProposal(occurred_at=NOW, proposal_id=proposal.id, reason="批文不符", by=by)


def tell_of_money(world: World) -> None:
    """Open a fund that needs approval, move money in, between and out, and fall below a threshold."""
    fund, sponsor = but(OPEN_FUND, id="grants", needs_approval=True), but(OPEN_SPONSOR, id="treasury")
    commit = but(COMMIT, fund_id="grants", sponsor_id="treasury", reference="成财〔2026〕118 号")
    there = but(TRANSFER, fund_id="grants", sponsor_id="treasury")
    back = but(there, id="p-back", fund_id="bank", to_fund_id="grants", valid_days=7)
    out = but(WITHDRAW, fund_id="grants", sponsor_id="treasury")
    world.do(fund, sponsor, commit, approval(commit), but(SET_ALARMS, fund_id="grants"))
    world.do(but(SET_ALARMS, id="alarms-2", fund_id="grants", thresholds_fen=(2_000,), margin_fen=10))
    world.do(there, approval(there), back, approval(back), out, approval(out))
    world.do(but(out, id="p-no", value_fen=1), rejection(but(out, id="p-no")))
