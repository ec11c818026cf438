"""Corrections: the last value stands as if it had been recorded at first, in grams and in credits."""

from datetime import timedelta
from typing import Any

import pytest

from ledger.domain.activity import Activity
from ledger.domain.book import Leg
from ledger.domain.errors import (
    ActivityNotFound,
    ActivityStatusUnsuitable,
    AlreadyRecorded,
    CorrectionEmpty,
    MeasurementMalformed,
    MeasurementMissing,
    MethodologyNotFound,
)
from ledger.domain.messages import Command
from ledger.domain.methodology import Measured
from tests.unit.builders import (
    LATER,
    NOW,
    TODAY,
    TOMORROW,
    TRANSFER,
    Fault,
    World,
    but,
    holding,
    one_fault,
    two_faults,
)
from tests.unit.carbon_commands import (
    CLAIM,
    CORRECT,
    DEBT,
    DISMISS_ACTIVITY,
    DORA,
    PENDING,
    PUBLISH_POLICY,
    RECOMPUTE,
    RELEASE_ACTIVITY,
    VOID,
    corrected,
    drive,
    with_drives,
)

DAY = timedelta(days=1)
EVE = "participant:eve"


def driven_once(**rules: Any) -> World:
    """One drive of 10 km and 10 credits."""
    world = with_drives(**rules).put({EVE: holding()})
    world.do(drive())
    return world


def left_with(lots: dict[str, int]) -> World:
    """The same, when nothing but these credits is left."""
    world = driven_once()
    world.state.accounts.drain()
    return world.put({DORA: holding(lots)})


def give_away(credits_given: int) -> Any:
    return but(TRANSFER, id=f"gift {credits_given}", from_account=DORA, to_account=EVE, credits=credits_given)


def fact(world: World) -> Activity:
    activity: Activity = world.fact(("activity", "cars:d1"), CORRECT)
    return activity


def grams_and_credits(world: World) -> tuple[int, int, int, int]:
    spendable, pending, debt = (world.account(place).total("CREDIT") for place in (DORA, PENDING, DEBT))
    return world.account(DORA).total("gCO2e"), spendable, pending, debt


# ── Measured differently ─────────────────────────────────────────────────────────────────────


def test_less_takes_grams_and_credits_back() -> None:
    world = driven_once()
    reduction, taken = world.do(corrected("8"), at=NOW + DAY)
    assert reduction.legs == (Leg("nature", "gCO2e", None, 200), Leg(DORA, "gCO2e", None, -200))
    assert (reduction.amount_g, reduction.delta_g, reduction.exact_g) == (800, -200, "800")
    assert taken.legs == (Leg(DORA, "CREDIT", LATER, -2), Leg("issuance", "CREDIT", LATER, 2))
    assert (taken.desired_credits, taken.awarded_credits, taken.delta_credits) == (8, 8, -2)


def test_more_gives_grams_and_credits_in_the_lot_of_the_act() -> None:
    world = driven_once()
    reduction, given = world.do(corrected("12"), at=NOW + DAY)
    assert (reduction.delta_g, given.delta_credits, given.lot) == (200, 2, LATER)
    assert world.lots(DORA) == {LATER: 12}


def test_the_same_again_is_recorded_and_moves_nothing() -> None:
    world = driven_once()
    [reduction] = world.do(corrected("10"))
    assert (reduction.delta_g, reduction.legs) == (0, ())
    assert grams_and_credits(world) == (1_000, 10, 0, 0)


def test_grams_within_one_credit_leave_the_credits_alone() -> None:
    [reduction] = driven_once().do(corrected("10.9"))
    assert reduction.delta_g == 90


def test_corrections_follow_one_another() -> None:
    world = driven_once()
    for number, km in enumerate(("8", "12", "0.5", "7")):
        world.do(corrected(km, f"c{number}"))
    assert grams_and_credits(world) == (700, 7, 0, 0)
    assert fact(world).measured == Measured(distance_km="7")
    assert fact(world).corrected_by == ("c0", "c1", "c2", "c3")
    assert fact(world).version == 2 + 4 * 2


def test_the_share_of_the_evidence_stays() -> None:
    world = with_drives()
    world.do(drive(evidence="self_declared"), corrected("20"))
    assert grams_and_credits(world) == (1_000, 10, 0, 0)


def test_what_earned_nothing_earns_in_the_lot_of_its_correction() -> None:
    world = with_drives()
    world.do(drive(km="0.5"))
    _, given = world.do(corrected("3"), at=NOW + DAY)
    assert (given.lot, given.delta_credits) == ("2027-11-23", 3)


def test_a_correction_is_of_one_activity() -> None:
    world = driven_once()
    world.do(drive("d2", "5"), corrected("1", activity_id="d2"))
    assert grams_and_credits(world) == (1_100, 11, 0, 0)


def test_who_is_frozen_is_corrected_all_the_same() -> None:
    world = driven_once()
    world.state.accounts.set_status(DORA, "frozen")
    world.do(corrected("8"))
    assert grams_and_credits(world) == (800, 8, 0, 0)


# ── Void ─────────────────────────────────────────────────────────────────────────────────────


def test_a_void_activity_leaves_nothing() -> None:
    world = driven_once()
    reduction, taken = world.do(VOID)
    assert (reduction.measured, reduction.is_void, reduction.exact_g) == (None, True, "0")
    assert (reduction.amount_g, reduction.delta_g) == (0, -1_000)
    assert (taken.desired_credits, taken.awarded_credits, taken.delta_credits) == (0, 0, -10)
    assert grams_and_credits(world) == (0, 0, 0, 0)
    assert fact(world).status == "void"


@pytest.mark.parametrize("km", ["0.5", "0"])
def test_what_earned_nothing_is_voided_without_credits(km: str) -> None:
    world = with_drives()
    world.do(drive(km=km))
    assert [event.topic for event in world.do(VOID)] == ["reduction.corrected"]
    assert grams_and_credits(world) == (0, 0, 0, 0)


# ── Where credits are taken from ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("spent", "owed"),
    [(0, 0), (2, 0), (3, 1), (10, 8)],
)
def test_what_was_spent_is_owed(spent: int, owed: int) -> None:
    world = driven_once()
    if spent:
        world.do(give_away(spent))
    _, taken = world.do(corrected("2"))
    assert taken.owed_credits == owed
    assert world.lots(DEBT) == ({LATER: -owed} if owed else {})
    assert sum(world.lots(DORA).values()) == 10 - spent - 8 + owed


def test_the_own_lot_is_taken_first_and_then_the_earliest() -> None:
    world = left_with({LATER: 4, TODAY: 2, TOMORROW: 3, "2028-01-31": 5})
    _, taken = world.do(VOID)
    assert taken.legs[:4] == (
        Leg(DORA, "CREDIT", LATER, -4),
        Leg(DORA, "CREDIT", TODAY, -2),
        Leg(DORA, "CREDIT", TOMORROW, -3),
        Leg(DORA, "CREDIT", "2028-01-31", -1),
    )
    assert taken.owed_credits == 0


def test_a_debt_is_owed_in_the_lot_of_the_act() -> None:
    world = left_with({TODAY: 4})
    _, taken = world.do(VOID)
    assert taken.legs == (
        Leg(DORA, "CREDIT", TODAY, -4),
        Leg(DEBT, "CREDIT", LATER, -6),
        Leg("issuance", "CREDIT", TODAY, 4),
        Leg("issuance", "CREDIT", LATER, 6),
    )


def test_pending_credits_of_the_act_are_taken_before_spendable_ones() -> None:
    world = with_drives(ripens_after_h=1)
    world.put({DORA: holding({LATER: 20})})
    world.do(drive(), drive("d2", "5"))
    _, taken = world.do(corrected("3"))
    assert (taken.pending_credits, taken.owed_credits) == (3, 0)
    assert (world.lots(PENDING), world.lots(DORA)) == ({LATER: 8}, {LATER: 20})
    world.do(VOID)
    assert (world.lots(PENDING), world.lots(DORA)) == ({LATER: 5}, {LATER: 20}), "never those of another act"


def test_once_claimed_they_are_taken_from_what_is_spendable() -> None:
    world = with_drives(ripens_after_h=1)
    world.do(drive())
    world.do(CLAIM, at=NOW + DAY)
    world.do(corrected("4"), at=NOW + DAY)
    assert grams_and_credits(world) == (400, 4, 0, 0)
    world.do(corrected("6", "restated-2"), at=NOW + DAY)
    assert grams_and_credits(world) == (600, 6, 0, 0), "and are given back where they are spendable"


def test_a_debt_that_was_wrong_is_paid_by_the_correction_of_the_correction() -> None:
    world = driven_once()
    world.do(give_away(10), corrected("2"))
    assert grams_and_credits(world) == (200, 0, 0, -8)
    _, given = world.do(corrected("10", "restated-2"))
    assert (given.debt_credits, given.delta_credits) == (8, 8)
    assert grams_and_credits(world) == (1_000, 0, 0, 0)


# ── Computed anew ────────────────────────────────────────────────────────────────────────────


def test_another_version_of_the_methodology_computes_anew() -> None:
    world = driven_once()
    reduction, taken = world.do(RECOMPUTE)
    assert (reduction.amount_g, reduction.delta_g, reduction.methodology_version) == (900, -100, 2)
    assert (taken.awarded_credits, taken.delta_credits) == (9, -1)
    assert grams_and_credits(world) == (900, 9, 0, 0)
    assert fact(world).methodology_version == 2


def test_a_correction_after_it_is_computed_by_that_version() -> None:
    world = driven_once()
    world.do(RECOMPUTE, corrected("20"))
    assert grams_and_credits(world) == (1_800, 18, 0, 0)
    world.do(but(RECOMPUTE, run_id="back", methodology_version=1))
    assert grams_and_credits(world) == (2_000, 20, 0, 0)


def test_what_does_not_change_is_not_recorded() -> None:
    world = driven_once()
    assert world.do(but(RECOMPUTE, methodology_version=1)) == ()
    world.do(RECOMPUTE)
    assert world.do(but(RECOMPUTE, run_id="factors-3")) == ()


def test_a_run_and_a_correction_may_have_the_same_id() -> None:
    world = driven_once()
    world.do(RECOMPUTE, corrected("20", own_id=RECOMPUTE.run_id))
    assert grams_and_credits(world) == (1_800, 18, 0, 0)
    other = driven_once()
    other.do(corrected("20", own_id=RECOMPUTE.run_id), RECOMPUTE)
    assert grams_and_credits(other) == (1_800, 18, 0, 0)


# ── Refusals ─────────────────────────────────────────────────────────────────────────────────

STATES: dict[str, list[Command]] = {
    "rejected": [drive(flags=("rollback",))],
    "held": [drive(flags=("jump",))],
    "dismissed": [drive(flags=("jump",)), DISMISS_ACTIVITY],
    "void": [drive(), VOID],
}


@pytest.mark.parametrize("command", [CORRECT, but(VOID, id="void-2"), RECOMPUTE])
@pytest.mark.parametrize("status", STATES)
def test_only_what_counts_can_be_corrected(status: str, command: Any) -> None:
    world = with_drives()
    world.do(*STATES[status])
    refusal = world.refusal(command)
    assert isinstance(refusal, ActivityStatusUnsuitable)
    expected = {"source": "cars", "activity_id": "d1", "status": status, "needed": "accepted"}
    assert refusal.details() == expected


def test_a_released_activity_can_be_corrected() -> None:
    world = with_drives()
    world.do(drive(flags=("jump",)), RELEASE_ACTIVITY, corrected("3"), RECOMPUTE)
    assert grams_and_credits(world) == (270, 2, 0, 0)


@pytest.mark.parametrize(("measured", "is_void"), [(None, False), (Measured(distance_km="1"), True)])
def test_a_correction_gives_measurements_or_voids_and_not_both(measured: Any, is_void: object) -> None:
    refusal = driven_once().refusal(but(CORRECT, measured=measured, is_void=is_void))
    assert isinstance(refusal, CorrectionEmpty)
    assert refusal.field == "measured"


def refused(
    *, activity_id: str = "d1", own_id: str = "new", is_void: bool = False, km: str | None = "8"
) -> Any:
    world = driven_once()
    world.do(corrected("9", "earlier"))
    measured = Measured(distance_km=km)
    return world.refusal(but(CORRECT, id=own_id, activity_id=activity_id, is_void=is_void, measured=measured))


FAULTS: list[Fault] = [
    ({"activity_id": "d9"}, ActivityNotFound),
    ({"own_id": "earlier"}, AlreadyRecorded),
    ({"is_void": True}, CorrectionEmpty),
    ({"km": "far"}, MeasurementMalformed),
]


@pytest.mark.parametrize(("fault", "error"), one_fault(FAULTS))
def test_a_wrong_correction_is_refused(fault: Any, error: Any) -> None:
    assert isinstance(refused(**fault), error)


@pytest.mark.parametrize(("first", "second"), two_faults(FAULTS))
def test_of_two_faults_the_first_in_order_is_told(first: Any, second: Any) -> None:
    [expected] = [error for fault, error in FAULTS if fault == first]
    assert isinstance(refused(**(first | second)), expected)


def test_a_correction_lacking_what_the_formula_needs_is_refused() -> None:
    assert isinstance(refused(km=None), MeasurementMissing)


def test_a_repeated_id_is_told_before_what_has_become_of_the_activity() -> None:
    world = driven_once()
    world.do(corrected("8"), VOID)
    repeated = world.refusal(corrected("8"))
    assert isinstance(repeated, AlreadyRecorded)
    assert repeated.id == "restated-1"


@pytest.mark.parametrize(("version", "found"), [(3, False), (2, True)])
def test_a_version_must_be_published(version: int, found: object) -> None:
    world = driven_once()
    command = but(RECOMPUTE, methodology_version=version)
    if found:
        world.decide(command)
    else:
        assert isinstance(world.refusal(command), MethodologyNotFound)


def test_a_run_computes_an_activity_once() -> None:
    world = driven_once()
    world.do(RECOMPUTE)
    assert isinstance(world.refusal(but(RECOMPUTE, methodology_version=1)), AlreadyRecorded)
    assert isinstance(world.refusal(but(RECOMPUTE, activity_id="d9")), ActivityNotFound)


# ── Caps ─────────────────────────────────────────────────────────────────────────────────────


def test_whether_it_counts_towards_the_year_was_settled_when_it_earned() -> None:
    world = driven_once()
    world.do(but(PUBLISH_POLICY, year_credits=5))
    _, given = world.do(corrected("14"))
    assert (given.awarded_credits, given.in_year_cap) == (14, False)
    world.do(drive("d2", "0.5"))
    _, counted = world.do(corrected("9", "c2", "d2"))
    assert (counted.awarded_credits, counted.in_year_cap, counted.clipped_by) == (5, True, "year_credits")
