"""`ledger explain`: every account of a story in which everything happens, on standard output."""

import json

import psycopg
from click.testing import CliRunner

from ledger.cli.explaining import explain
from ledger.explained.account import Asked, explain_account
from ledger.projections.statement_balances import ASSETS
from ledger.projections.statements import Statements
from ledger.reading import reading
from ledger.store.database import Database
from ledger.store.log import Log
from tests.command_line import Done, ledger
from tests.integration.told import PROGRAMME, Damage
from tests.unit.builders import ADA


def _explain(database: str, *arguments: str) -> Done:
    return ledger("explain", "--programme", PROGRAMME, *arguments, DATABASE_URL=database)


def test_an_account_is_explained_in_words_or_as_one_json_object(told: str) -> None:
    english = _explain(told, ADA, "--limit", "3")
    assert english.returncode == 0, english.stderr
    assert f"{ADA} holds" in english.stdout
    assert "equal to what was recorded" in english.stdout
    chinese = _explain(told, ADA, "--limit", "3", "--lang", "zh", "--asset", "gCO2e")
    assert "与记录一致" in chinese.stdout
    assert "积分" not in chinese.stdout.splitlines()[0]

    shown = json.loads(_explain(told, ADA, "--limit", "100", "--json").stdout)
    assert shown["is_proven"] is True
    issued = next(entry for entry in shown["entries"] if entry["topic"] == "credits.issued")
    one = json.loads(_explain(told, ADA, "--position", str(issued["position"]), "--json").stdout)
    assert one["entries"][0]["steps"] == issued["steps"]

    unknown = _explain(told, ADA, "--position", "1")
    assert (unknown.returncode, unknown.stderr.split(":")[0]) == (1, "entry_not_found")


def test_a_language_that_nobody_wrote_is_a_wrong_use() -> None:
    done = CliRunner().invoke(explain, ["--programme", PROGRAMME, ADA, "--lang", "fr"])
    assert done.exit_code == 2


def test_every_account_of_the_story_is_proven_to_its_last_entry(proving: Database, told: str) -> None:
    with psycopg.connect(told) as connection:
        accounts = [row[0] for row in connection.execute("SELECT DISTINCT account FROM views.entries")]
    assert len(accounts) > 15
    log = Log(proving)
    with reading(proving, PROGRAMME, Statements.name) as standing:
        for account in sorted(accounts):
            if account == "participant:cy":
                continue
            found = explain_account(log, standing, PROGRAMME, Asked(account, ASSETS, 100))
            assert found.entries
            assert found.next_place is None
            assert found.is_proven, account
            kinds = {step.kind for entry in found.entries for step in entry.steps}
            assert not kinds & {"cap.not_counted", "event"}, account


def test_a_number_that_was_changed_in_the_log_is_told(damage: Damage, told: str) -> None:
    damage.run(
        "UPDATE events SET state = convert_to(replace(convert_from(state, 'UTF8'),"
        " '\"amount_g\":269', '\"amount_g\":270'), 'UTF8')"
        " WHERE topic = 'reduction.recorded' AND convert_from(state, 'UTF8') LIKE '%%\"id\":\"trip-1\"%%'"
    )
    done = _explain(told, ADA, "--asset", "gCO2e")
    assert done.returncode == 1
    assert "which is NOT what was recorded (270)" in done.stdout
    assert "not every number came out as it was recorded" in done.stderr
