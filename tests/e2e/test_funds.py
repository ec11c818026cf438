"""Funds over HTTP: two keys for money in and out, alarms, reports, and whether promises are covered."""

from typing import Any

import pytest

from ledger.domain import limits
from tests.e2e.month import Month
from tests.e2e.town import Answer, Town, code_of, in_days

NAMES = {"name_zh": "财政局", "name_en": "Finance bureau"}


def propose(
    town: Town, own_id: str, movement: str, value_fen: int, role: str = "finance", **told: Any
) -> Answer:
    fields = {"fund_id": "green", "sponsor_id": "bank", **told}
    return town.post(role, "/proposals", id=own_id, movement=movement, value_fen=value_fen, **fields)


def approve(town: Town, own_id: str, role: str = "checker") -> Answer:
    return town.post(role, f"/proposals/{own_id}/approve")


def balance(town: Town, account: str) -> int:
    return sum(one["amount"] for one in town.get(f"/balances/{account}").json["balances"])


@pytest.fixture
def pools(town: Town) -> Town:
    """The green fund with the bank's 100,000 分, a second fund, and the bank as a sponsor."""
    assert town.post("finance", "/sponsors", id="bank", **NAMES).status_code == 201
    assert town.post("finance", "/funds", id="blue", name_zh="蓝", name_en="Blue").status_code == 201
    return town


# ── Two keys ─────────────────────────────────────────────────────────────────────────────────


def test_money_moves_when_another_key_approves(pools: Town) -> None:
    assert propose(pools, "out", "withdraw", 30_000).status_code == 201
    assert balance(pools, "fund:green:available") == 100_000
    answer = approve(pools, "out")
    assert [event["topic"] for event in answer.json["events"]] == ["money.approved", "fund.withdrawn"]
    assert balance(pools, "fund:green:available") == 70_000
    assert balance(pools, "sponsor:bank:external") == -70_000


def test_the_key_that_proposed_cannot_approve_and_the_body_cannot_name_another(pools: Town) -> None:
    propose(pools, "out", "withdraw", 1)
    assert code_of(approve(pools, "out", "finance")) == "second_key_needed"
    answer = pools.post("finance", "/proposals/out/approve", by="somebody")
    assert answer.json["errors"] == [{"field": "by", "message": "is taken from the key"}]


def test_a_repeat_under_whatever_key_gets_the_first_answer(pools: Town) -> None:
    first = propose(pools, "in", "commit", 5_000)
    again = propose(pools, "in", "commit", 5_000, role="checker")
    assert (again.data, again.headers["Idempotent-Replay"]) == (first.data, "true")
    done = approve(pools, "in")
    assert approve(pools, "in", "finance").data == done.data
    assert code_of(propose(pools, "in", "commit", 5_001)) == "content_differs"


def test_a_transfer_goes_to_the_other_fund_with_its_sponsor(pools: Town) -> None:
    propose(pools, "over", "transfer", 40_000, to_fund_id="blue", reference="成财〔2026〕118 号")
    assert approve(pools, "over").status_code == 201
    report = pools.get("/funds/blue").json
    assert report["sponsors"] == [
        {
            "sponsor_id": "bank",
            "committed_fen": 0,
            "withdrawn_fen": 0,
            "moved_in_fen": 40_000,
            "moved_out_fen": 0,
            "part_fen": 40_000,
        }
    ]
    assert report["available_fen"] == 40_000


def test_proposals_may_come_as_lines_of_a_bulk_request(pools: Town) -> None:
    line = {"kind": "money.propose", "id": "in", "movement": "commit", "fund_id": "green"}
    answer = pools.bulk({**line, "sponsor_id": "bank", "value_fen": 7}, role="finance")
    assert answer.status_code == 200, answer.text
    assert pools.get("/proposals/in").json["status"] == "proposed"


# ── Reports ──────────────────────────────────────────────────────────────────────────────────


def test_the_list_shows_where_the_money_of_every_fund_is(pools: Town) -> None:
    pools.earn("ann", 20, "ride")
    pools.hold("r-1", fee_fen=50)
    pools.hold("r-2")
    pools.post("poster", "/redemptions/r-1/fulfil")
    propose(pools, "out", "withdraw", 9_000)
    approve(pools, "out")
    pools.follow()
    answer = pools.get("/funds", "finance")
    blue, green = answer.json["funds"]
    assert (blue["id"], blue["funded_fen"], blue["used_fen"]) == ("blue", 0, 0)
    position = answer.json["position"]
    assert position == int(answer.headers["Ledger-Position"]) == pools.ledger.log.head(pools.programme_id)
    assert green == {
        "id": "green",
        "name_zh": "绿色基金",
        "name_en": "Green fund",
        "status": "open",
        "needs_approval": False,
        "committed_fen": 100_000,
        "withdrawn_fen": 9_000,
        "moved_in_fen": 0,
        "moved_out_fen": 0,
        "funded_fen": 91_000,
        "available_fen": 90_000,
        "encumbered_fen": 500,
        "backing_fen": 0,
        "recoverable_fen": 0,
        "used_fen": 500,
        "used": {
            "position": position,
            "payable_fen": 450,
            "settling_fen": 0,
            "paid_fen": 0,
            "fees_fen": 50,
        },
        "thresholds_fen": [],
        "margin_fen": 0,
        "raised_fen": [],
    }


def test_the_list_comes_by_pages(pools: Town) -> None:
    first = pools.get("/funds?limit=1", "finance").json
    assert [fund["id"] for fund in first["funds"]] == ["blue"]
    rest = pools.get(f"/funds?limit=1&cursor={first['next_cursor']}", "finance").json
    assert [fund["id"] for fund in rest["funds"]] == ["green"]
    assert rest["next_cursor"] is None
    for wrong in ("cursor=/", "limit=0", f"limit={limits.FUNDS_SHOWN_MAX + 1}"):
        assert code_of(pools.get(f"/funds?{wrong}", "finance")) == "fields_invalid"


def test_a_fund_tells_how_many_days_it_lasts(pools: Town) -> None:
    pools.earn("ann", 20, "ride")
    pools.hold("r-1", face_value_fen=7_000)
    pools.follow()
    report = pools.get("/funds/green").json
    assert report["opening"]["topic"] == "fund.opened"
    week, month, quarter = report["burn"]["rates"]
    assert [rate["days"] for rate in (week, month, quarter)] == [7, 30, 90]
    assert (week["burnt_fen"], week["available_fen"], week["days_left"]) == (7_000, 93_000, 93)
    assert month["days_left"] == 93_000 * 30 // 7_000
    still = pools.get("/funds/blue").json["burn"]["rates"]
    assert [rate["days_left"] for rate in still] == [None] * 3


def test_movements_name_the_proposal_and_both_keys_the_newest_first(pools: Town) -> None:
    propose(pools, "over", "transfer", 40_000, to_fund_id="blue")
    approve(pools, "over")
    pools.follow()
    (into_blue,) = pools.get("/funds/blue/movements").json["movements"]
    page = pools.get("/funds/green/movements?limit=1").json
    (out_of_green,) = page["movements"]
    assert (into_blue["value_fen"], into_blue["other_fund_id"]) == (40_000, "green")
    assert (out_of_green["value_fen"], out_of_green["other_fund_id"]) == (-40_000, "blue")
    assert out_of_green["proposal_id"] == "over"
    assert out_of_green["proposed_by"] != out_of_green["approved_by"]
    rest = pools.get(f"/funds/green/movements?limit=1&cursor={page['next_cursor']}").json
    assert rest["next_cursor"] is None
    (committed,) = rest["movements"]
    assert (committed["movement"], committed["value_fen"]) == ("commit", 100_000)
    assert (committed["proposal_id"], committed["approved_by"]) == (None, None)


def test_proposals_are_listed_with_what_became_of_them(pools: Town) -> None:
    propose(pools, "a", "commit", 1)
    propose(pools, "b", "withdraw", 1)
    propose(pools, "c", "commit", 1, fund_id="blue")
    approve(pools, "a")
    pools.post("checker", "/proposals/b/reject", reason="批文不符")
    pools.follow()
    every = pools.get("/proposals").json["proposals"]
    told = [(one["proposal_id"], one["status"], one["reason"]) for one in every]
    assert told == [("c", "proposed", None), ("b", "rejected", "批文不符"), ("a", "approved", None)]
    of_green = pools.get("/proposals?fund=green").json["proposals"]
    assert [one["proposal_id"] for one in of_green] == ["b", "a"]
    still_open = pools.get("/proposals?open=true").json["proposals"]
    assert [one["proposal_id"] for one in still_open] == ["c"]
    page = pools.get("/proposals?limit=2").json
    rest = pools.get(f"/proposals?limit=2&cursor={page['next_cursor']}").json
    assert [one["proposal_id"] for one in rest["proposals"]] == ["a"]
    one = pools.get("/proposals/a").json
    topics = [event["topic"] for event in one["events"]]
    assert (one["status"], topics) == ("approved", ["money.proposed", "money.approved", "fund.committed"])


def test_what_was_used_is_where_the_settlement_of_merchants_has_brought_it(bare: Town) -> None:
    month = Month(bare.ledger, bare.programme_id, beside=bare).furnish()
    for number in range(1, 5):
        month.use(f"r-{number}")
    month.clock.wait(days=1)
    statement = month.closed()
    month.expect(month.approve(statement))
    month.expect(month.pay(statement))
    month.expect(month.confirm(statement))
    month.refund("r-1")
    month.use("r-5", face_value_fen=100)
    month.follow()
    (green,) = month.get("/funds", "finance").json["funds"]
    used = {name: value for name, value in green["used"].items() if name.endswith("_fen")}
    assert used == {"payable_fen": -400, "settling_fen": 0, "paid_fen": 1_920, "fees_fen": 80}
    assert (green["used_fen"], green["recoverable_fen"]) == (sum(used.values()), 480)
    answer = month.get("/solvency", "finance").json
    assert (answer["promised"]["owed_to_merchants_fen"], answer["promised"]["to_give_back_fen"]) == (0, 400)
    assert (answer["verdict"], answer["money"]["difference_fen"]) == ("covered", 0)


# ── Alarms ───────────────────────────────────────────────────────────────────────────────────


def test_an_alarm_is_an_event_and_stands_until_money_is_back(pools: Town) -> None:
    alarms = {"id": "al-1", "thresholds_fen": [99_800, 50_000]}
    assert pools.post("finance", "/funds/green/alarms", **alarms).status_code == 201
    pools.earn("ann", 20, "ride")
    deadline_at = in_days(3)
    held = pools.hold("r-1", deadline_at=deadline_at)
    assert [event["topic"] for event in held.json["events"]] == ["redemption.held"]
    assert pools.hold("r-1", deadline_at=deadline_at).data == held.data
    pools.follow()
    (alarm,) = pools.get("/funds/green/alarms").json["alarms"]
    assert (alarm["threshold_fen"], alarm["raised_available_fen"]) == (99_800, 99_500)
    assert (alarm["raised_position"], alarm["cleared_position"]) == (held.json["position"] + 1, None)
    assert pools.get("/funds/green").json["raised_fen"] == [99_800]
    pools.post("poster", "/redemptions/r-1/cancel", reason="改主意了")
    pools.follow()
    answer = pools.get("/funds/green/alarms").json
    assert (answer["raised_fen"], answer["thresholds_fen"]) == ([], [99_800, 50_000])
    assert answer["alarms"][0]["cleared_available_fen"] == 100_000
    events = pools.get("/events?topics=fund.alarm_raised,fund.alarm_cleared")
    assert events.status_code == 200
    assert events.text.count("fund.alarm_") >= 2


def test_raised_alarms_are_counted_for_whatever_measures(pools: Town) -> None:
    pools.post("finance", "/funds/green/alarms", id="al-1", thresholds_fen=[200_000, 150_000, 1])
    metrics = pools.get_at("/metrics", "operator").text
    assert f'ledger_fund_alarms_raised{{fund="green",programme="{pools.programme_id}"}} 2.0' in metrics


def test_setting_other_thresholds_ends_the_alarms_of_those_before(pools: Town) -> None:
    pools.post("finance", "/funds/green/alarms", id="al-1", thresholds_fen=[200_000, 150_000])
    pools.post("finance", "/funds/green/alarms", id="al-2", thresholds_fen=[150_000])
    pools.follow()
    answer = pools.get("/funds/green/alarms?limit=1").json
    assert answer["raised_fen"] == [150_000]
    (newest,) = answer["alarms"]
    assert (newest["threshold_fen"], newest["cleared_position"]) == (150_000, None)
    (other,) = pools.get(f"/funds/green/alarms?cursor={answer['next_cursor']}").json["alarms"]
    assert other["threshold_fen"] == 200_000
    assert (other["cleared_position"] is None, other["cleared_available_fen"]) == (False, None)


# ── Solvency ─────────────────────────────────────────────────────────────────────────────────


def test_without_redemptions_nothing_is_said_of_credits(pools: Town) -> None:
    pools.earn("ann", 20, "ride")
    pools.follow()
    answer = pools.get("/solvency", "finance").json
    assert (answer["verdict"], answer["credits"]["rate"]) == ("unknown", None)
    assert answer["credits"]["outstanding"] == 20


def test_promises_are_set_against_what_is_there(pools: Town) -> None:
    pools.earn("ann", 20, "ride")
    pools.hold("r-1", fee_fen=50)
    pools.post("poster", "/redemptions/r-1/fulfil")
    pools.earn("bo", 15, "ride-2")
    pools.hold("r-2", credits=4)
    pools.follow()
    answer = pools.get("/solvency", "finance").json
    assert answer["promised"] == {
        "holds": 1,
        "held_fen": 500,
        "backed_fen": 0,
        "owed_to_merchants_fen": 450,
        "to_give_back_fen": 0,
    }
    assert answer["money"]["funded_fen"] == 100_000
    assert (answer["money"]["difference_fen"], answer["money"]["below_zero"]) == (0, [])
    told = answer["credits"]
    assert (told["outstanding"], told["rate"]["credits"]) == (21, 14)
    assert told["illustrative_fen"] == 21 * 1_000 // 14
    assert answer["verdict"] == "covered"
    assert [(fund["id"], fund["verdict"]) for fund in answer["funds"]] == [
        ("blue", "empty"),
        ("green", "sound"),
    ]


def test_free_money_that_falls_short_of_what_credits_may_ask_for_is_told(pools: Town) -> None:
    pools.earn("ann", 1_000, "ride")
    pools.hold("r-1", credits=1, face_value_fen=500)
    pools.post("finance", "/funds/green/alarms", id="al-1", thresholds_fen=[100_000])
    pools.follow()
    answer = pools.get("/solvency", "finance").json
    assert answer["verdict"] == "short"
    assert answer["credits"]["illustrative_fen"] == 999 * 500
    assert answer["funds"][1]["verdict"] == "low"
