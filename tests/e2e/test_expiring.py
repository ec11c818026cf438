"""Who loses what soon, and what the runs of a month's end take: at midnights, leap days and year's ends."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ledger.bootstrap import Ledger
from tests.e2e.drives import Clock, clocked
from tests.e2e.town import Town, code_of


def lots(town: Town, query: str = "") -> list[tuple[str, str, int]]:
    """Who loses what."""
    answer = town.get(f"/expiring{query}")
    assert answer.status_code == 200, answer.text
    return [(one["account"], one["lot"], one["credits"]) for one in answer.json["lots"]]


def give(town: Town, account: str, credits_given: int, lot: str | None) -> None:
    """Give credits with a last day."""
    terms = {"account": account, "credits": credits_given, "lot": lot, "approver": "王芳", "reason": "test"}
    answer = town.post("operator", "/adjustments", id=f"{account} {lot}", **terms)
    assert answer.status_code == 201, answer.text


@pytest.fixture
def place(opened: Callable[..., Ledger]) -> tuple[Town, Clock]:
    """Noon of 10 January 2028 in Shanghai; ann and bo hold several lots."""
    drives, clock = clocked(opened)
    town = drives.town
    assert town.post("operator", "/organisations", id="acme", name_zh="公司", name_en="A").status_code == 201
    give(town, "participant:ann", 1, "2028-01-10")
    give(town, "participant:ann", 2, "2028-01-11")
    give(town, "participant:ann", 3, "2028-02-09")
    give(town, "participant:ann", 4, "2028-02-10")
    give(town, "participant:bo", 5, "2028-01-31")
    give(town, "org:acme", 6, "2028-01-31")
    give(town, "merchant:tea", 7, "2028-01-31")
    return town, clock


def test_what_ends_today_or_within_so_many_days_is_listed_by_account_and_day(
    place: tuple[Town, Clock],
) -> None:
    town, _ = place
    assert lots(town, "?within_days=0") == [("participant:ann", "2028-01-10", 1)]
    assert lots(town, "?within_days=1")[1:] == [("participant:ann", "2028-01-11", 2)]
    assert lots(town) == [
        ("merchant:tea", "2028-01-31", 7),
        ("org:acme", "2028-01-31", 6),
        ("participant:ann", "2028-01-10", 1),
        ("participant:ann", "2028-01-11", 2),
        ("participant:ann", "2028-02-09", 3),
        ("participant:bo", "2028-01-31", 5),
    ]
    assert ("participant:ann", "2028-02-10", 4) in lots(town, "?within_days=31")


def test_days_are_the_programmes_own(place: tuple[Town, Clock]) -> None:
    town, clock = place
    clock.now = datetime(2028, 1, 10, 15, 59, 59, 999_999, tzinfo=UTC)
    assert lots(town, "?within_days=0") == [("participant:ann", "2028-01-10", 1)]
    clock.now = datetime(2028, 1, 10, 16, tzinfo=UTC)
    assert lots(town, "?within_days=0") == [("participant:ann", "2028-01-11", 2)]


def test_the_list_is_read_page_by_page_and_nothing_is_told_twice(place: tuple[Town, Clock]) -> None:
    town, _ = place
    found: list[tuple[str, str]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = town.get(f"/expiring?limit=2&cursor={cursor}").json
        assert len(page["lots"]) <= 2
        found += [(one["account"], one["lot"]) for one in page["lots"]]
        cursor = page["next_cursor"]
    assert found == [(account, lot) for account, lot, _ in lots(town)]


def test_a_page_ends_after_so_many_lots_were_looked_at(
    place: tuple[Town, Clock], monkeypatch: pytest.MonkeyPatch
) -> None:
    town, _ = place
    monkeypatch.setattr("ledger.projections.waiting.WAITING_SCANNED_MAX", 1)
    found, pages, cursor = [], 0, ""
    while cursor is not None:
        page = town.get(f"/expiring?within_days=0&limit=1&cursor={cursor}").json
        found += [(one["account"], one["lot"]) for one in page["lots"]]
        cursor, pages = page["next_cursor"], pages + 1
    assert found == [("participant:ann", "2028-01-10")]
    assert pages > 5


def test_what_was_spent_or_has_run_out_is_not_listed(place: tuple[Town, Clock]) -> None:
    town, clock = place
    gift = {"from_account": "participant:ann", "to_account": "participant:bo", "credits": 3}
    assert town.post("poster", "/transfers", id="gift", **gift).status_code == 201
    assert [lot[1:] for lot in lots(town, "?within_days=1")] == [("2028-01-10", 1), ("2028-01-11", 2)]
    assert {lot[0] for lot in lots(town, "?within_days=1")} == {"participant:bo"}
    clock.now = datetime(2028, 1, 12, 4, tzinfo=UTC)
    assert lots(town, "?within_days=1") == []


def test_pending_credits_and_those_set_aside_are_neither_listed_nor_taken(
    opened: Callable[..., Ledger],
) -> None:
    drives, clock = clocked(opened, expiry={"kind": "months", "months": 0})
    town = drives.allow(ripens_after_h=24 * 30).town
    drives.drive("pending", 5)
    drives.drive("held", 5, flags=["jump"])
    give(town, "participant:ann", 10, None)
    assert town.hold("r-1", credits=6, deadline_at="2028-03-01T00:00:00Z").status_code == 201
    assert lots(town) == [("participant:ann", "2028-01-10", 4)]
    clock.after(days=1)
    ended = town.post("operator", "/expiries", id="night", up_to="2028-01-10").json["events"][0]["data"]
    assert (ended["credits"], ended["holds_released"]) == (4, 0)
    assert [town.credits_of(f"participant:ann{part}") for part in ("", ":held", ":pending")] == [0, 6, 5]
    assert drives.read("held")["status"] == "held"


@pytest.mark.parametrize(
    ("policy", "earned_at", "last_day"),
    [
        ({"kind": "months", "months": 12}, "2028-02-29T12:00:00+08:00", "2029-02-28"),
        ({"kind": "months", "months": 48}, "2028-02-29T12:00:00+08:00", "2032-02-29"),
        ({"kind": "months", "months": 1}, "2028-01-31T23:59:59.999999+08:00", "2028-02-29"),
        ({"kind": "month_end", "months": 0}, "2028-02-01T00:00:00+08:00", "2028-02-29"),
        ({"kind": "month_end", "months": 12}, "2028-02-29T23:59:59+08:00", "2029-02-28"),
        ({"kind": "month_end", "months": 1}, "2028-01-31T23:59:59+08:00", "2028-02-29"),
        ({"kind": "year_end", "months": 0}, "2028-12-31T23:59:59.999999+08:00", "2028-12-31"),
        ({"kind": "year_end", "months": 0}, "2029-01-01T00:00:00+08:00", "2029-12-31"),
        ({"kind": "year_end", "months": 12}, "2028-02-29T00:00:00+08:00", "2029-12-31"),
    ],
)
def test_a_lot_can_be_spent_to_the_end_of_its_last_day_and_runs_out_with_the_next_run(
    opened: Callable[..., Ledger], policy: dict[str, Any], earned_at: str, last_day: str
) -> None:
    drives, clock = clocked(opened, expiry=policy)
    clock.now = datetime.fromisoformat(earned_at).astimezone(UTC)
    town = drives.allow().town
    drives.drive("d1", 3)
    assert drives.read()["credits"]["lot"] == last_day
    # The last microsecond of the last local day, and the first of the next.
    year, month, day = date.fromisoformat(last_day).timetuple()[:3]
    clock.now = datetime(year, month, day, 15, 59, 59, 999_999, tzinfo=UTC)
    assert lots(town, "?within_days=0") == [("participant:ann", last_day, 3)]
    assert code_of(town.post("operator", "/expiries", id="early", up_to=last_day)) == "expiry_not_due"
    gift = {"from_account": "participant:ann", "to_account": "participant:bo", "credits": 1}
    assert town.post("poster", "/transfers", id="gift", **gift).status_code == 201
    clock.after(microseconds=1)
    assert lots(town) == []
    assert code_of(town.post("poster", "/transfers", id="late", **gift)) == "credits_expired"
    ended = town.post("operator", "/expiries", id="night", up_to=last_day)
    assert ended.json["events"][0]["data"]["credits"] == 3
    assert (town.credits_of("expired"), drives.read()["amount_g"]) == (3, 300)


@pytest.mark.parametrize(
    "query", ["within_days=-1", "within_days=367", "limit=0", "limit=1001", "cursor=YQ", "d=1"]
)
def test_a_list_is_asked_for_in_one_way_only(town: Town, query: str) -> None:
    assert code_of(town.get(f"/expiring?{query}")) == "fields_invalid"
    assert code_of(town.get_at("/v1/programmes/nowhere/expiring", "auditor")) == "programme_not_found"
