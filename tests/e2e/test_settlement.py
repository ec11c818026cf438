"""Settlement over HTTP: totals, lines, CSV, one redemption, a fund's money."""

import csv
import io
from datetime import date
from typing import Any

import pytest
from werkzeug.test import TestResponse

from ledger.domain import limits
from tests.e2e.town import Town, code_of

LINES = "/merchants/tea/settlement/lines"


@pytest.fixture
def settled(town: Town) -> Town:
    """Three cups of tea were used, one of them was refunded; a fourth is held."""
    assert town.earn("ann", 100, "ride-1").status_code == 201
    for number in range(1, 5):
        assert town.hold(f"r-{number}", fee_fen=50, offer_id="green-tea").status_code == 201
    for number in range(1, 4):
        answer = town.post("poster", f"/redemptions/r-{number}/fulfil", store_id="gate")
        assert answer.status_code == 201
    assert town.post("finance", "/redemptions/r-2/refund", reason="cold").status_code == 201
    town.follow()
    return town


def csv_of(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "text/csv; charset=utf-8; header=present"
    assert answer.data.endswith(b"\r\n")
    return list(csv.DictReader(io.StringIO(answer.text)))


def fields_of(answer: Any) -> set[str]:
    assert code_of(answer) == "fields_invalid"
    assert answer.status_code == 400
    return {error["field"] for error in answer.json["errors"]}


def test_a_merchants_settlement_is_its_payable_balance(settled: Town) -> None:
    answer = settled.get("/merchants/tea/settlement")
    assert answer.status_code == 200
    money = {"face_value_fen": 1_000, "fee_fen": 100, "payable_fen": 900}
    assert answer.json == {
        "position": int(answer.headers["Ledger-Position"]),
        "from": None,
        "to": None,
        "merchant_id": "tea",
        "uses": {"count": 3, "face_value_fen": 1_500, "fee_fen": 150, "payable_fen": 1_350},
        "refunds": {"count": 1, "face_value_fen": 500, "fee_fen": 50, "payable_fen": 450},
        "amendments": {"count": 0, "face_value_fen": 0, "fee_fen": 0, "payable_fen": 0},
        "net": money,
        "funds": [{"fund_id": "green", **money}],
    }
    (balance,) = settled.get("/balances/merchant:tea:payable").json["balances"]
    assert balance["amount"] == 900


def test_a_period_is_of_local_days_and_half_open(settled: Town) -> None:
    days = {line["local_day"] for line in settled.get(LINES).json["lines"]}
    first, last = min(days), max(days)
    after = date.fromordinal(date.fromisoformat(last).toordinal() + 1)
    inside = settled.get(f"/merchants/tea/settlement?from={first}&to={after}").json
    assert (inside["from"], inside["to"], inside["uses"]["count"]) == (first, str(after), 3)
    assert settled.get(f"/merchants/tea/settlement?to={first}").json["uses"]["count"] == 0
    assert settled.get(f"/merchants/tea/settlement?from={after}").json["refunds"]["count"] == 0
    assert settled.get(f"/settlement?from={after}").json["merchants"] == []


def test_lines_say_everything_of_a_use_and_a_refund_is_below_zero(settled: Town) -> None:
    answer = settled.get(LINES)
    lines = answer.json["lines"]
    assert [(line["kind"], line["redemption_id"], line["status"]) for line in lines] == [
        ("use", "r-1", "fulfilled"),
        ("use", "r-2", "refunded"),
        ("use", "r-3", "fulfilled"),
        ("refund", "r-2", "refunded"),
    ]
    use, refund = lines[1], lines[3]
    assert {name: refund[name] for name in ("credits", "face_value_fen", "fee_fen", "payable_fen")} == {
        "credits": -10,
        "face_value_fen": -500,
        "fee_fen": -50,
        "payable_fen": -450,
    }
    assert (use["store_id"], use["offer_id"], use["participant_id"]) == ("gate", "green-tea", "ann")
    assert use["fulfilled"]["position"] == use["position"]
    assert use["reversed"]["position"] == refund["position"]
    assert use["held"]["occurred_at"] == "2026-11-20T00:00:00Z"
    assert use["held"]["recorded_at"] > use["held"]["occurred_at"]
    assert use["funds"] == [{"fund_id": "green", "face_value_fen": 500, "fee_fen": 50, "payable_fen": 450}]


def test_pages_are_read_at_one_position_whatever_is_written_meanwhile(settled: Town) -> None:
    whole = settled.get(LINES).json
    page = settled.get(f"{LINES}?limit=3").json
    assert page["lines"] == whole["lines"][:3]
    assert settled.post("poster", "/redemptions/r-4/fulfil").status_code == 201
    settled.follow()
    rest = settled.get(f"{LINES}?limit=3&cursor={page['next_cursor']}").json
    assert rest["lines"] == whole["lines"][3:]
    assert (rest["position"], rest["next_cursor"]) == (whole["position"], None)
    assert len(settled.get(LINES).json["lines"]) == 5


def test_a_cursor_is_good_for_its_own_question_alone(settled: Town) -> None:
    cursor = settled.get(f"{LINES}?limit=1&from=2020-01-01").json["next_cursor"]
    assert settled.get(f"{LINES}?limit=1&from=2020-01-01&cursor={cursor}").status_code == 200
    wrong = [f"{LINES}?cursor={cursor}", f"{LINES}?cursor=x", f"{LINES}?cursor=", f"{LINES}?cursor=%C3%A9"]
    wrong += [f"{LINES}?from=2020-01-01&cursor={cursor[:-9]}", f"{LINES}?cursor={'A' * 400}"]
    for path in wrong:
        assert fields_of(settled.get(path)) == {"cursor"}


@pytest.mark.parametrize("limit", [0, limits.SETTLEMENT_LINES_MAX + 1, "x", "1_0"])
def test_a_page_has_its_bounds(settled: Town, limit: object) -> None:
    assert fields_of(settled.get(f"{LINES}?limit={limit}")) == {"limit"}
    assert fields_of(settled.get(f"/settlement?limit={limit}")) == {"limit"}


def test_a_page_may_be_as_long_as_the_bound(settled: Town) -> None:
    assert settled.get(f"{LINES}?limit={limits.SETTLEMENT_LINES_MAX}").status_code == 200
    assert settled.get(f"/settlement?limit={limits.SETTLEMENT_MERCHANTS_MAX}").status_code == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-11-31", "from"),
        ("from=20261101", "from"),
        ("to=2026-W47-7", "to"),
        ("to=", "to"),
        ("from=2026-11-02&to=2026-11-02", "to"),
        ("from=2026-11-02&to=2026-11-01", "to"),
        ("from=2026-11-02&from=2026-11-03", "from"),
        ("min_position=-1", "min_position"),
        ("until=2026-11-02", "until"),
    ],
)
def test_a_period_that_is_none_is_refused(settled: Town, query: str, field: str) -> None:
    for path in ("/settlement", "/merchants/tea/settlement", LINES):
        assert fields_of(settled.get(f"{path}?{query}")) == {field}


def test_all_merchants_come_page_by_page(settled: Town) -> None:
    assert (
        settled.post("finance", "/merchants", id="bakery", name_zh="面包", name_en="Bakery").status_code
        == 201
    )
    assert settled.hold("r-5", merchant_id="bakery").status_code == 201
    assert settled.post("poster", "/redemptions/r-5/fulfil").status_code == 201
    settled.follow()
    first = settled.get("/settlement?limit=1").json
    second = settled.get(f"/settlement?limit=1&cursor={first['next_cursor']}").json
    assert [one["merchant_id"] for one in (*first["merchants"], *second["merchants"])] == ["bakery", "tea"]
    assert second["next_cursor"] is None
    assert fields_of(settled.get("/settlement?cursor=%20")) == {"cursor"}


# --- CSV -------------------------------------------------------------------------------------------


def test_a_statement_as_csv_ends_with_its_total(settled: Town) -> None:
    answer = settled.get(f"{LINES}?format=csv")
    *lines, total = csv_of(answer)
    listed = settled.get(LINES).json["lines"]
    assert [line["position"] for line in lines] == [str(line["position"]) for line in listed]
    assert [line["line"] for line in lines] == ["1", "2", "3", "4"]
    assert lines[3]["payable_fen"] == "-450"
    assert lines[0]["funds"] == "green:500"
    assert lines[0]["occurred_at"] == "2026-11-20T00:00:00+00:00"
    assert total == {
        **dict.fromkeys(lines[0], ""),
        "line": "4",
        "kind": "total",
        "position": answer.headers["Ledger-Position"],
        "credits": "20",
        "face_value_fen": "1000",
        "fee_fen": "100",
        "payable_fen": "900",
    }
    assert answer.headers["Content-Disposition"] == 'attachment; filename="settlement-tea.csv"'


@pytest.mark.parametrize(
    ("accept", "query", "given"),
    [
        ("text/csv", "", "text/csv"),
        ("text/csv, application/json;q=0.5", "", "text/csv"),
        ("application/json", "", "application/json"),
        ("*/*", "", "application/json"),
        ("image/png", "", "application/json"),
        ("text/csv", "?format=json", "application/json"),
        ("application/json", "?format=csv", "text/csv"),
    ],
)
def test_what_is_given_is_what_was_asked_for(settled: Town, accept: str, query: str, given: str) -> None:
    headers = {**settled.headers("finance"), "Accept": accept}
    answer = settled.client.get(f"{settled.base}{LINES}{query}", headers=headers)
    assert answer.content_type.startswith(given)
    assert answer.headers["Vary"] == "Accept"


@pytest.mark.parametrize("query", ["format=xml", "format=csv&limit=5", "format=csv&cursor=x"])
def test_what_csv_does_not_know_is_refused(settled: Town, query: str) -> None:
    fields_of(settled.get(f"{LINES}?{query}"))


@pytest.mark.parametrize("lines_read", [1, 2, 4, 1_000])
def test_csv_is_the_same_however_it_is_read(
    settled: Town, monkeypatch: pytest.MonkeyPatch, lines_read: int
) -> None:
    whole = settled.get(f"{LINES}?format=csv").data
    monkeypatch.setattr("api.settlement.SETTLEMENT_LINES_MAX", lines_read)
    assert settled.get(f"{LINES}?format=csv").data == whole


def test_a_statement_without_a_line_is_a_header_and_a_total(settled: Town) -> None:
    (total,) = csv_of(settled.get(f"{LINES}?format=csv&to=2001-01-01"))
    assert (total["kind"], total["line"], total["payable_fen"]) == ("total", "0", "0")


# --- One redemption, one fund ----------------------------------------------------------------------


def test_one_redemption_is_read_with_its_money(settled: Town) -> None:
    held = settled.get("/settlement/redemptions/r-4").json
    assert (held["status"], held["fulfilled"], held["reversed"]) == ("held", None, None)
    assert (held["face_value_fen"], held["fee_fen"], held["payable_fen"]) == (500, 50, 450)
    for own_id in ("r-9", "%20"):
        assert code_of(settled.get(f"/settlement/redemptions/{own_id}")) == "redemption_not_found"


def test_a_funds_money_is_where_the_balances_say(settled: Town) -> None:
    answer = settled.get("/funds/green/money")
    assert answer.json == {
        "fund_id": "green",
        "position": int(answer.headers["Ledger-Position"]),
        "committed_fen": 100_000,
        "available_fen": 98_500,
        "encumbered_fen": 500,
        "payable_fen": 900,
        "fees_fen": 100,
        "paid_fen": 0,
        "backing_fen": 0,
        "recoverable_fen": 0,
        "settling_fen": 0,
    }


@pytest.mark.parametrize(
    "path",
    [
        "/merchants/nobody/settlement",
        "/merchants/nobody/settlement/lines",
        "/merchants/%20/settlement",
        "/funds/x/money",
    ],
)
def test_whom_nobody_opened_is_not_found(settled: Town, path: str) -> None:
    assert code_of(settled.get(path)) == "account_not_found"


def test_a_programme_that_nobody_opened_is_not_found(bare: Town) -> None:
    for path in ("/settlement", "/merchants/tea/settlement", "/settlement/redemptions/r", "/funds/x/money"):
        assert code_of(bare.get(path)) == "programme_not_found"


def test_a_view_that_lags_says_so(settled: Town) -> None:
    position = settled.hold("r-6").json["position"]
    for path in ("/settlement", "/merchants/tea/settlement", LINES, "/funds/green/money"):
        assert code_of(settled.get(f"{path}?min_position={position + 1}")) == "view_lagging"
    settled.follow()
    assert settled.get(f"/settlement?min_position={position}").status_code == 200


def test_money_is_not_for_posters(settled: Town) -> None:
    assert code_of(settled.get(LINES, "poster")) == "role_not_permitted"
