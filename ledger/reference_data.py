"""The figures and examples that ship with the ledger, read from `ledger/data`.

Seeds for methodologies and for the demonstration; the ledger's own answers never depend on them,
since every published methodology embeds its factors. `ledger/data/README.md` names each source.
"""

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from ledger.domain.errors import GridFactorNotFound
from ledger.domain.methodology import Factor, Measured

TEMPLATES: Final = ("enterprise", "community", "city-nev")
"""Names of the templates that ship with the ledger, each a file of its own."""


class Trip(msgspec.Struct, frozen=True, kw_only=True):
    """One real trip of an electric vehicle, from the RSK Twizy EV Dataset (CC-BY-4.0).

    Attributes:
        trip_id: the dataset's own name of the trip.
        vehicle: the dataset's own name of the vehicle.
        start_local: ISO local time; the dataset names no zone, so it is no instant and stays text.
        end_local: likewise.
        measured: distance, and energy as estimated from the state of charge.
        bad_rows: telemetry rows that the dataset itself could not read.
    """

    trip_id: str
    vehicle: str
    start_local: str
    end_local: str
    measured: Measured
    bad_rows: int


def _rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of one table of `ledger/data`."""
    with files("ledger").joinpath("data", name).open(encoding="utf-8") as table:
        yield from csv.DictReader(table)


@cache
def grid_factors() -> tuple[Factor, ...]:
    """Mean CO2 factors of the grid in kg/kWh, named ``grid``, by region (as its source writes it) and year.

    Source: announcements of the Ministry of Ecology and Environment and the National Bureau of
    Statistics of China; each factor names the row's own.
    """
    return tuple(
        Factor(
            name="grid",
            value=row["kgco2_per_kwh"],
            unit="kg/kWh",
            region=row["name"],
            year=int(row["year"]),
            source=row["source"],
            published_on=row["published"],
        )
        for row in _rows("grid_factors.csv")
    )


def grid_factor(region: str, year: int) -> Factor:
    """The grid factor of one region and year, for example ``grid_factor("四川", 2022)``.

    Raises:
        GridFactorNotFound: the table has no such row; there is no silent nearest year.
    """
    for factor in grid_factors():
        if (factor.region, factor.year) == (region, year):
            return factor
    raise GridFactorNotFound(region=region, year=year)


@cache
def petrol_factors() -> tuple[Factor, ...]:
    """Everything that a trip's formula needs beside the grid: petrol, and what the baseline car takes of it.

    Petrol is given by its chain from calorific value to litre. Density and consumption are illustrative.
    """
    return tuple(
        Factor(
            name=row["name"],
            value=row["value"],
            unit=row["unit"],
            region=row["region"],
            year=int(row["year"]),
            source=row["source"],
            published_on=row["published_on"] or None,
            illustrative=row["illustrative"] == "yes",
        )
        for row in _rows("petrol_factors.csv")
    )


@cache
def template_files() -> dict[str, bytes]:
    """Files of the templates from which programmes are made, by name, from the smallest programme up."""
    folder = files("ledger").joinpath("data", "templates")
    return {name: folder.joinpath(f"{name}.json").read_bytes() for name in TEMPLATES}


@cache
def vehicle_days() -> tuple[bytes, ...]:
    """Lines of a vehicle platform's file, as `ledger import vehicles` reads it; the vehicles are made up."""
    return tuple(files("ledger").joinpath("data", "vehicle_days.csv").read_bytes().splitlines(keepends=True))


@cache
def trips() -> tuple[Trip, ...]:
    """Real trips for the demonstration, in the dataset's order."""
    return tuple(
        Trip(
            trip_id=row["trip_id"],
            vehicle=row["vehicle"],
            start_local=row["start_local"],
            end_local=row["end_local"],
            measured=Measured(distance_km=row["distance_km"], energy_kwh=row["energy_kwh_est"]),
            bad_rows=int(row["bad_rows"]),
        )
        for row in _rows("twizy_trips.csv")
    )
