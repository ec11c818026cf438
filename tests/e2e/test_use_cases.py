"""Everything a caller can do, one test each, through the application over a real database."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from ledger.bootstrap import Ledger
from ledger.domain.limits import PAGE_EVENTS_MAX
from tests.e2e.town import OCCURRED, Town, code_of, in_days, lines_of


def test_an_operator_opens_a_programme_and_anyone_with_a_key_reads_its_terms(bare: Town) -> None:
    opened = bare.open_programme()
    assert opened.status_code == 201
    assert opened.headers["Ledger-Position"] == "1"
    read = bare.get("", role="poster")
    assert read.json["opening"]["data"]["name_zh"] == "小城"
    assert read.json["position"] == 1
    assert read.headers["Ledger-Position"] == "1"


def test_a_bus_ride_earns_grams_and_credits(town: Town) -> None:
    answer = town.earn("ann", 25, "ride-1")
    assert answer.status_code == 201
    recorded, issued = answer.json["events"]
    assert (recorded["topic"], recorded["data"]["amount_g"]) == ("reduction.recorded", 2500)
    assert (issued["topic"], issued["data"]["awarded_credits"]) == ("credits.issued", 25)
    assert answer.json["position"] == issued["position"] == int(answer.headers["Ledger-Position"])
    balances = town.get("/balances/participant:ann").json
    assert balances["position"] == issued["position"]
    assert {(one["asset"], one["amount"]) for one in balances["balances"]} == {
        ("gCO2e", 2500),
        ("CREDIT", 25),
    }


def test_a_repeat_gets_the_same_status_and_bytes_and_says_that_it_is_one(town: Town) -> None:
    first, second = (town.earn("ann", 25, "ride-1") for _ in range(2))
    assert (second.status_code, second.data) == (first.status_code, first.data)
    assert second.headers["Ledger-Position"] == first.headers["Ledger-Position"]
    assert "Idempotent-Replay" not in first.headers
    assert second.headers["Idempotent-Replay"] == "true"
    assert town.credits_of("participant:ann") == 25


def test_another_content_under_the_same_id_is_a_conflict_that_names_the_fields(town: Town) -> None:
    town.earn("ann", 25, "ride-1")
    answer = town.earn("bo", 26, "ride-1")
    assert (answer.status_code, code_of(answer)) == (409, "content_differs")
    assert sorted(answer.json["details"]["fields"]) == ["measured", "participant_id"]


def test_a_refusal_is_not_remembered(town: Town) -> None:
    terms: dict[str, Any] = {"id": "gift", "from_account": "participant:ann", "to_account": "participant:bo"}
    refused = town.post("poster", "/transfers", **terms, credits=5)
    assert (refused.status_code, code_of(refused)) == (422, "insufficient_credits")
    town.earn("ann", 25, "ride-1")
    assert town.post("poster", "/transfers", **terms, credits=5).status_code == 201
    assert (town.credits_of("participant:ann"), town.credits_of("participant:bo")) == (20, 5)


def test_a_redemption_is_held_used_and_refunded(town: Town) -> None:
    town.earn("ann", 25, "ride-1")
    assert town.hold("r-1").status_code == 201
    assert town.credits_of("participant:ann:held") == 10
    assert town.get("/redemptions/r-1").json["status"] == "held"
    assert town.post("poster", "/redemptions/r-1/fulfil", store_id="main-street").status_code == 201
    assert town.get("/balances/merchant:tea:payable").json["balances"][0]["amount"] == 500
    assert town.post("finance", "/redemptions/r-1/refund", reason="tea was cold").status_code == 201
    read = town.get("/redemptions/r-1").json
    assert read["status"] == "refunded"
    steps = ["redemption.held", "redemption.fulfilled", "redemption.refunded"]
    assert [event["topic"] for event in read["events"]] == steps
    assert read["position"] == read["events"][-1]["position"]
    assert town.credits_of("participant:ann") == 25


def test_a_fee_is_withheld_from_the_merchant_and_given_back_by_a_refund(town: Town) -> None:
    def fen(account: str) -> list[int]:
        return [balance["amount"] for balance in town.get(f"/balances/{account}").json["balances"]]

    town.earn("ann", 25, "ride-1")
    assert town.hold("r-1", offer_id="green-tea", fee_fen=20).status_code == 201
    assert town.post("poster", "/redemptions/r-1/fulfil").status_code == 201
    assert (fen("merchant:tea:payable"), fen("fees")) == ([480], [20])
    assert town.post("finance", "/redemptions/r-1/refund", reason="tea was cold").status_code == 201
    assert (fen("merchant:tea:payable"), fen("fees"), fen("fund:green:available")) == ([], [], [100_000])


def test_a_redemption_is_held_and_cancelled(town: Town) -> None:
    town.earn("ann", 25, "ride-1")
    town.hold("r-1")
    assert town.post("poster", "/redemptions/r-1/cancel", reason="changed my mind").status_code == 201
    assert town.get("/redemptions/r-1").json["status"] == "cancelled"
    assert town.credits_of("participant:ann") == 25


def test_an_operator_adjusts_credits_with_an_approver_and_a_reason(town: Town) -> None:
    terms = {"account": "participant:ann", "approver": "王主任", "reason": "lost ride of 3 May"}
    assert town.post("operator", "/adjustments", id="a-1", credits=7, **terms).status_code == 201
    assert town.post("operator", "/adjustments", id="a-2", credits=-2, **terms).status_code == 201
    assert town.credits_of("participant:ann") == 5


def test_a_participant_is_frozen_unfrozen_and_closed(town: Town) -> None:
    def step(verb: str) -> int:
        return town.post("operator", f"/participants/ann/{verb}", id=f"{verb}-1", reason="asked").status_code

    def status() -> str:
        return str(town.get("/participants/ann").json["status"])

    assert (step("freeze"), status()) == (201, "frozen")
    assert (step("unfreeze"), status()) == (201, "open")
    assert (step("close"), status()) == (201, "closed")
    assert code_of(town.earn("ann", 1, "too-late")) == "account_closed"


def test_a_participant_is_hidden_shown_and_once_closed_erased(town: Town) -> None:
    def step(verb: str, role: str) -> str:
        answer = town.post(role, f"/participants/ann/{verb}", id=f"{verb}-1", reason="asked")
        return str(answer.json["events"][0]["topic"]) if answer.status_code == 201 else code_of(answer)

    assert step("hide", "poster") == "participant.hidden"
    assert step("show", "operator") == "participant.shown"
    assert step("erase", "operator") == "account_status_unsuitable"
    assert step("close", "operator") == "participant.closed"
    assert step("erase", "operator") == "participant.erased"
    assert step("hide", "poster") == "participant.hidden", "a repeat"
    assert town.get("/participants/ann").json["status"] == "closed"


def test_a_participant_opened_by_a_first_activity_has_no_opening_event(town: Town) -> None:
    town.earn("carl", 1, "ride-1")
    read = town.get("/participants/carl").json
    assert (read["id"], read["status"], read["opening"]) == ("carl", "open", None)


def test_an_organisation_is_opened_inside_another_and_has_members(town: Town) -> None:
    names = {"name_zh": "公司", "name_en": "Company"}
    assert town.post("operator", "/organisations", id="acme", **names).status_code == 201
    assert town.post("operator", "/organisations", id="sales", parent_id="acme", **names).status_code == 201
    assert town.post("operator", "/participants", id="dora", organisation_id="sales").status_code == 201
    read = town.get("/organisations/sales").json
    assert (read["status"], read["opening"]["data"]["parent_id"]) == ("open", "acme")


@pytest.mark.parametrize(
    ("path", "topic"), [("/merchants/tea", "merchant.opened"), ("/funds/green", "fund.opened")]
)
def test_merchants_and_funds_are_read_with_their_opening(town: Town, path: str, topic: str) -> None:
    read = town.get(path, role="finance").json
    assert (read["status"], read["opening"]["topic"]) == ("open", topic)


def test_money_is_committed_to_a_fund(town: Town) -> None:
    answer = town.post("finance", "/funds/green/commitments", id="c-2", sponsor_id="bank", value_fen=1)
    assert answer.json["events"][0]["data"]["fund_id"] == "green"
    assert town.get("/balances/fund:green:available").json["balances"][0]["amount"] == 100_001
    assert town.get("/balances/sponsor:bank:external").json["balances"][0]["amount"] == -100_001


def test_published_rules_are_listed_and_each_version_stays_readable(town: Town) -> None:
    for plural, own_id in (("methodologies", "bus"), ("scenarios", "bus-ride")):
        listed = town.get(f"/{plural}").json["events"]
        assert [event["data"]["id"] for event in listed] == [own_id]
        assert town.get(f"/{plural}/{own_id}/versions/1").json == listed[0]
        assert town.get(f"/{plural}/{own_id}/versions/2").status_code == 404


def test_an_operator_expires_what_ran_out_and_the_run_is_repeatable(opened: Callable[..., Ledger]) -> None:
    now = [datetime(2028, 1, 10, 4, tzinfo=UTC)]
    town = Town(opened(clock=lambda: now[0])).open()
    town.earn("ann", 25, "ride-1")
    # In Shanghai the last day of January is over at 16:00 UTC.
    now[0] = datetime(2029, 1, 31, 15, 59, tzinfo=UTC)
    early = town.post("operator", "/expiries", id="2029-01", up_to="2029-01-31")
    assert code_of(early) == "expiry_not_due"
    now[0] = datetime(2029, 1, 31, 16, 0, tzinfo=UTC)
    first, second = (town.post("operator", "/expiries", id="2029-01", up_to="2029-01-31") for _ in range(2))
    assert first.status_code == 201, first.text
    assert first.json["events"][-1]["data"]["credits"] == 25
    assert (second.data, second.headers["Idempotent-Replay"]) == (first.data, "true")
    assert (town.credits_of("participant:ann"), town.credits_of("expired")) == (0, 25)


# ── The log as a stream ───────────────────────────────────────────────────────────────────────


def test_an_auditor_streams_the_log_and_checks_its_trailer(town: Town) -> None:
    answer = town.get("/events")
    *lines, last = answer.data.splitlines(keepends=True)
    position = town.get("").json["position"]
    digest = hashlib.sha256(b"".join(lines)).hexdigest()
    assert json.loads(last) == {"end": True, "events": len(lines), "position": position, "sha256": digest}
    events = [json.loads(line) for line in lines]
    assert [event["position"] for event in events] == list(range(1, position + 1))
    assert events[0].keys() == {"position", "originator_id", "originator_version", "topic", "data"}
    assert events[0]["data"]["id"] == town.programme_id


def test_the_log_goes_on_after_a_position_and_stops_at_a_limit(town: Town) -> None:
    *events, trailer = lines_of(town.get("/events?after=2&limit=3"))
    assert [event["position"] for event in events] == [3, 4, 5]
    assert (trailer["events"], trailer["position"]) == (3, 5)


def test_a_log_read_to_its_end_gives_a_trailer_alone(town: Town) -> None:
    (trailer,) = lines_of(town.get("/events?after=1000"))
    assert trailer == {
        "end": True,
        "events": 0,
        "position": 1000,
        "sha256": hashlib.sha256(b"").hexdigest(),
    }


def test_a_stream_that_fails_midway_has_no_trailer(own_town: Town, database: str) -> None:
    town = own_town
    for thousand in range(PAGE_EVENTS_MAX // 1_000):
        town.bulk(*(_ride(f"{thousand}-{one}", measured={"distance_km": "0"}) for one in range(1_000)))
    assert town.get("").json["position"] > PAGE_EVENTS_MAX
    answer = town.client.get(f"{town.base}/events", headers=town.headers("auditor"), buffered=False)
    assert answer.status_code == 200
    with psycopg.connect(database) as connection:
        connection.execute("ALTER TABLE events RENAME TO elsewhere")
    received: list[Any] = []
    with pytest.raises(psycopg.Error):
        received.extend(answer.response)
    (page,) = received
    assert page.count(b"\n") == PAGE_EVENTS_MAX
    assert b'"end"' not in page


# ── Many commands at once ─────────────────────────────────────────────────────────────────────


def _ride(own_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "kind": "activity.record",
        "id": own_id,
        "source": "bus-company",
        "participant_id": "ann",
        "scenario_id": "bus-ride",
        "measured": {"distance_km": "3"},
        **fields,
    }


def _gift(own_id: str, credits_given: int) -> dict[str, Any]:
    accounts = {"from_account": "participant:ann", "to_account": "participant:bo"}
    return {"kind": "credits.transfer", "id": own_id, **accounts, "credits": credits_given}


def test_lines_of_mixed_kinds_are_recorded_in_order_and_answered_one_by_one(town: Town) -> None:
    answer = town.bulk(_ride("1"), _gift("g", 2), _ride("2"), _gift("h", 99))
    assert answer.status_code == 200
    lines = lines_of(answer)
    assert [line["line"] for line in lines] == [1, 2, 3, 4]
    assert [line["status"] for line in lines] == [201, 201, 201, 422]
    assert lines[3]["problem"]["code"] == "insufficient_credits"
    assert town.credits_of("participant:ann") == 4


def test_the_outcome_of_a_line_is_the_outcome_of_the_same_command_alone(town: Town) -> None:
    ride = _ride("1")
    alone = town.post("poster", "/activities", **{name: ride[name] for name in ride if name != "kind"})
    answer = town.bulk(ride)
    assert answer.data == b'{"line":1,"status":201,"replayed":true,"outcome":' + alone.data + b"}\n"


def test_a_bulk_request_sent_again_changes_nothing(town: Town) -> None:
    requests = [town.bulk(_ride("1"), _gift("g", 2)) for _ in range(2)]
    assert [line["replayed"] for line in lines_of(requests[0])] == [False, False]
    assert [line["replayed"] for line in lines_of(requests[1])] == [True, True]
    assert requests[1].data == requests[0].data.replace(b'"replayed":false', b'"replayed":true')


def test_the_same_command_twice_in_one_request_counts_once(town: Town) -> None:
    first, second = lines_of(town.bulk(_ride("1"), _ride("1")))
    assert (first["replayed"], second["replayed"]) == (False, True)
    assert first["outcome"] == second["outcome"]


def test_all_of_an_atomic_request_is_written_when_every_line_is_good(town: Town) -> None:
    answer = town.bulk(_ride("1"), _gift("g", 2), atomic=True)
    assert answer.status_code == 200
    assert [line["status"] for line in lines_of(answer)] == [201, 201]


@pytest.mark.parametrize("bad", [_gift("h", 99), b"{", {"kind": "credits.transfer"}])
def test_nothing_of_an_atomic_request_is_written_when_one_line_is_refused(
    town: Town, bad: dict[str, Any] | bytes
) -> None:
    before = town.get("").json["position"]
    answer = town.bulk(_ride("1"), bad, _ride("2"), atomic=True)
    assert answer.status_code == 422
    first, second, third = lines_of(answer)
    assert first["problem"]["code"] == third["problem"]["code"] == "bulk_not_applied"
    assert first["problem"]["details"] == {"refused_index": 1}
    assert second["problem"]["code"] in ("insufficient_credits", "malformed_json", "fields_invalid")
    assert town.get("").json["position"] == before


def test_every_kind_of_line_is_taken_from_whoever_may_send_it(town: Town) -> None:
    names = {"name_zh": "名", "name_en": "name"}
    operator: list[dict[str, Any]] = [
        {"kind": "organisation.open", "id": "acme", **names},
        {"kind": "participant.open", "id": "dora", "organisation_id": "acme"},
        {"kind": "participant.freeze", "id": "f", "participant_id": "dora", "reason": "r"},
        {"kind": "participant.unfreeze", "id": "u", "participant_id": "dora", "reason": "r"},
        {"kind": "participant.close", "id": "c", "participant_id": "dora", "reason": "r"},
        {
            "kind": "credits.adjust",
            "id": "a",
            "account": "participant:ann",
            "credits": 50,
            "approver": "x",
            "reason": "r",
        },
        {
            "kind": "methodology.publish",
            "id": "walk",
            "version": 1,
            **names,
            "formula": "steps_block",
            "parameters": {"block_steps": "1000"},
            "factors": [
                {
                    "name": "per_block",
                    "value": "60",
                    "unit": "g/block",
                    "region": "市",
                    "year": 2025,
                    "source": "s",
                }
            ],
        },
        {
            "kind": "scenario.publish",
            "id": "walk",
            "version": 1,
            **names,
            "methodology_id": "walk",
            "methodology_version": 1,
            "rule": {"kind": "credits_per_block", "credits": 1, "block": 1000, "field": "steps"},
            "valid_from": "2020-01-01T00:00:00Z",
            "valid_to": None,
        },
    ]
    hold = {
        "kind": "redemption.hold",
        "participant_id": "ann",
        "merchant_id": "tea",
        "credits": 10,
        "face_value_fen": 500,
        "funds": [{"fund_id": "green", "weight": 1}],
        "deadline_at": in_days(30),
    }
    poster: list[dict[str, Any]] = [
        _ride("1", scenario_id="walk", measured={"steps": 12_000}),
        {"id": "r-1", **hold},
        {"id": "r-2", **hold},
        {"kind": "redemption.fulfil", "redemption_id": "r-1"},
        {"kind": "redemption.cancel", "redemption_id": "r-2", "reason": "r"},
    ]
    finance: list[dict[str, Any]] = [
        {"kind": "merchant.open", "id": "m", **names},
        {"kind": "fund.open", "id": "f", **names},
        {"kind": "fund.commit", "id": "c", "fund_id": "f", "sponsor_id": "s", "value_fen": 1},
        {"kind": "redemption.refund", "redemption_id": "r-1", "reason": "r"},
    ]
    for role, lines in (("operator", operator), ("poster", poster), ("finance", finance)):
        answered = lines_of(town.bulk(*lines, role=role))
        assert [line["status"] for line in answered] == [201] * len(lines), answered
        others = [other for other in ("operator", "poster", "finance") if other != role]
        for line in lines:
            for other in others:
                (refused,) = lines_of(town.bulk(line, role=other))
                if (line["kind"], other) != ("participant.open", "poster"):
                    assert refused["problem"]["code"] == "role_not_permitted", (line, other)


def test_a_line_may_end_with_a_carriage_return_and_the_last_one_with_nothing(town: Town) -> None:
    raw = (json.dumps({"occurred_at": OCCURRED, **_ride(own_id)}).encode() for own_id in "12")
    answer = town.send("/bulk", b"\r\n".join(raw), "poster", "application/x-ndjson")
    assert [line["status"] for line in lines_of(answer)] == [201, 201]


# ── Outside the keys ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/health", "/ready", "/openapi.json", "/docs"])
def test_these_need_no_key(bare: Town, path: str) -> None:
    assert bare.get_at(path).status_code == 200


def test_the_bare_address_leads_to_the_page(bare: Town) -> None:
    answer = bare.client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/docs")


def test_every_operation_of_the_document_names_its_roles(bare: Town) -> None:
    document = bare.get_at("/openapi.json").json
    assert document["openapi"] == "3.1.0"
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path.startswith("/v1") and method in ("get", "post"):
                assert operation["x-roles"], path
                assert operation["security"] == [{"key": []}], path
