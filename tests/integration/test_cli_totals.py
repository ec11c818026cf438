"""`ledger totals`: a programme in numbers on the command line."""

import json
from collections.abc import Iterator
from datetime import date

import pytest
from click.testing import CliRunner

from ledger.cli import main
from ledger.projections.totals import Totals
from ledger.store.database import Database
from tests.integration.market import Market
from tests.unit.builders import NOW


@pytest.fixture
def market(database: str) -> Iterator[Market]:
    """Ada rode the bus, and the view has seen it."""
    with Database(database) as opened:
        made = Market(opened)
        made.do(made.ride(120, "ada"), made.commit(9_900, "city"))
        made.follow(Totals.name)
        yield made
        made.writer.close()


def told(database: str, *arguments: str) -> str:
    done = CliRunner().invoke(
        main, ["totals", "--programme", "market", *arguments], env={"DATABASE_URL": database}
    )
    assert done.exit_code == 0, done.output
    return done.stdout


def test_everything_stands_in_one_table(market: Market, database: str) -> None:
    lines = told(database).splitlines()
    assert lines[0] == f"at position {market.position}"
    cells = {tuple(line.rsplit(None, 1)[0].split()): line.rsplit(None, 1)[1] for line in lines[2:]}
    assert cells["people", "participants"] == "1"
    assert cells["grams", "avoided", "g"] == "12,000"
    assert cells["credits", "issued"] == "120"
    assert cells["money", "committed", "fen"] == "9,900"
    assert cells["bus,", "accepted", "activities"] == "1"


def test_a_day_is_named_and_says_who_was_active_then(market: Market, database: str) -> None:
    assert market.at == NOW
    lines = told(database, "--on", "2026-11-22").splitlines()
    assert lines[0].endswith("up to 2026-11-22")
    assert any(line.split() == ["active:", "day", "1"] for line in lines)


def test_json_is_what_http_answers(market: Market, database: str) -> None:
    found = json.loads(told(database, "--on", "2026-11-22", "--json"))
    assert (found["position"], found["on"], found["active"]) == (
        market.position,
        str(date(2026, 11, 22)),
        {"day": 1, "month": 1},
    )
    assert found["grams"] == {"avoided_g": 12000, "places": {"nature": -12_000, "participant": 12_000}}


def test_a_programme_that_nobody_opened_is_a_refusal(database: str) -> None:
    done = CliRunner().invoke(main, ["totals", "--programme", "nowhere"], env={"DATABASE_URL": database})
    assert done.exit_code == 1
    assert "programme_not_found" in done.stderr
