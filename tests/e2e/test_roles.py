"""Every route asks for a key of a role it names, and for a key of its programme."""

import json
from typing import Any, Final

import pytest
from werkzeug.routing import Rule

from api.access import Access, access_of
from ledger.keys import ROLES
from tests.e2e.town import NDJSON, Town, code_of

OPEN_TO_ALL: Final = {"/health", "/ready", "/openapi.json", "/docs", "/docs/<path:name>", "/"}
"""The only addresses outside the keys."""

EXPECTED: Final[dict[str, str]] = {
    "POST /programmes": "operator",
    "POST /template": "operator",
    "GET /template": "auditor operator",
    "POST /activities": "poster",
    "POST /corrections": "poster",
    "POST /releases": "operator",
    "POST /dismissals": "operator",
    "GET /held": "auditor operator",
    "POST /claims": "poster",
    "POST /lapses": "operator",
    "POST /transfers": "poster",
    "POST /redemptions": "poster",
    "POST /redemptions/<redemption_id>/fulfil": "poster",
    "POST /redemptions/<redemption_id>/cancel": "poster",
    "POST /redemptions/<redemption_id>/refund": "finance",
    "POST /participants": "poster operator",
    "POST /participants/<participant_id>/freeze": "operator",
    "POST /participants/<participant_id>/unfreeze": "operator",
    "POST /participants/<participant_id>/close": "operator",
    "POST /participants/<participant_id>/hide": "poster operator",
    "POST /participants/<participant_id>/show": "poster operator",
    "POST /participants/<participant_id>/erase": "operator",
    "POST /organisations": "operator",
    "POST /merchants": "finance",
    "POST /merchants/<merchant_id>/stores": "finance",
    "POST /merchants/<merchant_id>/stores/<store_id>/close": "finance",
    "POST /offers": "finance",
    "POST /vouchers": "poster",
    "POST /vouchers/fulfil": "poster",
    "GET /vouchers/<redemption_id>": "poster",
    "GET /vouchers/<redemption_id>/qr.svg": "poster",
    "POST /funds": "finance",
    "POST /funds/<fund_id>/commitments": "finance",
    "POST /funds/<fund_id>/alarms": "finance",
    "POST /sponsors": "finance",
    "POST /proposals": "finance",
    "POST /proposals/<proposal_id>/approve": "finance",
    "POST /proposals/<proposal_id>/reject": "finance",
    "GET /proposals": "finance auditor operator",
    "GET /proposals/<proposal_id>": "finance auditor operator",
    "GET /funds": "finance auditor operator",
    "GET /funds/<fund_id>/movements": "finance auditor operator",
    "GET /funds/<fund_id>/alarms": "finance auditor operator",
    "GET /solvency": "finance auditor operator",
    "POST /methodologies": "operator",
    "POST /scenarios": "operator",
    "POST /policies": "operator",
    "POST /campaigns": "operator",
    "POST /shadow-runs": "auditor operator",
    "POST /sinks": "operator",
    "POST /sinks/<project_id>/units": "operator",
    "POST /donations": "poster",
    "POST /adjustments": "operator",
    "POST /expiries": "operator",
    "POST /bulk": "poster finance operator",
    "GET /events": "auditor",
    "POST /webhooks": "operator",
    "GET /webhooks": "auditor operator",
    "GET /webhooks/<webhook_id>": "auditor operator",
    "POST /webhooks/<webhook_id>/rotate": "operator",
    "POST /webhooks/<webhook_id>/pause": "operator",
    "POST /webhooks/<webhook_id>/resume": "operator",
    "POST /webhooks/<webhook_id>/replay": "operator",
    "POST /webhooks/<webhook_id>/delete": "operator",
    "GET /webhooks/<webhook_id>/dead": "auditor operator",
    "POST /webhooks/<webhook_id>/dead/<position>/retry": "operator",
    "GET /settlement": "finance auditor operator",
    "GET /settlement/redemptions/<redemption_id>": "finance auditor operator",
    "GET /merchants/<merchant_id>/settlement": "finance auditor operator",
    "GET /merchants/<merchant_id>/settlement/lines": "finance auditor operator",
    "GET /funds/<fund_id>/money": "finance auditor operator",
    "POST /merchants/<merchant_id>/statements": "finance",
    "POST /settlement/statements/close": "finance",
    "POST /settlement/statements/<statement_id>/disputes": "finance",
    "POST /settlement/statements/<statement_id>/resolutions": "finance",
    "POST /settlement/statements/<statement_id>/approval": "finance",
    "POST /settlement/statements/<statement_id>/payouts": "finance",
    "POST /settlement/statements/<statement_id>/payouts/<payout_id>/confirmation": "finance",
    "POST /settlement/statements/<statement_id>/payouts/<payout_id>/failure": "finance",
    "POST /settlement/statements/<statement_id>/payouts/<payout_id>/return": "finance",
    "GET /settlement/statements": "finance auditor operator",
    "GET /settlement/statements/<statement_id>": "finance auditor operator",
    "GET /settlement/statements/<statement_id>/lines": "finance auditor operator",
    "GET /settlement/statements/<statement_id>/document": "finance auditor operator",
    "GET /settlement/payouts": "finance auditor operator",
    "GET /books": "finance auditor",
    "POST /reconciliation/mappings/<merchant_id>": "finance",
    "GET /reconciliation/mappings/<merchant_id>": "finance auditor",
    "POST /reconciliation/files": "finance",
    "GET /reconciliation/files": "finance auditor",
    "GET /reconciliation/files/<file_id>": "finance auditor",
    "POST /reconciliation/files/<file_id>/withdraw": "finance",
    "POST /reconciliation/runs": "finance",
    "GET /reconciliation/runs": "finance auditor",
    "GET /reconciliation/runs/<run_id>": "finance auditor",
    "POST /reconciliation/runs/<run_id>/check": "finance auditor",
    "GET /reconciliation/runs/<run_id>/matches": "finance auditor",
    "GET /reconciliation/runs/<run_id>/breaks": "finance auditor",
    "GET /reconciliation/breaks": "finance auditor",
    "GET /reconciliation/breaks/<break_id>": "finance auditor",
    "POST /reconciliation/breaks/<break_id>/assign": "finance",
    "POST /reconciliation/breaks/<break_id>/note": "finance",
    "POST /reconciliation/breaks/<break_id>/resolve": "finance",
    "POST /reconciliation/breaks/<break_id>/confirm": "finance",
    "POST /reconciliation/breaks/<break_id>/refuse": "finance",
    "GET /metrics": "auditor operator",
}
"""Roles by method and address below the programme; what is not here is a reading for every role."""


def _address(rule: Rule) -> str:
    return rule.rule.removeprefix("/v1").removeprefix("/programmes/<programme_id>")


def _method(rule: Rule) -> str:
    (method,) = (rule.methods or set()) - {"HEAD"}
    return method


def _access(town: Town, rule: Rule) -> Access:
    access = access_of(town.app.view_functions[rule.endpoint])
    assert access is not None, f"{rule.rule} declares no roles"
    return access


def _guarded(town: Town) -> list[Rule]:
    return [rule for rule in town.app.url_map.iter_rules() if rule.rule not in OPEN_TO_ALL]


def _status(town: Town, rule: Rule, secret: str | None) -> tuple[int, str]:
    """The status and code of the emptiest request to a route."""
    path = rule.rule.replace("<programme_id>", town.programme_id).replace("<version:version>", "1")
    for name in rule.arguments:
        path = path.replace(f"<{name}>", "ann")
    answer: Any = town.client.open(
        path,
        method=_method(rule),
        data=b"{}" if _method(rule) == "POST" else None,
        content_type=NDJSON if path.endswith("/bulk") else "application/json",
        headers={} if secret is None else {"Authorization": f"Bearer {secret}"},
    )
    refused = answer.content_type == "application/problem+json"
    return answer.status_code, code_of(answer) if refused else ""


def test_every_route_names_its_roles_and_only_these_need_no_key(town: Town) -> None:
    for rule in town.app.url_map.iter_rules():
        assert bool(_access(town, rule).roles) == (rule.rule not in OPEN_TO_ALL), rule.rule


def test_the_roles_are_those_that_the_documentation_promises(town: Town) -> None:
    found = {
        f"{_method(rule)} {_address(rule)}": " ".join(_access(town, rule).roles) for rule in _guarded(town)
    }
    readings = {route: roles for route, roles in found.items() if route not in EXPECTED}
    assert {route: found.get(route) for route in EXPECTED} == EXPECTED
    assert all(route.startswith("GET ") for route in readings)
    assert set(readings.values()) == {" ".join(ROLES)}


def test_no_key_and_no_known_key_are_answered_401_everywhere(town: Town) -> None:
    for rule in _guarded(town):
        assert _status(town, rule, None) == (401, "key_missing"), rule.rule
        assert _status(town, rule, "clk_" + "a" * 43) == (401, "key_unknown"), rule.rule


def test_every_other_role_is_answered_403_and_every_named_one_gets_in(town: Town) -> None:
    for rule in _guarded(town):
        for role in ROLES:
            status, code = _status(town, rule, town.secrets[role])
            if role in _access(town, rule).roles:
                assert status not in (401, 403), (rule.rule, role, code)
            else:
                assert (status, code) == (403, "role_not_permitted"), (rule.rule, role)


def test_a_refused_role_is_told_which_are_needed(town: Town) -> None:
    answer = town.post("auditor", "/participants", id="x")
    assert answer.json["details"] == {"role": "auditor", "needed_roles": ["poster", "operator"]}


def test_a_key_of_another_programme_is_answered_403_everywhere(town: Town) -> None:
    of_elsewhere = {
        role: town.ledger.keys.create(name=role, role=role, programme_id="elsewhere").secret for role in ROLES
    }
    for rule in _guarded(town):
        for role in _access(town, rule).roles:
            assert _status(town, rule, of_elsewhere[role]) == (403, "programme_not_permitted"), rule.rule


def test_a_key_of_the_programme_gets_in_but_opens_no_programme(town: Town) -> None:
    secret = town.ledger.keys.create(name="own", role="operator", programme_id=town.programme_id).secret
    for rule in _guarded(town):
        if "operator" in _access(town, rule).roles:
            status, _ = _status(town, rule, secret)
            assert (status == 403) == _access(town, rule).every_programme, rule.rule


@pytest.mark.parametrize("header", ["", "Bearer", "bearer clk_x", "Basic YTpi", "Token clk_x", "clk_x"])
def test_a_key_shown_in_another_way_is_missing(town: Town, header: str) -> None:
    answer: Any = town.client.get(town.base, headers={"Authorization": header})
    assert code_of(answer) == "key_missing"


def test_a_bulk_line_needs_the_role_of_its_kind_and_the_others_go_on(town: Town) -> None:
    names = {"name_zh": "名", "name_en": "name"}
    answer = town.bulk(
        {"kind": "merchant.open", "id": "m", **names}, {"kind": "participant.open", "id": "p"}, role="poster"
    )
    first, second = (json.loads(line) for line in answer.data.splitlines())
    assert (first["status"], first["problem"]["details"]["needed_roles"]) == (403, ["finance"])
    assert second["status"] == 201
