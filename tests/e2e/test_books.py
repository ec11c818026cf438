"""The books over HTTP: text that the tools take, in pieces, and which questions are refused."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ledger.books import ASSETS, NOTATIONS, TextFormat
from tests.e2e.town import Town, code_of
from tests.integration.bookkeepers import balances, findings


@pytest.fixture
def settled(town: Town) -> Town:
    """A cup of tea was used, another one is held."""
    assert town.earn("ann", 100, "ride-1").status_code == 201
    for number in range(2):
        assert town.hold(f"r-{number}", fee_fen=50).status_code == 201
    assert town.post("poster", "/redemptions/r-0/fulfil").status_code == 201
    return town


@pytest.mark.parametrize("tool", NOTATIONS)
@pytest.mark.parametrize("role", ["finance", "auditor"])
def test_a_tool_takes_what_is_sent(settled: Town, tmp_path: Path, tool: TextFormat, role: str) -> None:
    answer = settled.get(f"/books?format={tool}", role=role)
    assert (answer.status_code, answer.content_type) == (200, "text/plain; charset=utf-8")
    assert f'filename="{settled.programme_id}.{tool}"' in answer.headers["Content-Disposition"]
    assert int(answer.headers["Ledger-Position"]) == settled.ledger.log.head(settled.programme_id)
    assert answer.text.splitlines()[-1].startswith("; The end: ")
    path = tmp_path / f"books.{tool}"
    path.write_bytes(answer.data)
    assert findings(tool, path) == ""
    kept = balances(tool, path)
    (payable,) = settled.get("/balances/merchant:tea:payable").json["balances"]
    assert kept["merchant:tea:payable", "CNY"] == payable["amount"] == 450
    assert {asset for _, asset in kept} == set(ASSETS)


def test_a_period_one_asset_and_days_can_be_asked_for(settled: Town) -> None:
    (line, *_) = [one for one in settled.get("/books").text.splitlines() if "redemption.held" in one]
    day = date.fromisoformat(line[:10])
    period = f"from={day}&to={day + timedelta(days=1)}"
    text = settled.get(f"/books?{period}&detail=day&assets=CNY").text
    assert f" from {day} until before {day + timedelta(days=1)}; " in text
    assert "\n; CNY; one entry for each day.\n" in text
    assert re.search(r"\d CREDIT", text) is None
    after = settled.get(f"/books?from={day + timedelta(days=1)}&assets=CNY,CREDIT").text
    assert " opening " in after
    assert "redemption.held" not in after


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("format=parquet", "format"),
        ("format=hledger&format=ledger", "format"),
        ("detail=month", "detail"),
        ("assets=EUR", "assets"),
        ("from=2026-11-23&to=2026-11-23", "to"),
        ("from=yesterday", "from"),
        ("limit=3", "limit"),
    ],
)
def test_a_question_that_means_nothing_is_refused(town: Town, query: str, field: str) -> None:
    answer: Any = town.get(f"/books?{query}")
    assert (answer.status_code, code_of(answer)) == (400, "fields_invalid")
    assert {error["field"] for error in answer.json["errors"]} == {field}


def test_a_programme_that_nobody_opened_has_no_books(bare: Town) -> None:
    assert code_of(bare.get("/books")) == "programme_not_found"


def test_books_that_break_off_lack_their_end(own_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.books.journal._PIECE_CHARS", 1)
    for number in range(2):
        assert own_town.earn("ann", 1, f"ride-{number}").status_code == 201
    assert "; The end: " in own_town.get("/books").text
    with own_town.ledger.database.connection() as connection:
        connection.execute(
            "UPDATE events SET state = '{' WHERE position = (SELECT max(position) FROM events)"
        )
    path, headers = f"{own_town.base}/books", own_town.headers("auditor")
    answer = own_town.client.get(path, headers=headers)
    assert answer.status_code == 200
    sent: list[bytes] = []
    with pytest.raises(msgspec.DecodeError):
        sent.extend(answer.iter_encoded())
    assert b"reduction.recorded" in b"".join(sent)
    assert b"; The end" not in b"".join(sent)
