"""`ledger shadow`: proposed rules tried out on the command line."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ledger.cli import main
from ledger.store.database import Database
from tests.integration.market import Market

CAMPAIGN = {
    "id": "week",
    "name_zh": "绿色出行周",
    "name_en": "Green week",
    "valid_from": "2020-01-01T00:00:00Z",
    "bonus": {"kind": "multiplier", "multiplier": "1.5"},
}


@pytest.fixture
def market(database: str) -> Iterator[Market]:
    """Ada rode the bus twice, Bo once."""
    with Database(database) as opened:
        made = Market(opened)
        made.do(made.ride(120, "ada"), made.ride(30, "ada"), made.ride(7, "bo"))
        yield made
        made.writer.close()


@pytest.fixture
def proposed(tmp_path: Path) -> Path:
    path = tmp_path / "week.json"
    path.write_text(json.dumps(CAMPAIGN), encoding="utf-8")
    return path


def told(database: str, *arguments: str | Path) -> Result:
    days = ["--from", "2026-11-01", "--to", "2026-11-30"]
    command = ["shadow", "--programme", "market", *days, *map(str, arguments)]
    return CliRunner().invoke(main, command, env={"DATABASE_URL": database})


def test_a_proposed_campaign_is_shown_in_tables(market: Market, database: str, proposed: Path) -> None:
    done = told(database, "--campaign", proposed)
    assert done.exit_code == 0, done.output
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["credits", "3", "157", "235", "78", "0", "0"] in lines
    assert ["ada", "150", "225", "75"] in lines
    assert ["week", "1", "0", "78"] in lines
    assert done.stdout.splitlines()[0].endswith(f"at position {market.position}; nothing was written")


@pytest.mark.usefixtures("market")
def test_json_has_the_same_for_machines(database: str, proposed: Path) -> None:
    found = json.loads(told(database, "--campaign", proposed, "--json").stdout)
    assert (found["gained"], found["unchanged"], found["lost"]) == (2, 0, 0)
    assert found["total"]["shadow_credits"] == 235
    assert [one["participant_id"] for one in found["winners"]] == ["ada", "bo"]


@pytest.mark.usefixtures("market")
def test_a_file_that_is_no_campaign_is_refused_with_what_is_wrong(database: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}", encoding="utf-8")
    done = told(database, "--campaign", wrong)
    assert done.exit_code == 1
    assert "proposal_unreadable" in done.stderr
    assert "missing required field" in done.stderr
