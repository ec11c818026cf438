"""Exactness, held against `fractions.Fraction` for any numbers whatever."""

from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain import limits
from ledger.domain.errors import DecimalMalformed, SplitWeightsInvalid
from ledger.domain.methodologies.formulas import FORMULAS
from ledger.domain.methodologies.measured import MEASURED_MAX
from ledger.domain.methodology import Factor, FormulaKind, Measured, compile_formula
from ledger.domain.quantities import (
    BILLIONTHS,
    billionths,
    exact,
    exact_text,
    floor_to_whole,
    split_by_largest_remainder,
)

DECIMALS = st.builds(
    lambda whole, part: f"{whole}.{part}" if part else str(whole),
    st.integers(0, 10**limits.DECIMAL_INTEGER_DIGITS_MAX - 1),
    st.text("0123456789", max_size=limits.DECIMAL_FRACTION_DIGITS_MAX),
)
FRACTIONS = st.fractions(max_denominator=10**12)
WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any)


def decimals_up_to(value_max: int) -> st.SearchStrategy[str]:
    scaled = st.integers(0, value_max * BILLIONTHS)
    return scaled.map(lambda value: f"{value // BILLIONTHS}.{value % BILLIONTHS:09d}")


# ── Reading and writing ──────────────────────────────────────────────────────────────────────


@given(DECIMALS)
def test_decimal_text_is_read_exactly(text: str) -> None:
    assert exact(text) == Fraction(text)
    assert Fraction(billionths(text), BILLIONTHS) == Fraction(Decimal(text))


@given(st.text(max_size=24))
def test_text_is_read_only_if_python_and_its_ascii_spelling_agree(text: str) -> None:
    try:
        value = exact(text)
    except DecimalMalformed:
        return
    assert text.isascii()
    assert set(text) <= set("0123456789.")
    assert value == Fraction(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            ".",
            "1.",
            ".1",
            "00",
            "01",
            "-0",
            "+1",
            "1e2",
            "1_0",
            " 1",
            "1 ",
            "1\n",
            "1,0",
            "0x1",
            "1\x00",
        ),
        "\uff11",  # full-width one
        "\u0661",  # Arabic-Indic one
        "9" * (limits.DECIMAL_INTEGER_DIGITS_MAX + 1),
        "0." + "0" * (limits.DECIMAL_FRACTION_DIGITS_MAX + 1),
    ],
)
def test_other_spellings_of_numbers_are_refused(text: str) -> None:
    with pytest.raises(DecimalMalformed):
        exact(text)


def test_the_longest_decimals_are_read() -> None:
    whole, part = "9" * limits.DECIMAL_INTEGER_DIGITS_MAX, "9" * limits.DECIMAL_FRACTION_DIGITS_MAX
    assert billionths(f"{whole}.{part}") == int(whole + part)


@given(FRACTIONS)
def test_exact_text_says_the_value_and_nothing_else(value: Fraction) -> None:
    text = exact_text(value)
    assert Fraction(text) == value
    if "." in text:
        assert not text.endswith("0")


@given(DECIMALS)
def test_a_decimal_is_written_back_as_a_decimal(text: str) -> None:
    assert "/" not in exact_text(exact(text))


# ── The floor ────────────────────────────────────────────────────────────────────────────────


@given(FRACTIONS)
def test_the_floor_never_exceeds_the_value_nor_falls_below_0(value: Fraction) -> None:
    whole = floor_to_whole(value)
    assert whole == max(0, floor(value))
    assert whole <= max(value, Fraction()) < whole + 1


@given(FRACTIONS, FRACTIONS)
def test_more_never_floors_to_less(one: Fraction, other: Fraction) -> None:
    less, more = sorted((one, other))
    assert floor_to_whole(less) <= floor_to_whole(more)


# ── Splitting ────────────────────────────────────────────────────────────────────────────────


@given(st.integers(-(10**12), 10**12), WEIGHTS)
def test_the_parts_sum_to_the_total_and_stay_within_one_of_their_share(
    total: int, weights: list[int]
) -> None:
    parts = split_by_largest_remainder(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        share = Fraction(total * weight, sum(weights))
        assert abs(part - share) < 1
        assert part == 0 or weight > 0


@given(st.integers(0, 10**12), WEIGHTS)
def test_a_refund_takes_precisely_what_the_payment_took(total: int, weights: list[int]) -> None:
    paid = split_by_largest_remainder(total, weights)
    assert split_by_largest_remainder(-total, weights) == [-part for part in paid]


@given(st.integers(1, 50), st.data())
def test_ties_go_to_those_declared_first(count: int, data: st.DataObject) -> None:
    left = data.draw(st.integers(0, count - 1))
    assert split_by_largest_remainder(left, [7] * count) == [1] * left + [0] * (count - left)


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [1, -1], [3, -1]])
def test_weights_that_divide_nothing_are_refused(weights: list[int]) -> None:
    with pytest.raises(SplitWeightsInvalid):
        split_by_largest_remainder(100, weights)


# ── A whole trip, the long way round ─────────────────────────────────────────────────────────


@st.composite
def factors_for(draw: st.DrawFn, formula: FormulaKind, chosen_set: int) -> tuple[Factor, ...]:
    return tuple(
        Factor(
            name=need.name,
            value=draw(decimals_up_to(limits.FACTOR_VALUE_MAX[need.unit])),
            unit=need.unit,
            region="全国",
            year=2022,
            source="drawn",
        )
        for need in FORMULAS[formula].factor_sets[chosen_set]
    )


DISTANCES, ENERGIES, FUELS = (
    decimals_up_to(MEASURED_MAX[field]) for field in ("distance_km", "energy_kwh", "fuel_l")
)
SHARES = st.sampled_from(["1", "0.5", "0.333", "0.000000001"])


@given(factors_for("phev_trip_against_petrol", 1), DISTANCES, ENERGIES, FUELS, SHARES)
def test_a_trip_equals_its_formula_in_plain_fractions(
    factors: tuple[Factor, ...], distance_km: str, energy_kwh: str, fuel_l: str, share: str
) -> None:
    value = {factor.name: Fraction(factor.value) for factor in factors}
    petrol = (
        value["petrol_net_calorific_value"]
        * value["petrol_carbon_content"]
        * value["petrol_oxidation"]
        * Fraction(44, 12)
        * value["petrol_density"]
        * 1000
    )
    baseline = Fraction(distance_km) * value["baseline_consumption"] / 100 * petrol
    project = Fraction(energy_kwh) * value["grid"] * 1000 + Fraction(fuel_l) * petrol
    expected = (baseline - project) * Fraction(share)

    reduction = compile_formula("phev_trip_against_petrol", {}, factors).reduction(
        Measured(distance_km=distance_km, energy_kwh=energy_kwh, fuel_l=fuel_l), share=share
    )
    assert Fraction(reduction.exact) == expected
    assert reduction.grams == max(0, floor(expected))
    assert reduction.grams < 2**53  # far inside a 64-bit balance


@given(factors_for("trip_against_petrol", 0), st.lists(st.tuples(DISTANCES, ENERGIES), max_size=5))
def test_a_day_in_any_order_is_the_sum_of_its_exact_trips(
    factors: tuple[Factor, ...], trips: list[tuple[str, str]]
) -> None:
    methodology = compile_formula("trip_against_petrol", {}, factors)
    parts = [Measured(distance_km=distance_km, energy_kwh=energy_kwh) for distance_km, energy_kwh in trips]
    day = methodology.reduction_of_sum(parts)
    summed = sum((Fraction(methodology.reduction(part).exact) for part in parts), Fraction())
    assert Fraction(day.exact) == summed
    assert day == methodology.reduction_of_sum(reversed(parts))


@given(
    st.integers(1, limits.BLOCK_STEPS_MAX),
    st.integers(0, limits.STEPS_MAX - 1),
    factors_for("steps_block", 0),
)
def test_one_step_more_never_avoids_less(block_steps: int, steps: int, factors: tuple[Factor, ...]) -> None:
    walk = compile_formula("steps_block", {"block_steps": str(block_steps)}, factors)
    grams = walk.reduction(Measured(steps=steps)).grams
    assert grams == floor(steps // block_steps * Fraction(factors[0].value))
    assert grams <= walk.reduction(Measured(steps=steps + 1)).grams
