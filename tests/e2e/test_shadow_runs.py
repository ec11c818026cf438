"""Shadow runs through HTTP: proposed rules tried on acts of the past, with nothing written."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from ledger.bootstrap import Ledger
from ledger.domain.limits import SHADOW_RULES_MAX
from ledger.domain.rulebook import Rulebook
from ledger.shadow_run import Proposal, ShadowRuns
from ledger.shadow_run.run import Days
from tests.e2e.drives import Drives
from tests.e2e.town import OCCURRED, Answer, Town, code_of

DAYS = {"first_on": "2026-11-01", "last_on": "2026-11-30"}
CAMPAIGN: dict[str, Any] = {
    "id": "week",
    "name_zh": "绿色出行周",
    "name_en": "Green week",
    "valid_from": "2020-01-01T00:00:00+08:00",
    "bonus": {"kind": "multiplier", "multiplier": "1.5"},
}
SCENARIO: dict[str, Any] = {
    "id": "drive",
    "name_zh": "驾驶",
    "name_en": "Drive",
    "methodology_id": "drive",
    "methodology_version": 1,
    "rule": {"kind": "credits_per_grams", "credits": 3, "per_g": 100},
    "valid_from": "2020-01-01T00:00:00+08:00",
}


@pytest.fixture
def driven(town: Town) -> Town:
    """Ann drove twice, bo once."""
    drives = Drives(town).allow()
    for own_id, km, who in (("d1", 10, "ann"), ("d2", 4, "ann"), ("d3", 7, "bo")):
        assert drives.drive(own_id, km=km, participant_id=who).status_code == 201
    return town


def shadow(town: Town, role: str = "operator", **fields: Any) -> Answer:
    return town.send_json("/shadow-runs", DAYS | fields, role)


def test_without_a_proposal_acts_earn_what_they_did(driven: Town) -> None:
    before = driven.get("").json["position"]
    answer = shadow(driven)
    assert answer.status_code == 200, answer.text
    found = answer.json
    assert (found["first_on"], found["last_on"]) == (DAYS["first_on"], DAYS["last_on"])
    assert found["total"] == {
        "acts": 3,
        "real_credits": 21,
        "shadow_credits": 21,
        "real_fen": 0,
        "shadow_fen": 0,
    }
    assert found["position"] == before == int(answer.headers["Ledger-Position"])


def test_a_campaign_is_tried_with_its_cost_and_its_winners(driven: Town) -> None:
    budget = {"fund_id": "green", "fen_per_credit": 10}
    found = shadow(driven, "auditor", campaigns=[CAMPAIGN | {"budget": budget}]).json
    assert (found["total"]["real_credits"], found["total"]["shadow_credits"]) == (21, 31)
    assert found["winners"] == [
        {"participant_id": "ann", "real_credits": 14, "shadow_credits": 21},
        {"participant_id": "bo", "real_credits": 7, "shadow_credits": 10},
    ]
    assert (found["gained"], found["unchanged"], found["lost"], found["losers"]) == (2, 0, 0, [])
    [fund] = found["funds"]
    assert (fund["fund_id"], fund["money_fen"], fund["shadow_fen"]) == ("green", 100_000, 100)
    [week] = found["campaigns"]
    assert (week["campaign_id"], week["campaign_version"], week["shadow_credits"]) == ("week", 1, 10)
    [day] = found["days"]
    assert (day["on"], day["acts"], day["shadow_fen"]) == ("2026-11-20", 3, 100)
    assert driven.get("/campaigns").json == {"events": []}, "nothing was published"


def test_another_conversion_rule_is_tried_in_the_place_of_the_one_that_holds(driven: Town) -> None:
    found = shadow(driven, scenarios=[SCENARIO], campaigns=[CAMPAIGN]).json
    assert (found["total"]["real_credits"], found["total"]["shadow_credits"]) == (21, 63 + 31)
    said = {"version": 2, "occurred_at": OCCURRED}
    assert shadow(driven, scenarios=[SCENARIO | said], campaigns=[CAMPAIGN]).json == found


def test_a_rule_is_refused_for_what_its_publication_would_be(driven: Town) -> None:
    before = driven.get("").json["position"]
    for campaign, code in (
        ({"version": 2}, "version_out_of_sequence"),
        ({"scenario_ids": ["fly"]}, "scenario_not_found"),
        ({"budget": {"fund_id": "none", "fen_per_credit": 1}}, "account_not_found"),
        ({"merchant_id": "tea"}, "campaign_unfunded"),
        ({"bonus": {"kind": "multiplier", "multiplier": "1"}}, "multiplier_out_of_bounds"),
        ({"valid_to": "2019-01-01T00:00:00Z"}, "validity_empty"),
    ):
        assert code_of(shadow(driven, campaigns=[CAMPAIGN | campaign])) == code
    assert (
        code_of(shadow(driven, scenarios=[SCENARIO | {"methodology_version": 9}])) == "methodology_not_found"
    )
    assert code_of(shadow(driven, scenarios=[SCENARIO] * 2)) == "version_out_of_sequence"
    assert driven.get("").json["position"] == before


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"first_on": None}, "first_on"),
        ({"last_on": "2026-11-31"}, "last_on"),
        ({"first_on": "0001-01-01"}, "first_on"),
        ({"last_on": "9999-12-31"}, "last_on"),
        ({"campaigns": {}}, "campaigns"),
        ({"campaigns": [CAMPAIGN | {"credits_max": 0}]}, "campaigns.0.credits_max"),
        ({"campaigns": [CAMPAIGN, CAMPAIGN | {"version": 0}]}, "campaigns.1.version"),
        ({"campaigns": [CAMPAIGN | {"kind": "campaign.publish"}]}, "campaigns.0.kind"),
        ({"scenarios": [SCENARIO | {"valid_from": "2026-11-01"}]}, "scenarios.0.valid_from"),
        ({"scenarios": [SCENARIO | {"valid_from": "0001-01-01T00:00:00Z"}]}, "scenarios.0.valid_from"),
        ({"to": "2026-11-30"}, "to"),
    ],
)
def test_a_wrong_field_is_named_by_its_place(town: Town, fields: dict[str, Any], named: str) -> None:
    refused = shadow(town, **fields)
    assert code_of(refused) == "fields_invalid"
    assert [one["field"] for one in refused.json["errors"]] == [named]


def test_so_many_rules_may_be_tried_together_and_no_more(town: Town) -> None:
    ended = CAMPAIGN | {"valid_to": "2021-01-01T00:00:00Z"}

    def rules(count: int) -> list[dict[str, Any]]:
        """One after the other, so that no act counts in two of them."""
        years = [f"{2000 + number}-01-01T00:00:00Z" for number in range(count + 1)]
        return [
            ended | {"id": f"c{number}", "valid_from": years[number], "valid_to": years[number + 1]}
            for number in range(count)
        ]

    assert shadow(town, campaigns=rules(SHADOW_RULES_MAX)).status_code == 200
    refused = shadow(town, campaigns=rules(SHADOW_RULES_MAX + 1))
    assert code_of(refused) == "fields_invalid"


def bounded(opened: Callable[..., Ledger], events_max: int) -> Town:
    ledger = opened()
    return Town(replace(ledger, shadow_runs=ShadowRuns(ledger.database, events_max=events_max)))


def test_a_log_is_gone_over_up_to_the_limit_and_one_event_past_it_is_refused(
    opened: Callable[..., Ledger],
) -> None:
    town = bounded(opened, 0).open()
    events = town.get("").json["position"]
    refused = shadow(town)
    assert code_of(refused) == "shadow_run_too_long"
    assert refused.status_code == 422
    assert refused.json["details"] == {"events": events, "events_max": 0}
    at = Town(replace(town.ledger, shadow_runs=ShadowRuns(town.ledger.database, events_max=events)))
    assert shadow(at).status_code == 200
    assert at.post("poster", "/participants", id="one-more").status_code == 201
    assert code_of(shadow(at)) == "shadow_run_too_long"


def test_one_run_is_under_way_at_a_time(own_town: Town) -> None:
    town, is_running, may_end = own_town, threading.Event(), threading.Event()

    def wait(_rulebook: Rulebook) -> Proposal:
        is_running.set()
        assert may_end.wait(60)
        return Proposal()

    days = Days(*(datetime.fromisoformat(day).date() for day in DAYS.values()))
    now = town.ledger.clock()
    first = threading.Thread(
        target=lambda: town.ledger.shadow_runs.run(town.programme_id, days, wait, now=now), daemon=True
    )
    first.start()
    assert is_running.wait(60)
    refused = shadow(town)
    assert (code_of(refused), refused.status_code) == ("shadow_run_busy", 503)
    assert int(refused.headers["Retry-After"]) >= 1
    may_end.set()
    first.join(60)
    assert shadow(town).status_code == 200, "a run that has ended leaves its place"
    assert code_of(shadow(town, last_on="2026-10-31")) == "period_empty"
    assert shadow(town).status_code == 200, "and one that was refused too"


def test_a_programme_that_is_not_there_has_no_acts(bare: Town) -> None:
    assert code_of(shadow(bare)) == "programme_not_found"
