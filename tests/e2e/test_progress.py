"""A participant's progress in campaigns through HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from ledger.bootstrap import Ledger
from tests.e2e.drives import Clock, Drives, clocked
from tests.e2e.town import Town, code_of

NAMES = {"name_zh": "绿色出行周", "name_en": "Green week"}
RULES: dict[str, dict[str, Any]] = {
    "a-half": {"kind": "multiplier", "multiplier": "1.5"},
    "b-first": {"kind": "first_time", "credits": 5},
    "c-streak": {"kind": "streak", "days": 3, "credits": 20},
    "d-tier": {"kind": "tier", "levels": [{"from_g": 1_500, "multiplier": "1.2"}]},
}


def publish(town: Town, own_id: str, **fields: Any) -> None:
    terms = {"id": own_id, "version": 1, **NAMES, "valid_from": "2028-01-01T00:00:00+08:00"}
    made = town.post("operator", "/campaigns", **{**terms, "bonus": RULES[own_id], **fields})
    assert made.status_code == 201, made.text


def campaigns_of(town: Town, participant_id: str = "ann") -> dict[str, Any]:
    answer = town.get(f"/participants/{participant_id}/campaigns")
    assert answer.status_code == 200, answer.text
    assert answer.json["position"] == int(answer.headers["Ledger-Position"]) == town.get("").json["position"]
    assert answer.json["participant_id"] == participant_id
    return {line["campaign_id"]: line for line in answer.json["campaigns"]}


def drive(drives: Drives, clock: Clock, own_id: str) -> None:
    made = drives.drive(own_id, km=10, occurred_at=clock().isoformat())
    assert made.status_code == 201, made.text


def test_progress_follows_every_act_and_every_correction(opened: Callable[..., Ledger]) -> None:
    drives, clock = clocked(opened)
    town = drives.allow().town
    for own_id in RULES:
        publish(town, own_id, credits_max=12 if own_id == "a-half" else None)
    before = campaigns_of(town)
    assert list(before) == list(RULES)
    assert {line["awarded_credits"] for line in before.values()} == {0}
    drive(drives, clock, "d1")
    clock.after(days=1)
    drive(drives, clock, "d2")
    found = campaigns_of(town)
    half = found["a-half"]
    assert (half["awarded_credits"], half["credits_max"], half["credits_left"]) == (10, 12, 2)
    assert half["bonus"] == RULES["a-half"]
    first = {"kind": "first_time", "credits": 5, "is_done": True, "source": "cars", "activity_id": "d1"}
    assert found["b-first"]["bonus"] == first
    assert found["c-streak"]["bonus"] == {
        **RULES["c-streak"],
        "days_done": 2,
        "days_missing": 1,
        "begun_on": "2028-01-10",
        "is_counted_today": True,
        "set_off_runs": 0,
    }
    level = {"from_g": 1_500, "multiplier": "1.2"}
    tier = {"kind": "tier", "year": 2028}
    assert found["d-tier"]["bonus"] == {**tier, "amount_g": 2_000, "multiplier": "1.2", "next_level": None}
    assert found["c-streak"]["credits_left"] is None
    voided = {"occurred_at": clock().isoformat()}
    assert drives.correct("c1", None, "d1", **voided).status_code == 201
    found = campaigns_of(town)
    assert found["b-first"]["bonus"]["is_done"] is False
    assert found["c-streak"]["bonus"]["days_done"] == 1
    below = {**level, "missing_g": 500}
    assert found["d-tier"]["bonus"] == {**tier, "amount_g": 1_000, "multiplier": "1", "next_level": below}
    assert found["a-half"]["awarded_credits"] == 5


def test_only_campaigns_in_force_are_told_by_the_version_that_holds(opened: Callable[..., Ledger]) -> None:
    drives, clock = clocked(opened)
    town = drives.allow().town
    ends_at = (clock() + timedelta(days=2)).isoformat()
    publish(town, "a-half", valid_to=ends_at)
    publish(town, "b-first", valid_from=ends_at)
    publish(town, "a-half", version=2, valid_to=ends_at, bonus={"kind": "multiplier", "multiplier": "2"})
    told = campaigns_of(town)
    assert [(own_id, line["campaign_version"]) for own_id, line in told.items()] == [("a-half", 2)]
    assert told["a-half"]["bonus"]["multiplier"] == "2"
    clock.after(days=2)
    assert list(campaigns_of(town)) == ["b-first"]


def test_nobody_has_come_anywhere_where_nothing_is_published(town: Town) -> None:
    assert campaigns_of(town) == {}


def test_who_is_not_there_has_no_progress(town: Town) -> None:
    for participant_id in ("nobody", "no such"):
        assert code_of(town.get(f"/participants/{participant_id}/campaigns")) == "account_not_found"
    elsewhere = town.get_at("/v1/programmes/nowhere/participants/ann/campaigns", "auditor")
    assert code_of(elsewhere) == "programme_not_found"
