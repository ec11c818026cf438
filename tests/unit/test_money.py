"""Sponsors' money in and out of funds: proposed by one key, moved by the approval of another."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from ledger.domain import limits
from ledger.domain.errors import (
    AccountNotFound,
    CommitmentNeedsApproval,
    InsufficientFund,
    LedgerError,
    MoneyTargetUnsuitable,
    ProposalDecided,
    ProposalLapsed,
    ProposalNotFound,
    SecondKeyNeeded,
    SponsorHasLess,
)
from ledger.domain.fund import MoneyCommitted
from ledger.domain.fund_registers import Contribution, Fund
from ledger.domain.money import (
    MoneyProposed,
    MoneyTransferred,
    MoneyWithdrawn,
    ProposalApproved,
    ProposalRejected,
)
from ledger.domain.sponsor import SponsorOpened
from tests.unit.builders import BANK, CITY, COMMIT_MONEY, MICROSECOND, NOW, OPEN_FUND, World, but, converted
from tests.unit.money_commands import (
    CHECKER,
    COMMIT,
    MAKER,
    OPEN_SPONSOR,
    TRANSFER,
    WITHDRAW,
    approval,
    rejection,
)


@pytest.fixture
def world() -> World:
    """Two funds, one of them with 10,000 分 of the council."""
    world = World()
    world.do(OPEN_SPONSOR, OPEN_FUND, but(OPEN_FUND, id="bank"), COMMIT_MONEY)
    return world


def part(world: World, fund_id: str, sponsor_id: str = "council") -> Contribution:
    return world.entries(Contribution)[f"{fund_id}\n{sponsor_id}"]


# ── Proposing ────────────────────────────────────────────────────────────────────────────────


def test_a_proposal_moves_nothing_and_says_until_when_it_stands(world: World) -> None:
    (event,) = world.do(but(WITHDRAW, reference="成财〔2026〕118 号", valid_days=7))
    assert event == MoneyProposed(
        occurred_at=NOW,
        recorded_at=NOW,
        id="p-withdraw",
        movement="withdraw",
        fund_id="city",
        sponsor_id="council",
        value_fen=3_000,
        lapses_at=NOW + timedelta(days=7),
        by=MAKER,
        reference="成财〔2026〕118 号",
        valid_days=7,
    )
    assert world.fen(f"{CITY}:available") == 10_000


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"movement": "transfer"}, MoneyTargetUnsuitable),
        ({"movement": "transfer", "to_fund_id": "city"}, MoneyTargetUnsuitable),
        ({"movement": "withdraw", "to_fund_id": "bank"}, MoneyTargetUnsuitable),
        ({"movement": "commit", "to_fund_id": "bank"}, MoneyTargetUnsuitable),
        ({"fund_id": "nobody"}, AccountNotFound),
        ({"movement": "transfer", "to_fund_id": "nobody"}, AccountNotFound),
        ({"movement": "commit", "sponsor_id": "nobody"}, AccountNotFound),
        ({"sponsor_id": "nobody"}, SponsorHasLess),
        ({"value_fen": 10_001}, SponsorHasLess),
    ],
)
def test_what_could_not_be_approved_is_not_proposed(
    world: World, changes: dict[str, Any], expected: type[LedgerError]
) -> None:
    assert type(world.refusal(but(WITHDRAW, **changes))) is expected


def test_all_of_a_sponsors_part_can_be_asked_for_and_not_one_fen_more(world: World) -> None:
    world.do(but(WITHDRAW, value_fen=10_000))
    refusal = world.refusal(but(WITHDRAW, value_fen=10_001))
    assert refusal.details() == {
        "sponsor_id": "council",
        "fund_id": "city",
        "needed_fen": 10_001,
        "part_fen": 10_000,
    }


def test_what_is_promised_cannot_be_asked_for_though_it_is_the_sponsors_part(world: World) -> None:
    world.account(f"{CITY}:available").others["CNY"] = 2_999
    assert world.refusal(WITHDRAW).details() == {
        "fund_id": "city",
        "needed_fen": 3_000,
        "available_fen": 2_999,
    }
    assert type(world.refusal(TRANSFER)) is InsufficientFund


def test_amounts_and_days_are_taken_at_their_bounds_and_refused_one_past_them() -> None:
    for value_fen in (1, limits.VALUE_FEN_MAX):
        assert converted(COMMIT, value_fen=value_fen).value_fen == value_fen
    for valid_days in (1, limits.PROPOSAL_VALID_DAYS_MAX):
        assert converted(COMMIT, valid_days=valid_days).valid_days == valid_days
    wrong: dict[str, Any]
    for wrong in (
        {"value_fen": 0},
        {"value_fen": limits.VALUE_FEN_MAX + 1},
        {"valid_days": 0},
        {"valid_days": limits.PROPOSAL_VALID_DAYS_MAX + 1},
        {"movement": "burn"},
    ):
        with pytest.raises(msgspec.ValidationError):
            converted(COMMIT, **wrong)
    assert COMMIT.valid_days == limits.PROPOSAL_VALID_DAYS


# ── Approving ────────────────────────────────────────────────────────────────────────────────


def test_an_approved_commitment_is_available_and_counted_as_the_sponsors(world: World) -> None:
    approved, committed = world.do(COMMIT, approval(COMMIT))
    assert approved == ProposalApproved(occurred_at=NOW, recorded_at=NOW, proposal_id="p-commit", by=CHECKER)
    assert isinstance(committed, MoneyCommitted)
    assert (committed.id, committed.proposal_id) == ("p-commit", "p-commit")
    assert (committed.proposed_by, committed.approved_by) == (MAKER, CHECKER)
    assert world.fen(f"{CITY}:available") == 15_000
    assert part(world, "city") == Contribution(committed_fen=15_000)


def test_an_approved_withdrawal_goes_back_to_its_sponsor(world: World) -> None:
    _, withdrawn = world.do(WITHDRAW, approval(WITHDRAW))
    assert isinstance(withdrawn, MoneyWithdrawn)
    assert (withdrawn.proposed_by, withdrawn.approved_by, withdrawn.value_fen) == (MAKER, CHECKER, 3_000)
    assert world.fen(f"{CITY}:available") == 7_000
    assert world.fen("sponsor:council:external") == -7_000
    assert part(world, "city").part_fen == 7_000


def test_an_approved_transfer_takes_the_sponsors_part_along(world: World) -> None:
    _, moved = world.do(TRANSFER, approval(TRANSFER))
    assert isinstance(moved, MoneyTransferred)
    assert (world.fen(f"{CITY}:available"), world.fen(f"{BANK}:available")) == (6_000, 4_000)
    assert part(world, "city") == Contribution(committed_fen=10_000, moved_out_fen=4_000)
    assert part(world, "bank") == Contribution(moved_in_fen=4_000)
    assert world.fen("sponsor:council:external") == -10_000
    back = but(TRANSFER, id="p-back", fund_id="bank", to_fund_id="city")
    world.do(back, approval(back))
    assert (part(world, "city").part_fen, part(world, "bank").part_fen) == (10_000, 0)


def test_one_sponsor_cannot_take_what_another_one_put_in(world: World) -> None:
    world.do(but(COMMIT_MONEY, id="grant-2", sponsor_id="bank-corp", value_fen=500))
    theirs = but(WITHDRAW, sponsor_id="bank-corp", value_fen=501)
    assert type(world.refusal(theirs)) is SponsorHasLess
    world.do(but(theirs, value_fen=500), approval(theirs))
    assert world.fen("sponsor:bank-corp:external") == 0
    assert part(world, "city").part_fen == 10_000


def test_who_proposed_it_cannot_approve_it(world: World) -> None:
    world.do(WITHDRAW)
    refusal = world.refusal(approval(WITHDRAW, by=MAKER))
    assert isinstance(refusal, SecondKeyNeeded)
    assert refusal.details() == {"by": MAKER}
    world.do(approval(WITHDRAW))


def test_who_proposed_it_may_take_it_back(world: World) -> None:
    (event,) = world.do(WITHDRAW, rejection(WITHDRAW, by=MAKER))
    assert isinstance(event, ProposalRejected)
    assert world.refusal(approval(WITHDRAW)).details() == {"proposal_id": "p-withdraw", "status": "rejected"}


def test_what_was_decided_is_not_decided_again(world: World) -> None:
    world.do(WITHDRAW, approval(WITHDRAW))
    for command in (approval(WITHDRAW, by="key_third"), rejection(WITHDRAW)):
        refusal = world.refusal(command)
        assert isinstance(refusal, ProposalDecided)
        assert refusal.details() == {"proposal_id": "p-withdraw", "status": "approved"}


def test_a_proposal_that_nobody_made_is_not_found(world: World) -> None:
    for command in (approval(WITHDRAW), rejection(WITHDRAW)):
        assert type(world.refusal(command)) is ProposalNotFound


def test_a_proposal_stands_until_the_instant_before_it_lapses(world: World) -> None:
    lapses_at = NOW + timedelta(days=30)
    world.do(WITHDRAW)
    for command in (approval(WITHDRAW), rejection(WITHDRAW)):
        refusal = world.refusal(command, at=lapses_at)
        assert isinstance(refusal, ProposalLapsed)
        assert refusal.details() == {"proposal_id": "p-withdraw", "lapsed_at": lapses_at}
    world.do(approval(WITHDRAW), at=lapses_at - MICROSECOND)


def test_money_that_was_promised_since_the_proposal_is_not_withdrawn(world: World) -> None:
    world.do(WITHDRAW)
    world.account(f"{CITY}:available").others["CNY"] = 2_999
    assert type(world.refusal(approval(WITHDRAW))) is InsufficientFund


def test_of_two_proposals_for_the_same_money_the_first_approved_has_it(world: World) -> None:
    first, second = but(WITHDRAW, value_fen=6_000), but(TRANSFER, value_fen=6_000)
    world.do(first, second, approval(second))
    refusal = world.refusal(approval(first))
    assert isinstance(refusal, SponsorHasLess)
    assert refusal.part_fen == 4_000


# ── Funds that need approval, and sponsors ───────────────────────────────────────────────────


def test_a_fund_that_needs_approval_takes_money_by_proposals_alone() -> None:
    world = World()
    world.do(OPEN_SPONSOR, but(OPEN_FUND, needs_approval=True))
    assert world.entries(Fund) == {"city": Fund(needs_approval=True)}
    refusal = world.refusal(COMMIT_MONEY)
    assert isinstance(refusal, CommitmentNeedsApproval)
    assert refusal.details() == {"fund_id": "city"}
    world.do(COMMIT, approval(COMMIT))
    assert world.fen(f"{CITY}:available") == 5_000


def test_a_fund_without_more_to_say_has_no_entry(world: World) -> None:
    assert world.entries(Fund) == {}


def test_a_sponsor_is_opened_with_its_names_and_stays_open() -> None:
    world = World()
    (event,) = world.do(OPEN_SPONSOR)
    assert event == SponsorOpened(
        occurred_at=NOW, recorded_at=NOW, id="council", name_zh="市财政局", name_en="Finance bureau"
    )
    assert world.account("sponsor:council").status == "open"
