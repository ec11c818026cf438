"""Publishing methodologies and scenarios, and which version an act counts by."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from ledger.domain import limits
from ledger.domain.conversion import CreditsPerBlock, CreditsPerGrams
from ledger.domain.errors import (
    ConversionFieldUnmeasured,
    ConversionRuleOutOfBounds,
    FactorMissing,
    FactorOutOfBounds,
    FactorRepeated,
    FactorUnitMismatch,
    FactorUnknown,
    FactorUnsourced,
    LedgerError,
    MethodologyNotFound,
    ParameterMissing,
    ParameterOutOfBounds,
    ParameterUnknown,
    ScenarioNotFound,
    ScenarioNotValid,
    ValidityEmpty,
    VersionOutOfSequence,
)
from ledger.domain.methodology import Measured
from ledger.domain.rules import MethodologyPublished, ScenarioPublished
from tests.unit.builders import (
    MICROSECOND,
    NOW,
    PER_KM,
    PUBLISH_METHODOLOGY,
    PUBLISH_SCENARIO,
    World,
    but,
    converted,
    one_fault,
    two_faults,
    with_rules,
)

SPRING, SUMMER, AUTUMN = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 6, 9))

# ── Methodologies ────────────────────────────────────────────────────────────────────────────


def refused_methodology(
    *,
    version: int = 1,
    parameters: dict[str, str] | None = None,
    repeated: bool = False,
    names: tuple[str, ...] = ("per_block",),
    **provenance: Any,
) -> LedgerError:
    factors = [
        msgspec.structs.replace(PER_KM, **({"name": name, "unit": "g/block"} | provenance)) for name in names
    ]
    return World().refusal(
        but(
            PUBLISH_METHODOLOGY,
            version=version,
            formula="steps_block",
            parameters={"block_steps": "500"} if parameters is None else parameters,
            factors=(*factors, *factors[:1]) if repeated else tuple(factors),
        )
    )


METHODOLOGY_FAULTS: list[Any] = [
    ({"version": 2}, VersionOutOfSequence),
    ({"parameters": {"block_steps": "0", "colour": "1"}}, ParameterUnknown),
    ({"parameters": {}}, ParameterMissing),
    ({"parameters": {"block_steps": "0"}}, ParameterOutOfBounds),
    ({"repeated": True}, FactorRepeated),
    ({"names": ("per_block", "grid")}, FactorUnknown),
    ({"names": ()}, FactorMissing),
    ({"unit": "g/km"}, FactorUnitMismatch),
    ({"value": "many"}, FactorOutOfBounds),
    ({"source": ""}, FactorUnsourced),
]


@pytest.mark.parametrize(("settings", "expected"), one_fault(METHODOLOGY_FAULTS))
def test_a_methodology_is_refused_for_each_fault(
    settings: dict[str, Any], expected: type[LedgerError]
) -> None:
    assert type(refused_methodology(**settings)) is expected


@pytest.mark.parametrize(("earlier", "later"), two_faults(METHODOLOGY_FAULTS))
def test_of_two_faults_of_a_methodology_the_first_documented_is_told(
    earlier: dict[str, Any], later: dict[str, Any]
) -> None:
    if earlier == {"repeated": True} and later == {"names": ()}:
        return  # nothing can be there twice and not at all
    assert type(refused_methodology(**later, **earlier)) is type(refused_methodology(**earlier))


def test_versions_of_a_methodology_follow_one_another_without_a_gap() -> None:
    world = World()
    for version in (1, 2, 3):
        (event,) = world.do(but(PUBLISH_METHODOLOGY, version=version))
        assert isinstance(event, MethodologyPublished)
        assert event.version == version
    for version in (1, 3, 5):
        refusal = world.refusal(but(PUBLISH_METHODOLOGY, version=version))
        assert refusal.details() == {"id": "ride", "version": version, "expected": 4}
    world.do(but(PUBLISH_METHODOLOGY, id="walk", version=1))


def test_a_published_version_stays_as_it_was() -> None:
    world = with_rules()
    before = world.state.rulebook
    world.do(but(PUBLISH_METHODOLOGY, version=2, factors=(msgspec.structs.replace(PER_KM, value="50"),)))
    now = world.state.rulebook
    ten_km = Measured(distance_km="10")
    grams = [now.methodology("ride", version).formula.reduction(ten_km).grams for version in (1, 2)]
    assert grams == [269, 500]
    assert len(before.methodologies["ride"]) == 1, "a state that was kept knows no more than it did"


@pytest.mark.parametrize(("own_id", "version"), [("ride", 0), ("ride", 2), ("ride", -1), ("walk", 1)])
def test_a_methodology_that_nobody_published_is_not_found(own_id: str, version: int) -> None:
    with pytest.raises(MethodologyNotFound) as caught:
        with_rules().state.rulebook.methodology(own_id, version)
    assert caught.value.details() == {"methodology_id": own_id, "version": version}


@pytest.mark.parametrize("publish", [PUBLISH_METHODOLOGY, PUBLISH_SCENARIO])
def test_a_version_is_taken_at_its_bounds_and_refused_one_past_them(publish: Any) -> None:
    for version in (1, limits.VERSION_MAX):
        assert converted(publish, version=version).version == version
    for version in (0, limits.VERSION_MAX + 1):
        with pytest.raises(msgspec.ValidationError):
            converted(publish, version=version)


def test_a_methodology_is_read_with_as_many_factors_and_parameters_as_allowed_and_no_more() -> None:
    factor = msgspec.to_builtins(PER_KM)
    at, past = limits.FACTORS_MAX, limits.FACTORS_MAX + 1
    assert len(converted(PUBLISH_METHODOLOGY, factors=[factor] * at).factors) == at
    with pytest.raises(msgspec.ValidationError):
        converted(PUBLISH_METHODOLOGY, factors=[factor] * past)
    names = [str(number) for number in range(limits.PARAMETERS_MAX + 1)]
    parameters = dict.fromkeys(names[:-1], "1")
    assert converted(PUBLISH_METHODOLOGY, parameters=parameters).parameters == parameters
    with pytest.raises(msgspec.ValidationError):
        converted(PUBLISH_METHODOLOGY, parameters=dict.fromkeys(names, "1"))


def test_a_formula_nobody_knows_is_not_read() -> None:
    with pytest.raises(msgspec.ValidationError):
        converted(PUBLISH_METHODOLOGY, formula="guess")


# ── Scenarios ────────────────────────────────────────────────────────────────────────────────


def refused_scenario(**changes: Any) -> LedgerError:
    world = World()
    world.do(PUBLISH_METHODOLOGY)
    return world.refusal(but(PUBLISH_SCENARIO, **changes))


SCENARIO_FAULTS: list[Any] = [
    ({"version": 2}, VersionOutOfSequence),
    ({"valid_to": PUBLISH_SCENARIO.valid_from}, ValidityEmpty),
    ({"methodology_version": 2}, MethodologyNotFound),
    ({"methodology_id": "walk"}, MethodologyNotFound),
    ({"rule": CreditsPerBlock(credits=0, block=1, field="steps")}, ConversionRuleOutOfBounds),
    ({"rule": CreditsPerBlock(credits=1, block=1, field="steps")}, ConversionFieldUnmeasured),
]


@pytest.mark.parametrize(("settings", "expected"), one_fault(SCENARIO_FAULTS))
def test_a_scenario_is_refused_for_each_fault(settings: dict[str, Any], expected: type[LedgerError]) -> None:
    assert type(refused_scenario(**settings)) is expected


@pytest.mark.parametrize(("earlier", "later"), two_faults(SCENARIO_FAULTS))
def test_of_two_faults_of_a_scenario_the_first_documented_is_told(
    earlier: dict[str, Any], later: dict[str, Any]
) -> None:
    assert type(refused_scenario(**later, **earlier)) is type(refused_scenario(**earlier))


def test_a_scenario_is_valid_for_at_least_one_instant() -> None:
    start = PUBLISH_SCENARIO.valid_from
    for valid_to in (start, start - MICROSECOND):
        refusal = refused_scenario(valid_to=valid_to)
        assert refusal.details() == {"field": "valid_to", "valid_from": start, "valid_to": valid_to}
    world = World()
    world.do(PUBLISH_METHODOLOGY)
    world.do(but(PUBLISH_SCENARIO, valid_to=start + MICROSECOND))


def test_the_bounds_of_validity_are_kept_in_utc() -> None:
    shanghai = timezone(timedelta(hours=8))
    world = World()
    world.do(PUBLISH_METHODOLOGY)
    (event,) = world.do(
        but(
            PUBLISH_SCENARIO,
            valid_from=datetime(2026, 7, 1, tzinfo=shanghai),
            valid_to=datetime(2026, 8, 1, tzinfo=shanghai),
        )
    )
    assert event.valid_from.isoformat() == "2026-06-30T16:00:00+00:00"
    assert event.valid_to.isoformat() == "2026-07-31T16:00:00+00:00"


def world_with_versions(*periods: tuple[datetime, datetime | None]) -> World:
    world = World()
    world.do(PUBLISH_METHODOLOGY)
    for version, (valid_from, valid_to) in enumerate(periods, 1):
        world.do(but(PUBLISH_SCENARIO, version=version, valid_from=valid_from, valid_to=valid_to))
    return world


@pytest.mark.parametrize(
    ("at", "version"),
    [
        (SPRING - MICROSECOND, None),
        (SPRING, 1),
        (SUMMER - MICROSECOND, 1),
        (SUMMER, None),
        (AUTUMN - MICROSECOND, None),
        (AUTUMN, 2),
        (AUTUMN + timedelta(days=10_000), 2),
    ],
)
def test_a_version_counts_from_its_first_instant_and_not_at_its_last(
    at: datetime, version: int | None
) -> None:
    rulebook = world_with_versions((SPRING, SUMMER), (AUTUMN, None)).state.rulebook
    if version is not None:
        assert rulebook.scenario_at("bus", at).version == version
        return
    with pytest.raises(ScenarioNotValid) as caught:
        rulebook.scenario_at("bus", at)
    assert caught.value.details() == {"scenario_id": "bus", "occurred_at": at}


@pytest.mark.parametrize(("at", "version"), [(SPRING, 1), (SUMMER, 3), (AUTUMN, 2)])
def test_of_several_valid_versions_the_latest_published_counts(at: datetime, version: int) -> None:
    rulebook = world_with_versions((SPRING, None), (SUMMER, None), (SUMMER, AUTUMN)).state.rulebook
    assert rulebook.scenario_at("bus", at).version == version


@pytest.mark.parametrize(("own_id", "version"), [("bus", 0), ("bus", 2), ("tram", 1)])
def test_a_scenario_that_nobody_published_is_not_found(own_id: str, version: int) -> None:
    rulebook = with_rules().state.rulebook
    assert isinstance(rulebook.scenario("bus", 1), ScenarioPublished)
    with pytest.raises(ScenarioNotFound) as caught:
        rulebook.scenario(own_id, version)
    assert caught.value.details() == {"scenario_id": own_id}
    with pytest.raises(ScenarioNotFound):
        rulebook.scenario_at("tram", NOW)


def test_the_rule_of_a_scenario_is_kept_as_it_was_given() -> None:
    rule = CreditsPerGrams(credits=limits.RULE_CREDITS_MAX, per_g=limits.RULE_PER_G_MAX)
    world = World()
    world.do(PUBLISH_METHODOLOGY)
    (event,) = world.do(but(PUBLISH_SCENARIO, rule=rule))
    assert event.rule == rule
