"""`ledger offers` and `ledger vouchers`: what is left, and using a voucher on the command line."""

import json
from contextlib import closing

import pytest
from click.testing import CliRunner, Result

from ledger.cli import main
from ledger.store.database import Database
from ledger.voucher_codes import digest_of, make_code
from ledger.writer import Writer
from tests.integration.test_many_takers import PROGRAMME, STOCK, opening
from tests.unit.builders import NOW, but
from tests.unit.offer_commands import OFFER, TAKE

KEY = "5f" * 32
CODE = make_code(KEY, PROGRAMME, "voucher-1")


@pytest.fixture
def cafe(database: str) -> str:
    """A café whose offer was taken once."""
    taken = but(TAKE, participant_id="p0", code_digest=digest_of(KEY, PROGRAMME, CODE))
    with Database(database) as own, closing(Writer(own, clock=lambda: NOW)) as writer:
        for command in (*opening(), but(OFFER, id="tea", is_open=False), taken):
            writer.submit(PROGRAMME, command)
    return database


def run(database: str, *arguments: str, key: str = KEY) -> Result:
    return CliRunner().invoke(main, arguments, env={"DATABASE_URL": database, "LEDGER_VOUCHER_KEY": key})


def told(database: str, *arguments: str) -> str:
    done = run(database, *arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_offers_are_listed_with_what_is_left(cafe: str) -> None:
    lines = [line.split() for line in told(cafe, "offers", "--programme", PROGRAMME).splitlines()]
    assert lines[1] == [
        "latte",
        "cafe",
        "A",
        "latte",
        "1",
        "yes",
        "10",
        "1,200",
        "900",
        "1",
        str(STOCK - 1),
        "-",
    ]
    assert [line[0] for line in lines[1:]] == ["latte", "tea"]
    opened = told(cafe, "offers", "--programme", PROGRAMME, "--open", "--merchant", "cafe").splitlines()
    assert [line.split()[0] for line in opened[1:]] == ["latte"]
    assert told(cafe, "offers", "--programme", PROGRAMME, "--merchant", "none", "--json") == ""


def test_a_participant_s_own_rest_is_shown(cafe: str) -> None:
    lines = told(cafe, "offers", "--programme", PROGRAMME, "--participant", "p0").splitlines()
    assert lines[1].split()[-2:] == ["6", "-"]
    (latte, tea) = told(
        cafe, "offers", "--programme", PROGRAMME, "--participant", "p0", "--json"
    ).splitlines()
    assert json.loads(latte)["left"] == {
        "stock": STOCK - 1,
        "month": None,
        "participant": 6,
        "participant_month": None,
    }
    assert json.loads(latte)["terms"]["list_price_fen"] == 1_200
    assert json.loads(tea)["is_open"] is False


def test_a_voucher_is_shown_and_used_once(cafe: str) -> None:
    shown = told(cafe, "vouchers", "show", "--programme", PROGRAMME, "voucher-1")
    assert CODE in shown
    used = told(cafe, "vouchers", "fulfil", "--programme", PROGRAMME, "--store", "gate", CODE.lower())
    assert json.loads(used)["events"][0]["topic"] == "redemption.fulfilled"
    shown = told(cafe, "vouchers", "show", "--programme", PROGRAMME, "voucher-1", "--json")
    document = json.loads(shown)
    assert (document["status"], document["code"], document["store_id"]) == ("fulfilled", None, "gate")
    again = run(cafe, "vouchers", "fulfil", "--programme", PROGRAMME, "--store", "park", CODE)
    assert again.exit_code == 1
    assert again.stderr.startswith("voucher_used")


def test_what_is_not_there_is_told(cafe: str) -> None:
    for arguments, code in (
        (("vouchers", "show", "--programme", PROGRAMME, "none"), "voucher_unknown"),
        (("vouchers", "fulfil", "--programme", PROGRAMME, "--store", "gate", "x"), "voucher_unknown"),
        (("vouchers", "fulfil", "--programme", "nowhere", "--store", "gate", "x"), "programme_not_found"),
        (("offers", "--programme", "nowhere"), "programme_not_found"),
    ):
        done = run(cafe, *arguments)
        assert done.exit_code == 1
        assert done.stderr.startswith(code), done.stderr
    keyless = run(cafe, "vouchers", "show", "--programme", PROGRAMME, "voucher-1", key="")
    assert keyless.stderr.startswith("voucher_key_missing")
    forgotten = run(cafe, "vouchers", "show", "--programme", PROGRAMME, "voucher-1", key="a0" * 32)
    assert forgotten.stderr.startswith("voucher_key_missing")
