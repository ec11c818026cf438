"""Sponsors' money in any order: no part, no fund below zero, and alarms that say what is so."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from ledger.domain import addresses
from ledger.domain.errors import LedgerError
from ledger.domain.fund_registers import Contribution, Fund
from ledger.domain.messages import Command
from ledger.domain.money import ProposeMoney
from ledger.domain.redemption import FundWeight
from tests.unit.builders import (
    ADA,
    CAFE,
    CANCEL,
    COMMIT_MONEY,
    FULFIL,
    HOLD,
    LATER,
    OPEN_FUND,
    REFUND,
    World,
    but,
    holding,
    unbalanced,
)
from tests.unit.money_commands import COMMIT, OPEN_SPONSOR, SET_ALARMS, approval, rejection

FUNDS, SPONSORS = ("city", "bank"), ("council", "grid")
FEN = st.integers(1, 600)
of_fund, of_sponsor = st.sampled_from(FUNDS), st.sampled_from(SPONSORS)


class Money(RuleBasedStateMachine):
    """Two sponsors, two funds, and redemptions that take from both."""

    proposals = Bundle("proposals")
    holds = Bundle("holds")

    @initialize()
    def begin(self) -> None:
        self.world = World()
        self.world.put({ADA: holding({LATER: 1_000}), CAFE: holding()})
        self.world.do(*(but(OPEN_FUND, id=fund_id) for fund_id in FUNDS))
        self.world.do(*(but(OPEN_SPONSOR, id=sponsor_id) for sponsor_id in SPONSORS))
        self.commands = 0
        for fund_id in FUNDS:
            for sponsor_id in SPONSORS:
                self.commit(fund_id, sponsor_id, 300)

    def tell(self, command: Command) -> None:
        """Do what can be done; a refusal changes nothing."""
        try:
            self.world.do(command)
        except LedgerError as refusal:
            assert refusal.code in {  # noqa: PT017 - the others are faults of this test
                *("sponsor_has_less", "insufficient_fund", "proposal_decided", "second_key_needed"),
                *("redemption_status_unsuitable", "insufficient_credits"),
            }

    def number(self) -> str:
        self.commands += 1
        return str(self.commands)

    @rule(fund_id=of_fund, sponsor_id=of_sponsor, value_fen=FEN)
    def put_in(self, fund_id: str, sponsor_id: str, value_fen: int) -> None:
        self.commit(fund_id, sponsor_id, value_fen)

    def commit(self, fund_id: str, sponsor_id: str, value_fen: int) -> None:
        terms = {"fund_id": fund_id, "sponsor_id": sponsor_id, "value_fen": value_fen}
        self.tell(but(COMMIT_MONEY, id=self.number(), **terms))

    @rule(
        target=proposals,
        movement=st.sampled_from(("commit", "withdraw", "transfer")),
        fund_id=of_fund,
        sponsor_id=of_sponsor,
        value_fen=FEN,
        is_approved=st.booleans(),
    )
    def propose(
        self, movement: str, fund_id: str, sponsor_id: str, value_fen: int, *, is_approved: bool
    ) -> Any:
        other = FUNDS[1 - FUNDS.index(fund_id)] if movement == "transfer" else None
        proposal = but(
            COMMIT,
            id=self.number(),
            movement=movement,
            fund_id=fund_id,
            to_fund_id=other,
            sponsor_id=sponsor_id,
            value_fen=value_fen,
        )
        self.tell(proposal)
        if is_approved:
            self.approve(proposal)
        return proposal

    @rule(proposal=proposals)
    def approve_later(self, proposal: ProposeMoney) -> None:
        self.approve(proposal)

    def approve(self, proposal: ProposeMoney) -> None:
        if self.is_known(proposal):
            self.tell(approval(proposal, by=proposal.by))
            self.tell(approval(proposal))

    @rule(proposal=proposals)
    def reject(self, proposal: ProposeMoney) -> None:
        if self.is_known(proposal):
            self.tell(rejection(proposal))

    def is_known(self, proposal: ProposeMoney) -> bool:
        return self.world.state.facts.get(("proposal", proposal.id)) is not None

    @rule(target=holds, face_value_fen=FEN, weight=st.integers(1, 9))
    def hold(self, face_value_fen: int, weight: int) -> Any:
        own_id = self.number()
        funds = (FundWeight(fund_id="city", weight=weight), FundWeight(fund_id="bank", weight=1))
        self.tell(but(HOLD, id=own_id, credits=1, face_value_fen=face_value_fen, funds=funds))
        return own_id

    @rule(own_id=holds, step=st.sampled_from((CANCEL, FULFIL, REFUND)))
    def go_on(self, own_id: str, step: Any) -> None:
        if self.world.state.facts.get(("redemption", own_id)) is not None:
            self.tell(but(step, redemption_id=own_id))

    @rule(thresholds_fen=st.sets(FEN, max_size=3))
    def set_alarms(self, thresholds_fen: set[int]) -> None:
        self.tell(but(SET_ALARMS, id=self.number(), thresholds_fen=tuple(thresholds_fen)))

    @invariant()
    def nobody_has_less_than_nothing(self) -> None:
        parts = {key: part.part_fen for key, part in self.world.entries(Contribution).items()}
        assert min(parts.values(), default=0) >= 0
        for fund_id in FUNDS:
            assert self.world.fen(addresses.available(fund_id)) >= 0
        outside = sum(self.world.fen(addresses.external(sponsor_id)) for sponsor_id in SPONSORS)
        assert sum(parts.values()) == -outside

    @invariant()
    def an_alarm_stands_when_too_little_is_free_and_only_then(self) -> None:
        for fund_id, fund in self.world.entries(Fund).items():
            available_fen = self.world.fen(addresses.available(fund_id))
            below = [threshold for threshold in fund.thresholds_fen if available_fen < threshold]
            assert list(fund.raised_fen) == below

    @invariant()
    def every_decision_is_balanced(self) -> None:
        assert all(unbalanced(event.legs) == {} for _, events in self.world.told for event in events)


Money.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestMoney = Money.TestCase
