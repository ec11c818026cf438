"""What caps, claims, corrections and budgets leave behind, as whoever reads the views is told."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from ledger.domain.instants import local_date
from tests.e2e.drives import Drives
from tests.e2e.town import Town

ACT_DAY = "2026-11-20"
"""Of `OCCURRED`, in Shanghai."""


@pytest.fixture
def driven(town: Town) -> Drives:
    """Drives on a budget: one restated, one halved, one held, one void whose credits were given away."""
    drives = Drives(town).allow(budget={"fund_id": "green", "fen_per_credit": 5})
    drives.publish_scenario("ripening", ripens_after_h=1)
    answers = [
        drives.drive("d1", 10),
        drives.drive("d2", 10, flags=["gap"]),
        drives.drive("d3", 10, flags=["jump"]),
        drives.drive("d4", 20),
        drives.drive("d5", 7, scenario_id="ripening"),
        town.post(
            "poster",
            "/transfers",
            id="gift",
            from_account="participant:ann",
            to_account="participant:bo",
            credits=35,
        ),
        drives.correct("restated", 4),
        drives.correct("void", None, "d4"),
    ]
    assert [answer.status_code for answer in answers] == [201] * len(answers)
    town.follow()
    return drives


def test_totals_tell_what_became_of_activities_and_credits(driven: Drives) -> None:
    answer = driven.town.get("/totals").json
    rows = {(row["scenario_id"], row["verdict"]): row for row in answer["activities"]}
    assert {key: (row["activities"], row["amount_g"], row["credits"]) for key, row in rows.items()} == {
        ("drive", "accepted"): (1, 400, 4),
        ("drive", "discounted"): (1, 500, 5),
        ("drive", "held"): (1, 0, 0),
        ("drive", "void"): (1, 0, 0),
        ("ripening", "accepted"): (1, 700, 7),
    }
    assert answer["credits"] == {
        "issued": 16,
        "given": 35,
        "outstanding": 42,
        "owed": 26,
        "places": {"debt": -26, "issuance": -16, "participant": 35, "pending": 7},
    }
    assert answer["money"]["places"]["backing"] == 45
    assert driven.town.get("/totals/liability").json["credits"] == 42


def test_a_fund_tells_what_backs_credits_and_how_fast_it_burns(driven: Drives) -> None:
    money = driven.town.get("/funds/green/money").json
    assert (money["backing_fen"], money["available_fen"]) == (45, money["committed_fen"] - 45)
    on = local_date(datetime.now(UTC), "Asia/Shanghai") + timedelta(days=1)
    burn = driven.town.get(f"/funds/green/burn?on={on}&days=10").json
    assert (burn["backed_fen"], burn["encumbered_fen"], burn["burnt_fen"]) == (45, 0, 45)
    assert burn["available_fen"] == money["available_fen"]


def test_ranks_are_those_of_what_stands_on_the_day_of_the_act(driven: Drives) -> None:
    board = driven.town.get(f"/leaderboards?period=day&on={ACT_DAY}&by=credits").json
    (place,) = board["places"]
    assert (place["participant_id"], place["amount_g"], place["credits"]) == ("ann", 1_600, 16)


def test_every_account_of_a_participant_has_balances_and_a_statement(driven: Drives) -> None:
    assert driven.credits("", "pending", "debt") == [0, 7, -26]
    for place, topics in (("pending", "credits.issued"), ("debt", "credits.corrected")):
        account = f"participant:ann:{place}"
        balances = driven.town.get(f"/balances/{account}").json
        assert (balances["status"], len(balances["balances"])) == (None, 1)
        statement = driven.town.get(f"/accounts/{account}/statement?topics={topics}").json
        assert statement["totals"][0]["closing_amount"] == balances["balances"][0]["amount"]
        assert {entry["topic"] for entry in statement["entries"]} == {topics}


def test_the_log_is_read_by_the_topics_of_the_rules(driven: Drives) -> None:
    wanted = "activity.held,reduction.corrected,credits.corrected"
    lines = driven.town.get(f"/events?topics={wanted}").data.splitlines()
    told = [json.loads(line) for line in lines][:-1]
    assert [event["topic"] for event in told] == [
        "activity.held",
        *["reduction.corrected", "credits.corrected"] * 2,
    ]
    assert {event["data"].get("act_occurred_at") for event in told[1:]} == {"2026-11-20T00:00:00Z"}
