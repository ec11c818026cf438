"""What is wrong with an input is said by line, field and code; nothing else suffers from it."""

import io
import json
from collections.abc import Callable
from typing import Any, Final, cast

import pytest

from ledger.bootstrap import Ledger
from ledger.domain import limits
from tests.e2e.town import OCCURRED, Answer, Town, code_of, in_days, lines_of

TRANSFER: Final[dict[str, Any]] = {
    "id": "t",
    "from_account": "participant:ann",
    "to_account": "participant:bo",
    "credits": 1,
    "occurred_at": OCCURRED,
}
MALFORMED: Final[list[tuple[bytes, str]]] = [
    (b"", "empty"),
    (b" \r\n\t", "empty"),
    (b"\xef\xbb\xbf{}", "byte_order_mark"),
    (b'{"id":"\xff"}', "not_utf8"),
    (b'{"id":"\xed\xa0\x80"}', "not_utf8"),
    (b'{"id":"t"', "not_json"),
    (b'{"id":"t"} {}', "not_json"),
    (b'{"id":"a\x00b"}', "not_json"),
    (b"{'id':1}", "not_json"),
    (b'{"id":1,}', "not_json"),
    (b'{"id":01}', "not_json"),
    (b'{"id":NaN}', "not_a_number"),
    (b'{"id":Infinity}', "not_a_number"),
    (b'{"id":-Infinity}', "not_a_number"),
    (b'{"id":' + b"9" * 20 + b"}", "number_too_long"),
    (b'{"id":-' + b"9" * 20 + b"}", "number_too_long"),
    (b'{"id":0.' + b"9" * 19 + b"}", "number_too_long"),
    (b'{"id":' + b"9" * 60_000 + b"}", "number_too_long"),
    (b'{"id":1,"id":2}', "duplicate_key"),
    (b'{"a":{"id":1,"id":1}}', "duplicate_key"),
    (b'{"id":1,"\\u0069d":2}', "duplicate_key"),
    (b'{"id":"\\ud800"}', "lone_surrogate"),
    (b'{"\\udfff":1}', "lone_surrogate"),
    (b'{"id":"\\ude00\\ud83d"}', "lone_surrogate"),
    (b"[]", "not_an_object"),
    (b"1", "not_an_object"),
    (b"null", "not_an_object"),
    (b'"{}"', "not_an_object"),
    (b'{"a":' + b"[" * 8 + b"]" * 8 + b"}", "too_deep"),
    (b"[" * 30_000, "too_deep"),
    (b'{"a":' * 10_000, "too_deep"),
]
FIELDS: Final[list[tuple[dict[str, Any], str]]] = [
    ({"credits": "1"}, "credits"),
    ({"credits": 1.0}, "credits"),
    ({"credits": 1e300}, "credits"),
    ({"credits": True}, "credits"),
    ({"credits": None}, "credits"),
    ({"credits": 0}, "credits"),
    ({"credits": -1}, "credits"),
    ({"credits": limits.CREDITS_MAX + 1}, "credits"),
    ({"credits": 2**63}, "credits"),
    ({"credits": [1]}, "credits"),
    ({"id": 1}, "id"),
    ({"id": ""}, "id"),
    ({"id": " a"}, "id"),
    ({"id": "a\n"}, "id"),
    ({"id": "a\x00b"}, "id"),
    ({"id": "名"}, "id"),
    ({"id": "x" * (limits.COMMAND_ID_CHARS_MAX + 1)}, "id"),
    ({"from_account": "ann"}, "from_account"),
    ({"from_account": "participant:"}, "from_account"),
    ({"from_account": "issuance"}, "from_account"),
    ({"from_account": "participant:ann:held"}, "from_account"),
    ({"from_account": "participant:" + "x" * (limits.ENTITY_ID_CHARS_MAX + 1)}, "from_account"),
    ({"occurred_at": "2026-11-20T08:00:00"}, "occurred_at"),
    ({"occurred_at": "2026-11-20"}, "occurred_at"),
    ({"occurred_at": "yesterday"}, "occurred_at"),
    ({"occurred_at": 1_700_000_000}, "occurred_at"),
    ({"occurred_at": "2026-02-30T08:00:00Z"}, "occurred_at"),
    ({"occurred_at": "2026-11-20T08:00:00+25:00"}, "occurred_at"),
    ({"occurred_at": "0001-01-01T00:00:00+23:59"}, "occurred_at"),
    ({"occurred_at": "9999-12-31T23:59:59-23:59"}, "occurred_at"),
    ({"kind_": "x"}, "kind_"),
    ({"note": "hello"}, "note"),
    ({"": 1}, ""),
]


def _raw(**fields: Any) -> bytes:
    return json.dumps(TRANSFER | fields).encode()


# ── One command ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("raw", "reason"), MALFORMED)
def test_what_is_not_strict_json_is_refused_with_the_reason(bare: Town, raw: bytes, reason: str) -> None:
    answer = bare.send("/transfers", raw, "poster")
    assert (answer.status_code, code_of(answer)) == (400, "malformed_json")
    assert answer.json["details"]["reason"] == reason


@pytest.mark.parametrize(("fields", "named"), FIELDS)
def test_a_wrong_field_is_named(bare: Town, fields: dict[str, Any], named: str) -> None:
    answer = bare.send("/transfers", _raw(**fields), "poster")
    assert (answer.status_code, code_of(answer)) == (400, "fields_invalid")
    assert [error["field"] for error in answer.json["errors"]] == [named or "body"]
    assert all(error["message"] for error in answer.json["errors"])


@pytest.mark.parametrize("missing", TRANSFER)
def test_a_missing_field_is_named(bare: Town, missing: str) -> None:
    raw = json.dumps({name: TRANSFER[name] for name in TRANSFER if name != missing}).encode()
    answer = bare.send("/transfers", raw, "poster")
    assert answer.json["errors"] == [{"field": missing, "message": "is missing"}]


def test_wrong_fields_inside_others_are_named_by_the_way_to_them(bare: Town) -> None:
    answer = bare.hold(
        "x", funds=[{"fund_id": "green", "weight": 0}, {"fund_id": "b", "weight": 1, "x": 1}, 7]
    )
    assert [error["field"] for error in answer.json["errors"]] == ["funds.0.weight", "funds.1.x", "funds.2"]


def test_no_answer_names_more_wrong_fields_than_stated(bare: Town) -> None:
    answer = bare.send("/transfers", json.dumps({f"x{one}": 1 for one in range(1_000)}).encode(), "poster")
    assert len(answer.json["errors"]) == limits.FIELD_ERRORS_MAX


@pytest.mark.parametrize("length", [0, limits.FUNDS_PER_REDEMPTION_MAX + 1])
def test_a_list_is_refused_outside_its_bounds(bare: Town, length: int) -> None:
    funds = [{"fund_id": f"f{one}", "weight": 1} for one in range(length)]
    assert bare.hold("x", funds=funds).json["errors"][0]["field"] == "funds"


def test_a_command_alone_needs_no_kind_and_takes_none(bare: Town) -> None:
    answer = bare.send("/transfers", _raw(kind="credits.transfer"), "poster")
    assert answer.json["errors"] == [{"field": "kind", "message": "is not a field here"}]


def test_a_field_of_the_path_may_not_stand_in_the_body_too(town: Town) -> None:
    answer = town.post("poster", "/redemptions/r-1/fulfil", redemption_id="r-2")
    assert answer.json["errors"] == [{"field": "redemption_id", "message": "is taken from the path"}]


@pytest.mark.parametrize("own_id", ["%00", "a%0Ab", "x" * 49, "%20", "..%5C", "%F0%9F%98%80", "%ED%A0%80"])
def test_an_impossible_id_in_the_path_of_a_command_is_named(town: Town, own_id: str) -> None:
    answer = town.post("poster", f"/redemptions/{own_id}/fulfil")
    assert answer.json["errors"][0]["field"] == "redemption_id"


@pytest.mark.parametrize(
    "own_id", ["%00", "a%0Ab", "x" * 100, "%20", "%F0%9F%98%80", "%ED%A0%80", "ann%3Aheld"]
)
@pytest.mark.parametrize(
    "path",
    [
        *("/participants/{}", "/funds/{}", "/redemptions/{}", "/methodologies/{}/versions/1"),
        *("/sinks/{}", "/donations/{}"),
    ],
)
def test_an_impossible_id_in_the_path_of_a_reading_is_not_found(town: Town, path: str, own_id: str) -> None:
    answer = town.get(path.format(own_id))
    assert answer.status_code == 404
    assert code_of(answer).endswith("_not_found")


@pytest.mark.parametrize(
    "account", ["%00", "a%0Ab", "x" * 81, "%20", "%F0%9F%98%80", "nobody", "participant:zed"]
)
def test_an_impossible_account_is_not_found(town: Town, account: str) -> None:
    assert code_of(town.get(f"/balances/{account}")) == "account_not_found"


@pytest.mark.parametrize("programme", ["%00", "Town", "x" * 33, "%F0%9F%98%80", "t"])
def test_an_impossible_programme_is_not_found(bare: Town, programme: str) -> None:
    assert code_of(bare.get_at(f"/v1/programmes/{programme}/events", "auditor")) == "programme_not_found"


@pytest.mark.parametrize("version", ["0", "-1", "1.0", "x", "１", "9" * 5_000, "%00", "01"])
def test_a_version_that_is_no_plain_number_is_no_address(town: Town, version: str) -> None:
    assert code_of(town.get(f"/methodologies/bus/versions/{version}")) == "route_not_found"


@pytest.mark.parametrize(
    ("occurred", "status"),
    [
        ("2000-01-01T00:00:00Z", 201),
        ("2000-01-01T07:59:59+08:00", 400),
        ("1999-12-31T23:59:59Z", 400),
        (-0.001, 201),
        (0.003, 201),
        (0.01, 400),
        (40_000, 400),
    ],
)
def test_an_act_lies_between_the_year_2000_and_a_little_after_now(
    town: Town, occurred: str | float, status: int
) -> None:
    occurred_at = occurred if isinstance(occurred, str) else in_days(occurred)
    answer = town.post("poster", "/participants", id="x", occurred_at=occurred_at)
    assert answer.status_code == status, answer.text
    assert status == 201 or answer.json["field"] == "occurred_at"


@pytest.mark.parametrize(
    ("field", "characters_max"), [("reason", limits.TEXT_CHARS_MAX), ("approver", limits.NAME_CHARS_MAX)]
)
def test_texts_are_taken_up_to_their_limit(town: Town, field: str, characters_max: int) -> None:
    def adjust(text: str) -> Answer:
        terms = {"account": "participant:ann", "credits": 1, "approver": "a", "reason": "r", field: text}
        return town.post("operator", "/adjustments", id=str(len(text)), **terms)

    assert adjust("名" * characters_max).status_code == 201
    assert adjust("名" * (characters_max + 1)).json["errors"][0]["field"] == field


@pytest.mark.parametrize("text", ["a\x00b", "a\nb", "a\x7fb", "\x1b[2J", ""])
def test_control_characters_are_refused_in_names(town: Town, text: str) -> None:
    answer = town.post("finance", "/merchants", id="m", name_zh=text, name_en="m")
    assert [error["field"] for error in answer.json["errors"]] == ["name_zh"]


def test_bodies_are_taken_up_to_their_limit(bare: Town) -> None:
    at = bare.send("/transfers", b"{}".ljust(limits.BODY_BYTES_MAX), "poster")
    past = bare.send("/transfers", b"{}".ljust(limits.BODY_BYTES_MAX + 1), "poster")
    assert (code_of(at), code_of(past)) == ("fields_invalid", "body_too_large")
    assert past.json["details"] == {"bytes_max": limits.BODY_BYTES_MAX}


@pytest.mark.parametrize("path", ["/transfers", "/bulk"])
def test_a_body_that_does_not_say_its_length_is_not_read(bare: Town, path: str) -> None:
    answer = bare.client.post(
        f"{bare.base}{path}",
        input_stream=io.BytesIO(b"{}"),
        content_type="application/x-ndjson" if path == "/bulk" else "application/json",
        headers=bare.headers("poster"),
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    assert code_of(cast("Answer", answer)) == "length_missing"


@pytest.mark.parametrize("terminated", [True, False])
def test_a_body_cut_off_on_its_way_is_not_taken_for_whole(bare: Town, *, terminated: bool) -> None:
    answer = bare.client.post(
        f"{bare.base}/bulk",
        data=b"{}",
        content_type="application/x-ndjson",
        headers=bare.headers("poster"),
        environ_overrides={"wsgi.input_terminated": terminated, "CONTENT_LENGTH": "100"},
    )
    assert code_of(cast("Answer", answer)) == "request_unreadable"


@pytest.mark.parametrize(
    ("content_type", "headers"),
    [
        ("text/plain", {}),
        ("", {}),
        ("application/x-ndjson", {}),
        ("application/json; charset=gbk", {}),
        ("application/json", {"Content-Encoding": "gzip"}),
    ],
)
def test_another_content_type_is_refused(bare: Town, content_type: str, headers: dict[str, str]) -> None:
    answer = bare.client.post(
        f"{bare.base}/transfers",
        data=b"{}",
        content_type=content_type,
        headers=bare.headers("poster") | headers,
    )
    assert (answer.status_code, code_of(cast("Answer", answer))) == (415, "content_type_unsupported")


def test_json_may_name_its_charset(bare: Town) -> None:
    answer = bare.send("/transfers", b"{}", "poster", "application/json; charset=UTF-8")
    assert code_of(answer) == "fields_invalid"


@pytest.mark.parametrize(
    "query",
    [
        "after=-1",
        "after=x",
        "after=1_0",
        "after=%201",
        "after=１",
        "after=",
        "after=1&after=2",
        f"after={2**63}",
        "after=" + "9" * 5_000,
        "limit=0",
        "limit=1.5",
        "limti=5",
        "%00=1",
        "after=%FF",
    ],
)
def test_a_query_is_read_strictly(town: Town, query: str) -> None:
    answer = town.get(f"/events?{query}")
    assert (answer.status_code, code_of(answer)) == (400, "fields_invalid")


def test_a_query_is_taken_at_its_bounds(town: Town) -> None:
    assert town.get(f"/events?after={2**63 - 1}&limit={2**63 - 1}").status_code == 200
    assert town.get("/events?after=0&limit=1").status_code == 200


@pytest.mark.parametrize("value", ["1", "True", "yes", ""])
def test_atomic_is_true_or_false(town: Town, value: str) -> None:
    answer = town.send(f"/bulk?atomic={value}", b"{}", "poster", "application/x-ndjson")
    assert answer.json["errors"] == [{"field": "atomic", "message": "must be true or false"}]


@pytest.mark.parametrize(
    "path", ["/nothing", "/v1//programmes/town", "/v1/programmes/town/", "/%00", "/docs/../app.py"]
)
def test_an_address_that_nobody_serves_is_not_found(bare: Town, path: str) -> None:
    assert code_of(bare.get_at(path)) == "route_not_found"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "GET", "TRACE", "FROB"])
def test_another_method_is_told_the_right_one(bare: Town, method: str) -> None:
    answer = cast("Answer", bare.client.open(f"{bare.base}/transfers", method=method))
    assert (answer.status_code, code_of(answer)) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "POST"


# ── Many commands ─────────────────────────────────────────────────────────────────────────────

GOOD: Final = json.dumps({"kind": "participant.open", "id": "dora", "occurred_at": OCCURRED}).encode()


@pytest.mark.parametrize(("raw", "reason"), [(raw, reason) for raw, reason in MALFORMED if b"\n" not in raw])
def test_a_malformed_line_is_refused_alone(town: Town, raw: bytes, reason: str) -> None:
    first, second, third = lines_of(town.bulk(GOOD, raw, GOOD))
    assert (first["status"], third["status"], third["replayed"]) == (201, 201, True)
    assert (second["line"], second["status"], second["problem"]["code"]) == (2, 400, "malformed_json")
    assert second["problem"]["details"]["reason"] == reason


@pytest.mark.parametrize(("fields", "named"), FIELDS)
def test_a_line_with_a_wrong_field_is_refused_alone(town: Town, fields: dict[str, Any], named: str) -> None:
    first, second, third = lines_of(town.bulk(GOOD, _raw(kind="credits.transfer", **fields), GOOD))
    assert (first["status"], second["status"], third["status"]) == (201, 400, 201)
    assert [error["field"] for error in second["problem"]["errors"]] == [named or "body"]


@pytest.mark.parametrize(
    "kind", [None, 1, "", "credits.expire", "expiry.run", "expiry.complete", "programme.open", []]
)
def test_a_line_of_no_such_kind_is_told_the_kinds(town: Town, kind: Any) -> None:
    (line,) = lines_of(town.bulk({"kind": kind}))
    (error,) = line["problem"]["errors"]
    assert error["field"] == "kind"
    assert "activity.record" in error["message"]


def test_a_line_without_a_kind_is_told_so(town: Town) -> None:
    (line,) = lines_of(town.bulk({}))
    assert line["problem"]["errors"] == [{"field": "kind", "message": "is missing"}]


@pytest.mark.parametrize("field", ["deadline_at", "valid_from", "valid_to"])
def test_an_instant_at_the_end_of_the_calendar_is_refused_in_a_line_too(town: Town, field: str) -> None:
    hold = {
        "kind": "redemption.hold",
        "id": "x",
        "participant_id": "ann",
        "merchant_id": "tea",
        "credits": 1,
        "face_value_fen": 1,
        "funds": [{"fund_id": "green", "weight": 1}],
        "deadline_at": in_days(1),
    }
    scenario = {
        "kind": "scenario.publish",
        "id": "x",
        "version": 1,
        "name_zh": "名",
        "name_en": "n",
        "methodology_id": "bus",
        "methodology_version": 1,
        "rule": {"kind": "credits_per_act", "credits": 1},
        "valid_from": OCCURRED,
    }
    line = (hold if field == "deadline_at" else scenario) | {field: "9999-12-31T23:59:59-23:59"}
    (answered,) = lines_of(town.bulk(line, role="poster" if field == "deadline_at" else "operator"))
    assert [error["field"] for error in answered["problem"]["errors"]] == [field]


@pytest.mark.parametrize("raw", [b"", b"\n", b" \r\n\n"])
def test_a_request_without_a_line_is_refused(town: Town, raw: bytes) -> None:
    answer = town.send("/bulk", raw, "poster", "application/x-ndjson")
    assert answer.json["details"]["reason"] == "empty"


@pytest.mark.parametrize(("atomic", "lines_max"), [(False, 7), (True, 4)])
def test_lines_are_taken_up_to_their_number(
    opened: Callable[..., Ledger],
    atomic: bool,  # noqa: FBT001 - one of the two values
    lines_max: int,
) -> None:
    town = Town(opened(bulk_lines_max=7, group_commands_max=4)).open()
    lines = [{"kind": "participant.open", "id": f"p{one}"} for one in range(lines_max + 1)]
    past = town.bulk(*lines, atomic=atomic)
    assert (past.status_code, code_of(past)) == (413, "too_many_lines")
    assert past.json["details"] == {"lines_max": lines_max}
    assert [line["status"] for line in lines_of(town.bulk(*lines[:-1], atomic=atomic))] == [201] * lines_max


def test_a_bulk_body_is_taken_up_to_its_limit(town: Town) -> None:
    at = GOOD + b"\n" * 1 + b" " * (limits.BULK_BODY_BYTES_MAX - len(GOOD) - 1)
    answer = town.send("/bulk", at, "poster", "application/x-ndjson")
    assert [line["status"] for line in lines_of(answer)] == [201, 413]
    assert code_of(town.send("/bulk", at + b" ", "poster", "application/x-ndjson")) == "body_too_large"


def test_an_event_is_never_made_of_a_refused_input(town: Town) -> None:
    before = town.get("").json["position"]
    town.bulk(*(raw for raw, _ in MALFORMED if b"\n" not in raw))
    for fields, _ in FIELDS:
        town.send("/transfers", _raw(**fields), "poster")
    assert town.get("").json["position"] == before
