"""Recording activities: what was avoided, what was earned, and in which lot it ends up."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ledger.domain import limits
from ledger.domain.activity import ReductionRecorded
from ledger.domain.book import Leg
from ledger.domain.conversion import CreditsPerAct, CreditsPerBlock, CreditsPerGrams
from ledger.domain.earning import CreditsIssued
from ledger.domain.errors import (
    AccountClosed,
    LedgerError,
    MeasurementMalformed,
    MeasurementMissing,
    MeasurementOutOfBounds,
    MeasurementUnexpected,
    ScenarioNotFound,
    ScenarioNotValid,
)
from ledger.domain.instants import ExpiryPolicy
from ledger.domain.methodology import Factor, Measured
from tests.unit.builders import (
    ADA,
    LATER,
    MICROSECOND,
    NOW,
    PUBLISH_METHODOLOGY,
    PUBLISH_SCENARIO,
    RECORD_ACTIVITY,
    World,
    but,
    holding,
    one_fault,
    two_faults,
    with_rules,
)


def ride(distance_km: str, **changes: Any) -> Any:
    return but(RECORD_ACTIVITY, measured=Measured(distance_km=distance_km), **changes)


def test_an_activity_is_two_facts_grams_avoided_and_credits_earned() -> None:
    reduction, issue = with_rules().do(RECORD_ACTIVITY)
    assert reduction == ReductionRecorded(
        occurred_at=NOW,
        recorded_at=NOW,
        legs=(Leg("nature", "gCO2e", None, -269), Leg(ADA, "gCO2e", None, 269)),
        id="trip-1",
        source="bus-card",
        participant_id="ada",
        scenario_id="bus",
        measured=Measured(distance_km="10"),
        scenario_version=1,
        methodology_id="ride",
        methodology_version=1,
        exact_g="269",
        amount_g=269,
    )
    assert issue == CreditsIssued(
        occurred_at=NOW,
        recorded_at=NOW,
        legs=(Leg("issuance", "CREDIT", LATER, -2), Leg(ADA, "CREDIT", LATER, 2)),
        participant_id="ada",
        scenario_id="bus",
        scenario_version=1,
        desired_credits=2,
        awarded_credits=2,
        lot=LATER,
    )


def refused(
    *, scenario_id: str = "bus", occurred_at: datetime = NOW, status: Any = "open", measured: Any = None
) -> LedgerError:
    world = with_rules().put({ADA: holding(status=status)})
    command = but(RECORD_ACTIVITY, scenario_id=scenario_id, occurred_at=occurred_at)
    return world.refusal(but(command, measured=measured or RECORD_ACTIVITY.measured))


FAULTS: list[Any] = [
    ({"scenario_id": "tram"}, ScenarioNotFound),
    ({"occurred_at": PUBLISH_SCENARIO.valid_from - MICROSECOND}, ScenarioNotValid),
    ({"status": "closed"}, AccountClosed),
    ({"measured": Measured()}, MeasurementMissing),
    ({"measured": Measured(distance_km="1", steps=1)}, MeasurementUnexpected),
    ({"measured": Measured(distance_km="far")}, MeasurementMalformed),
    ({"measured": Measured(distance_km=f"{limits.DISTANCE_KM_MAX}.1")}, MeasurementOutOfBounds),
]


@pytest.mark.parametrize(("settings", "expected"), one_fault(FAULTS))
def test_an_activity_is_refused_for_each_fault(settings: dict[str, Any], expected: type[LedgerError]) -> None:
    assert type(refused(**settings)) is expected


@pytest.mark.parametrize(("earlier", "later"), two_faults(FAULTS))
def test_of_two_faults_of_an_activity_the_first_documented_is_told(
    earlier: dict[str, Any], later: dict[str, Any]
) -> None:
    alone, both = refused(**earlier), refused(**later, **earlier)
    assert (type(both), both.details()) == (type(alone), alone.details())


def test_a_closed_participant_is_named_in_the_refusal() -> None:
    assert refused(status="closed").details() == {"account": ADA}


@pytest.mark.parametrize("status", [None, "open", "frozen"])
def test_whoever_is_not_closed_earns_and_keeps_their_status(status: Any) -> None:
    world = with_rules().put({ADA: holding(status=status)})
    assert len(world.do(RECORD_ACTIVITY)) == 2
    assert world.account(ADA).status == (status or "open"), "a first activity opens the participant"


def test_an_activity_that_earns_nothing_is_a_reduction_alone() -> None:
    world = with_rules()
    (reduction,) = world.do(ride("3.717"))
    assert (reduction.exact_g, reduction.amount_g) == ("99.9873", 99)
    assert [leg.amount for leg in reduction.legs] == [-99, 99]
    assert world.lots(ADA) == {}
    assert len(world.do(ride("3.718", id="trip-2"))) == 2


def test_an_activity_that_avoids_nothing_moves_nothing_and_is_recorded_all_the_same() -> None:
    world = with_rules()
    (reduction,) = world.do(ride("0"))
    assert (reduction.exact_g, reduction.amount_g, reduction.legs) == ("0", 0, ())
    assert world.account(ADA).status == "open"


def factor(name: str, value: str, unit: str) -> Factor:
    return Factor(name=name, value=value, unit=unit, region="四川", year=2022, source="a test")


def test_a_trip_that_emits_more_than_it_saves_avoids_nothing_and_takes_nothing() -> None:
    world = World()
    world.do(
        but(
            PUBLISH_METHODOLOGY,
            formula="trip_against_petrol",
            factors=(
                factor("baseline_consumption", "7.5", "L/100km"),
                factor("grid", "0.1404", "kg/kWh"),
                factor("petrol", "2164.5414252", "g/L"),
            ),
        ),
        PUBLISH_SCENARIO,
    )
    wasteful = but(RECORD_ACTIVITY, measured=Measured(distance_km="1", energy_kwh="10"))
    (reduction,) = world.do(wasteful)
    assert reduction.exact_g == "-1241.65939311", "what was calculated stays readable"
    assert (reduction.amount_g, reduction.legs) == (0, ())
    thrifty = but(wasteful, id="trip-2", measured=Measured(distance_km="25.0", energy_kwh="3.75"))
    reduction, issue = world.do(thrifty)
    assert (reduction.amount_g, issue.awarded_credits) == (3532, 35)


def test_credits_may_be_earned_where_no_gram_was_avoided() -> None:
    world = World()
    world.do(PUBLISH_METHODOLOGY, but(PUBLISH_SCENARIO, rule=CreditsPerAct(credits=5)))
    reduction, issue = world.do(ride("0"))
    assert (reduction.legs, issue.awarded_credits, world.lots(ADA)) == ((), 5, {LATER: 5})


@pytest.mark.parametrize(
    ("rule", "credits_earned"),
    [
        (CreditsPerGrams(credits=3, per_g=100), 6),
        (CreditsPerBlock(credits=7, block=4, field="distance_km"), 14),
        (CreditsPerAct(credits=5), 5),
    ],
)
def test_each_kind_of_rule_decides_what_is_issued(rule: Any, credits_earned: int) -> None:
    world = World()
    world.do(PUBLISH_METHODOLOGY, but(PUBLISH_SCENARIO, rule=rule))
    _, issue = world.do(RECORD_ACTIVITY)
    assert issue.desired_credits == issue.awarded_credits == credits_earned


def test_an_activity_is_counted_by_the_versions_of_its_own_time() -> None:
    world = with_rules()
    cheaper = msgspec.structs.replace(PUBLISH_METHODOLOGY.factors[0], value="50")
    change = NOW - timedelta(days=1)
    world.do(
        but(PUBLISH_METHODOLOGY, version=2, factors=(cheaper,)),
        but(PUBLISH_SCENARIO, version=2, methodology_version=2, valid_from=change),
    )
    for number, (occurred_at, version, grams) in enumerate(
        [(change - MICROSECOND, 1, 269), (change, 2, 500), (NOW, 2, 500)]
    ):
        reduction, issue = world.do(but(RECORD_ACTIVITY, id=f"trip-{number}", occurred_at=occurred_at))
        versions = {reduction.scenario_version, reduction.methodology_version, issue.scenario_version}
        assert (versions, reduction.amount_g) == ({version}, grams)


@pytest.mark.parametrize(
    ("recorded_at", "lot"),
    [
        (datetime(2026, 11, 30, 15, 59, 59, 999_999, tzinfo=UTC), "2026-12-31"),
        (datetime(2026, 11, 30, 16, tzinfo=UTC), "2027-01-31"),
    ],
)
def test_the_lot_follows_the_local_day_of_recording_not_the_day_of_the_act(
    recorded_at: datetime, lot: str
) -> None:
    world = with_rules(expiry=ExpiryPolicy(kind="month_end", months=1))
    _, issue = world.do(RECORD_ACTIVITY, at=recorded_at)
    assert (issue.occurred_at, issue.lot) == (NOW, lot)


def test_the_largest_activity_and_the_largest_rule_stay_within_what_a_balance_holds() -> None:
    world = World()
    largest = msgspec.structs.replace(
        PUBLISH_METHODOLOGY.factors[0], name="per_act", unit="g/act", value="10000000"
    )
    rule = CreditsPerGrams(credits=limits.RULE_CREDITS_MAX, per_g=1)
    world.do(
        but(PUBLISH_METHODOLOGY, formula="act_count", factors=(largest,)), but(PUBLISH_SCENARIO, rule=rule)
    )
    reduction, issue = world.do(but(RECORD_ACTIVITY, measured=Measured(count=limits.ACTS_MAX)))
    assert reduction.amount_g == 10**11
    assert issue.awarded_credits == 10**14 < 2**63
