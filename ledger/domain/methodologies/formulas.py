"""The formulas that methodologies choose from: what each needs, and what it does with it.

A formula is code and frozen under its kind; its numbers are data. Each one is a sum of terms, a
coefficient in grams times one measurement, so that one calculation serves them all, a day can be
summed before it is rounded, and an auditor can be shown every term.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

from ledger.domain import limits
from ledger.domain.methodologies.factors import FactorNeed
from ledger.domain.methodologies.measured import MeasuredField

FormulaKind = Literal[
    "distance",
    "trip_against_petrol",
    "phev_trip_against_petrol",
    "charging",
    "steps_proportional",
    "steps_block",
    "act_count",
    "mass",
    "generation",
]

CO2_PER_CARBON = Fraction(44, 12)
"""Tonnes of CO2 from a tonne of carbon: the ratio of the molar masses.

Source: the worked examples of `ledger/data/golden_examples.json`, after the GB/T 32150-type table.
"""

G_PER_KG = 1_000

Values = Mapping[str, Fraction]
"""The factors and parameters of a methodology by name, each in the unit its formula needs."""


class Term(NamedTuple):
    """One summand: `coefficient_g` grams for every unit of a measurement, or for every whole block.

    Attributes:
        role: what the summand stands for: the baseline avoided, or the project's own emissions.
        field: the measurement.
        coefficient_g: grams per unit or block; negative for the project's own emissions.
        block: units in one whole block, floored; None when every part of a unit counts.
    """

    role: Literal["baseline", "project"]
    field: MeasuredField
    coefficient_g: Fraction
    block: int | None = None


@dataclass(frozen=True, kw_only=True)
class Formula:
    """One kind of formula.

    Attributes:
        fields: measurements an activity must report; any other is refused. Not one is optional, since
            whatever may be left out lowers the project's emissions and so raises the reduction.
        parameters: the programme's own choices, each with its greatest value; whole, at least 1.
        factor_sets: the sets of factors it can calculate with; a methodology gives precisely one.
        terms: the summands made of those values.
    """

    fields: tuple[MeasuredField, ...]
    factor_sets: tuple[tuple[FactorNeed, ...], ...]
    terms: Callable[[Values], tuple[Term, ...]]
    parameters: Mapping[str, int]


_GRID = FactorNeed("grid", "kg/kWh")
_BASELINE = FactorNeed("baseline_consumption", "L/100km")
_CONSUMPTION = FactorNeed("consumption", "kWh/100km")
_PETROL = (FactorNeed("petrol", "g/L"),)
_PETROL_CHAIN = (
    FactorNeed("petrol_net_calorific_value", "GJ/t"),
    FactorNeed("petrol_carbon_content", "tC/GJ"),
    FactorNeed("petrol_oxidation", "ratio"),
    FactorNeed("petrol_density", "kg/L"),
)


def petrol_g_per_l(values: Values) -> Fraction:
    """Grams of CO2 from burning a litre of petrol, as given or by the chain of factors.

    The chain is calorific value, carbon content, oxidation, 44/12 and density.

    Source: T/CSAE 235-2021, with the chain and its defaults of the GB/T 32150-type table.
    """
    if "petrol" in values:
        return values["petrol"]
    co2_t_per_t = (
        values["petrol_net_calorific_value"]
        * values["petrol_carbon_content"]
        * values["petrol_oxidation"]
        * CO2_PER_CARBON
    )
    # Tonnes per tonne are kilograms per kilogram; the density makes them kilograms per litre.
    return co2_t_per_t * values["petrol_density"] * G_PER_KG


def _baseline_g_per_km(values: Values) -> Fraction:
    """Grams that the petrol car of the baseline emits per kilometre."""
    return values["baseline_consumption"] / 100 * petrol_g_per_l(values)


def _grid_g_per_kwh(values: Values) -> Fraction:
    """Grams that a kilowatt-hour from the grid stands for."""
    return values["grid"] * G_PER_KG


def _trip_terms(values: Values) -> tuple[Term, ...]:
    """ER = D · FC/100 · EF_fuel - E · EF_grid, leakage 0. Source: T/CSAE 235-2021."""
    return (
        Term("baseline", "distance_km", _baseline_g_per_km(values)),
        Term("project", "energy_kwh", -_grid_g_per_kwh(values)),
    )


def _phev_trip_terms(values: Values) -> tuple[Term, ...]:
    """ER = D · FC/100 · EF_fuel - (E · EF_grid + V · EF_fuel), leakage 0. Source: T/CSAE 235-2021."""
    return (*_trip_terms(values), Term("project", "fuel_l", -petrol_g_per_l(values)))


def _charging_terms(values: Values) -> tuple[Term, ...]:
    """The trip formula where only the charge is known: the distance is the charge over a consumption.

    The consumption counts electricity at the charging point, losses included, as the charge does.
    """
    km_per_kwh = 100 / values["consumption"]
    return (
        Term("baseline", "charged_kwh", km_per_kwh * _baseline_g_per_km(values)),
        Term("project", "charged_kwh", -_grid_g_per_kwh(values)),
    )


def _generation_terms(values: Values) -> tuple[Term, ...]:
    """ER = EG · EF: every kilowatt-hour generated is one that the grid need not."""
    return (Term("baseline", "generated_kwh", _grid_g_per_kwh(values)),)


def _steps_block_terms(values: Values) -> tuple[Term, ...]:
    """Grams per whole block of steps; the steps beyond the last whole block earn nothing."""
    block_steps = values["block_steps"].numerator  # published as a whole number
    return (Term("baseline", "steps", values["per_block"], block_steps),)


def _proportional(field: MeasuredField, factor: str, unit: str) -> Formula:
    """A formula of one measurement times one factor in grams per unit."""

    def terms(values: Values) -> tuple[Term, ...]:
        return (Term("baseline", field, values[factor]),)

    return Formula(fields=(field,), factor_sets=((FactorNeed(factor, unit),),), terms=terms, parameters={})


FORMULAS: Mapping[FormulaKind, Formula] = {
    "distance": _proportional("distance_km", "per_km", "g/km"),
    "trip_against_petrol": Formula(
        fields=("distance_km", "energy_kwh"),
        factor_sets=((_BASELINE, _GRID, *_PETROL), (_BASELINE, _GRID, *_PETROL_CHAIN)),
        terms=_trip_terms,
        parameters={},
    ),
    "phev_trip_against_petrol": Formula(
        fields=("distance_km", "energy_kwh", "fuel_l"),
        factor_sets=((_BASELINE, _GRID, *_PETROL), (_BASELINE, _GRID, *_PETROL_CHAIN)),
        terms=_phev_trip_terms,
        parameters={},
    ),
    "charging": Formula(
        fields=("charged_kwh",),
        factor_sets=(
            (_BASELINE, _CONSUMPTION, _GRID, *_PETROL),
            (_BASELINE, _CONSUMPTION, _GRID, *_PETROL_CHAIN),
        ),
        terms=_charging_terms,
        parameters={},
    ),
    "steps_proportional": _proportional("steps", "per_step", "g/step"),
    "steps_block": Formula(
        fields=("steps",),
        factor_sets=((FactorNeed("per_block", "g/block"),),),
        terms=_steps_block_terms,
        parameters={"block_steps": limits.BLOCK_STEPS_MAX},
    ),
    "act_count": _proportional("count", "per_act", "g/act"),
    "mass": _proportional("mass_kg", "per_kg", "g/kg"),
    "generation": Formula(
        fields=("generated_kwh",), factor_sets=((_GRID,),), terms=_generation_terms, parameters={}
    ),
}
