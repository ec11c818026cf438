"""Factors: facts about the world with a unit, a place, a year and a source; and how they are checked.

A factor is data, never code. Its vintage stays on every methodology version that embeds it.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

import msgspec

from ledger.domain import limits
from ledger.domain.errors import (
    DecimalMalformed,
    FactorMissing,
    FactorOutOfBounds,
    FactorRepeated,
    FactorUnitMismatch,
    FactorUnknown,
    FactorUnsourced,
)
from ledger.domain.quantities import exact

_VALUE_MIN: Mapping[str, str] = {"kWh/100km": limits.CONSUMPTION_KWH_PER_100KM_MIN}
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Factor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One published number that a formula calculates with.

    Attributes:
        name: the role it plays in the formula, for example ``grid``.
        value: decimal text, in `unit`.
        unit: for example ``kg/kWh``; the formula says which one it expects.
        region: the place it describes, as its source writes it, for example ``四川``.
        year: the year it describes.
        source: who published it and where.
        published_on: ISO day, or month where the source names no day.
        illustrative: nobody published it; it stays marked so wherever it is shown.
    """

    name: str
    value: str
    unit: str
    region: str
    year: int
    source: str
    published_on: str | None = None
    illustrative: bool = False


class FactorNeed(NamedTuple):
    """A factor that a formula needs: its role and the unit it must be in."""

    name: str
    unit: str


def check_factors(factors: Iterable[Factor], *, needs: Iterable[FactorNeed], formula: str) -> None:
    """Refuse factors that are not precisely those needed, in their units, within bounds, with a source.

    Raises (in this order):
        FactorRepeated, FactorUnknown, FactorMissing: the set of names is not the one needed.
        FactorUnitMismatch: a unit is not the one the formula calculates with.
        FactorOutOfBounds: a value is no plain decimal within the bounds of its unit.
        FactorUnsourced: the region, source, year or date of publication is missing or impossible.
    """
    given: dict[str, Factor] = {}
    for factor in factors:
        if factor.name in given:
            raise FactorRepeated(factor=factor.name)
        given[factor.name] = factor
    unit_by_name = dict(needs)
    for name in given:
        if name not in unit_by_name:
            raise FactorUnknown(factor=name, formula=formula)
    for name, unit in unit_by_name.items():
        if name not in given:
            raise FactorMissing(factor=name, unit=unit, formula=formula)
    for name, factor in given.items():
        if factor.unit != unit_by_name[name]:
            raise FactorUnitMismatch(factor=name, unit=factor.unit, unit_expected=unit_by_name[name])
        _check_value(factor)
        _check_provenance(factor)


def _check_value(factor: Factor) -> None:
    """Refuse a value that is no plain decimal within the bounds of its unit."""
    value_min = _VALUE_MIN.get(factor.unit, "0")
    value_max = limits.FACTOR_VALUE_MAX[factor.unit]
    try:
        within = exact(value_min) <= exact(factor.value) <= value_max
    except DecimalMalformed:
        within = False
    if not within:
        echo = factor.value[: limits.ECHO_CHARS_MAX]
        raise FactorOutOfBounds(factor=factor.name, value=echo, value_min=value_min, value_max=str(value_max))


def _check_provenance(factor: Factor) -> None:
    """Refuse a factor that nobody could look up."""
    for field, text in (("region", factor.region), ("source", factor.source)):
        if not text.strip() or len(text) > limits.TEXT_CHARS_MAX:
            raise FactorUnsourced(factor=factor.name, field=field)
    if not limits.FACTOR_YEAR_MIN <= factor.year <= limits.FACTOR_YEAR_MAX:
        raise FactorUnsourced(factor=factor.name, field="year")
    if factor.published_on is not None and not _is_iso_day_or_month(factor.published_on):
        raise FactorUnsourced(factor=factor.name, field="published_on")


def _is_iso_day_or_month(text: str) -> bool:
    """Whether the text is ``YYYY-MM-DD`` or ``YYYY-MM`` and exists in the calendar."""
    day = f"{text}-01" if _MONTH.fullmatch(text) else text
    if _DAY.fullmatch(day) is None:
        return False
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return True
