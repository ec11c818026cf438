"""Where credits go: spendable at once, pending, or to what is owed, lot by lot."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from ledger.domain.book import Leg
from ledger.domain.budget import Budget
from ledger.domain.instants import ExpiryPolicy
from tests.unit.builders import LATER, NOW, TODAY, TOMORROW, TRANSFER, World, but, holding
from tests.unit.carbon_commands import CLAIM, DEBT, DORA, PENDING, VOID, corrected, drive, with_drives

DAY = timedelta(days=1)


def owing(lots: dict[str, int], **rules: Any) -> World:
    """A programme in which Dora owes credits, by lot."""
    owed = {lot: -amount for lot, amount in lots.items()}
    return with_drives(**rules).put({DEBT: holding(owed, status=None)})


def by_lot(world: World) -> dict[str, int]:
    """What the log moved of each lot, all places together."""
    sums: Counter[str] = Counter()
    for _, events in world.told:
        for event in events:
            for leg in event.legs:
                if leg.lot is not None:
                    sums[leg.lot] += leg.amount
    return {lot: amount for lot, amount in sums.items() if amount}


# ── The debt lane ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("owed", "paid", "left", "spendable"),
    [
        ({LATER: 4}, 4, {}, {LATER: 6}),
        ({LATER: 9}, 9, {}, {LATER: 1}),
        ({LATER: 10}, 10, {}, {}),
        ({LATER: 11}, 10, {LATER: -1}, {}),
        ({TODAY: 3, TOMORROW: 4}, 7, {}, {LATER: 3}),
        ({TOMORROW: 8, TODAY: 7}, 10, {TOMORROW: -5}, {}),
        ({}, 0, {}, {LATER: 10}),
    ],
)
def test_what_is_owed_is_paid_first_the_earliest_lot_first(
    owed: dict[str, int], paid: int, left: dict[str, int], spendable: dict[str, int]
) -> None:
    world = owing(owed)
    _, issued = world.do(drive())
    assert issued.debt_credits == paid
    assert world.lots(DEBT) == left
    assert world.lots(DORA) == spendable
    assert by_lot(world) == {}
    assert all(leg.amount for leg in issued.legs)


def test_a_debt_is_paid_in_the_lot_in_which_it_is_owed() -> None:
    _, issued = owing({TODAY: 4}).do(drive())
    assert issued.legs == (
        Leg("issuance", "CREDIT", TODAY, -4),
        Leg("issuance", "CREDIT", LATER, -6),
        Leg(DEBT, "CREDIT", TODAY, 4),
        Leg(DORA, "CREDIT", LATER, 6),
    )


def test_nothing_awarded_pays_nothing() -> None:
    world = owing({LATER: 3}, budget=Budget(fund_id="city", fen_per_credit=10_000))
    world.do(drive("first", "1"))
    _, issued = world.do(drive("second"))
    assert (issued.awarded_credits, issued.debt_credits, issued.legs) == (0, 0, ())
    assert world.lots(DEBT) == {LATER: -2}


def test_what_others_give_pays_no_debt() -> None:
    world = owing({LATER: 5}).put({"participant:eve": holding({LATER: 9})})
    world.do(but(TRANSFER, from_account="participant:eve", to_account=DORA, credits=9))
    assert (world.lots(DORA), world.lots(DEBT)) == ({LATER: 9}, {LATER: -5})


def test_pending_credits_pay_what_is_owed_when_they_are_claimed() -> None:
    world = owing({TODAY: 4}, ripens_after_h=1)
    _, issued = world.do(drive())
    assert (issued.debt_credits, world.lots(PENDING), world.lots(DEBT)) == (0, {LATER: 10}, {TODAY: -4})
    [claimed] = world.do(CLAIM, at=NOW + DAY)
    assert (claimed.credits, claimed.debt_credits) == (10, 4)
    assert (world.lots(PENDING), world.lots(DEBT), world.lots(DORA)) == ({}, {}, {LATER: 6})
    assert by_lot(world) == {}


def test_claimed_credits_may_all_pay_what_is_owed() -> None:
    world = owing({LATER: 25}, ripens_after_h=1)
    world.do(drive())
    [claimed] = world.do(CLAIM, at=NOW + DAY)
    assert (claimed.debt_credits, world.lots(DORA), world.lots(DEBT)) == (10, {}, {LATER: -15})
    assert all(leg.amount for leg in claimed.legs)
    assert by_lot(world) == {}


def test_a_correction_upwards_pays_what_is_owed() -> None:
    world = with_drives()
    world.do(drive("d1", "2"), drive("d2", "5"))
    world.put({DEBT: holding({TODAY: -4}, status=None)})
    _, given = world.do(corrected("8"))
    assert (given.delta_credits, given.debt_credits) == (6, 4)
    assert (world.lots(DEBT), world.lots(DORA)) == ({}, {LATER: 9})
    assert by_lot(world) == {}


def test_a_debt_comes_of_spending_what_was_not_earned_and_goes_by_earning() -> None:
    world = with_drives(terms={"expiry": ExpiryPolicy(kind="months", months=1)}).put(
        {"participant:eve": holding()}
    )
    world.do(drive())
    world.do(but(TRANSFER, from_account=DORA, to_account="participant:eve", credits=7))
    _, taken = world.do(VOID)
    assert (taken.delta_credits, taken.owed_credits) == (-10, 7)
    [lot] = world.lots(DEBT)
    assert world.lots(DEBT) == {lot: -7}
    world.do(drive("d2", "4"), at=NOW + DAY)
    assert world.lots(DEBT) == {lot: -3}
    world.do(drive("d3", "4"), at=NOW + 2 * DAY)
    assert world.lots(DEBT) == {}
    assert sum(world.lots(DORA).values()) == 1
    assert by_lot(world) == {}


# ── Ripening ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("ripens_h", "claim_h"), [(None, None), (1, None), (48, 168)])
def test_a_scenario_says_when_credits_ripen_and_until_when_they_are_there(
    ripens_h: int | None, claim_h: int | None
) -> None:
    world = with_drives(ripens_after_h=ripens_h, claim_within_h=claim_h)
    _, issued = world.do(drive(occurred_at=NOW - 3 * DAY))
    ripens_at = None if ripens_h is None else NOW + timedelta(hours=ripens_h)
    assert issued.ripens_at == ripens_at
    assert issued.claim_by == (None if claim_h is None else NOW + timedelta(hours=48 + 168))
    target = DORA if ripens_h is None else PENDING
    assert world.lots(target) == {LATER: 10}


def test_nothing_awarded_does_not_wait() -> None:
    world = with_drives(
        ripens_after_h=1, claim_within_h=1, budget=Budget(fund_id="bank", fen_per_credit=10_000)
    )
    world.do(drive("d1", "1"))
    _, issued = world.do(drive("d2"))
    assert (issued.awarded_credits, issued.ripens_at, issued.claim_by) == (0, None, None)


# ── Budgets ──────────────────────────────────────────────────────────────────────────────────


def test_a_budget_sets_money_aside_for_every_credit() -> None:
    world = with_drives(budget=Budget(fund_id="city", fen_per_credit=3))
    _, issued = world.do(drive())
    assert issued.legs[-2:] == (
        Leg("fund:city:available", "CNY", None, -30),
        Leg("fund:city:backing", "CNY", None, 30),
    )
    _, corrected_credits = world.do(corrected("4"))
    assert corrected_credits.legs[-2:] == (
        Leg("fund:city:available", "CNY", None, 18),
        Leg("fund:city:backing", "CNY", None, -18),
    )
    world.do(VOID)
    assert (world.fen("fund:city:available"), world.fen("fund:city:backing")) == (10_000, 0)


def test_two_scenarios_may_share_a_fund() -> None:
    world = with_drives(budget=Budget(fund_id="city", fen_per_credit=600))
    from_other = world.state.rulebook.scenario("drive", 1)
    assert from_other.budget is not None
    assert [world.do(drive(str(n)))[1].awarded_credits for n in range(3)] == [10, 6, 0]
