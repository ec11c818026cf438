"""Reconciliation over HTTP: files in, runs, breaks and what becomes of them."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from ledger.bootstrap import Ledger
from ledger.domain import limits
from tests.e2e.office import HERE, Office, fields_of, statement
from tests.e2e.town import Town, code_of

NOBODY = "b-" + "0" * 24


@pytest.fixture
def office(town: Town) -> Office:
    return Office(town).furnish()


def test_a_month_is_closed_from_files_to_breaks(office: Office) -> None:
    sent = office.send(("r-1", 450), ("r-2", 500), query="&merchant=tea&name=october.csv")
    assert sent.status_code == 201, sent.text
    assert (sent.json["rows"], sent.json["value_fen"], sent.json["name"]) == (2, 950, "october.csv")
    assert [line["what"] for line in sent.json["history"]] == ["imported"]
    run = office.run()
    assert run.status_code == 201, run.text
    [relation] = run.json["relations"]
    assert run.json["ties"] is True
    assert relation["matched"] == {"reference": {"count": 1, "value_fen": 500}}
    assert relation["breaks"] == {"amount_differs": {"count": 1, "value_fen": -50}}
    [one] = office.breaks()
    assert (one["code"], one["item"], one["item_fen"], one["row_fen"]) == ("amount_differs", "r-1", 500, 450)
    assert (one["status"], one["age_days"], one["line"]) == ("open", 0, 2)
    address = f"{HERE}/runs/{run.json['run_id']}"
    assert office.town.get(address).json == run.json
    [match, _] = office.town.get(f"{address}/matches").json["matches"]
    assert (match["item"], match["code"], match["rule"]) == ("r-1", "amount_differs", "reference")
    [finding] = office.town.get(f"{address}/breaks").json["breaks"]
    assert finding["break_id"] == one["break_id"]
    checked = office.town.send_json(f"{address}/check", {}, "auditor")
    assert checked.json == {"run_id": run.json["run_id"], "is_same": True}


def test_the_same_file_again_is_told_and_adds_nothing(office: Office) -> None:
    first = office.send(("r-1", 500))
    again = office.send(("r-1", 500), role="checker")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json
    assert len(office.town.get(f"{HERE}/files").json["files"]) == 1


def test_a_withdrawn_file_counts_for_nothing_until_it_is_imported_again(office: Office) -> None:
    file_id = office.send(("r-1", 400), ("r-2", 500)).json["file_id"]
    withdrawn = office.town.send_json(f"{HERE}/files/{file_id}/withdraw", {"reason": "of May"}, "finance")
    assert withdrawn.json["withdrawn_at"] is not None
    assert office.run().json["relations"] == []
    again = office.send(("r-1", 400), ("r-2", 500))
    assert (again.status_code, again.json["file_id"], again.json["withdrawn_at"]) == (201, file_id, None)
    assert [line["what"] for line in again.json["history"]] == ["imported", "withdrawn", "restored"]
    assert office.run().json["relations"][0]["breaks"]["amount_differs"]["count"] == 1


def test_the_same_run_again_is_that_run(office: Office) -> None:
    office.send(("r-1", 450), ("r-2", 500))
    first, again = office.run(), office.run("checker")
    assert first.json == again.json
    assert len(office.town.get(f"{HERE}/runs").json["runs"]) == 1


def test_what_lets_money_go_needs_two_keys(office: Office) -> None:
    break_id = office.differing()
    proposed = office.accept(break_id)
    assert (proposed.json["status"], proposed.json["resolution"]) == ("proposed", "accepted")
    assert code_of(office.step(break_id, "confirm")) == "second_key_needed"
    confirmed = office.step(break_id, "confirm", "checker", note="seen")
    assert confirmed.json["status"] == "resolved"
    assert confirmed.json["resolved_by"] != confirmed.json["confirmed_by"]
    assert [line["what"] for line in confirmed.json["history"]] == ["found", "proposed", "resolved"]
    assert office.breaks("?status=open,proposed") == []


def test_a_proposal_may_be_refused(office: Office) -> None:
    break_id = office.differing()
    office.accept(break_id)
    refused = office.step(break_id, "refuse", note="ask again")
    assert (refused.json["status"], refused.json["resolution"], refused.json["resolved_by"]) == (
        "open",
        None,
        None,
    )


def test_a_correction_names_an_event_that_concerns_the_break(office: Office) -> None:
    break_id = office.differing()
    other = office.town.post("finance", "/redemptions/r-2/refund", reason="cold").json["position"]
    resolve: Callable[..., Any] = lambda position: office.step(  # noqa: E731 - short
        break_id, "resolve", resolution="corrected", note="refunded", position=position
    )
    assert code_of(resolve(other)) == "correcting_event_unsuitable"
    assert code_of(resolve(1)) == "correcting_event_unsuitable"
    assert code_of(resolve(other + 1)) == "position_beyond_log"
    own = office.town.post("finance", "/redemptions/r-1/refund", reason="cold").json["position"]
    proposed = resolve(own).json
    assert (proposed["status"], proposed["resolution_topic"]) == ("proposed", "redemption.refunded")
    assert (proposed["resolution_position"], proposed["history"][-1]["told"]["resolution_position"]) == (
        own,
        own,
    )


def test_a_break_is_assigned_and_noted(office: Office) -> None:
    break_id = office.differing()
    assert office.step(break_id, "assign", owner="Wang Fang", note="knows them").json["owner"] == "Wang Fang"
    assert office.step(break_id, "note", note="asked").json["owner"] == "Wang Fang"
    assert [one["break_id"] for one in office.breaks("?owner=Wang%20Fang")] == [break_id]
    assert office.breaks("?owner=nobody") == []
    assert [one["what"] for one in office.town.get(f"{HERE}/breaks/{break_id}").json["history"]] == [
        "found",
        "assigned",
        "noted",
    ]


def test_breaks_are_filtered_and_come_page_by_page(office: Office) -> None:
    office.send(("r-1", 450), ("zzz", 100), ("zzz-2", 100))
    office.run()
    whole = office.breaks()
    assert sorted(one["code"] for one in whole) == [
        "amount_differs",
        "missing_at_merchant",
        "unknown_reference",
        "unknown_reference",
    ]
    assert len(office.breaks("?code=unknown_reference")) == 2
    assert len(office.breaks("?code=amount_differs,missing_at_merchant&merchant=tea")) == 2
    assert office.breaks("?merchant=nobody") == office.breaks("?status=cleared") == []
    shown: list[Any] = []
    cursor = ""
    while cursor is not None:
        page = office.town.get(f"{HERE}/breaks?limit=3&cursor={cursor}").json
        shown += page["breaks"]
        cursor = page["next_cursor"]
    assert shown == whole


def test_breaks_as_csv_end_with_their_total_and_are_no_formulas(office: Office) -> None:
    office.send(("r-1", 450), ("=1+1", 100), ("r-2", 500))
    office.run()
    answer = office.town.get(f"{HERE}/breaks?format=csv")
    assert answer.content_type == "text/csv; charset=utf-8; header=present"
    *lines, total = csv.DictReader(io.StringIO(answer.text))
    assert {line["reference"] for line in lines} == {"r-1", "'=1+1"}
    assert (total["break_id"], total["reference"], total["difference_fen"]) == ("total", "2", "50")


def test_the_bank_is_held_against_payouts(office: Office) -> None:
    sent = office.send(raw=statement(("B1", "P-1", 900)), kind="camt053", query="")
    assert sent.status_code == 201, sent.text
    office.run()
    [one] = office.breaks()
    assert (one["code"], one["reference"], one["relation"]) == ("unknown_reference", "P-1", "bank")


def test_a_mapping_has_versions_and_is_the_same_said_again(office: Office) -> None:
    assert office.save().json["version"] == 1
    other = {"format": "csv", "reference": "order", "value": {"column": "amount", "unit": "yuan"}}
    other |= {"happened": {"column": "day", "form": "%Y-%m-%d"}}
    assert office.save(other).json["version"] == 2
    assert office.town.get(f"{HERE}/mappings/tea").json["mapping"]["value"]["unit"] == "yuan"
    assert office.town.get(f"{HERE}/mappings/tea?version=1").json["mapping"]["value"]["unit"] == "fen"
    assert office.send(("r-1", 5), query="&merchant=tea&mapping=1").json["value_fen"] == 5
    assert office.send(("r-1", 6)).json["value_fen"] == 600


@pytest.mark.parametrize(
    ("kind", "query", "field"),
    [
        ("merchant", "", "merchant"),
        ("camt053", "&merchant=tea", "merchant"),
        ("wechat_fund_flow", "&merchant=tea", "merchant"),
        ("wechat_trades", "&mapping=1", "mapping"),
        ("merchant", "&merchant=%20", "merchant"),
        ("merchant", "&merchant=tea&mapping=0", "mapping"),
        ("merchant", "&merchant=tea&mapping=x", "mapping"),
        ("merchant", "&merchant=tea&name=%00", "name"),
        ("merchant", "&merchant=tea&name=", "name"),
        ("excel", "", "kind"),
        ("", "", "kind"),
        ("merchant", "&merchant=tea&merchant=tea", "merchant"),
    ],
)
def test_a_file_that_is_said_to_be_what_it_cannot_be_is_refused(
    office: Office, kind: str, query: str, field: str
) -> None:
    assert fields_of(office.send(("r-1", 1), kind=kind, query=query)) == {field}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"ends_on": "2020-01-01"}, "ends_on"),
        ({"starts_on": "2020-01-01"}, "ends_on"),
        ({"starts_on": "x"}, "starts_on"),
        ({"merchant_id": " "}, "merchant_id"),
        ({"near_days": limits.RECONCILIATION_NEAR_DAYS_MAX + 1}, "near_days"),
        ({"payment_days": -1}, "payment_days"),
        ({"reach_days": limits.RECONCILIATION_REACH_DAYS_MAX + 1}, "reach_days"),
    ],
)
def test_a_run_over_what_is_no_period_is_refused(office: Office, fields: dict[str, Any], field: str) -> None:
    assert fields_of(office.run(**fields)) == {field}


def test_a_run_may_be_as_long_and_look_as_far_as_the_bounds(office: Office) -> None:
    far: dict[str, Any] = {
        "starts_on": "2026-01-01",
        "ends_on": "2027-01-02",
        "near_days": limits.RECONCILIATION_NEAR_DAYS_MAX,
        "payment_days": limits.RECONCILIATION_PAYMENT_DAYS_MAX,
        "reach_days": limits.RECONCILIATION_REACH_DAYS_MAX,
    }
    assert office.run(**far).status_code == 201
    assert fields_of(office.run(**far | {"ends_on": "2027-01-03"})) == {"ends_on"}


@pytest.mark.parametrize("limit", [0, limits.RECONCILIATION_PAGE_MAX + 1, "x"])
def test_a_page_has_its_bounds(office: Office, limit: object) -> None:
    for path in ("files", "runs", "breaks"):
        assert fields_of(office.town.get(f"{HERE}/{path}?limit={limit}")) == {"limit"}
        assert office.town.get(f"{HERE}/{path}?limit={limits.RECONCILIATION_PAGE_MAX}").status_code == 200


def test_a_file_may_be_as_long_as_the_bound_and_not_one_byte_more(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"order,amount,day\nr-1,500,2026-11-01\n"
    monkeypatch.setattr("api.reconciliation.RECONCILIATION_FILE_BYTES_MAX", len(content))
    assert office.send(raw=content).status_code == 201
    refused = office.send(raw=content + b"\n")
    assert (code_of(refused), refused.status_code) == ("body_too_large", 413)


def test_a_file_is_sent_whole_and_as_it_is(office: Office) -> None:
    assert code_of(office.send(("r-1", 1), content_type="text/csv")) == "content_type_unsupported"
    headers = {**office.town.headers("finance")}
    address = f"{office.town.base}{HERE}/files?kind=merchant&merchant=tea"
    for environ, code in (
        ({"CONTENT_LENGTH": "100"}, "request_unreadable"),
        ({"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}, "length_missing"),
        ({"HTTP_CONTENT_ENCODING": "gzip"}, "content_type_unsupported"),
    ):
        asked: dict[str, Any] = (
            {"data": b"order"} if code != "length_missing" else {"input_stream": io.BytesIO(b"o")}
        )
        answer: Any = office.town.client.post(
            address,
            headers=headers,
            content_type="application/octet-stream",
            environ_overrides=environ,
            **asked,
        )
        assert code_of(answer) == code


def test_who_may_what(office: Office) -> None:
    for path in ("files", "runs", "breaks"):
        assert office.town.get(f"{HERE}/{path}", "auditor").status_code == 200
        assert code_of(office.town.get(f"{HERE}/{path}", "poster")) == "role_not_permitted"
        assert code_of(office.town.get(f"{HERE}/{path}", "operator")) == "role_not_permitted"
    assert code_of(office.send(("r-1", 1), role="auditor")) == "role_not_permitted"
    assert code_of(office.run("auditor")) == "role_not_permitted"
    assert code_of(office.accept(NOBODY, "auditor")) == "role_not_permitted"


def test_nothing_is_known_of_a_programme_that_nobody_opened(bare: Town) -> None:
    office = Office(bare)
    for path in ("files", "runs", "breaks", f"breaks/{NOBODY}", "mappings/tea"):
        assert code_of(bare.get(f"{HERE}/{path}")) == "programme_not_found"
    assert code_of(office.save()) == "programme_not_found"
    assert code_of(office.send(("r-1", 1))) == "programme_not_found"
    terms = {"starts_on": str(office.starts_on), "ends_on": str(office.ends_on)}
    assert code_of(bare.send_json(f"{HERE}/runs", terms, "finance")) == "programme_not_found"


def test_a_run_waits_for_the_view_and_says_when_it_does_not_come(opened: Callable[..., Ledger]) -> None:
    office = Office(Town(opened(view_wait_ms_max=0)).open())
    office.save()
    terms = {"starts_on": str(office.starts_on), "ends_on": str(office.ends_on)}
    lagging = office.town.send_json(f"{HERE}/runs", terms, "finance")
    assert code_of(lagging) == "view_lagging"
    assert office.run().status_code == 201
