"""The worked examples that ship with the ledger, each under its own id."""

import json
from collections.abc import Callable
from fractions import Fraction
from importlib.resources import files
from typing import Any

import pytest

from ledger.domain.conversion import CreditsPerAct, CreditsPerBlock, CreditsPerGrams, credits_for, remainder_g
from ledger.domain.methodologies.formulas import petrol_g_per_l
from ledger.domain.methodology import (
    CompiledFormula,
    Factor,
    FormulaKind,
    Measured,
    check_methodology,
    compile_formula,
)
from ledger.domain.quantities import exact, exact_text, split_by_largest_remainder
from ledger.reference_data import grid_factor, petrol_factors

Case = dict[str, Any]
CASES: dict[str, Case] = {
    case["id"]: case
    for case in json.loads(
        files("ledger").joinpath("data", "golden_examples.json").read_text(encoding="utf-8")
    )
}

LEFT_OUT = {
    "KR-CAR": "pays by tiers of an odometer's yearly saving; no formula here has a personal baseline",
    "SEOUL-ECO": "pays by tiers of a household's percentage saved; likewise",
    "WH-RETAIL-VS-WHOLESALE": "compares two markets' prices; nothing is measured or converted",
    "WXPAY-ROW": "the fee of a payment bill, rounded half up by its issuer: a matter of reconciliation",
}


def prepared(formula: FormulaKind, *factors: Factor, **parameters: str) -> CompiledFormula:
    check_methodology(formula=formula, parameters=parameters, factors=factors)
    return compile_formula(formula, parameters, factors)


def sourced(case: Case, name: str, value: str, unit: str) -> Factor:
    return Factor(name=name, value=value, unit=unit, region="全国", year=2022, source=case["source"])


def assert_trip(case: Case, formula: FormulaKind, grid: Factor, measured: Measured) -> None:
    factors = (*petrol_factors(), grid)
    trip = prepared(formula, *factors)
    reduction = trip.reduction(measured)
    baseline, *project = (Fraction(term.exact_g) for term in trip.explain(measured))

    assert case["steps"]["baseline_g"] == exact_text(baseline)
    assert case["steps"]["project_g"] == exact_text(-sum(project, Fraction()))
    assert case["steps"]["reduction_g"] == reduction.exact
    assert case["result_g"] == reduction.grams
    petrol = petrol_g_per_l({factor.name: exact(factor.value) for factor in factors})
    assert case["steps"].get("gasoline_g_per_L", "2164.5414252") == exact_text(petrol)
    if "credits_1pt_per_100g" in case:
        rule = CreditsPerGrams(credits=1, per_g=100)
        assert case["credits_1pt_per_100g"] == credits_for(rule, amount_g=reduction.grams, measured=measured)
        assert case["remainder_g"] == remainder_g(rule, amount_g=reduction.grams)


def electric_trip_in(region: str) -> Callable[[Case], None]:
    def check(case: Case) -> None:
        inputs = case["inputs"]
        grid = grid_factor(region, 2022)
        assert grid.value == inputs["grid_kgco2_per_kwh"]
        measured = Measured(distance_km=inputs["distance_km"], energy_kwh=inputs["energy_kwh"])
        assert_trip(case, "trip_against_petrol", grid, measured)

    return check


def plug_in_hybrid_trip(case: Case) -> None:
    inputs = case["inputs"]
    measured = Measured(
        distance_km=inputs["distance_km"], energy_kwh=inputs["energy_kwh"], fuel_l=inputs["fuel_l"]
    )
    assert_trip(case, "phev_trip_against_petrol", grid_factor("四川", 2022), measured)


def product(formula: FormulaKind, factor: str, unit: str, field: str) -> Callable[[Case], None]:
    """A case whose `expr` is one measurement times one factor."""

    def check(case: Case) -> None:
        amount, value = case["expr"].split("*")
        reported: Any = int(amount) if field in {"steps", "count"} else amount
        reduction = prepared(formula, sourced(case, factor, value, unit)).reduction(
            Measured(**{field: reported})
        )
        assert (case["exact"], case["result_g"]) == (reduction.exact, reduction.grams)

    return check


def evidence_tiers(case: Case) -> None:
    for ride in ("bus", "metro"):
        evidence_g, self_declared_g = (
            case["result"][f"{ride}_{tier}_g"] for tier in ("evidence", "selfdeclared")
        )
        rides = prepared("act_count", sourced(case, "per_act", str(evidence_g), "g/act"))
        assert rides.reduction(Measured(count=1)).grams == evidence_g
        assert rides.reduction(Measured(count=1), share="0.5").grams == self_declared_g


def blocks_of_steps(case: Case) -> None:
    walk = Measured(steps=7250)
    blocks = prepared("steps_block", sourced(case, "per_block", "8.2", "g/block"), block_steps="500")
    proportional = prepared("steps_proportional", sourced(case, "per_step", "0.0164", "g/step"))
    rule = CreditsPerBlock(credits=1, block=500, field="steps")

    assert blocks.reduction(walk).exact == case["result"]["block_grams"]
    assert proportional.reduction(walk).exact == case["result"]["proportional_grams"]
    amount_g = blocks.reduction(walk).grams
    assert amount_g == 114
    assert credits_for(rule, amount_g=amount_g, measured=walk) == case["result"]["points"]


def rates_of_one_city(case: Case) -> None:
    act, bus = CreditsPerAct(credits=5), CreditsPerAct(credits=10)
    steps = CreditsPerBlock(credits=1, block=500, field="steps")
    clothes = CreditsPerBlock(credits=30, block=1, field="mass_kg")
    g_per_point = []
    for name, rule, formula, factor, unit, measured in (
        ("plate_clean", act, "act_count", "per_act", "g/act", Measured(count=1)),
        ("bus", bus, "act_count", "per_act", "g/act", Measured(count=1)),
        ("steps_500", steps, "steps_block", "per_block", "g/block", Measured(steps=500)),
        ("clothes_1kg", clothes, "mass", "per_kg", "g/kg", Measured(mass_kg="1")),
    ):
        grams, points = case["result"][name].removesuffix(" pt").split(" g / ")
        parameters = {"block_steps": "500"} if formula == "steps_block" else {}
        methodology = prepared(formula, sourced(case, factor, grams, unit), **parameters)  # type: ignore[arg-type]
        reduction = methodology.reduction(measured)
        assert reduction.exact == grams
        assert credits_for(rule, amount_g=reduction.grams, measured=measured) == int(points)
        g_per_point.append(Fraction(grams) / int(points))
    assert g_per_point == [Fraction("28.8"), 8, Fraction("8.2"), Fraction(1280, 30)]
    # No number of grams per credit serves two of these scenarios, let alone all four.
    assert len(set(g_per_point)) == len(g_per_point)


def rooftop_sun(case: Case) -> None:
    grid = grid_factor("广东", 2022)
    reduction = prepared("generation", grid).reduction(Measured(generated_kwh="1250"))
    assert (case["exact"], case["result_g"]) == (reduction.exact, reduction.grams)


def split_between_sponsors(case: Case) -> None:
    weights = [50, 30, 20]
    assert [exact_text(Fraction(333 * weight, 100)) for weight in weights] == case["exact"]
    assert split_by_largest_remainder(333, weights) == case["result"]


CHECKS: dict[str, Callable[[Case], None]] = {
    "NEV-BEV-SICHUAN": electric_trip_in("四川"),
    "NEV-BEV-SOUTHWEST": electric_trip_in("西南"),
    "NEV-BEV-NATIONAL": electric_trip_in("全国"),
    "NEV-BEV-FLOOR0": electric_trip_in("内蒙古"),
    "NEV-PHEV": plug_in_hybrid_trip,
    "SZ-BUS": product("distance", "per_km", "g/km", "distance_km"),
    "WH-BIKE": product("distance", "per_km", "g/km", "distance_km"),
    "WH-METRO": product("act_count", "per_act", "g/act", "count"),
    "HB-STEPS": product("steps_proportional", "per_step", "g/step", "steps"),
    "HB-EVIDENCE-TIER": evidence_tiers,
    "LZ-STEPS-BLOCK": blocks_of_steps,
    "LZ-RATES": rates_of_one_city,
    "PV-GD": rooftop_sun,
    "SPLIT-333": split_between_sponsors,
}


@pytest.mark.parametrize("case_id", CHECKS)
def test_the_worked_example_comes_out_to_the_gram(case_id: str) -> None:
    CHECKS[case_id](CASES[case_id])


def test_every_worked_example_is_checked_or_left_out_for_a_reason() -> None:
    assert sorted([*CHECKS, *LEFT_OUT]) == sorted(CASES)
