"""Merchants' statements over HTTP as they are read: lists, one of them, its lines, documents, payments."""

import csv
import io
import json
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import openpyxl
import pytest

from ledger.documents.checking import check_json
from ledger.domain import limits
from tests.e2e.month import STATEMENTS, Month
from tests.e2e.town import Answer, Town, code_of
from tests.unit.documents_read import csv_rows, text_of_pdf

TEA = f"{STATEMENTS}/tea:2026-11-21"
PAYOUTS = "/settlement/payouts"
NAMES = {"name_zh": "面馆/东", "name_en": "Noodles"}


def a_month(month: Month) -> Month:
    """Two merchants whose day was closed; of the tea house one line is disputed, and the rest under way."""
    month.furnish()
    month.expect(month.post("finance", "/funds", id="blue", name_zh="蓝", name_en="Blue"))
    month.expect(
        month.post("finance", "/funds/blue/commitments", id="c-2", sponsor_id="bank", value_fen=9_000)
    )
    month.expect(month.post("finance", "/merchants", id="noodles", **NAMES))
    for number in range(1, 5):
        month.use(f"r-{number}", funds=[{"fund_id": "green", "weight": 2}, {"fund_id": "blue", "weight": 1}])
        month.use(f"n-{number}", merchant_id="noodles", offer_id="ramen")
    month.refund("r-4")
    month.clock.wait(days=1)
    month.closed()
    month.closed(merchant_id="noodles")
    month.expect(month.dispute("tea:2026-11-21"))
    month.expect(month.approve("tea:2026-11-21"))
    month.expect(month.pay("tea:2026-11-21"))
    month.follow()
    return month


@pytest.fixture(scope="module")
def standing(first_town: Town) -> Month:
    """Such a month, which tests read and leave as it is."""
    return a_month(Month(first_town.ledger, "town-of-statements", beside=first_town))


@pytest.fixture
def month(bare: Town) -> Month:
    """Such a month of the test's own."""
    return a_month(Month(bare.ledger, bare.programme_id, beside=bare))


def fields_of(answer: Answer) -> list[str]:
    assert code_of(answer) == "fields_invalid"
    return [error["field"] for error in answer.json["errors"]]


def ids(answer: Answer) -> list[str]:
    return [one["statement_id"] for one in answer.json["statements"]]


# --- Lists --------------------------------------------------------------------------------------


def test_statements_are_listed_with_what_is_paid_of_each(standing: Month) -> None:
    answer = standing.get(STATEMENTS, "finance")
    assert ids(answer) == ["noodles:2026-11-21", "tea:2026-11-21"]
    assert answer.json["position"] == int(answer.headers["Ledger-Position"])
    noodles, tea = answer.json["statements"]
    money = {name: value for name, value in tea.items() if name.endswith("_fen")}
    assert money == {
        "total_fen": 1_440,
        "due_fen": 1_440,
        "held_back_fen": 480,
        "moved_fen": 0,
        "paid_fen": 0,
        "under_way_fen": 960,
        "payable_now_fen": 0,
        "carried_out_fen": 0,
    }
    assert (tea["merchant_name_zh"], tea["lines"], tea["status"]) == ("茶馆", 5, "approved")
    assert (noodles["status"], noodles["objections_end_on"], noodles["approved_at"]) == (
        "issued",
        "2026-11-28",
        None,
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("from=2026-11-20&to=2026-11-21", ["noodles", "tea"]),
        ("from=2026-11-01&to=2026-12-01", ["noodles", "tea"]),
        ("from=2026-11-21", []),
        ("to=2026-11-20", []),
        ("from=9999-12-30&to=9999-12-31", []),
        ("to=9999-12-31", ["noodles", "tea"]),
        ("status=issued", ["noodles"]),
        ("merchant_id=tea", ["tea"]),
        ("merchant_id=tea&status=issued", []),
        ("merchant_id=nobody", []),
    ],
)
def test_statements_are_chosen_by_their_last_day_merchant_and_status(
    standing: Month, query: str, expected: list[str]
) -> None:
    assert [own_id.partition(":")[0] for own_id in ids(standing.get(f"{STATEMENTS}?{query}"))] == expected


def test_lists_go_on_page_by_page(standing: Month) -> None:
    for path, name in ((STATEMENTS, "statements"), (f"{TEA}/lines", "lines"), (PAYOUTS, "payouts")):
        whole = standing.get(path).json[name]
        found: list[Any] = []
        query = "limit=1"
        while query:
            page = standing.get(f"{path}?{query}").json
            found += page[name]
            query = page["next_cursor"] and f"limit=1&cursor={page['next_cursor']}"
        assert (found, len(whole) > 1) == (whole, path != PAYOUTS)


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        (STATEMENTS, "limit=0", "limit"),
        (STATEMENTS, f"limit={limits.STATEMENTS_SHOWN_MAX + 1}", "limit"),
        (STATEMENTS, "status=paid", "status"),
        (STATEMENTS, "merchant_id=%20", "merchant_id"),
        (STATEMENTS, "from=2026-11-21&to=2026-11-21", "to"),
        (STATEMENTS, "cursor=tea", "cursor"),
        (STATEMENTS, "day=1", "day"),
        (f"{TEA}/lines", f"limit={limits.SETTLEMENT_LINES_MAX + 1}", "limit"),
        (f"{TEA}/lines", "cursor=dGVh", "cursor"),
        (f"{TEA}/lines", "cursor=dGVhCnRlYQ", "cursor"),
        (TEA, "min_position=x", "min_position"),
        (PAYOUTS, "status=settled", "status"),
        (PAYOUTS, f"limit={limits.STATEMENTS_SHOWN_MAX + 1}", "limit"),
        (f"{TEA}/document", "format=odt", "format"),
        (f"{TEA}/document", "language=fr", "language"),
        (f"{TEA}/document", "format=csv&format=pdf", "format"),
    ],
)
def test_readings_are_asked_for_in_one_way_only(standing: Month, path: str, query: str, field: str) -> None:
    assert fields_of(standing.get(f"{path}?{query}")) == [field]


@pytest.mark.parametrize("query", [f"limit={limits.STATEMENTS_SHOWN_MAX}"])
@pytest.mark.parametrize("path", [STATEMENTS, PAYOUTS])
def test_the_longest_page_is_given(standing: Month, path: str, query: str) -> None:
    assert standing.get(f"{path}?{query}").status_code == 200


@pytest.mark.parametrize("rest", ["", "/lines", "/document"])
@pytest.mark.parametrize("own_id", ["tea:2026-11-20", "tea", "%F0%9F%8D%B5"])
def test_a_statement_that_is_not_there_is_not_found(standing: Month, own_id: str, rest: str) -> None:
    assert code_of(standing.get(f"{STATEMENTS}/{own_id}{rest}")) == "statement_not_found"


@pytest.mark.parametrize("path", [STATEMENTS, TEA, f"{TEA}/lines", f"{TEA}/document", PAYOUTS])
def test_a_reading_waits_for_what_its_caller_has_seen(standing: Month, path: str) -> None:
    position = int(standing.get(path).headers["Ledger-Position"])
    answer = standing.get(f"{path}?min_position={position}")
    assert (answer.status_code, answer.headers["Ledger-Position"]) == (200, str(position))
    assert code_of(standing.get(f"{path}?min_position={position + 1}")) == "view_lagging"


# --- One statement ------------------------------------------------------------------------------


def test_a_statement_shows_its_numbers_as_they_are_in_the_ledger(standing: Month) -> None:
    statement = standing.get(TEA, "finance").json
    event = standing.close(ends_on="2026-11-21").json["events"][0]
    issued = event["data"]
    for name, value in issued.items():
        if name not in {"occurred_at", "recorded_at", "legs", "by", "funds"}:
            assert statement[name] == value, name
    assert statement["issued_by"] == issued["by"]
    assert [(fund["fund_id"], fund["earned_fen"]) for fund in statement["funds"]] == [
        ("blue", 480),
        ("green", 960),
    ]
    assert statement["objections_until"] == "2026-11-27T16:00:00Z"
    settling = statement["held_back_fen"] + statement["under_way_fen"] + statement["payable_now_fen"]
    assert settling == standing.money("merchant:tea:settling") == 1_440


def test_a_statement_tells_who_did_what_and_when(standing: Month) -> None:
    statement = standing.get(TEA).json
    keys = {
        name: standing.ledger.keys.authenticate(standing.secrets[name]).key_id
        for name in ("finance", "checker")
    }
    (dispute,) = statement["disputes"]
    assert (dispute["redemption_id"], dispute["reason"], dispute["held_back_fen"], dispute["outcome"]) == (
        "r-1",
        "served twice",
        480,
        None,
    )
    assert [
        (step["topic"], step["by"], step["details"].get("value_fen")) for step in statement["history"]
    ] == [
        ("statement.issued", keys["finance"], None),
        ("statement.disputed", keys["finance"], None),
        ("statement.approved", keys["checker"], None),
        ("payout.instructed", keys["finance"], 960),
    ]
    assert statement["history"][3]["details"] == {"payout_id": "p-1", "value_fen": 960}
    assert statement["changed_position"] == statement["history"][-1]["position"]


def test_what_was_amended_is_a_line_of_the_next_statement(month: Month) -> None:
    month.expect(month.resolve("tea:2026-11-21", outcome="amended", amended_fen=150))
    month.expect(month.confirm("tea:2026-11-21"))
    month.clock.wait(days=1)
    later = month.closed()
    month.follow()
    first, second = month.get(TEA).json, month.get(f"{STATEMENTS}/{later}").json
    assert (first["status"], first["moved_fen"], first["paid_fen"]) == ("settled", 480, 960)
    assert first["disputes"][0]["amendment_fen"] == 150
    (line,) = month.get(f"{STATEMENTS}/{later}/lines").json["lines"]
    assert (line["kind"], line["redemption_id"], line["earned_fen"]) == ("amendment", "r-1", 150)
    assert (second["amended_fen"], second["due_fen"], second["number"]) == (150, 150, "tea-000002")
    assert check_json(io.BytesIO(month.get(f"{STATEMENTS}/{later}/document?format=json").data)).is_right
    assert first["paid_fen"] == month.money("merchant:tea:paid")
    assert second["due_fen"] == month.money("merchant:tea:settling")


# --- Lines --------------------------------------------------------------------------------------


def test_lines_are_uses_and_refunds_with_their_signs(standing: Month) -> None:
    lines = standing.get(f"{TEA}/lines").json["lines"]
    assert [(line["kind"], line["redemption_id"], line["earned_fen"]) for line in lines] == [
        *(("use", f"r-{number}", 480) for number in range(1, 5)),
        ("refund", "r-4", -480),
    ]
    assert [line["is_held_back"] for line in lines] == [True, False, False, False, False]
    assert sum(line["earned_fen"] for line in lines) == standing.get(TEA).json["total_fen"]
    assert {line["store_id"] for line in lines} == {"gate"}


def test_every_line_of_a_merchant_is_in_exactly_one_statement(month: Month) -> None:
    month.use("r-9")
    month.clock.wait(days=1)
    later = month.closed()
    month.follow()
    settled = [
        line["position"]
        for own_id in ("tea:2026-11-21", later)
        for line in month.get(f"{STATEMENTS}/{own_id}/lines").json["lines"]
    ]
    of_merchant = month.get("/merchants/tea/settlement/lines").json["lines"]
    assert sorted(settled) == [line["position"] for line in of_merchant]


# --- Documents ----------------------------------------------------------------------------------


def document(month: Month, form: str, language: str = "zh", **headers: str) -> Answer:
    path = f"{month.base}{TEA}/document?format={form}&language={language}"
    answer: Any = month.client.get(path, headers=month.headers("finance") | headers, buffered=True)
    return answer  # type: ignore[no-any-return]


def test_every_document_has_the_numbers_of_the_ledger(standing: Month) -> None:
    statement = standing.get(TEA).json
    lines = standing.get(f"{TEA}/lines").json["lines"]

    as_json = json.loads(document(standing, "json").data)
    assert {name: statement[name] for name in as_json["statement"]} == as_json["statement"]
    assert [{name: line[name] for name in lines[0]} for line in as_json["lines"]] == lines
    assert check_json(io.BytesIO(document(standing, "json").data)).digest == statement["digest"]

    rows = csv_rows(document(standing, "csv").data)
    earned = [Decimal(row[11]) for row in rows[1 : len(lines) + 1]]
    assert earned == [Decimal(line["earned_fen"]) / 100 for line in lines]
    assert (rows[-1][2], rows[-1][11]) == ("现可支付", "0.00")

    book = openpyxl.load_workbook(io.BytesIO(document(standing, "xlsx", "en").data), data_only=True)
    summary = {row[0].value: row[4].value for row in book.worksheets[0].iter_rows() if row[0].value}
    assert summary["Due with this statement"] == statement["due_fen"] / 100
    assert [row[10] for row in book.worksheets[3].iter_rows(min_row=2, max_row=6, values_only=True)] == [
        line["earned_fen"] / 100 for line in lines
    ]

    text = text_of_pdf(document(standing, "pdf").data)
    for word in ("tea-000001", "茶馆", "14.40", "9.60", statement["digest"][:20]):
        assert word in text, text


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("pdf", "application/pdf"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("csv", "text/csv; charset=utf-8"),
        ("json", "application/json"),
    ],
)
def test_a_document_says_what_it_is_and_how_long(standing: Month, form: str, media_type: str) -> None:
    answer = document(standing, form)
    assert answer.content_type == media_type
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert document(standing, form).data == answer.data


def test_a_document_has_a_name_in_ascii_and_one_in_chinese(standing: Month) -> None:
    header = document(standing, "pdf").headers["Content-Disposition"]
    plain, full = header.removeprefix("attachment; ").split("; ")
    assert plain == 'filename="tea-000001.zh.pdf"'
    name = unquote(full.removeprefix("filename*=UTF-8''"))
    assert name == "对账单 茶馆 2026-11-20_2026-11-20 tea-000001.pdf"
    path = f"{STATEMENTS}/noodles:2026-11-21/document?format=csv"
    other = unquote(standing.get(path).headers["Content-Disposition"])
    assert "对账单 面馆 东 2026-11-20_2026-11-20 noodles-000001.csv" in other


def test_a_document_that_one_has_is_not_sent_again_until_the_next_step(month: Month) -> None:
    first = document(month, "csv")
    etag = first.headers["ETag"]
    again = document(month, "csv", **{"If-None-Match": etag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)
    month.use("r-9")
    month.follow()
    assert document(month, "csv", **{"If-None-Match": etag}).status_code == 304
    month.expect(month.do("tea:2026-11-21", "payouts/p-1/failure", reason="no account"))
    month.follow()
    changed = document(month, "csv", **{"If-None-Match": etag})
    assert (changed.status_code, changed.headers["ETag"] != etag) == (200, True)
    assert changed.data != first.data


@pytest.mark.parametrize(
    ("limit", "forms"), [("WORKBOOK_LINES_MAX", ("xlsx",)), ("DOCUMENT_LINES_MAX", ("pdf", "csv", "json"))]
)
def test_documents_have_so_many_lines_and_no_more(
    standing: Month, monkeypatch: pytest.MonkeyPatch, limit: str, forms: tuple[str, ...]
) -> None:
    for lines_max, status in ((5, 200), (4, 422)):
        monkeypatch.setattr(f"ledger.merchant_statements.files.{limit}", lines_max)
        assert {document(standing, form).status_code for form in forms} == {status}
    refused = document(standing, forms[0])
    assert code_of(refused) == "document_too_long"
    assert refused.json["details"] == {"statement_id": "tea:2026-11-21", "lines": 5, "lines_max": 4}


# --- Payments -----------------------------------------------------------------------------------


def payments(month: Month, query: str = "", accept: str = "text/csv") -> Answer:
    path = f"{month.base}{PAYOUTS}{query}"
    headers = month.headers("finance") | {"Accept": accept}
    answer: Any = month.client.get(path, headers=headers, buffered=True)
    return answer  # type: ignore[no-any-return]


def test_payouts_are_listed_with_where_their_money_is_and_out_of_which_funds(month: Month) -> None:
    (payout,) = month.get(PAYOUTS).json["payouts"]
    assert (payout["payout_id"], payout["status"], payout["value_fen"]) == ("p-1", "instructed", 960)
    assert sum(fund["value_fen"] for fund in payout["funds"]) == 960
    month.expect(month.confirm("tea:2026-11-21"))
    month.follow()
    assert month.get(f"{PAYOUTS}?status=instructed").json["payouts"] == []
    (payout,) = month.get(f"{PAYOUTS}?status=confirmed").json["payouts"]
    assert (payout["bank_reference"], payout["ended_at"] is None) == ("bank-p-1", False)


def test_the_list_of_payments_is_in_yuan_and_ends_with_its_total(month: Month) -> None:
    month.expect(month.approve("noodles:2026-11-21"))
    month.expect(month.pay("noodles:2026-11-21", "a-2"))
    month.follow()
    answer = payments(month, "?status=instructed")
    assert answer.content_type == "text/csv; charset=utf-8; header=present"
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0][:6] == [
        "payout_id",
        "status",
        "merchant_id",
        "merchant_name",
        "value_yuan",
        "statement_number",
    ]
    assert [row[:6] for row in rows[1:]] == [
        ["a-2", "instructed", "noodles", "面馆/东", "19.20", "noodles-000001"],
        ["p-1", "instructed", "tea", "茶馆", "9.60", "tea-000001"],
        ["total", "", "", "", "28.80", "2"],
    ]
    assert payments(month, "?status=returned").data.decode("utf-8-sig").count("\r\n") == 2


def test_payments_are_given_as_they_are_accepted(standing: Month) -> None:
    assert payments(standing, accept="*/*").content_type == "application/json"
    assert payments(standing, accept="text/csv").headers["Vary"] == "Accept"
    assert fields_of(payments(standing, "?limit=1")) == ["limit"]
    assert fields_of(payments(standing, "?cursor=x")) == ["cursor"]


# --- Whatever stands in it ----------------------------------------------------------------------


def test_texts_that_a_spreadsheet_would_take_for_formulas_stay_texts(bare: Town) -> None:
    month = Month(bare.ledger, bare.programme_id, beside=bare).furnish()
    month.expect(month.post("finance", "/merchants", id="x", name_zh="=1+1", name_en='@"a"'))
    month.use("r-1", merchant_id="x")
    month.clock.wait(days=1)
    of = month.closed(merchant_id="x")
    month.expect(month.approve(of))
    month.expect(month.pay(of))
    month.follow()
    assert "'=1+1" in payments(month).text
    name = month.get(f"{STATEMENTS}/{of}/document?language=en").headers["Content-Disposition"]
    assert "Statement%20%40%20a%20" in name


def test_a_statement_without_anything_to_pay_has_documents(bare: Town) -> None:
    month = Month(bare.ledger, bare.programme_id, beside=bare).furnish()
    month.use("r-1")
    month.clock.wait(days=1)
    month.closed()
    month.refund("r-1")
    month.clock.wait(days=1)
    of = month.closed()
    month.expect(month.approve(of))
    month.follow()
    statement = month.get(f"{STATEMENTS}/{of}").json
    assert (statement["status"], statement["total_fen"], statement["due_fen"]) == ("settled", -480, 0)
    for form in ("pdf", "xlsx", "csv", "json"):
        assert month.get(f"{STATEMENTS}/{of}/document?format={form}").status_code == 200
