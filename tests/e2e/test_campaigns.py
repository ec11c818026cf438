"""Campaigns through HTTP: published version by version, and what acts earn by them."""

from typing import Any

from tests.e2e.drives import Drives
from tests.e2e.town import Answer, Town, code_of

NAMES = {"name_zh": "绿色出行周", "name_en": "Green week"}


def publish(town: Town, **fields: Any) -> Answer:
    terms = {
        "id": "green-week",
        "version": 1,
        **NAMES,
        "scenario_ids": ["drive"],
        "valid_from": "2020-01-01T00:00:00+08:00",
        "bonus": {"kind": "multiplier", "multiplier": "1.5"},
    }
    return town.post("operator", "/campaigns", **(terms | fields))


def test_campaigns_are_published_one_version_after_the_other_and_stay_readable(town: Town) -> None:
    Drives(town).allow()
    assert town.get("/campaigns").json == {"events": []}
    first = publish(town)
    assert first.status_code == 201, first.text
    again = publish(town)
    assert (again.data, again.headers["Idempotent-Replay"]) == (first.data, "true")
    assert code_of(publish(town, valid_to="2029-01-01T00:00:00Z")) == "content_differs"
    assert code_of(publish(town, version=3)) == "version_out_of_sequence"
    levels = [{"from_g": 0, "multiplier": "1.2"}, {"from_g": 1_000, "multiplier": "2"}]
    assert publish(town, version=2, bonus={"kind": "tier", "levels": levels}).status_code == 201
    assert town.get("/campaigns/green-week/versions/1").json == first.json["events"][0]
    listed = [event["data"]["version"] for event in town.get("/campaigns").json["events"]]
    assert listed == [1, 2]
    assert code_of(town.get("/campaigns/green-week/versions/3")) == "campaign_not_found"


def test_a_bonus_waits_and_is_claimed_together_with_the_credits_it_came_with(town: Town) -> None:
    drives = Drives(town).allow(ripens_after_h=1)
    assert publish(town).status_code == 201
    made = drives.drive(km=10)
    assert [event["topic"] for event in made.json["events"]] == [
        "reduction.recorded",
        "credits.issued",
        "bonus.issued",
    ]
    assert drives.credits("", "pending") == [0, 15]
    assert drives.drive(km=10).data == made.data, "a repeat is answered with the bonus"


def test_the_kinds_of_a_bonus_are_told_apart_and_bounded(town: Town) -> None:
    Drives(town).allow()
    for bonus in (
        {"kind": "lottery"},
        {"kind": "streak", "days": 1, "credits": 5},
        {"kind": "streak", "days": 3},
        {"kind": "multiplier", "multiplier": 1.5},
        {"kind": "tier", "levels": []},
        {"credits": 5},
    ):
        assert code_of(publish(town, bonus=bonus)) == "fields_invalid"
