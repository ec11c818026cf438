"""Pending credits through HTTP: listed, claimed in time, lapsed by runs."""

from collections.abc import Callable
from typing import Any

import pytest

from ledger.bootstrap import Ledger
from ledger.verify import verify
from tests.e2e.drives import Clock, Drives, clocked
from tests.e2e.town import Answer, Town, code_of

Place = tuple[Drives, Clock]


@pytest.fixture
def place(opened: Callable[..., Ledger]) -> Place:
    """A town where drives ripen for two days and can be claimed for seven."""
    drives, clock = clocked(opened)
    return drives.allow(ripens_after_h=48, claim_within_h=24 * 7), clock


def states(drives: Drives, participant_id: str = "ann") -> list[tuple[str, int, str]]:
    """What waits for a participant."""
    answer = drives.town.get(f"/participants/{participant_id}/pending")
    assert answer.status_code == 200, answer.text
    assert answer.json["participant_id"] == participant_id
    return [(one["activity_id"], one["credits"], one["state"]) for one in answer.json["pending"]]


def lapse(drives: Drives, clock: Clock, own_id: str = "night", **fields: Any) -> Answer:
    """Run over all windows that are over now."""
    return drives.town.post("operator", "/lapses", id=own_id, **({"up_to": clock.now.isoformat()} | fields))


def test_credits_ripen_are_claimed_once_and_can_be_spent_then(place: Place) -> None:
    drives, clock = place
    drives.drive("d1", 10)
    assert drives.read()["credits"]["state"] == "pending"
    assert (states(drives), drives.credits("", "pending")) == ([("d1", 10, "ripening")], [0, 10])
    early = drives.claim()
    assert code_of(early) == "credits_not_ripe"
    assert early.json["details"] == {"ripens_at": "2028-01-12T04:00:00Z"}
    clock.after(days=2)
    assert states(drives) == [("d1", 10, "claimable")]
    claimed = drives.claim()
    assert claimed.json["events"][0]["topic"] == "credits.claimed"
    assert (states(drives), drives.credits("", "pending")) == ([], [10, 0])
    assert drives.claim().data == claimed.data
    assert drives.read()["credits"] | {"lot": ""} == {
        "state": "spendable",
        "desired": 10,
        "awarded": 10,
        "clipped_by": None,
        "pending": 0,
        "lot": "",
        "ripens_at": "2028-01-12T04:00:00Z",
        "claim_by": "2028-01-19T04:00:00Z",
    }


def test_what_nobody_claims_lapses_and_the_grams_stay(place: Place) -> None:
    drives, clock = place
    drives.drive("d1", 10)
    drives.drive("d2", 5, participant_id="bo")
    clock.after(days=9)
    assert states(drives) == [("d1", 10, "over")]
    assert code_of(drives.claim()) == "claim_window_closed"
    ended = lapse(drives, clock)
    (event,) = ended.json["events"]
    assert (event["topic"], event["data"]["credits"], event["data"]["activities"]) == (
        "lapse.completed",
        15,
        2,
    )
    read = drives.read()
    assert (read["credits"]["state"], read["amount_g"], states(drives)) == ("lapsed", 1000, [])
    assert drives.town.credits_of("lapsed") == 15
    assert code_of(drives.claim()) == "nothing_pending"
    up_to = clock.now.isoformat()
    clock.after(days=1)
    again = lapse(drives, clock, up_to=up_to)
    assert (again.data, again.headers["Idempotent-Replay"]) == (ended.data, "true")
    assert code_of(lapse(drives, clock)) == "content_differs"


def test_an_instant_that_lies_ahead_is_refused(place: Place) -> None:
    drives, clock = place
    assert code_of(lapse(drives, clock, up_to="2028-01-10T04:00:01Z")) == "lapse_not_due"
    assert code_of(lapse(drives, clock, up_to="2028-01-10")) == "fields_invalid"
    assert lapse(drives, clock, up_to="2028-01-10T12:00:00+08:00").status_code == 201


def test_a_frozen_participant_goes_on_earning_and_claims_nothing(place: Place) -> None:
    drives, clock = place
    drives.drive("d1", 10)
    clock.after(days=2)
    drives.town.post("operator", "/participants/ann/freeze", id="f", reason="asked")
    assert code_of(drives.claim()) == "account_frozen"
    assert states(drives) == [("d1", 10, "claimable")]


def test_what_waits_is_listed_page_by_page_for_one_participant_alone(place: Place) -> None:
    drives, _ = place
    for number in range(5):
        drives.drive(f"a/{number}", 1)
    drives.drive("b", 1, participant_id="bo")
    drives.drive("c", 1, participant_id="ann.x")
    pages, cursor = [], ""
    while cursor is not None:
        page = drives.town.get(f"/participants/ann/pending?limit=2&cursor={cursor}").json
        pages.append([one["activity_id"] for one in page["pending"]])
        cursor = page["next_cursor"]
    assert pages == [["a/0", "a/1"], ["a/2", "a/3"], ["a/4"]]
    assert states(drives, "bo") == [("b", 1, "ripening")]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/participants/nobody/pending", "account_not_found"),
        ("/participants/-/pending", "account_not_found"),
        ("/participants/ann/pending?limit=0", "fields_invalid"),
        ("/participants/ann/pending?cursor=YQ", "fields_invalid"),
        ("/participants/ann/pending?state=over", "fields_invalid"),
    ],
)
def test_pending_credits_are_asked_for_in_one_way_only(town: Town, path: str, code: str) -> None:
    assert code_of(town.get(path)) == code


def test_everything_derived_from_the_log_is_as_it_stands(place: Place) -> None:
    drives, clock = place
    drives.drive("d1", 10)
    drives.drive("d2", 10)
    drives.drive("d3", 10, flags=["jump"])
    drives.drive("d4", 10, flags=["jump"])
    clock.after(days=2)
    drives.claim("d1")
    drives.release("d3")
    drives.correct("c1", 3, "d1")
    drives.correct("c2", None, "d2")
    clock.after(days=20)
    assert lapse(drives, clock).json["events"][0]["data"]["credits"] == 10
    (report,) = verify(drives.town.ledger.database, programme_id=drives.town.programme_id)
    assert {name for name in report.findings_count if not name.startswith("view")} == set(), report.findings


def test_bonuses_of_campaigns_are_claimed_with_the_credits_they_follow(place: Place) -> None:
    drives, clock = place
    campaign = {"id": "first", "version": 1, "name_zh": "首次", "name_en": "First", "scenario_ids": ["drive"]}
    bonus = {"kind": "first_time", "credits": 20}
    told = drives.town.post(
        "operator", "/campaigns", **campaign, bonus=bonus, valid_from="2020-01-01T00:00:00Z"
    )
    assert told.status_code == 201, told.text
    drives.drive("d1", 10)
    [waits] = drives.town.get("/participants/ann/pending").json["pending"]
    assert (waits["credits"], waits["bonus_credits"]) == (30, 20)
    read = drives.read()
    assert (read["credits"]["pending"], read["bonuses"][0]) == (
        10,
        {"campaign_id": "first", "campaign_version": 1, "desired": 20, "awarded": 20, "pending": 20},
    )
    clock.after(days=2)
    assert drives.claim().json["events"][0]["data"]["credits"] == 30
    assert (states(drives), drives.credits("", "pending")) == ([], [30, 0])


def test_a_bonus_never_outlives_the_window_in_which_it_can_be_claimed(place: Place) -> None:
    drives, clock = place
    campaign = {"id": "first", "version": 1, "name_zh": "首次", "name_en": "First"}
    bonus = {"kind": "first_time", "credits": 20}
    drives.town.post("operator", "/campaigns", **campaign, bonus=bonus, valid_from="2020-01-01T00:00:00Z")
    drives.drive("d1", 10)
    assert drives.correct("c1", 0).status_code == 201
    clock.after(days=9)
    lapse(drives, clock)
    assert (states(drives), drives.credits("pending")) == ([], [0])
