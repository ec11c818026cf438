"""Statements and balances at a moment, as callers see them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from ledger.bootstrap import Ledger
from ledger.domain.limits import ACCOUNT_CHARS_MAX, POSITION_MAX, STATEMENT_ENTRIES_MAX
from ledger.keys import ROLES
from tests.e2e.town import Answer, Town, code_of

ANN, BO = "/accounts/participant:ann", "/accounts/participant:bo"
EARLIER, LATER = "2026-11-01T23:59:59.999999+08:00", "2026-11-02T00:00:00+08:00"


@pytest.fixture
def told(town: Town) -> Town:
    """A town where ann earned twice, gave bo some and held some; every view is up with the log."""
    made = [
        town.earn("ann", 100, "ride-1"),
        town.earn("ann", 20, "ride-2"),
        town.post(
            "poster",
            "/transfers",
            id="gift-1",
            from_account="participant:ann",
            to_account="participant:bo",
            credits=5,
            occurred_at=EARLIER,
        ),
        town.post(
            "poster",
            "/transfers",
            id="gift-2",
            from_account="participant:ann",
            to_account="participant:bo",
            credits=7,
            occurred_at=LATER,
        ),
        town.hold("tea-1"),
    ]
    assert [answer.status_code for answer in made] == [201] * len(made)
    town.follow()
    return town


def _read(town: Town, path: str, **query: Any) -> Answer:
    return town.get(f"{path}?" + "&".join(f"{name}={quote(str(value))}" for name, value in query.items()))


def _entries(town: Town, path: str, **query: Any) -> list[dict[str, Any]]:
    """Every entry of a chain of pages."""
    found: list[dict[str, Any]] = []
    while True:
        answer = _read(town, f"{path}/statement", **query)
        assert answer.status_code == 200, answer.text
        found += answer.json["entries"]
        if answer.json["next_cursor"] is None:
            return found
        query["cursor"] = answer.json["next_cursor"]


def _credits_at(town: Town, path: str, **moment: Any) -> int:
    answer = _read(town, f"{path}/balances", **moment)
    assert answer.status_code == 200, answer.text
    return sum(one["amount"] for one in answer.json["balances"] if one["asset"] == "CREDIT")


def _wrong_field(answer: Answer) -> str:
    assert code_of(answer) == "fields_invalid", answer.text
    (wrong,) = answer.json["errors"]
    return str(wrong["field"])


# --- Statements --------------------------------------------------------------------------------


def test_a_statement_shows_every_entry_with_its_balance_newest_first(told: Town) -> None:
    answer = told.get(f"{ANN}/statement")
    entries = answer.json["entries"]
    assert [(one["topic"], one["asset"], one["amount"], one["balance"]) for one in entries] == [
        ("redemption.held", "CREDIT", -10, 98),
        ("credits.transferred", "CREDIT", -7, 108),
        ("credits.transferred", "CREDIT", -5, 115),
        ("credits.issued", "CREDIT", 20, 120),
        ("reduction.recorded", "gCO2e", 2_000, 12_000),
        ("credits.issued", "CREDIT", 100, 100),
        ("reduction.recorded", "gCO2e", 10_000, 10_000),
    ]
    assert [one["counterparts"] for one in entries[:4]] == [
        ["participant:ann:held"],
        ["participant:bo"],
        ["participant:bo"],
        ["issuance"],
    ]
    assert entries[1]["occurred_at"] == "2026-11-01T16:00:00Z"
    assert entries[0]["lots"] == [{"lot": "2027-11-30", "amount": -10}]
    assert entries[-1]["lots"] is None
    assert answer.json["totals"] == [
        {"asset": "CREDIT", "opening_amount": 0, "closing_amount": 98},
        {"asset": "gCO2e", "opening_amount": 0, "closing_amount": 12_000},
    ]
    assert answer.headers["Ledger-Position"] == str(answer.json["position"])
    assert entries == _entries(told, ANN, limit=2)
    assert entries[::-1] == _entries(told, ANN, limit=3, order="oldest")


def test_every_role_may_read(told: Town) -> None:
    for role in ROLES:
        assert told.get(f"{ANN}/statement", role).status_code == 200
        assert told.get(f"{ANN}/balances?position=1", role).status_code == 200


def test_a_statement_can_be_narrowed_to_an_asset_and_to_topics(told: Town) -> None:
    assert {one["asset"] for one in _entries(told, ANN, asset="gCO2e")} == {"gCO2e"}
    chosen = _entries(told, ANN, topics="credits.issued,redemption.held", limit=1)
    assert [one["topic"] for one in chosen] == ["redemption.held", "credits.issued", "credits.issued"]


def test_a_period_of_occurrence_ends_just_before_its_end(told: Town) -> None:
    before = _read(told, f"{BO}/statement", occurred_from=EARLIER, occurred_to=LATER).json
    assert [one["amount"] for one in before["entries"]] == [5]
    assert before["totals"] == [{"asset": "CREDIT", "opening_amount": 0, "closing_amount": 5}]
    after = _read(told, f"{BO}/statement", occurred_from=LATER).json
    assert [one["amount"] for one in after["entries"]] == [7]
    assert after["totals"] == [{"asset": "CREDIT", "opening_amount": 5, "closing_amount": 12}]


def test_a_period_of_recording_is_a_part_of_the_log(told: Town) -> None:
    second, first = _entries(told, BO)
    until = _read(told, f"{BO}/statement", recorded_to=second["recorded_at"]).json
    assert [one["amount"] for one in until["entries"]] == [first["amount"]] == [5]
    since = _read(
        told, f"{BO}/statement", recorded_from=second["recorded_at"], recorded_to="2099-01-01T00:00:00Z"
    )
    assert [one["amount"] for one in since.json["entries"]] == [7]
    assert since.json["totals"] == [{"asset": "CREDIT", "opening_amount": 5, "closing_amount": 12}]
    both = _read(told, f"{BO}/statement", recorded_from=first["recorded_at"], occurred_to=LATER).json
    assert [one["amount"] for one in both["entries"]] == [5]
    assert both["totals"] is None


def test_what_is_written_meanwhile_is_not_in_a_chain_that_has_begun(told: Town) -> None:
    first = _read(told, f"{ANN}/statement", limit=4).json
    told.earn("ann", 1, "ride-3")
    told.follow()
    rest = _read(told, f"{ANN}/statement", limit=4, cursor=first["next_cursor"]).json
    assert (rest["position"], rest["totals"]) == (first["position"], first["totals"])
    assert rest["next_cursor"] is None
    positions = [one["position"] for one in first["entries"] + rest["entries"]]
    assert positions == sorted(set(positions), reverse=True)
    assert len(_entries(told, ANN)) == len(positions) + 2


def test_a_cursor_is_good_for_its_own_question_alone(told: Town) -> None:
    cursor = _read(told, f"{ANN}/statement", limit=1).json["next_cursor"]
    assert _read(told, f"{ANN}/statement", limit=3, cursor=cursor).status_code == 200
    for path, query in (
        (BO, {}),
        (ANN, {"order": "oldest"}),
        (ANN, {"asset": "CREDIT"}),
        (ANN, {"topics": "credits.issued"}),
        (ANN, {"occurred_from": LATER}),
        (ANN, {"recorded_to": LATER}),
    ):
        assert _wrong_field(_read(told, f"{path}/statement", cursor=cursor, **query)) == "cursor"
    assert _wrong_field(_read(told, f"{ANN}/statement", cursor="abc")) == "cursor"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        (f"limit={STATEMENT_ENTRIES_MAX + 1}", "limit"),
        ("limit=1&limit=2", "limit"),
        ("order=up", "order"),
        ("order=newest&order=newest", "order"),
        ("asset=GOLD", "asset"),
        ("asset=", "asset"),
        ("topics=credits.invented", "topics"),
        ("topics=", "topics"),
        ("occurred_from=yesterday", "occurred_from"),
        ("occurred_from=2026-11-01", "occurred_from"),
        ("occurred_from=2026-11-01T00:00:00", "occurred_from"),
        ("occurred_to=2026-11-01T00:00:00+08:00", "occurred_to"),  # the + of a query is a blank
        ("recorded_from=0001-01-01T00:00:00Z", "recorded_from"),
        ("recorded_to=9999-12-31T23:59:59Z", "recorded_to"),
        ("recorded_from=2026-11-01T00:00:00Z&recorded_to=2026-11-01T00:00:00Z", "recorded_to"),
        ("occurred_from=2026-11-02T00:00:00Z&occurred_to=2026-11-01T00:00:00Z", "occurred_to"),
        ("cursor=", "cursor"),
        ("cursor=%00", "cursor"),
        ("position=1", "position"),
        (f"min_position={POSITION_MAX + 1}", "min_position"),
    ],
)
def test_what_a_statement_does_not_know_is_refused(told: Town, query: str, field: str) -> None:
    assert _wrong_field(told.get(f"{ANN}/statement?{query}")) == field


def test_limits_are_taken_up_to_their_bounds(told: Town) -> None:
    assert told.get(f"{ANN}/statement?limit={STATEMENT_ENTRIES_MAX}").status_code == 200
    assert told.get(f"{ANN}/statement?occurred_from=0002-01-01T00:00:00Z").status_code == 200
    assert told.get(f"{ANN}/statement?recorded_to=9998-12-31T23:59:59.999999Z").status_code == 200
    assert told.get(f"{ANN}/balances?occurred_at=9998-12-31T23:59:59.999999Z").status_code == 200
    assert told.get("/accounts/nature/balances?occurred_at=0002-01-01T00:00:00Z").status_code == 200


# --- Balances at a moment ----------------------------------------------------------------------


def test_balances_are_those_after_a_position_inclusive(told: Town) -> None:
    for entry in _entries(told, ANN, asset="CREDIT"):
        assert _credits_at(told, ANN, position=entry["position"]) == entry["balance"]
        assert _credits_at(told, ANN, position=entry["position"] - 1) == entry["balance"] - entry["amount"]
    assert _read(told, f"{ANN}/balances", position=0).json["balances"] == []


def test_balances_at_a_time_of_recording_count_what_was_recorded_then(told: Town) -> None:
    for entry in _entries(told, BO):
        at = datetime.fromisoformat(entry["recorded_at"])
        assert _credits_at(told, BO, recorded_at=at.isoformat()) == entry["balance"]
        just_before = (at - timedelta(microseconds=1)).isoformat()
        assert _credits_at(told, BO, recorded_at=just_before) == entry["balance"] - entry["amount"]
    ahead = _read(
        told, f"{BO}/balances", recorded_at=(datetime.now(UTC) + timedelta(days=9)).isoformat()
    ).json
    assert ahead["position"] == told.get("").json["position"]


def test_balances_by_a_time_of_occurrence_count_what_had_occurred_by_then(told: Town) -> None:
    assert _credits_at(told, BO, occurred_at=EARLIER) == 5
    assert _credits_at(told, BO, occurred_at=LATER) == 12
    assert _credits_at(told, BO, occurred_at="2026-11-01T00:00:00Z") == 0
    assert _credits_at(told, "/accounts/issuance", occurred_at=LATER) == 0
    assert _credits_at(told, "/accounts/issuance", occurred_at="2026-11-20T00:00:00Z") == -120


def test_lots_come_when_they_are_asked_for(told: Town) -> None:
    head = told.get("").json["position"]
    assert _read(told, f"{ANN}/balances", position=head).json["lots"] is None
    asked = _read(told, f"{ANN}/balances", position=head, lots="true").json
    inline = told.get("/balances/participant:ann").json["balances"]
    assert asked["lots"] == [
        {"lot": one["lot"], "amount": one["amount"]} for one in inline if one["asset"] == "CREDIT"
    ]
    assert _read(told, f"{ANN}/balances", position=0, lots="true").json["lots"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "position"),
        ("min_position=1", "position"),
        ("position=1&recorded_at=2026-11-01T00:00:00Z", "position"),
        ("recorded_at=2026-11-01T00:00:00Z&occurred_at=2026-11-01T00:00:00Z", "position"),
        ("position=-1", "position"),
        ("position=1&position=1", "position"),
        (f"position={POSITION_MAX + 1}", "position"),
        ("recorded_at=now", "recorded_at"),
        ("occurred_at=", "occurred_at"),
        ("position=1&lots=yes", "lots"),
        ("position=1&limit=1", "limit"),
    ],
)
def test_exactly_one_moment_must_be_there(told: Town, query: str, field: str) -> None:
    assert _wrong_field(told.get(f"{ANN}/balances?{query}")) == field


# --- Behind the log, and not there at all ------------------------------------------------------


def test_a_moment_that_the_view_has_not_reached_is_waited_for_and_never_answered_short(
    opened: Callable[..., Ledger],
) -> None:
    town = Town(opened(view_wait_ms_max=50)).open()
    earned = town.earn("ann", 3, "ride-1").json
    lagging = [
        _read(town, f"{ANN}/balances", position=earned["position"]),
        _read(town, f"{ANN}/balances", recorded_at=earned["events"][0]["data"]["recorded_at"]),
        _read(town, f"{ANN}/statement", recorded_to="2099-01-01T00:00:00Z"),
        _read(town, f"{ANN}/statement", min_position=earned["position"]),
        _read(town, f"{ANN}/balances", position=10_000),
    ]
    assert [code_of(answer) for answer in lagging] == ["view_lagging"] * len(lagging)
    assert town.get(f"{ANN}/statement").json["entries"] == []
    town.follow()
    assert _credits_at(town, ANN, position=earned["position"]) == 3
    assert code_of(_read(town, f"{ANN}/balances", position=10_000)) == "view_lagging"


@pytest.mark.parametrize("what", ["statement", "balances?position=1"])
def test_accounts_that_are_not_there_are_not_found(told: Town, what: str) -> None:
    for account in (
        "participant:nobody",
        "x" * ACCOUNT_CHARS_MAX,
        "x" * (ACCOUNT_CHARS_MAX + 1),
        "a%20b",
        "é",
    ):
        assert code_of(told.get(f"/accounts/{account}/{what}")) == "account_not_found", account
    for account in ("fund:green", "merchant:tea", "participant:bo"):
        assert told.get(f"/accounts/{account}/{what}").status_code == 200, account


def test_an_unknown_programme_has_no_statements(bare: Town) -> None:
    for path in (
        "/statement",
        "/statement?recorded_to=2026-11-01T00:00:00Z",
        "/balances?recorded_at=2026-11-01T00:00:00Z",
    ):
        assert code_of(bare.get(f"{ANN}{path}")) == "programme_not_found"


def test_nothing_is_shown_of_an_erased_participant(told: Town) -> None:
    town = told
    back = {"from_account": "participant:bo", "to_account": "participant:ann", "credits": 12}
    assert town.post("poster", "/transfers", id="back", **back).status_code == 201
    for step in ("close", "erase"):
        answer = town.post("operator", f"/participants/bo/{step}", id=step, reason="asked for it")
        assert answer.status_code == 201, answer.text
    town.follow()
    for account in (BO, f"{BO}:held"):
        assert code_of(town.get(f"{account}/statement")) == "account_not_found"
        assert code_of(_read(town, f"{account}/balances", position=12)) == "account_not_found"
    transfers = _entries(town, ANN, topics="credits.transferred")
    assert [(one["amount"], one["counterparts"]) for one in transfers] == [(12, []), (-7, []), (-5, [])]
