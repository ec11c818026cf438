"""Held activities through HTTP: the list, releasing and dismissing."""

from typing import Any

import pytest

from tests.e2e.drives import CAR, Drives
from tests.e2e.town import Town, code_of


@pytest.fixture
def drives(town: Town) -> Drives:
    """A town in which driving earns once for the same car and time."""
    return Drives(town).allow(exclusion=[{"group": "car", "subject": "vehicle"}])


def told(hour: int) -> dict[str, Any]:
    """The car was driven in one hour of a morning."""
    day = "2026-11-20T{:02}:00:00+08:00"
    return {"began_at": day.format(hour), "ended_at": day.format(hour + 1), "subjects": {"vehicle": CAR}}


def held(drives: Drives, query: str = "") -> list[str]:
    """Ids of the drives that wait."""
    answer = drives.town.get(f"/held{query}", "operator")
    assert answer.status_code == 200, answer.text
    return [one["activity_id"] for one in answer.json["held"]]


def test_a_held_activity_waits_in_the_list_until_it_is_released_and_earns_then(drives: Drives) -> None:
    drives.drive("d1", 10, flags=["jump", "late"], **told(7))
    [one] = drives.town.get("/held", "auditor").json["held"]
    recorded_at = one.pop("recorded_at")
    assert one == {
        "source": "cars",
        "activity_id": "d1",
        "participant_id": "ann",
        "scenario_id": "drive",
        "occurred_at": "2026-11-20T00:00:00Z",
        "waits_for": ["jump"],
    }
    read = drives.read()
    assert (read["status"], read["reasons"], read["amount_g"]) == ("held", ["jump"], 0)
    assert read["events"][0]["data"]["recorded_at"] == recorded_at
    released = drives.release()
    topics = [event["topic"] for event in released.json["events"]]
    assert topics == ["activity.released", "reduction.recorded", "credits.issued"]
    assert (held(drives), drives.read()["status"], drives.credits("")) == ([], "accepted", [10])
    again = drives.release()
    assert (again.data, again.headers["Idempotent-Replay"]) == (released.data, "true")
    assert code_of(drives.release(reason="other")) == "content_differs"
    assert code_of(drives.dismiss()) == "activity_status_unsuitable"


def test_a_dismissed_activity_earns_nothing_and_frees_what_it_claimed(drives: Drives) -> None:
    drives.drive("d1", flags=["jump"], **told(7))
    assert drives.drive("d2", **told(7)).json["events"][0]["topic"] == "activity.rejected"
    assert drives.dismiss().json["events"][0]["topic"] == "activity.dismissed"
    read = drives.read()
    assert (read["status"], read["reasons"], held(drives)) == ("dismissed", ["jump"], [])
    assert drives.drive("d3", **told(7)).json["events"][0]["topic"] == "reduction.recorded"
    assert code_of(drives.release()) == "activity_status_unsuitable"


def test_a_dismissal_may_name_the_claim_of_a_partner_that_stands(drives: Drives) -> None:
    drives.drive("d1", flags=["jump"], **told(7))
    standing = {
        "group": "car",
        "programme_id": "blue-city",
        "source": "taxis",
        "id": "t 1",
        "begins_at": "2026-11-19T23:00:00Z",
        "ends_at": "2026-11-20T00:00:00Z",
    }
    assert drives.dismiss(standing=standing).status_code == 201
    assert drives.read()["standing"] == standing


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "x"])
def test_a_claim_at_no_instant_is_refused_and_no_fault(drives: Drives, instant: str) -> None:
    drives.drive("d1", flags=["jump"], **told(7))
    standing = {"group": "g", "programme_id": "blue-city", "source": "s", "id": "t"}
    refused = drives.dismiss(standing={**standing, "begins_at": instant, "ends_at": "2026-11-20T00:00:00Z"})
    assert code_of(refused) == "fields_invalid"


def test_the_list_is_read_page_by_page_and_by_reason_and_scenario(drives: Drives) -> None:
    assert drives.publish_scenario("taxi").status_code == 201
    for number in range(5):
        flag = "jump" if number % 2 else "estimated"
        drives.drive(f"d{number}", flags=[flag], **told(number))
    drives.drive("t1", flags=["jump"], scenario_id="taxi")
    pages, cursor = [], ""
    while cursor is not None:
        page = drives.town.get(f"/held?limit=4&cursor={cursor}", "operator").json
        pages.append([one["activity_id"] for one in page["held"]])
        cursor = page["next_cursor"]
    assert pages == [["d0", "d1", "d2", "d3"], ["d4", "t1"]]
    assert held(drives, "?reason=jump") == ["d1", "d3", "t1"]
    assert held(drives, "?reason=jump&scenario=drive") == ["d1", "d3"]
    assert held(drives, "?scenario=taxi&limit=1") == ["t1"]
    assert held(drives, "?reason=cross_check") == []
    assert held(drives, "?scenario=nobody") == []


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "reason=odd", "reason=", "cursor=%00", "cursor=YQ", "cursor=a&cursor=b", "x=y"],
)
def test_a_list_is_asked_for_in_one_way_only(town: Town, query: str) -> None:
    assert code_of(town.get(f"/held?{query}")) == "fields_invalid"


def test_nothing_waits_in_a_programme_where_nothing_happened(town: Town) -> None:
    assert town.get("/held").json == {
        "position": town.get("").json["position"],
        "held": [],
        "next_cursor": None,
    }
    assert code_of(town.get_at("/v1/programmes/nowhere/held", "auditor")) == "programme_not_found"


def test_an_activity_held_for_partners_is_not_released_by_whoever_looks_at_its_data(town: Town) -> None:
    drives = Drives(town).allow(exclusion=[{"group": "car", "subject": "vehicle", "shared": True}])
    assert town.post("operator", "/policies", version=1, partners=["blue-city"]).status_code == 201
    drives.drive("d1", flags=["jump"], **told(7))
    assert drives.read()["reasons"] == ["jump", "cross_check"]
    assert [event["topic"] for event in drives.release().json["events"]] == ["activity.released"]
    assert drives.read()["reasons"] == ["cross_check"]
    assert held(drives, "?reason=jump") == []
    assert drives.release(clears="cross_check").status_code == 201
    assert drives.read()["status"] == "accepted"
