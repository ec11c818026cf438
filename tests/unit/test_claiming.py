"""Pending credits: claimed from the very instant at which they are ripe, lapsed from when it is too late."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from ledger.domain.book import Leg
from ledger.domain.budget import Budget
from ledger.domain.claiming import Pending
from ledger.domain.errors import (
    AccountFrozen,
    AccountNotEmpty,
    ActivityNotFound,
    ClaimWindowClosed,
    CreditsNotRipe,
    NothingPending,
)
from tests.unit.builders import CLOSE, FREEZE, LATER, MICROSECOND, NOW, World, but
from tests.unit.carbon_commands import (
    CLAIM,
    DISMISS_ACTIVITY,
    DORA,
    HOUR,
    LAPSE,
    PENDING,
    RELEASE_ACTIVITY,
    VOID,
    corrected,
    drive,
    with_drives,
)

RIPE, CLOSED = NOW + 48 * HOUR, NOW + (48 + 168) * HOUR


def ripening(**rules: Any) -> World:
    """A programme in which driving earns after two days, for a week."""
    return with_drives(**({"ripens_after_h": 48, "claim_within_h": 168} | rules))


def waiting(**rules: Any) -> World:
    """Ten credits of a drive that wait."""
    world = ripening(**rules)
    world.do(drive())
    return world


# ── Claimed ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("at", [RIPE, RIPE + MICROSECOND, CLOSED - MICROSECOND])
def test_credits_are_claimed_from_the_instant_at_which_they_are_ripe(at: datetime) -> None:
    world = waiting()
    [claimed] = world.do(CLAIM, at=at)
    assert (claimed.credits, claimed.participant_id, claimed.debt_credits) == (10, "dora", 0)
    assert claimed.legs == (Leg(PENDING, "CREDIT", LATER, -10), Leg(DORA, "CREDIT", LATER, 10))
    assert (world.lots(PENDING), world.lots(DORA)) == ({}, {LATER: 10})
    assert world.entries(Pending) == {}


def test_a_moment_before_they_are_not_ripe() -> None:
    refusal = waiting().refusal(CLAIM, at=RIPE - MICROSECOND)
    assert isinstance(refusal, CreditsNotRipe)
    assert refusal.ripens_at == RIPE


@pytest.mark.parametrize("at", [CLOSED, CLOSED + timedelta(days=30)])
def test_from_the_end_of_the_window_it_is_too_late(at: datetime) -> None:
    refusal = waiting().refusal(CLAIM, at=at)
    assert isinstance(refusal, ClaimWindowClosed)
    assert refusal.claim_by == CLOSED


def test_without_a_window_it_is_never_too_late() -> None:
    world = waiting(claim_within_h=None)
    world.do(CLAIM, at=NOW + timedelta(days=3_000))
    assert world.lots(DORA) == {LATER: 10}


def test_each_activity_is_claimed_by_itself() -> None:
    world = waiting()
    world.do(drive("d2", "7"), at=NOW + HOUR)
    assert {key: entry.credits for key, entry in world.entries(Pending).items()} == {
        "dora\ncars\nd1": 10,
        "dora\ncars\nd2": 7,
    }
    world.do(CLAIM, at=RIPE)
    assert isinstance(world.refusal(but(CLAIM, activity_id="d2"), at=RIPE), CreditsNotRipe)
    assert world.lots(PENDING) == {LATER: 7}


def test_the_list_of_pending_ones_says_when_they_lapse() -> None:
    [entry] = waiting().entries(Pending).values()
    assert (entry.credits, entry.scenario_id, entry.occurred_at) == (10, "drive", NOW)
    assert (entry.ripens_at, entry.claim_by, entry.due()) == (RIPE, CLOSED, CLOSED)
    [unending] = waiting(claim_within_h=None).entries(Pending).values()
    assert unending.due() is None


@pytest.mark.parametrize(
    "before",
    [
        [(CLAIM, RIPE)],
        [(LAPSE, CLOSED)],
        [(VOID, NOW)],
    ],
)
def test_nothing_is_pending_that_was_claimed_lapsed_or_taken_back(before: Any) -> None:
    world = waiting()
    for command, at in before:
        world.do(command, at=at)
    refusal = world.refusal(CLAIM, at=RIPE + HOUR if before[0][1] < CLOSED else CLOSED)
    assert isinstance(refusal, NothingPending)
    assert refusal.details() == {"source": "cars", "activity_id": "d1"}


def test_nothing_is_pending_that_was_spendable_at_once_held_or_dismissed() -> None:
    spendable = with_drives()
    spendable.do(drive())
    held = ripening()
    held.do(drive(flags=("jump",)))
    assert isinstance(spendable.refusal(CLAIM), NothingPending)
    assert isinstance(held.refusal(CLAIM), NothingPending)
    held.do(DISMISS_ACTIVITY)
    assert isinstance(held.refusal(CLAIM), NothingPending)


def test_a_released_activity_ripens_from_its_release() -> None:
    world = ripening()
    world.do(drive(flags=("jump",)))
    world.do(RELEASE_ACTIVITY, at=NOW + HOUR)
    assert isinstance(world.refusal(CLAIM, at=RIPE), CreditsNotRipe)
    world.do(CLAIM, at=RIPE + HOUR)


def test_an_activity_that_nobody_reported_has_nothing_pending() -> None:
    assert isinstance(with_drives().refusal(CLAIM), ActivityNotFound)
    assert isinstance(with_drives().refusal(LAPSE), ActivityNotFound)


def test_a_frozen_participant_earns_and_claims_nothing() -> None:
    world = ripening()
    world.do(but(FREEZE, participant_id="dora"), drive())
    assert isinstance(world.refusal(CLAIM, at=RIPE), AccountFrozen)


def test_nobody_is_closed_whose_credits_are_pending() -> None:
    world = waiting()
    assert isinstance(world.refusal(but(CLOSE, participant_id="dora")), AccountNotEmpty)
    world.do(LAPSE, at=CLOSED)
    world.do(but(CLOSE, participant_id="dora"), at=CLOSED)


# ── Lapsed ───────────────────────────────────────────────────────────────────────────────────


def test_credits_lapse_at_the_instant_at_which_they_can_no_longer_be_claimed() -> None:
    world = waiting()
    [lapsed] = world.do(LAPSE, at=CLOSED)
    assert (lapsed.credits, lapsed.run_id, lapsed.participant_id) == (10, "lapse-1", "dora")
    assert world.lots(PENDING) == {}
    assert world.lots("lapsed") == {LATER: 10}
    assert world.entries(Pending) == {}


def test_a_lapse_takes_no_grams() -> None:
    world = waiting()
    world.do(LAPSE, at=CLOSED)
    assert world.account(DORA).total("gCO2e") == 1_000


@pytest.mark.parametrize("at", [NOW, RIPE, CLOSED - MICROSECOND])
def test_nothing_lapses_while_it_can_be_claimed(at: datetime) -> None:
    assert waiting().do(LAPSE, at=at) == ()


def test_nothing_lapses_twice_nor_what_was_claimed_nor_what_has_no_end() -> None:
    world = waiting()
    world.do(LAPSE, at=CLOSED)
    assert world.do(but(LAPSE, run_id="lapse-2"), at=CLOSED) == ()
    claimed = waiting()
    claimed.do(CLAIM, at=RIPE)
    assert claimed.do(LAPSE, at=CLOSED) == ()
    assert waiting(claim_within_h=None).do(LAPSE, at=CLOSED) == ()


def test_a_lapse_gives_a_budget_back_what_was_set_aside() -> None:
    world = waiting(budget=Budget(fund_id="city", fen_per_credit=7))
    assert (world.fen("fund:city:available"), world.fen("fund:city:backing")) == (9_930, 70)
    world.do(LAPSE, at=CLOSED)
    assert (world.fen("fund:city:available"), world.fen("fund:city:backing")) == (10_000, 0)


# ── Corrected while they wait ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("km", "pending"), [("4", 4), ("14", 14), ("10.9", 10), ("0.5", 0)])
def test_what_waits_is_corrected_where_it_waits(km: str, pending: int) -> None:
    world = waiting()
    world.do(corrected(km), at=NOW + HOUR)
    assert sum(world.lots(PENDING).values()) == pending
    assert world.lots(DORA) == {}
    assert {entry.credits for entry in world.entries(Pending).values()} == ({pending} if pending else set())
    if pending:
        [claimed] = world.do(CLAIM, at=RIPE)
        assert claimed.credits == pending


def test_a_correction_does_not_move_the_window() -> None:
    world = waiting()
    world.do(corrected("0.5"), corrected("6", "restated-2"), at=RIPE + HOUR)
    [entry] = world.entries(Pending).values()
    assert (entry.credits, entry.ripens_at, entry.claim_by) == (6, RIPE, CLOSED)


def test_what_earned_nothing_at_first_ripens_from_its_correction() -> None:
    world = ripening()
    world.do(drive(km="0.5"))
    world.do(corrected("6"), at=NOW + HOUR)
    [entry] = world.entries(Pending).values()
    assert (entry.credits, entry.ripens_at, entry.claim_by) == (6, RIPE + HOUR, CLOSED + HOUR)


def test_lapsed_credits_stay_lapsed_whatever_is_corrected() -> None:
    world = waiting()
    world.do(LAPSE, at=CLOSED)
    for command in (corrected("14"), corrected("3", "restated-2"), VOID):
        [only] = world.do(command, at=CLOSED + HOUR)
        assert only.topic == "reduction.corrected"
    assert world.lots("lapsed") == {LATER: 10}
    assert world.account(DORA).total("gCO2e") == 0
