"""Methodologies: whether one may be published, and how many grams an activity avoids by it.

The door to `ledger/domain/methodologies/`. Checking refuses and happens once, when a version is
published; preparing never refuses what was once published, so that a rule tightened later cannot
stop an old methodology from being replayed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import Literal, Protocol, get_args

import msgspec

from ledger.domain import limits
from ledger.domain.errors import (
    DecimalMalformed,
    FormulaUnknown,
    ParameterMissing,
    ParameterOutOfBounds,
    ParameterUnknown,
    ShareOutOfBounds,
)
from ledger.domain.methodologies.factors import Factor, check_factors
from ledger.domain.methodologies.formulas import FORMULAS, FormulaKind, Term
from ledger.domain.methodologies.measured import MEASURED_FIELDS, Measured, MeasuredField, read_measured
from ledger.domain.quantities import BILLIONTHS, exact, exact_text, floor_to_whole

__all__ = [
    "WHOLE_SHARE",
    "CompiledFormula",
    "ExplainedTerm",
    "Factor",
    "FormulaKind",
    "Measured",
    "MeasuredField",
    "Methodology",
    "Reduction",
    "check_methodology",
    "compile_formula",
    "read_share",
    "reduction_g",
]

WHOLE_SHARE = "1"
"""The share of an activity whose evidence is fully trusted."""


class Methodology(Protocol):
    """What a reduction needs of a published methodology, whatever else its event carries."""

    @property
    def formula(self) -> FormulaKind:
        """The kind of formula."""
        ...

    @property
    def parameters(self) -> Mapping[str, str]:
        """The programme's own choices, decimal text by name."""
        ...

    @property
    def factors(self) -> tuple[Factor, ...]:
        """The published numbers that the formula calculates with."""
        ...


class Reduction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one activity, or one day of them, avoids.

    Attributes:
        exact: grams before the floor, as a decimal or a fraction in lowest terms; may be below 0.
        grams: whole grams after the one floor; never below 0.
    """

    exact: str
    grams: int


class ExplainedTerm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One summand of a reduction, so that anyone can redo it by hand. All values are exact text.

    Attributes:
        role: the baseline avoided, or the project's own emissions.
        field: the measurement it multiplies.
        coefficient_g: grams per unit of the measurement, or per block.
        exact_g: the product, before any floor to grams.
    """

    role: Literal["baseline", "project"]
    field: MeasuredField
    coefficient_g: str
    exact_g: str


# ── Decide: may this be published? ───────────────────────────────────────────────────────────


def check_methodology(*, formula: str, parameters: Mapping[str, str], factors: Iterable[Factor]) -> None:
    """Refuse a methodology that its formula could not calculate with, or that nobody could check.

    Every factor must name its source; one that nobody published is marked illustrative and says so.

    Raises (in this order):
        FormulaUnknown: no formula of that kind.
        ParameterUnknown, ParameterMissing, ParameterOutOfBounds: the parameters are not the ones
            needed, each a whole number from 1 to its bound.
        FactorRepeated, FactorUnknown, FactorMissing, FactorUnitMismatch, FactorOutOfBounds,
            FactorUnsourced: as `check_factors`.
    """
    if formula not in get_args(FormulaKind):
        raise FormulaUnknown(formula=formula[: limits.ECHO_CHARS_MAX], known=sorted(FORMULAS))
    chosen = FORMULAS[formula]  # type: ignore[index]  # looked up just above
    _check_parameters(parameters, bounds=chosen.parameters, formula=formula)
    factors = tuple(factors)
    names = {factor.name for factor in factors}
    # The set that the given names differ least from is the one that was meant, so that the answer
    # names one wrong factor and not a whole chain.
    needs = min(chosen.factor_sets, key=lambda needs: len(names ^ {need.name for need in needs}))
    check_factors(factors, needs=needs, formula=formula)


def _check_parameters(parameters: Mapping[str, str], *, bounds: Mapping[str, int], formula: str) -> None:
    """Refuse parameters that are not precisely those needed, whole, from 1 to their bounds."""
    for name in parameters:
        if name not in bounds:
            raise ParameterUnknown(parameter=name[: limits.ECHO_CHARS_MAX], formula=formula)
    for name, value_max in bounds.items():
        if name not in parameters:
            raise ParameterMissing(parameter=name, formula=formula)
        text = parameters[name]
        try:
            value = exact(text)
        except DecimalMalformed:
            value = Fraction(0)
        if value.denominator != 1 or not 1 <= value <= value_max:
            echo = text[: limits.ECHO_CHARS_MAX]
            raise ParameterOutOfBounds(parameter=name, value=echo, value_max=value_max)


# ── Calculate ────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=256)
def read_share(text: str) -> Fraction:
    """Read the share of a reduction that an evidence tier or a quality flag leaves, above 0 and at most 1.

    Raises:
        ShareOutOfBounds: no plain decimal, or not within those bounds.
    """
    try:
        share = exact(text)
    except DecimalMalformed:
        share = Fraction(0)
    if not 0 < share <= 1:
        raise ShareOutOfBounds(value=text[: limits.ECHO_CHARS_MAX])
    return share


@dataclass(frozen=True, kw_only=True, slots=True)
class CompiledFormula:
    """A formula prepared with one methodology's numbers; keep it beside the published version.

    Attributes:
        kind: of the formula.
        fields: measurements an activity must report; it may report no other.
        terms: the summands.
    """

    kind: FormulaKind
    fields: frozenset[MeasuredField]
    terms: tuple[Term, ...]
    # Per term: place of the field among MEASURED_FIELDS, billionths in a block or 0, and the
    # coefficient as a numerator over the common denominator. Whole numbers make a trip several
    # times cheaper than summing fractions does.
    _steps: tuple[tuple[int, int, int], ...]
    _denominator: int

    def reduction(self, measured: Measured, *, share: str = WHOLE_SHARE) -> Reduction:
        """Grams of CO2e that one activity avoids: exact, then one floor, never below 0.

        Args:
            measured: as reported.
            share: the part of it that the evidence earns, such as ``"0.5"``; applied before the floor.

        Raises:
            MeasurementMissing, MeasurementUnexpected, MeasurementMalformed, MeasurementOutOfBounds:
                as `read_measured`.
            ShareOutOfBounds: as `read_share`.
        """
        return self._reduce(read_measured(measured, fields=self.fields, formula=self.kind), share)

    def reduction_of_sum(self, parts: Iterable[Measured], *, share: str = WHOLE_SHARE) -> Reduction:
        """Grams of a whole period: measurements are summed first and floored once, blocks included.

        For methodologies whose period is the day; no parts at all avoid nothing.

        Raises:
            As `reduction`, for any of the parts; bounds hold for each part, not for the sum.
        """
        values = [0] * len(MEASURED_FIELDS)
        for part in parts:
            read = read_measured(part, fields=self.fields, formula=self.kind)
            values = [sum(pair) for pair in zip(values, read, strict=True)]
        return self._reduce(values, share)

    def explain(self, measured: Measured) -> tuple[ExplainedTerm, ...]:
        """Every summand of the reduction, exact, for whoever wants to redo it.

        Raises:
            As `reduction`.
        """
        values = read_measured(measured, fields=self.fields, formula=self.kind)
        return tuple(
            ExplainedTerm(
                role=term.role,
                field=term.field,
                coefficient_g=exact_text(term.coefficient_g),
                exact_g=exact_text(self._exact_g(values, (step,))),
            )
            for term, step in zip(self.terms, self._steps, strict=True)
        )

    def _reduce(self, values: list[int], share: str) -> Reduction:
        value = self._exact_g(values, self._steps)
        if share != WHOLE_SHARE:
            value *= read_share(share)
        return Reduction(exact=exact_text(value), grams=floor_to_whole(value))

    def _exact_g(self, values: list[int], steps: tuple[tuple[int, int, int], ...]) -> Fraction:
        """Sum the given terms over values in billionths."""
        total = 0
        for place, block, numerator in steps:
            value = values[place]
            if block:
                value = value // block * BILLIONTHS
            total += numerator * value
        return Fraction(total, self._denominator)


def compile_formula(
    formula: FormulaKind, parameters: Mapping[str, str], factors: Iterable[Factor]
) -> CompiledFormula:
    """Prepare a published methodology for calculating; never refuses what `check_methodology` passed."""
    values = {name: exact(text) for name, text in parameters.items()}
    values.update((factor.name, exact(factor.value)) for factor in factors)
    terms = FORMULAS[formula].terms(values)
    common = lcm(*(term.coefficient_g.denominator for term in terms))
    return CompiledFormula(
        kind=formula,
        fields=frozenset(FORMULAS[formula].fields),
        terms=terms,
        _steps=tuple(
            (
                MEASURED_FIELDS.index(term.field),
                (term.block or 0) * BILLIONTHS,
                int(term.coefficient_g * common),
            )
            for term in terms
        ),
        _denominator=common * BILLIONTHS,
    )


@lru_cache(maxsize=1024)
def _compiled(
    formula: FormulaKind, parameters: tuple[tuple[str, str], ...], factors: tuple[Factor, ...]
) -> CompiledFormula:
    return compile_formula(formula, dict(parameters), factors)


def reduction_g(methodology: Methodology, measured: Measured, *, share: str = WHOLE_SHARE) -> Reduction:
    """Grams of CO2e that one activity avoids by a published methodology.

    Finds the prepared formula by the methodology's content; a caller on a hot path keeps the
    `CompiledFormula` itself and saves the search.

    Raises:
        As `CompiledFormula.reduction`.
    """
    parameters = tuple(sorted(methodology.parameters.items()))
    return _compiled(methodology.formula, parameters, methodology.factors).reduction(measured, share=share)
