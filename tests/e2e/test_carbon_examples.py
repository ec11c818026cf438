"""The worked examples of docs/carbon_rules.md, number by number."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ledger.bootstrap import Ledger
from tests.e2e.drives import CAR, Drives, clocked
from tests.e2e.town import Town, code_of

EXCLUSION: Any = [{"group": "car", "subject": "vehicle"}]


def at(begin: str, end: str) -> dict[str, Any]:
    """Car A was driven from one time of a morning to another."""
    day = "2026-11-19T{}:00+08:00"
    return {"began_at": day.format(begin), "ended_at": day.format(end), "subjects": {"vehicle": CAR}}


@pytest.mark.parametrize(
    ("fields", "share", "amount_g"),
    [
        ({"flags": ["gap", "estimated"]}, "0.5", 500),
        ({"flags": ["gap", "estimated"], "evidence": "self_declared"}, "0.5", 500),
        ({"flags": ["estimated"], "evidence": "self_declared"}, "0.5", 500),
        ({"flags": ["estimated"], "evidence": "proof"}, "0.8", 800),
    ],
)
def test_of_several_shares_the_smallest_counts(
    town: Town, fields: dict[str, Any], share: str, amount_g: int
) -> None:
    quality = {"gap": "0.5", "estimated": "0.8", "rollback": "reject"}
    drives = Drives(town)
    assert drives.publish_methodology(quality=quality).status_code == 201
    assert drives.publish_scenario().status_code == 201
    drives.drive(**fields)
    assert (drives.read()["share"], drives.read()["amount_g"]) == (share, amount_g)


def test_a_flag_that_rejects_leaves_neither_grams_nor_credits(town: Town) -> None:
    drives = Drives(town).allow()
    drives.drive(flags=["gap", "rollback"])
    read = drives.read()
    assert (read["reasons"], read["amount_g"], read["credits"]["state"]) == (["rollback"], 0, "none")


def test_the_first_claim_stands_and_what_begins_when_it_ends_is_free(town: Town) -> None:
    drives = Drives(town).allow(exclusion=EXCLUSION)
    drives.drive("d1", **at("07:00", "08:00"))
    drives.drive("d2", **at("07:30", "09:00"))
    drives.drive("d3", **at("08:00", "09:00"))
    assert [drives.read(name)["status"] for name in ("d1", "d2", "d3")] == [
        "accepted",
        "rejected",
        "accepted",
    ]
    assert drives.read("d2")["standing"]["id"] == "d1"
    drives.correct("c1", None)
    drives.drive("d4", **at("07:00", "08:00"))
    assert drives.read("d4")["status"] == "accepted"


def test_a_day_gives_as_much_as_its_cap_and_the_next_one_again(town: Town) -> None:
    drives = Drives(town).allow(caps={"day_credits": 15})
    for number in range(3):
        drives.drive(f"d{number}", 10)
    drives.drive("d3", 10, occurred_at="2026-11-19T08:00:00+08:00")
    read = [drives.read(f"d{number}") for number in range(4)]
    assert [one["credits"]["awarded"] for one in read] == [10, 5, 0, 10]
    assert [one["credits"]["clipped_by"] for one in read] == [None, "day_credits", "day_credits", None]
    assert sum(one["amount_g"] for one in read[:3]) == 3_000


def test_a_fund_pays_for_whole_credits_and_keeps_the_rest(town: Town) -> None:
    names = {"name_zh": "小基金", "name_en": "Small fund"}
    assert town.post("finance", "/funds", id="small", **names).status_code == 201
    grant = {"id": "g", "sponsor_id": "bank", "value_fen": 35}
    assert town.post("finance", "/funds/small/commitments", **grant).status_code == 201
    drives = Drives(town).allow(budget={"fund_id": "small", "fen_per_credit": 10})
    drives.drive("d1", 10)
    assert (drives.credits(""), drives.read()["credits"]["clipped_by"]) == ([3], "budget")
    [left] = town.get("/balances/fund:small:available").json["balances"]
    assert left["amount"] == 5


def test_credits_can_be_claimed_from_one_noon_to_just_before_another(opened: Callable[..., Ledger]) -> None:
    drives, clock = clocked(opened)
    drives.allow(ripens_after_h=48, claim_within_h=7 * 24)
    drives.drive("d1", 10)
    drives.drive("d2", 10)
    noon = datetime(2028, 1, 10, 4, tzinfo=UTC)
    assert clock.now == noon
    clock.now = noon.replace(day=11)
    assert code_of(drives.claim("d1")) == "credits_not_ripe"
    clock.now = noon.replace(day=12)
    assert drives.claim("d1").status_code == 201
    clock.now = noon.replace(day=19)
    assert code_of(drives.claim("d2")) == "claim_window_closed"


def test_what_was_given_away_is_owed_and_the_next_ride_pays_it(town: Town) -> None:
    drives = Drives(town).allow()
    drives.drive("d1", 10)
    gift = {"id": "gift", "from_account": "participant:ann", "to_account": "participant:bo", "credits": 8}
    assert town.post("poster", "/transfers", **gift).status_code == 201
    [_, taken] = drives.correct("c1", None).json["events"]
    assert (taken["data"]["delta_credits"], taken["data"]["owed_credits"]) == (-10, 8)
    [_, issued] = drives.drive("d2", 10).json["events"]
    assert (issued["data"]["awarded_credits"], issued["data"]["debt_credits"]) == (10, 8)
    assert drives.credits("", "debt") == [2, 0]
