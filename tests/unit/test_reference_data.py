"""The figures that ship with the ledger are good enough for its own checks."""

import pytest

from ledger import reference_data
from ledger.domain.errors import GridFactorNotFound
from ledger.domain.methodology import check_methodology, compile_formula


def test_every_grid_factor_may_be_published() -> None:
    for grid in reference_data.grid_factors():
        check_methodology(formula="generation", parameters={}, factors=[grid])
    assert len(reference_data.grid_factors()) == 81


def test_the_vintage_of_a_grid_factor_matters() -> None:
    assert reference_data.grid_factor("四川", 2021).value == "0.1255"
    assert reference_data.grid_factor("四川", 2022).value == "0.1404"
    with pytest.raises(GridFactorNotFound):
        reference_data.grid_factor("四川", 1999)


def test_what_nobody_published_is_marked_illustrative() -> None:
    marked = {factor.name for factor in reference_data.petrol_factors() if factor.illustrative}
    assert marked == {"petrol_density", "baseline_consumption"}


def test_every_real_trip_avoids_something_on_the_sichuan_grid() -> None:
    factors = (*reference_data.petrol_factors(), reference_data.grid_factor("四川", 2022))
    check_methodology(formula="trip_against_petrol", parameters={}, factors=factors)
    methodology = compile_formula("trip_against_petrol", {}, factors)
    grams = [methodology.reduction(trip.measured).grams for trip in reference_data.trips()]
    assert len(grams) == 17
    assert min(grams) > 0
