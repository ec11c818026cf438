"""What an activity may report: each field at its bound and one past it, in one spelling only."""

from typing import Any, get_args

import pytest

from ledger.domain import limits
from ledger.domain.errors import (
    MeasurementMalformed,
    MeasurementMissing,
    MeasurementOutOfBounds,
    MeasurementUnexpected,
)
from ledger.domain.methodologies.formulas import FORMULAS, FormulaKind
from ledger.domain.methodologies.measured import (
    MEASURED_FIELDS,
    MEASURED_MAX,
    Measured,
    MeasuredField,
    read_measured,
)
from ledger.domain.quantities import BILLIONTHS

WHOLE = {"steps", "count"}


def one(field: str) -> Any:
    return 1 if field in WHOLE else "1"


def read(formula: FormulaKind, **reported: Any) -> list[int]:
    return read_measured(Measured(**reported), fields=set(FORMULAS[formula].fields), formula=formula)


def complete(formula: FormulaKind) -> dict[str, Any]:
    return {field: one(field) for field in FORMULAS[formula].fields}


@pytest.mark.parametrize("formula", FORMULAS)
def test_values_are_read_as_billionths_in_the_order_of_the_fields(formula: FormulaKind) -> None:
    needed = FORMULAS[formula].fields
    expected = [BILLIONTHS if field in needed else 0 for field in MEASURED_FIELDS]
    assert read(formula, **complete(formula)) == expected


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_refuses_an_activity_that_lacks_what_it_needs(formula: FormulaKind) -> None:
    for field in FORMULAS[formula].fields:
        with pytest.raises(MeasurementMissing) as caught:
            read(formula, **complete(formula) | {field: None})
        assert caught.value.details() == {"field": field, "formula": formula}


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_refuses_any_measurement_it_does_not_use(formula: FormulaKind) -> None:
    for field in set(MEASURED_FIELDS) - set(FORMULAS[formula].fields):
        with pytest.raises(MeasurementUnexpected) as caught:
            read(formula, **complete(formula) | {field: one(field)})
        assert caught.value.details() == {"field": field, "formula": formula}


FORMULA_READING = {field: kind for kind, formula in FORMULAS.items() for field in formula.fields}


@pytest.mark.parametrize("field", MEASURED_FIELDS)
def test_a_measurement_is_taken_at_its_bound_and_refused_one_past_it(field: MeasuredField) -> None:
    formula, bound = FORMULA_READING[field], MEASURED_MAX[field]
    at: Any = bound if field in WHOLE else f"{bound}.000000000"
    past: list[Any] = [bound + 1, -1] if field in WHOLE else [f"{bound}.000000001"]
    assert bound * BILLIONTHS in read(formula, **complete(formula) | {field: at})
    for value in past:
        with pytest.raises(MeasurementOutOfBounds) as caught:
            read(formula, **complete(formula) | {field: value})
        assert caught.value.details() == {"field": field, "value": str(value), "value_max": bound}


@pytest.mark.parametrize(
    "text", ["", "1e3", "-1", "+1", "1_0", " 1", "1\n", "\uff11", "01", ".5", "5.", "x" * 99]
)
def test_a_measurement_that_is_no_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(MeasurementMalformed) as caught:
        read("distance", distance_km=text)
    assert caught.value.details() == {"field": "distance_km", "value": text[: limits.ECHO_CHARS_MAX]}


def test_every_field_has_a_bound_and_a_formula() -> None:
    assert set(MEASURED_FIELDS) == set(get_args(MeasuredField)) == set(MEASURED_MAX) == set(FORMULA_READING)
