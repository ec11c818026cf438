"""Activities through HTTP: accepted, held or rejected, read again, corrected, under every cap."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from ledger.bootstrap import Ledger
from tests.e2e.drives import CAR, Drives, clocked
from tests.e2e.town import Answer, Town, code_of, lines_of

EXCLUSION: Any = [{"group": "car", "subject": "vehicle"}]


def topics_of(answer: Answer) -> list[str]:
    """What an answer says was recorded."""
    assert answer.status_code == 201, answer.text
    return [event["topic"] for event in answer.json["events"]]


@pytest.fixture
def drives(town: Town) -> Drives:
    """A town in which driving earns, with no cap and no wait."""
    return Drives(town).allow()


# ── Verdicts ──────────────────────────────────────────────────────────────────────────────────


def test_every_verdict_is_recorded_and_answered_201_with_its_events(drives: Drives) -> None:
    assert topics_of(drives.drive("good")) == ["reduction.recorded", "credits.issued"]
    assert topics_of(drives.drive("odd", flags=["jump"])) == ["activity.held"]
    assert topics_of(drives.drive("bad", flags=["rollback"])) == ["activity.rejected"]
    assert topics_of(drives.drive("half", flags=["gap"])) == ["reduction.recorded", "credits.issued"]
    assert drives.credits("") == [15]
    for own_id, flag in (("odd", "jump"), ("bad", "rollback")):
        again = drives.drive(own_id, flags=[flag])
        assert again.headers["Idempotent-Replay"] == "true"
    assert code_of(drives.drive("odd")) == "content_differs"


def test_an_activity_is_read_with_all_that_has_become_of_it(drives: Drives) -> None:
    made = drives.drive("d1", 10, flags=["gap"], evidence="proof")
    read = drives.read()
    events = read.pop("events")
    assert events == made.json["events"]
    assert read == {
        "source": "cars",
        "id": "d1",
        "position": made.json["position"],
        "status": "accepted",
        "participant_id": "ann",
        "scenario_id": "drive",
        "scenario_version": 1,
        "occurred_at": "2026-11-20T00:00:00Z",
        "flags": ["gap"],
        "evidence": "proof",
        "reasons": [],
        "standing": None,
        "amount_g": 500,
        "share": "0.5",
        "credits": {
            "state": "spendable",
            "desired": 5,
            "awarded": 5,
            "clipped_by": None,
            "pending": 0,
            "lot": events[1]["data"]["lot"],
            "ripens_at": None,
            "claim_by": None,
        },
        "bonuses": [],
        "corrections": [],
    }


def test_what_is_only_said_earns_half_where_the_scenario_says_nothing_else(drives: Drives) -> None:
    drives.drive("d1", 5, evidence="self_declared")
    read = drives.read()
    assert (read["amount_g"], read["credits"]["awarded"], read["share"]) == (250, 2, "0.5")


def test_a_claim_on_the_same_car_and_time_stands_and_the_later_one_is_told_which(town: Town) -> None:
    drives = Drives(town).allow(exclusion=EXCLUSION)
    told: dict[str, Any] = {"began_at": "2026-11-20T07:00:00+08:00", "ended_at": "2026-11-20T08:00:00+08:00"}
    drives.drive("d1", **told, subjects={"vehicle": CAR})
    assert topics_of(drives.drive("d2", **told, subjects={"vehicle": CAR})) == ["activity.rejected"]
    read = drives.read("d2")
    assert (read["status"], read["reasons"]) == ("rejected", ["claimed"])
    assert read["standing"] == {
        "group": "car",
        "programme_id": town.programme_id,
        "source": "cars",
        "id": "d1",
        "begins_at": "2026-11-19T23:00:00Z",
        "ends_at": "2026-11-20T00:00:00Z",
    }
    assert drives.correct("c1", None).status_code == 201
    assert topics_of(drives.drive("d3", **told, subjects={"vehicle": CAR}))[0] == "reduction.recorded"


@pytest.mark.parametrize(
    ("caps", "kilometres", "awarded", "clipped_by"),
    [
        ({"event_credits": 4}, [5], 4, "event_credits"),
        ({"day_acts": 1}, [5, 5], 5, "day_acts"),
        ({"day_credits": 7}, [5, 5], 7, "day_credits"),
        ({"month_credits": 8}, [5, 5], 8, "month_credits"),
    ],
)
def test_a_cap_cuts_credits_and_never_grams(
    town: Town, caps: dict[str, int], kilometres: list[int], awarded: int, clipped_by: str
) -> None:
    drives = Drives(town).allow(caps=caps)
    for number, km in enumerate(kilometres):
        drives.drive(f"d{number}", km)
    read = drives.read(f"d{len(kilometres) - 1}")
    assert read["credits"]["clipped_by"] == clipped_by
    assert (read["amount_g"], read["credits"]["desired"]) == (500, 5)
    assert drives.credits("") == [awarded]


def test_a_policy_caps_the_year_over_all_scenarios(town: Town) -> None:
    drives = Drives(town).allow()
    published = town.post("operator", "/policies", version=1, year_credits=12)
    assert topics_of(published) == ["policy.published"]
    drives.drive("d1", 10)
    town.earn("ann", 10, "ride")
    assert drives.credits("") == [12]
    ride = town.get("/activities/bus-company?id=ride").json
    assert ride["credits"]["clipped_by"] == "year_credits"


def test_a_budget_pays_for_credits_until_it_is_used_up(town: Town) -> None:
    drives = Drives(town).allow(budget={"fund_id": "green", "fen_per_credit": 10_000})
    drives.drive("d1", 12)
    assert drives.read()["credits"]["clipped_by"] == "budget"
    assert drives.credits("") == [10]
    balances = town.get("/balances/fund:green:backing").json["balances"]
    assert [balance["amount"] for balance in balances] == [100_000]


# ── Reading one ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("own_id", ["a/b", "../a", "a b", "a+b", "a%2Fb", "a?b=c#d", ".", "~!@$^&*()"])
def test_an_id_of_any_characters_is_found_again(drives: Drives, own_id: str) -> None:
    assert drives.drive(own_id).status_code == 201
    assert drives.read(quote(own_id, safe=""))["id"] == own_id


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/activities/cars?id=none", "activity_not_found"),
        ("/activities/none?id=d1", "activity_not_found"),
        ("/activities/-?id=d1", "activity_not_found"),
        ("/activities/cars?id=%20", "activity_not_found"),
        ("/activities/cars?id=%00", "activity_not_found"),
        ("/activities/cars?id=", "activity_not_found"),
        ("/activities/cars", "fields_invalid"),
        ("/activities/cars?id=a&id=b", "fields_invalid"),
        ("/activities/cars?id=a&x=b", "fields_invalid"),
        ("/activities/cars/d1", "route_not_found"),
    ],
)
def test_an_activity_is_asked_for_in_one_way_only(town: Town, path: str, code: str) -> None:
    assert code_of(town.get(path)) == code


# ── Corrections ───────────────────────────────────────────────────────────────────────────────


def test_a_correction_gives_or_takes_the_difference_and_counts_once(drives: Drives) -> None:
    drives.drive("d1", 10)
    more = drives.correct("c1", 12)
    assert topics_of(more) == ["reduction.corrected", "credits.corrected"]
    assert (more.json["events"][0]["data"]["delta_g"], drives.credits("")) == (200, [12])
    assert drives.correct("c2", 4).status_code == 201
    again = drives.correct("c1", 12)
    assert (again.data, again.headers["Idempotent-Replay"]) == (more.data, "true")
    assert code_of(drives.correct("c1", 13)) == "content_differs"
    read = drives.read()
    assert (read["amount_g"], read["credits"]["awarded"], read["corrections"]) == (400, 4, ["c1", "c2"])
    assert drives.credits("") == [4]


def test_credits_that_are_spent_are_owed_and_paid_by_the_next_ones(drives: Drives) -> None:
    drives.drive("d1", 10)
    gift = {"from_account": "participant:ann", "to_account": "participant:bo", "credits": 8}
    assert drives.town.post("poster", "/transfers", id="gift", **gift).status_code == 201
    assert drives.correct("c1", None).status_code == 201
    assert (drives.read()["status"], drives.credits("", "debt")) == ("void", [0, -8])
    drives.drive("d2", 10)
    assert drives.credits("", "debt") == [2, 0]


def test_only_an_activity_that_counts_is_corrected(drives: Drives) -> None:
    drives.drive("d1", flags=["jump"])
    refused = drives.correct("c1", 5)
    assert code_of(refused) == "activity_status_unsuitable"
    assert refused.json["details"] == {
        "source": "cars",
        "activity_id": "d1",
        "status": "held",
        "needed": "accepted",
    }


# ── In bulk ───────────────────────────────────────────────────────────────────────────────────


def test_everything_comes_in_bulk_each_on_what_the_line_before_left(drives: Drives) -> None:
    act = {"kind": "activity.record", "source": "cars", "participant_id": "ann", "scenario_id": "drive"}
    named = {"source": "cars", "activity_id": "d1"}
    lines: list[dict[str, Any]] = [
        {**act, "id": "d1", "measured": {"distance_km": "5"}},
        {**act, "id": "d2", "measured": {"distance_km": "5"}, "flags": ["jump"]},
        {"kind": "activity.correct", "id": "c1", **named, "measured": {"distance_km": "7"}, "reason": "r"},
        {"kind": "credits.claim", **named},
        {"kind": "activity.release", **named, "approver": "a", "reason": "r"},
    ]
    answered = lines_of(drives.town.bulk(*lines))
    assert [line["status"] for line in answered] == [201, 201, 201, 422, 403]
    held = {"source": "cars", "activity_id": "d2", "approver": "a", "reason": "r"}
    done = lines_of(
        drives.town.bulk(
            {"kind": "activity.release", **held},
            {"kind": "activity.dismiss", **held},
            {"kind": "policy.publish", "version": 1, "year_credits": 100},
            {"kind": "lapse.run", "id": "l", "up_to": "2026-01-01T00:00:00Z"},
            role="operator",
        )
    )
    assert [line["status"] for line in done] == [201, 422, 201, 400]
    assert drives.credits("") == [12]


def test_a_correction_takes_the_acts_own_pending_credits_first(opened: Callable[..., Ledger]) -> None:
    drives, clock = clocked(opened)
    drives.allow(ripens_after_h=1)
    drives.drive("d1", 10)
    drives.drive("d2", 10)
    clock.after(hours=1)
    assert drives.claim("d2").status_code == 201
    drives.correct("c1", 4)
    assert drives.credits("", "pending") == [10, 4]
    drives.correct("c2", None)
    assert drives.credits("", "pending") == [10, 0]
