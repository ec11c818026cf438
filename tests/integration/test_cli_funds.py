"""`ledger funds` and `ledger solvency`: the same numbers as over HTTP, and two keys to move money."""

import csv
import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from ledger.cli import main
from ledger.keys import Keys
from ledger.store.database import Database
from tests.integration.market import Market
from tests.integration.told import follow


@pytest.fixture
def market(database: str) -> Iterator[Market]:
    """The city fund with 9,900 分 of the bank, of which a hold took some."""
    with Database(database) as opened:
        made = Market(opened)
        made.do(made.commit(9_900, "city"))
        follow(database)
        yield made
        made.writer.close()


@pytest.fixture
def keys(market: Market, database: str) -> dict[str, str]:
    assert market.position
    with Database(database) as opened:
        made = Keys(opened)
        roles = {"maker": "finance", "checker": "finance", "poster": "poster"}
        found = {name: made.create(name=name, role=role).key.key_id for name, role in roles.items()}
        found["elsewhere"] = made.create(name="e", role="finance", programme_id="elsewhere").key.key_id
        return found


def run(database: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--programme", "market"], env={"DATABASE_URL": database})


def told(database: str, *arguments: str) -> str:
    done = run(database, *arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def propose(database: str, by: str, fen: str = "900") -> Result:
    terms = ["--movement", "withdraw", "--fund", "city", "--sponsor", "council", "--fen", fen]
    return run(database, "funds", "propose", "out-1", "--by", by, *terms)


def test_money_is_proposed_under_one_key_and_approved_under_another(
    keys: dict[str, str], database: str
) -> None:
    assert "money.proposed" in propose(database, keys["maker"]).stdout
    refused = run(database, "funds", "approve", "out-1", "--by", keys["maker"])
    assert (refused.exit_code, "second_key_needed" in refused.stderr) == (1, True)
    approved = told(database, "funds", "approve", "out-1", "--by", keys["checker"])
    assert "money.approved, fund.withdrawn" in approved
    again = run(database, "funds", "approve", "out-1", "--by", keys["checker"])
    assert "content_differs" in again.stderr, "it was approved at another instant"
    follow(database)
    assert json.loads(told(database, "funds", "show", "city", "--json"))["withdrawn_fen"] == 900
    (newest, committed) = csv.DictReader(told(database, "funds", "movements", "city", "--csv").splitlines())
    assert (newest["value_fen"], newest["approved_by"]) == ("-900", keys["checker"])
    assert (committed["movement"], committed["proposal_id"]) == ("commit", "")
    lines = told(database, "funds", "proposals").splitlines()
    assert lines[1].split()[:3] == ["out-1", "approved", "withdraw"]


@pytest.mark.parametrize(
    ("name", "code"), [("poster", "role_not_permitted"), ("elsewhere", "programme_not_permitted")]
)
def test_a_key_that_could_not_do_it_over_http_cannot_do_it_here(
    keys: dict[str, str], database: str, name: str, code: str
) -> None:
    refused = propose(database, keys[name])
    assert (refused.exit_code, code in refused.stderr) == (1, True)


def test_a_key_that_nobody_has_is_no_name(keys: dict[str, str], database: str) -> None:
    assert "key_not_found" in propose(database, "key_0000000000000000").stderr
    with Database(database) as opened:
        Keys(opened).revoke(keys["maker"])
    assert "key_not_found" in propose(database, keys["maker"]).stderr


def test_an_amount_that_cannot_be_is_a_wrong_use(keys: dict[str, str], database: str) -> None:
    wrong = propose(database, keys["maker"], fen="0")
    assert (wrong.exit_code, "value_fen" in wrong.stderr) == (2, True)


def test_a_proposal_is_rejected_with_a_reason(keys: dict[str, str], database: str) -> None:
    propose(database, keys["maker"])
    rejected = told(database, "funds", "reject", "out-1", "--by", keys["maker"], "--reason", "wrong amount")
    assert "money.rejected" in rejected


def test_every_fund_is_a_line(market: Market, database: str) -> None:
    lines = told(database, "funds", "list").splitlines()
    cells = {line.split()[0]: line.split()[1:] for line in lines[1:-1]}
    assert cells["city"][0] == "9,900"
    assert lines[-1] == f"at position {market.position:,}"
    rows = list(csv.DictReader(told(database, "funds", "list", "--csv").splitlines()))
    assert [row["id"] for row in rows] == ["bank", "city"]
    assert rows[1]["available_fen"] == "9900"
    assert [json.loads(line)["id"] for line in told(database, "funds", "list", "--json").splitlines()] == [
        "bank",
        "city",
    ]
    assert run(database, "funds", "list", "--csv", "--json").exit_code == 2


def test_a_fund_is_shown_with_its_sponsors_and_its_alarms(keys: dict[str, str], database: str) -> None:
    terms = ["--by", keys["maker"], "--id", "al-1", "--threshold", "10000", "--margin", "5"]
    assert "fund.alarms_set" in told(database, "funds", "set-alarms", "city", *terms)
    follow(database)
    shown = told(database, "funds", "show", "city")
    assert "alarm: available is below 10,000" in shown
    assert "council" in shown
    (alarm,) = csv.DictReader(told(database, "funds", "alarms", "city", "--csv").splitlines())
    assert (alarm["threshold_fen"], alarm["cleared_at"]) == ("10000", "")
    assert "account_not_found" in run(database, "funds", "alarms", "nobody").stderr


def test_solvency_says_its_verdict_first(market: Market, database: str) -> None:
    shown = told(database, "solvency")
    assert shown.startswith("covered: every promise")
    found = json.loads(told(database, "solvency", "--json"))
    assert (found["verdict"], found["money"]["funded_fen"]) == ("covered", 9_900)
    assert found["position"] == market.position
    assert "programme_not_found" in (
        CliRunner()
        .invoke(main, ["solvency", "--programme", "nowhere"], env={"DATABASE_URL": database})
        .stderr
    )
