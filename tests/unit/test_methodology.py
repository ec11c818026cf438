"""Which methodologies may be published, what an activity may report, and what the formulas make of it."""

from collections.abc import Mapping
from typing import Any, get_args

import msgspec
import pytest

from ledger.domain import limits
from ledger.domain.errors import (
    FactorMissing,
    FactorOutOfBounds,
    FactorRepeated,
    FactorUnitMismatch,
    FactorUnknown,
    FactorUnsourced,
    FormulaUnknown,
    LedgerError,
    ParameterMissing,
    ParameterOutOfBounds,
    ParameterUnknown,
    ShareOutOfBounds,
)
from ledger.domain.methodologies.factors import FactorNeed
from ledger.domain.methodologies.formulas import FORMULAS
from ledger.domain.methodology import (
    CompiledFormula,
    Factor,
    FormulaKind,
    Measured,
    check_methodology,
    compile_formula,
    reduction_g,
)

VALUES = {
    "per_km": "26.9",
    "per_step": "0.02",
    "per_block": "8.2",
    "per_act": "105",
    "per_kg": "1280",
    "grid": "0.5",
    "baseline_consumption": "8",
    "consumption": "15",
    "petrol": "2000",
    "petrol_net_calorific_value": "43.070",
    "petrol_carbon_content": "0.01890",
    "petrol_oxidation": "0.98",
    "petrol_density": "0.74",
}


def factor(need: FactorNeed, **changes: Any) -> Factor:
    made = Factor(
        name=need.name, value=VALUES[need.name], unit=need.unit, region="全国", year=2022, source="a test"
    )
    return msgspec.structs.replace(made, **changes)


def factors_of(formula: FormulaKind, chosen_set: int = 0) -> tuple[Factor, ...]:
    return tuple(factor(need) for need in FORMULAS[formula].factor_sets[chosen_set])


def parameters_of(formula: FormulaKind) -> dict[str, str]:
    return dict.fromkeys(FORMULAS[formula].parameters, "500")


def compiled(formula: FormulaKind) -> CompiledFormula:
    return compile_formula(formula, parameters_of(formula), factors_of(formula))


def refused(parameters: Mapping[str, str], *factors: Factor, formula: str = "distance") -> LedgerError:
    with pytest.raises(LedgerError) as caught:
        check_methodology(formula=formula, parameters=parameters, factors=factors)
    return caught.value


PER_KM = FactorNeed("per_km", "g/km")
ALL_SETS = [(kind, place) for kind, formula in FORMULAS.items() for place in range(len(formula.factor_sets))]


# ── The formulas ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("formula", "measured", "exact"),
    [
        ("distance", Measured(distance_km="10.5"), "282.45"),
        ("trip_against_petrol", Measured(distance_km="10", energy_kwh="2"), "600"),
        ("phev_trip_against_petrol", Measured(distance_km="10", energy_kwh="1", fuel_l="0.25"), "600"),
        ("charging", Measured(charged_kwh="3"), "1700"),
        ("charging", Measured(charged_kwh="1"), "1700/3"),
        ("steps_proportional", Measured(steps=333), "6.66"),
        ("steps_block", Measured(steps=1499), "16.4"),
        ("steps_block", Measured(steps=1500), "24.6"),
        ("act_count", Measured(count=0), "0"),
        ("mass", Measured(mass_kg="0.001"), "1.28"),
        ("generation", Measured(generated_kwh="3"), "1500"),
    ],
)
def test_each_formula_is_exact(formula: FormulaKind, measured: Measured, exact: str) -> None:
    assert compiled(formula).reduction(measured).exact == exact


def test_the_terms_of_a_reduction_can_be_redone_by_hand() -> None:
    explained = compiled("phev_trip_against_petrol").explain(
        Measured(distance_km="10", energy_kwh="1", fuel_l="0.25")
    )
    assert [(term.role, term.field, term.coefficient_g, term.exact_g) for term in explained] == [
        ("baseline", "distance_km", "160", "1600"),
        ("project", "energy_kwh", "-500", "-500"),
        ("project", "fuel_l", "-2000", "-500"),
    ]


def test_a_trip_that_emits_more_than_its_baseline_avoids_nothing() -> None:
    reduction = compiled("trip_against_petrol").reduction(Measured(distance_km="1", energy_kwh="1"))
    assert (reduction.exact, reduction.grams) == ("-340", 0)


def test_a_day_is_summed_before_it_is_floored() -> None:
    walk = compiled("steps_block")
    halves = [Measured(steps=250), Measured(steps=250)]
    assert [walk.reduction(half).grams for half in halves] == [0, 0]
    assert walk.reduction_of_sum(halves).exact == "8.2"
    assert walk.reduction_of_sum([]).grams == 0


def test_a_published_methodology_is_calculated_with_by_its_content() -> None:
    class Published(msgspec.Struct, frozen=True):
        formula: FormulaKind
        parameters: dict[str, str]
        factors: tuple[Factor, ...]

    methodology = Published("steps_block", {"block_steps": "500"}, factors_of("steps_block"))
    assert reduction_g(methodology, Measured(steps=7250)).grams == 114
    assert reduction_g(methodology, Measured(steps=7250), share="0.5").exact == "57.4"


@pytest.mark.parametrize("share", ["0", "1.000000001", "-1", "half", "2", ""])
def test_a_share_is_above_0_and_at_most_1(share: str) -> None:
    with pytest.raises(ShareOutOfBounds):
        compiled("act_count").reduction(Measured(count=1), share=share)


@pytest.mark.parametrize(("share", "grams"), [("1", 105), ("1.0", 105), ("0.5", 52), ("0.000000001", 0)])
def test_a_share_is_taken_before_the_floor(share: str, grams: int) -> None:
    assert compiled("act_count").reduction(Measured(count=1), share=share).grams == grams


# ── What may be published ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("formula", "chosen_set"), ALL_SETS)
def test_a_methodology_with_precisely_the_factors_needed_may_be_published(
    formula: FormulaKind, chosen_set: int
) -> None:
    factors = factors_of(formula, chosen_set)
    check_methodology(formula=formula, parameters=parameters_of(formula), factors=factors)
    compile_formula(formula, parameters_of(formula), factors)


@pytest.mark.parametrize(("formula", "chosen_set"), ALL_SETS)
def test_a_methodology_lacking_one_factor_is_told_which(formula: FormulaKind, chosen_set: int) -> None:
    factors = factors_of(formula, chosen_set)
    for place, left_out in enumerate(factors):
        error = refused(parameters_of(formula), *factors[:place], *factors[place + 1 :], formula=formula)
        assert isinstance(error, FactorMissing)
        assert error.details() == {"factor": left_out.name, "unit": left_out.unit, "formula": formula}


def test_kinds_of_formula_are_those_registered() -> None:
    assert set(FORMULAS) == set(get_args(FormulaKind))
    error = refused({}, formula="guess")
    assert isinstance(error, FormulaUnknown)
    assert error.known == sorted(FORMULAS)


def test_parameters_are_precisely_those_needed() -> None:
    block = factors_of("steps_block")
    assert isinstance(refused({}, *block, formula="steps_block"), ParameterMissing)
    assert isinstance(refused({"block": "1"}, *block, formula="steps_block"), ParameterUnknown)
    assert isinstance(refused({"block_steps": "1"}, factor(PER_KM)), ParameterUnknown)


@pytest.mark.parametrize("value", ["0", "-1", "500.5", "many", str(limits.BLOCK_STEPS_MAX + 1)])
def test_a_block_is_a_whole_number_of_steps_within_its_bounds(value: str) -> None:
    error = refused({"block_steps": value}, *factors_of("steps_block"), formula="steps_block")
    assert isinstance(error, ParameterOutOfBounds)
    assert error.value_max == limits.BLOCK_STEPS_MAX


@pytest.mark.parametrize("value", ["1", "1.0", str(limits.BLOCK_STEPS_MAX)])
def test_a_block_may_be_as_small_and_as_large_as_its_bounds(value: str) -> None:
    check_methodology(
        formula="steps_block", parameters={"block_steps": value}, factors=factors_of("steps_block")
    )


def test_a_factor_that_is_repeated_unknown_or_in_another_unit_is_refused() -> None:
    good = factor(PER_KM)
    assert isinstance(refused({}, good, good), FactorRepeated)
    assert isinstance(refused({}, good, factor(FactorNeed("grid", "kg/kWh"))), FactorUnknown)
    error = refused({}, factor(PER_KM, unit="kg/km"))
    assert isinstance(error, FactorUnitMismatch)
    assert error.details() == {"factor": "per_km", "unit": "kg/km", "unit_expected": "g/km"}


def test_petrol_given_both_per_litre_and_by_its_chain_is_refused() -> None:
    both = {factor.name: factor for place in (0, 1) for factor in factors_of("trip_against_petrol", place)}
    assert isinstance(refused({}, *both.values(), formula="trip_against_petrol"), FactorUnknown)


NEEDS = sorted({need for formula in FORMULAS.values() for needs in formula.factor_sets for need in needs})


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: need.name)
def test_a_factor_is_taken_at_its_bounds_and_refused_one_past_them(need: FactorNeed) -> None:
    formula, place = next(
        (kind, place) for kind, place in ALL_SETS if need in FORMULAS[kind].factor_sets[place]
    )
    others = [other for other in factors_of(formula, place) if other.name != need.name]
    bound = limits.FACTOR_VALUE_MAX[need.unit]
    low = limits.CONSUMPTION_KWH_PER_100KM_MIN if need.name == "consumption" else "0"
    below = "0.099999999" if need.name == "consumption" else "-0.1"
    for value in (low, str(bound)):
        check_methodology(
            formula=formula,
            parameters=parameters_of(formula),
            factors=[*others, factor(need, value=value)],
        )
    for value in (below, f"{bound}.000000001", "1e3", "x" * 99):
        error = refused(parameters_of(formula), *others, factor(need, value=value), formula=formula)
        assert isinstance(error, FactorOutOfBounds)
        assert (error.value, error.value_min, error.value_max) == (value[:40], low, str(bound))


def test_every_unit_with_a_bound_is_used() -> None:
    assert {need.unit for need in NEEDS} == set(limits.FACTOR_VALUE_MAX)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("source", ""),
        ("source", " \t"),
        ("source", "x" * (limits.TEXT_CHARS_MAX + 1)),
        ("region", ""),
        ("year", limits.FACTOR_YEAR_MIN - 1),
        ("year", limits.FACTOR_YEAR_MAX + 1),
        ("published_on", "2024-02-30"),
        ("published_on", "2024"),
        ("published_on", "2024-13"),
        ("published_on", "20241220"),
        ("published_on", "\uff12024-01-01"),
    ],
)
def test_a_factor_that_nobody_could_look_up_is_refused(field: str, value: object) -> None:
    error = refused({}, factor(PER_KM, **{field: value}))
    assert isinstance(error, FactorUnsourced)
    assert error.field == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("source", "x" * limits.TEXT_CHARS_MAX),
        ("year", limits.FACTOR_YEAR_MIN),
        ("year", limits.FACTOR_YEAR_MAX),
        ("published_on", "2024-02-29"),
        ("published_on", "2026-01"),
    ],
)
def test_a_factor_may_say_as_much_as_its_source_does(field: str, value: object) -> None:
    check_methodology(formula="distance", parameters={}, factors=[factor(PER_KM, **{field: value})])
