"""Every code that HTTP can give, given by a request that deserves it."""

import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, cast

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from api.problems import status_of
from ledger.bootstrap import Ledger
from ledger.domain import errors, limits
from ledger.domain.errors import LedgerError
from ledger.shadow_run import ShadowRuns
from ledger.store.database import Database
from ledger.writer import Writer
from tests.e2e.drives import CAR, Drives
from tests.e2e.month import Month
from tests.e2e.offer_codes import OFFER_PRODUCERS
from tests.e2e.office import MAPPING, Office
from tests.e2e.statement_codes import STATEMENT_PRODUCERS, a_statement, drunk_yesterday
from tests.e2e.town import Answer, Town, code_of, in_days, lines_of

NAMES: Final = {"name_zh": "名", "name_en": "name"}
FACTOR: Final = {
    "name": "per_block",
    "value": "60",
    "unit": "g/block",
    "region": "市",
    "year": 2025,
    "source": "s",
}
NOT_OVER_HTTP: Final = {
    "decimal_malformed": "told as the measurement, factor or parameter it stands in",
    "split_weights_invalid": "weights below 1 are refused as fields",
    "share_out_of_bounds": "told as the treatment or tier it stands in",
    "formula_unknown": "refused as a field",
    "voucher_code_taken": "no two codes of 95 bits have been the same yet",
    "already_recorded": "the writer answers with the first outcome instead",
    "grid_factor_not_found": "the table that ships is read by programs of ours only",
    "key_not_found": "keys are made and revoked on the command line",
    "merchant_owed_less": "retired: what was taken back is a line of the next statement",
    "setting_invalid": "seen before a server runs",
    "embedded_database_busy": "seen before a server runs",
    "embedded_database_other_version": "seen before a server runs",
    "embedded_database_failed": "seen before a server runs",
    "database_unreachable": "seen before a server runs",
    "migration_folder_broken": "seen before a server runs",
    "migration_edited": "seen before a server runs",
    "migration_failed": "seen before a server runs",
    "view_unbuildable": "views are rebuilt on the command line",
    "rebuild_running": "views are rebuilt on the command line",
    "progress_file_unsuitable": "programmes are verified on the command line",
    "ledger_file_unreadable": "programmes are moved on the command line",
    "ledger_file_newer_than_code": "programmes are moved on the command line",
    "ledger_file_altered": "programmes are moved on the command line",
    "log_unsound": "programmes are moved on the command line",
    "programme_exists": "programmes are moved on the command line",
    "import_running": "programmes are moved on the command line",
    "proposal_unreadable": "shadow runs are made on the command line",
}

Produce = Callable[[Town], Answer]


def _activity(**fields: Any) -> Produce:
    terms = {
        "id": "x",
        "source": "s",
        "participant_id": "ann",
        "scenario_id": "bus-ride",
        "measured": {"distance_km": "1"},
    }
    return lambda town: town.post("poster", "/activities", **(terms | fields))


def _methodology(**fields: Any) -> Produce:
    changed = [FACTOR | fields.pop("factor", {})]
    terms: dict[str, Any] = {
        "id": "walk",
        "version": 1,
        **NAMES,
        "formula": "steps_block",
        "factors": changed,
    }
    terms["parameters"] = {"block_steps": "1000"}
    return lambda town: town.post("operator", "/methodologies", **(terms | fields))


def _scenario(**fields: Any) -> Produce:
    terms = {
        "id": "new",
        "version": 1,
        **NAMES,
        "methodology_id": "bus",
        "methodology_version": 1,
        "rule": {"kind": "credits_per_act", "credits": 1},
        "valid_from": "2020-01-01T00:00:00Z",
    }
    return lambda town: town.post("operator", "/scenarios", **(terms | fields))


def _campaign(own_id: str = "week", **fields: Any) -> Produce:
    terms = {
        "id": own_id,
        "version": 1,
        **NAMES,
        "valid_from": "2020-01-01T00:00:00Z",
        "bonus": {"kind": "first_time", "credits": 1},
    }
    return lambda town: town.post("operator", "/campaigns", **(terms | fields))


def _tiers(*thresholds: int) -> dict[str, Any]:
    return {"kind": "tier", "levels": [{"from_g": from_g, "multiplier": "2"} for from_g in thresholds]}


def _transfer(**fields: Any) -> Produce:
    terms = {"id": "x", "from_account": "participant:ann", "to_account": "participant:bo", "credits": 1}
    return lambda town: town.post("poster", "/transfers", **(terms | fields))


def _adjustment(**fields: Any) -> Produce:
    terms = {"id": "x", "account": "participant:ann", "credits": 1, "approver": "a", "reason": "r"}
    return lambda town: town.post("operator", "/adjustments", **(terms | fields))


def _after(*before: Produce, then: Produce) -> Produce:
    def produce(town: Town) -> Answer:
        for step in before:
            made = step(town)
            assert made.status_code == 201, made.text
        return then(town)

    return produce


def _step(verb: str, own_id: str = "x") -> Produce:
    return lambda town: town.post("operator", f"/participants/ann/{verb}", id=own_id, reason="r")


def _earn(town: Town) -> Answer:
    return town.earn("ann", 10, "earned")


def _hold(town: Town) -> Answer:
    return town.hold("r-1")


def _with_key(secret: str) -> Produce:
    return lambda town: cast(
        "Answer", town.client.get(town.base, headers={"Authorization": f"Bearer {secret}"})
    )


def _of_elsewhere(town: Town) -> Answer:
    secret = town.ledger.keys.create(name="e", role="operator", programme_id="elsewhere").secret
    return _with_key(secret)(town)


def _cut_off(town: Town) -> Answer:
    answer = town.client.post(
        f"{town.base}/transfers",
        data=b"{}",
        content_type="application/json",
        headers=town.headers("poster"),
        environ_overrides={"CONTENT_LENGTH": "100"},
    )
    return cast("Answer", answer)


def _of_unknown_length(town: Town) -> Answer:
    answer = town.client.post(
        f"{town.base}/transfers",
        input_stream=io.BytesIO(b"{}"),
        content_type="application/json",
        headers=town.headers("poster"),
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    return cast("Answer", answer)


def _lines(town: Town, *lines: bytes, atomic: bool | None = None) -> Answer:
    return town.bulk(*lines, atomic=atomic)


def _office(then: Callable[[Office], Answer]) -> Produce:
    """What happens to whoever reconciles the town."""
    return lambda town: then(Office(town).furnish())


def _break(then: Callable[[Office, str], Answer]) -> Produce:
    """What happens to a break of the town's."""

    def produce(office: Office) -> Answer:
        return then(office, office.differing())

    return _office(produce)


def _imported_otherwise(office: Office) -> Answer:
    assert office.send(("r-1", 1)).status_code == 201
    assert office.save(MAPPING | {"note": "order"}).status_code == 201
    return office.send(("r-1", 1))


def _corrected(office: Office, break_id: str, position: int) -> Answer:
    told: dict[str, Any] = {"resolution": "corrected", "note": "refunded", "position": position}
    return office.step(break_id, "resolve", **told)


def _planted(then: Produce) -> Produce:
    def produce(town: Town) -> Answer:
        town.plant()
        return then(town)

    return produce


def _drives(then: Callable[[Drives], Answer], **rules: Any) -> Produce:
    """What happens in a town where driving earns."""
    return lambda town: then(Drives(town).allow(**rules))


def _held_drive(then: Callable[[Drives], Answer]) -> Produce:
    def produce(drives: Drives) -> Answer:
        assert drives.drive(flags=["jump"]).status_code == 201
        return then(drives)

    return _drives(produce)


def _pending_drive(then: Callable[[Drives], Answer]) -> Produce:
    def produce(drives: Drives) -> Answer:
        assert drives.drive().status_code == 201
        return then(drives)

    return _drives(produce, ripens_after_h=1)


def _proposal(**fields: Any) -> Produce:
    terms = {"id": "x", "movement": "withdraw", "fund_id": "green", "sponsor_id": "bank", "value_fen": 1}
    return lambda town: town.post("finance", "/proposals", **(terms | fields))


def _answer(verb: str, role: str = "checker", **fields: Any) -> Produce:
    return lambda town: town.post(role, f"/proposals/x/{verb}", **fields)


def _webhook(own_id: str = "shop", url: str = "https://shop.example/") -> Produce:
    return lambda town: town.send_json("/webhooks", {"id": own_id, "url": url})


def _made_of(**fields: Any) -> Produce:
    """What is asked to be made of a template, beside the town."""

    def produce(town: Town) -> Answer:
        beside = Town(town.ledger, f"{town.programme_id}-beside", beside=town)
        return beside.post("operator", "/template", **fields)

    return produce


def _shadow(**fields: Any) -> Produce:
    days = {"first_on": "2026-11-01", "last_on": "2026-11-30"}
    return lambda town: town.send_json("/shadow-runs", days | fields)


def _too_long_for_a_template(town: Town) -> Answer:
    opened = town.bulk(
        *({"kind": "merchant.open", "id": f"m{n}", **NAMES} for n in range(limits.TEMPLATE_COMMANDS_MAX)),
        role="finance",
    )
    assert opened.status_code == 200
    return town.get("/template")


PRODUCERS: Final[dict[str, Produce]] = {
    "measurement_missing": _activity(measured={}),
    "measurement_unexpected": _activity(measured={"distance_km": "1", "steps": 1}),
    "measurement_malformed": _activity(measured={"distance_km": "1e3"}),
    "measurement_out_of_bounds": _activity(measured={"distance_km": str(limits.DISTANCE_KM_MAX + 1)}),
    "parameter_missing": _methodology(parameters={}),
    "parameter_unknown": _methodology(parameters={"block_steps": "1", "x": "1"}),
    "parameter_out_of_bounds": _methodology(parameters={"block_steps": "0"}),
    "factor_missing": _methodology(factors=[]),
    "factor_unknown": _methodology(factor={"name": "x"}),
    "factor_repeated": _methodology(factors=[FACTOR] * 2),
    "factor_unit_mismatch": _methodology(factor={"unit": "g/step"}),
    "factor_out_of_bounds": _methodology(factor={"value": "-1"}),
    "factor_unsourced": _methodology(factor={"source": " "}),
    "conversion_rule_out_of_bounds": _scenario(rule={"kind": "credits_per_act", "credits": 0}),
    "conversion_field_unmeasured": _scenario(
        rule={"kind": "credits_per_block", "credits": 1, "block": 1, "field": "steps"}
    ),
    "treatment_unknown": lambda town: Drives(town).publish_methodology(quality={"gap": "1.5"}),
    "window_without_ripening": _scenario(claim_within_h=1),
    "exclusion_repeated": _scenario(exclusion=[{"group": "car", "subject": "vehicle"}] * 2),
    "subject_missing": _drives(
        lambda drives: drives.drive(subjects={"person": CAR}),
        exclusion=[{"group": "car", "subject": "vehicle"}],
    ),
    "interval_unsuitable": _activity(began_at=in_days(-1)),
    "multiplier_out_of_bounds": _campaign(bonus={"kind": "multiplier", "multiplier": "1"}),
    "tier_levels_unordered": _campaign(bonus=_tiers(2, 1)),
    "campaign_unfunded": _campaign(merchant_id="cafe"),
    "entry_not_found": lambda town: town.get("/accounts/participant:ann/explain?position=99"),
    "campaign_not_found": lambda town: town.get("/campaigns/none/versions/1"),
    "too_many_campaigns": _after(
        *(_campaign(f"week-{number}") for number in range(limits.CAMPAIGNS_AT_ONCE_MAX)), then=_campaign()
    ),
    "partner_unsuitable": lambda town: town.post(
        "operator", "/policies", version=1, partners=[town.programme_id]
    ),
    "correction_empty": _pending_drive(lambda drives: drives.correct("c", 1, is_void=True)),
    "occurred_out_of_bounds": _activity(occurred_at=in_days(1)),
    "time_zone_unknown": lambda town: town.open_programme(id="mars", time_zone="Mars/Olympus"),
    "expiry_too_long": lambda town: town.open_programme(
        id="mars", expiry={"kind": "year_end", "months": 109}
    ),
    "same_account": _transfer(to_account="participant:ann"),
    "adjustment_zero": _adjustment(credits=0),
    "lot_out_of_bounds": _adjustment(lot="2000-01-01"),
    "deadline_out_of_bounds": lambda town: town.hold("x", deadline_at=in_days(-1)),
    "fee_above_face_value": lambda town: town.hold("x", face_value_fen=100, fee_fen=101),
    "fund_named_twice": lambda town: town.hold("x", funds=[{"fund_id": "green", "weight": 1}] * 2),
    "serial_range_empty": _planted(lambda town: town.deliver("x", 201, 200)),
    "validity_empty": _scenario(valid_to="2020-01-01T00:00:00Z"),
    "request_unreadable": _cut_off,
    "length_missing": _of_unknown_length,
    "malformed_json": lambda town: town.send("/transfers", b"{", "poster"),
    "fields_invalid": _transfer(credits="1"),
    "key_missing": lambda town: town.get("", role=None),
    "key_unknown": _with_key("clk_" + "a" * 43),
    "role_not_permitted": lambda town: town.post("auditor", "/transfers"),
    "programme_not_permitted": _of_elsewhere,
    "programme_not_found": lambda town: town.get_at("/v1/programmes/nowhere", "auditor"),
    "account_not_found": _transfer(from_account="participant:nobody"),
    "scenario_not_found": _activity(scenario_id="none"),
    "methodology_not_found": _scenario(methodology_version=2),
    "policy_not_found": lambda town: town.get("/policies/current"),
    "activity_not_found": lambda town: Drives(town).claim("none"),
    "redemption_not_found": lambda town: town.post("poster", "/redemptions/none/fulfil"),
    "sink_not_found": lambda town: town.donate("x"),
    "donation_not_found": lambda town: town.get("/donations/none"),
    "route_not_found": lambda town: town.get("/nothing"),
    "content_differs": _after(_activity(), then=_activity(measured={"distance_km": "2"})),
    "version_out_of_sequence": _scenario(version=2),
    "serials_overlap": _planted(lambda town: town.deliver("x", 200, 300)),
    "method_not_allowed": lambda town: cast("Answer", town.client.delete(town.base)),
    "body_too_large": lambda town: town.send("/transfers", b" " * (limits.BODY_BYTES_MAX + 1), "poster"),
    "content_type_unsupported": lambda town: town.send("/transfers", b"{}", "poster", "text/plain"),
    "too_many_lines": lambda town: town.bulk(*[b"{}"] * 1_001),
    "scenario_not_valid": _activity(occurred_at="2019-01-01T00:00:00Z"),
    "account_closed": _after(_step("close"), then=_activity()),
    "account_frozen": _after(_step("freeze"), then=_transfer()),
    "account_status_unsuitable": _step("unfreeze"),
    "account_not_empty": _after(_earn, then=_step("close")),
    "insufficient_credits": _transfer(),
    "insufficient_units": _planted(lambda town: town.donate("x", units=101)),
    "too_many_deliveries": _planted(
        _after(
            *(
                lambda town, n=n: town.deliver(f"d-{n}", 200 + n, 200 + n)
                for n in range(1, limits.DELIVERIES_MAX)
            ),
            then=lambda town: town.deliver("x", 1, 1),
        )
    ),
    "insufficient_fund": _after(_earn, then=lambda town: town.hold("x", face_value_fen=100_001)),
    "commitment_needs_approval": _after(
        lambda town: town.post("finance", "/funds", id="careful", needs_approval=True, **NAMES),
        then=lambda town: town.post(
            "finance", "/funds/careful/commitments", id="c", sponsor_id="bank", value_fen=1
        ),
    ),
    "threshold_named_twice": lambda town: town.post(
        "finance", "/funds/green/alarms", id="x", thresholds_fen=[1, 1]
    ),
    "money_target_unsuitable": _proposal(movement="transfer"),
    "sponsor_has_less": _proposal(value_fen=100_001),
    "proposal_not_found": lambda town: town.post("finance", "/proposals/none/approve"),
    "proposal_decided": _after(
        _proposal(), _answer("approve"), then=_answer("reject", "finance", reason="r")
    ),
    "second_key_needed": _after(_proposal(), then=_answer("approve", "finance")),
    "redemption_status_unsuitable": _after(
        _earn, _hold, then=lambda town: town.post("finance", "/redemptions/r-1/refund", reason="r")
    ),
    "mapping_not_found": lambda town: town.get("/reconciliation/mappings/tea"),
    "reconciliation_file_not_found": lambda town: town.get("/reconciliation/files/x"),
    "reconciliation_run_not_found": lambda town: town.get("/reconciliation/runs/x"),
    "break_not_found": lambda town: town.get("/reconciliation/breaks/x"),
    "bill_file_unsuitable": _office(lambda office: office.send(raw=b"nothing")),
    "bill_mapping_unsuitable": _office(lambda office: office.save({"format": "pdf"})),
    "file_imported_otherwise": _office(_imported_otherwise),
    "break_status_unsuitable": _break(lambda office, own_id: office.step(own_id, "confirm")),
    "correcting_event_unsuitable": _break(lambda office, own_id: _corrected(office, own_id, 1)),
    "position_beyond_log": _break(lambda office, own_id: _corrected(office, own_id, 10**9)),
    "webhook_not_found": lambda town: town.get("/webhooks/none"),
    "webhook_exists": _after(_webhook(), then=_webhook()),
    "webhook_url_not_allowed": _webhook(url="https://127.0.0.1/"),
    "too_many_webhooks": _after(
        *(_webhook(f"hook-{number}") for number in range(limits.WEBHOOKS_MAX)), then=_webhook()
    ),
    "dead_letter_not_found": _after(
        _webhook(), then=lambda town: town.send_json("/webhooks/shop/dead/1/retry", {})
    ),
    "period_empty": _shadow(last_on="2026-10-31"),
    "template_unreadable": _made_of(template={}),
    "template_not_found": lambda town: town.get_at("/v1/templates/village", "poster"),
    "template_refused": _made_of(template_id="community", occurred_at=in_days(1)),
    "template_too_long": _too_long_for_a_template,
    "programme_open": lambda town: town.post("operator", "/template", template_id="community"),
    "activity_status_unsuitable": _held_drive(lambda drives: drives.correct("c", 1)),
    "nothing_pending": _held_drive(lambda drives: drives.claim()),
    "credits_not_ripe": _pending_drive(lambda drives: drives.claim()),
    "lapse_not_due": lambda town: town.post("operator", "/lapses", id="x", up_to="2999-01-01T00:00:00Z"),
    "expiry_not_due": lambda town: town.post("operator", "/expiries", id="x", up_to="2999-01-01"),
    **OFFER_PRODUCERS,
    **STATEMENT_PRODUCERS,
}


@pytest.mark.parametrize("code", PRODUCERS)
def test_a_request_that_deserves_a_code_gets_it_with_the_status_of_its_family(town: Town, code: str) -> None:
    answer = PRODUCERS[code](town)
    assert code_of(answer) == code, answer.text
    leaf = next(leaf for leaf in _leaves() if leaf.code == code)
    assert answer.status_code == status_of(leaf.__new__(leaf))
    assert answer.headers.get("WWW-Authenticate", "").startswith("Bearer") == (answer.status_code == 401)
    assert ("Allow" in answer.headers) == (answer.status_code == 405)


def test_lines_of_an_atomic_request_are_told_of_the_refused_one__bulk_not_applied(town: Town) -> None:
    good = json.dumps({"kind": "participant.open", "id": "x", "occurred_at": in_days(-1)}).encode()
    first, _ = lines_of(_lines(town, good, b"{", atomic=True))
    assert first["problem"]["code"] == "bulk_not_applied"


def test_a_long_line_is_refused_alone__line_too_large(town: Town) -> None:
    at_the_limit = b'{"kind":"x"}'.ljust(limits.BULK_LINE_BYTES_MAX)
    at, past = lines_of(_lines(town, at_the_limit, at_the_limit + b" "))
    assert (at["problem"]["code"], past["problem"]["code"]) == ("fields_invalid", "line_too_large")
    assert past["status"] == 413


def test_credits_cannot_be_given_away_where_the_programme_says_so__transfer_not_allowed(bare: Town) -> None:
    town = bare.open(transferable=False)
    assert code_of(_transfer()(town)) == "transfer_not_allowed"


def test_a_monthly_quota_is_kept_at_it_and_one_past__transfer_quota_exceeded(bare: Town) -> None:
    town = bare.open(transfer_quota_credits=5)
    _earn(town)
    assert _transfer(credits=5)(town).status_code == 201
    assert code_of(_transfer(id="y", credits=1)(town)) == "transfer_quota_exceeded"


@pytest.fixture
def clocked(opened: Callable[..., Ledger]) -> tuple[Town, Callable[[datetime], None]]:
    """A town at a time of the test's choosing."""
    now = [datetime(2028, 1, 10, 4, tzinfo=UTC)]
    town = Town(opened(clock=lambda: now[0])).open()
    return town, lambda later: now.__setitem__(0, later)


def test_what_ran_out_cannot_be_spent__credits_expired(
    clocked: tuple[Town, Callable[[datetime], None]],
) -> None:
    town, set_time = clocked
    _earn(town)
    set_time(datetime(2030, 1, 1, tzinfo=UTC))
    assert code_of(_transfer()(town)) == "credits_expired"


def test_a_hold_cannot_be_used_after_its_deadline__hold_expired(
    clocked: tuple[Town, Callable[[datetime], None]],
) -> None:
    town, set_time = clocked
    _earn(town)
    assert town.hold("r-1", deadline_at="2028-01-11T00:00:00Z").status_code == 201
    set_time(datetime(2028, 1, 11, 0, 0, 1, tzinfo=UTC))
    assert code_of(town.post("poster", "/redemptions/r-1/fulfil")) == "hold_expired"


def test_a_proposal_is_not_approved_from_the_instant_at_which_it_lapses__proposal_lapsed(
    clocked: tuple[Town, Callable[[datetime], None]],
) -> None:
    town, set_time = clocked
    assert _proposal(valid_days=1)(town).status_code == 201
    set_time(datetime(2028, 1, 11, 4, tzinfo=UTC))
    assert code_of(_answer("approve")(town)) == "proposal_lapsed"
    assert town.get("/proposals/x").json["status"] == "lapsed"
    town.follow()
    assert [one["status"] for one in town.get("/proposals").json["proposals"]] == ["lapsed"]
    assert town.get("/proposals?open=true").json["proposals"] == []


def test_so_many_disputes_are_taken_and_no_more__too_many_disputes(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.domain.statement_disputing.DISPUTES_MAX", 1)
    month, statement_id = a_statement(town)
    assert month.dispute(statement_id, "r-1").status_code == 201
    assert code_of(month.dispute(statement_id, "r-2")) == "too_many_disputes"


def test_so_many_payouts_are_tried_and_no_more__too_many_payouts(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.domain.statement_paying.PAYOUTS_MAX", 1)
    month, statement_id = a_statement(town)
    month.expect(month.approve(statement_id))
    month.expect(month.pay(statement_id))
    month.expect(month.do(statement_id, "payouts/p-1/failure", reason="r"))
    assert code_of(month.pay(statement_id, "p-2")) == "too_many_payouts"


def test_a_document_has_so_many_lines_and_no_more__document_too_long(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    month, statement_id = a_statement(town)
    month.follow()
    path = f"/settlement/statements/{statement_id}/document?format=csv"
    monkeypatch.setattr("ledger.merchant_statements.files.DOCUMENT_LINES_MAX", 2)
    assert month.get(path).status_code == 200
    monkeypatch.setattr("ledger.merchant_statements.files.DOCUMENT_LINES_MAX", 1)
    assert code_of(month.get(path)) == "document_too_long"


def test_uses_that_no_register_knows_are_not_settled__register_incomplete(own_town: Town) -> None:
    month = drunk_yesterday(own_town)
    with month.ledger.database.connection() as connection:
        connection.execute("DELETE FROM registers WHERE register = 'unsettled'")
    another = Month(month.ledger, month.programme_id, beside=month, at=month.clock())
    assert code_of(another.close()) == "register_incomplete"


def test_what_was_not_claimed_in_time_is_gone__claim_window_closed(
    clocked: tuple[Town, Callable[[datetime], None]],
) -> None:
    town, set_time = clocked
    drives = Drives(town).allow(ripens_after_h=1, claim_within_h=1)
    assert drives.drive().status_code == 201
    set_time(datetime(2028, 1, 10, 6, tzinfo=UTC))
    assert code_of(drives.claim()) == "claim_window_closed"


# ── Try again later ───────────────────────────────────────────────────────────────────────────


def _unavailable(answer: Answer) -> str:
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    return code_of(answer)


def test_more_commands_than_may_wait_are_refused_whole__queue_full(opened: Callable[..., Ledger]) -> None:
    town = Town(opened(queue_commands_max=1)).open()
    line = {"kind": "participant.open", "id": "x"}
    assert _unavailable(town.bulk(line, line)) == "queue_full"


def test_more_callers_than_may_wait_are_refused_and_those_who_do_not_wait_are_not__too_many_followers(
    opened: Callable[..., Ledger],
) -> None:
    town = Town(opened(followers_max=1)).open()
    place = town.ledger.followers.enter(town.programme_id)
    assert _unavailable(town.get("/events?after=999&wait_s=1")) == "too_many_followers"
    assert town.get("/events?wait_s=1").status_code == 200
    place.leave()
    assert town.get("/events?after=999&wait_s=1").status_code == 200


def test_a_log_is_too_long_for_a_run_beside_other_work__shadow_run_too_long(
    opened: Callable[..., Ledger],
) -> None:
    ledger = opened()
    town = Town(replace(ledger, shadow_runs=ShadowRuns(ledger.database, events_max=1))).open()
    assert code_of(_shadow()(town)) == "shadow_run_too_long"


def test_a_log_is_too_long_for_books_beside_other_work__books_too_long(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = town.ledger.log.head(town.programme_id)
    assert events is not None
    monkeypatch.setattr("api.books.BOOKS_EVENTS_MAX", events)
    assert town.get("/books").status_code == 200
    monkeypatch.setattr("api.books.BOOKS_EVENTS_MAX", events - 1)
    assert code_of(town.get("/books")) == "books_too_long"


def test_a_second_run_is_not_made_beside_the_first__shadow_run_busy(own_town: Town) -> None:
    with own_town.ledger.shadow_runs._place:
        assert _unavailable(_shadow()(own_town)) == "shadow_run_busy"
    assert _shadow()(own_town).status_code == 200


def test_a_process_that_stops_takes_nothing_and_is_not_ready__shutting_down(own_town: Town) -> None:
    town = own_town
    town.ledger.writer.close()
    assert _unavailable(_activity()(town)) == "shutting_down"
    assert _unavailable(town.get_at("/ready")) == "shutting_down"
    assert town.get_at("/health").status_code == 200


def test_without_its_database_nothing_is_answered__database_unavailable(
    own_town: Town, server: str, database: str
) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        name = sql.Identifier(str(conninfo_to_dict(database)["dbname"]))
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [conninfo_to_dict(database)["dbname"]],
        )
        try:
            assert _unavailable(own_town.get_at("/ready")) == "database_unavailable"
        finally:
            connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))


def test_a_view_is_not_shown_before_it_has_come_as_far_as_its_caller_has_seen__view_lagging(
    opened: Callable[..., Ledger],
) -> None:
    town = Town(opened(view_wait_ms_max=0)).open()
    assert _unavailable(town.get("/totals?min_position=1")) == "view_lagging"
    town.follow()
    answer = town.get("/totals?min_position=1")
    assert (answer.status_code, answer.json["position"]) == (200, town.ledger.log.head(town.programme_id))


def test_what_a_later_release_wrote_is_left_to_it__event_newer_than_code(
    own_town: Town, database: str
) -> None:
    _earn(own_town)
    _hold(own_town)
    with psycopg.connect(database) as connection:
        later = """UPDATE events SET state = '{"v":2,'::bytea || substr(state, 2) WHERE topic = %s"""
        connection.execute(later, ["redemption.held"])
    answer = own_town.get("/redemptions/r-1")
    assert _unavailable(answer) == "event_newer_than_code"
    assert answer.json["details"] == {"topic": "redemption.held", "version_known": 1, "version_found": 2}


def test_a_second_run_at_once_is_asked_to_come_again__reconciliation_running(
    own_town: Town, database: str
) -> None:
    office = Office(own_town).furnish()
    assert office.run().status_code == 201
    with psycopg.connect(database) as connection:
        connection.execute("SELECT * FROM reconciliation.heads FOR UPDATE")
        assert own_town.earn("ann", 1, "later").status_code == 201
        assert _unavailable(office.run()) == "reconciliation_running"
    assert office.run().status_code == 201


@pytest.fixture
def impatient(opened: Callable[..., Ledger], database: str) -> Iterator[Town]:
    """A town whose callers wait a tenth of a second, and whose database is given three."""
    ledger = opened()
    Town(ledger).open()
    waiting = Database(database, statement_ms_max=3_000)
    writer = Writer(waiting, commit_wait_ms_max=100)
    yield Town(replace(ledger, writer=writer))
    writer.close()
    waiting.close()


def test_a_commit_that_takes_too_long_is_not_waited_for__commit_timed_out(
    impatient: Town, database: str
) -> None:
    with psycopg.connect(make_conninfo(database)) as connection:
        connection.execute("SELECT * FROM heads FOR UPDATE")
        leads = threading.Thread(target=_activity(id="leads"), args=[impatient])
        leads.start()
        while not impatient.ledger.writer._busy_entries:
            pass
        assert _unavailable(_activity(id="waits")(impatient)) == "commit_timed_out"
        connection.rollback()
        leads.join()


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("migrations_pending", "DELETE FROM schema_migrations"),
        ("database_newer_than_code", "INSERT INTO schema_migrations VALUES (9999, 'later', '', now())"),
    ],
)
def test_a_database_of_another_release_is_not_ready(
    own_town: Town, database: str, code: str, change: str
) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(change.encode())
    assert _unavailable(own_town.get_at("/ready")) == code


def test_a_fault_of_ours_shows_nothing_of_itself__internal_error(
    own_town: Town, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("ALTER TABLE balances RENAME TO elsewhere")
    answer = own_town.get("/balances/participant:ann")
    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
    assert answer.json["code"] == "internal_error"
    assert "elsewhere" not in answer.text
    assert "balances" not in answer.text
    assert "UndefinedTable" in capsys.readouterr().out


# ── The list is whole ─────────────────────────────────────────────────────────────────────────


def _leaves(family: type[LedgerError] = LedgerError) -> Iterator[type[LedgerError]]:
    for inner in family.__subclasses__():
        if inner.code:
            yield inner
        else:
            yield from _leaves(inner)


def test_every_code_is_produced_by_a_test_or_never_leaves_the_ledger() -> None:
    by_name = {name.rpartition("__")[2] for name in globals() if name.startswith("test_") and "__" in name}
    parametrised = {"migrations_pending", "database_newer_than_code"}
    produced = PRODUCERS.keys() | by_name | parametrised
    assert {leaf.code for leaf in _leaves(errors.LedgerError)} == produced | NOT_OVER_HTTP.keys()
    assert not produced & NOT_OVER_HTTP.keys()
