"""`ledger statement`: an account's entries on standard output, as a table or for machines."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from ledger.cli.statements import statement
from tests.command_line import Done, ledger
from tests.integration.told import PROGRAMME, follow, tell
from tests.unit.builders import ADA, NOW


def _statement(database: str, *arguments: str) -> Done:
    return ledger("statement", "--programme", PROGRAMME, *arguments, DATABASE_URL=database)


def test_a_statement_is_a_table_or_one_json_object_as_of_any_moment(database: str) -> None:
    tell(database)
    behind = _statement(database, ADA)
    assert behind.returncode == 0
    assert "events are not in the view yet" in behind.stderr
    follow(database)

    shown = json.loads(_statement(database, ADA, "--limit", "1000", "--json").stdout)
    entries = shown["entries"]
    assert [entry["position"] for entry in entries] == sorted(
        {entry["position"] for entry in entries}, reverse=True
    )
    held = next(entry for entry in entries if entry["topic"] == "redemption.held")
    at_hold = json.loads(_statement(database, ADA, "--as-of", str(held["position"]), "--json").stdout)
    assert at_hold["position"] == held["position"]
    assert {"asset": "CREDIT", "amount": held["balance"]} in at_hold["balances"]
    assert at_hold["entries"][0] == held

    eve = (NOW + timedelta(days=1, microseconds=-1)).isoformat()
    before_expiry = json.loads(_statement(database, ADA, "--as-of", eve, "--json").stdout)
    assert before_expiry["position"] < shown["position"]

    table = _statement(database, ADA, "--limit", "2")
    lines = table.stdout.splitlines()
    assert lines[0].split()[:2] == ["position", "occurred"]
    assert f"after position {shown['position']}" in lines[-1]
    assert "earlier entries are left out" in table.stderr

    unknown = _statement(database, "participant:nobody")
    assert (unknown.returncode, unknown.stderr.split(":")[0]) == (1, "account_not_found")


@pytest.mark.parametrize("moment", ["yesterday", "2026-11-22", "2026-11-22T08:00:00", "-1", "", "9" * 5_000])
def test_what_is_no_moment_is_a_wrong_use(moment: str) -> None:
    done = CliRunner().invoke(statement, ["--programme", PROGRAMME, ADA, "--as-of", moment])
    assert done.exit_code == 2
    assert "RFC 3339" in done.output
