"""A programme in numbers, over HTTP."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from ledger.domain import limits
from ledger.domain.instants import local_date
from ledger.keys import ROLES
from tests.e2e.town import Town, code_of

ACT_DAY = "2026-11-20"
"""Of `OCCURRED`, in Shanghai."""


def today() -> date:
    return local_date(datetime.now(UTC), "Asia/Shanghai")


@pytest.fixture
def busy(town: Town) -> Town:
    """Ann rode twice and Bo once, a gift was given, a cup of tea is held and another used."""
    for person, credits_wanted, own_id in (("ann", 60, "a"), ("ann", 40, "b"), ("bo", 5, "c")):
        assert town.earn(person, credits_wanted, own_id).status_code == 201
    gift = {"from_account": "participant:ann", "to_account": "participant:bo", "credits": 7}
    assert town.post("poster", "/transfers", id="gift", **gift).status_code == 201
    assert town.hold("r-1").status_code == 201
    assert town.hold("r-2", fee_fen=20).status_code == 201
    assert town.post("poster", "/redemptions/r-1/fulfil").status_code == 201
    town.follow()
    return town


def fields_of(answer: Any) -> set[str]:
    assert code_of(answer) == "fields_invalid"
    return {error["field"] for error in answer.json["errors"]}


def test_totals_are_of_all_that_was_recorded(busy: Town) -> None:
    answer = busy.get("/totals", "poster")
    assert answer.json == {
        "position": int(answer.headers["Ledger-Position"]),
        "on": None,
        "participants": 2,
        "active": None,
        "activities": [
            {
                "scenario_id": "bus-ride",
                "verdict": "accepted",
                "activities": 3,
                "amount_g": 10_500,
                "credits": 105,
            }
        ],
        "bonuses": [],
        "grams": {"avoided_g": 10_500, "places": {"nature": -10_500, "participant": 10_500}},
        "credits": {
            "issued": 105,
            "given": 7,
            "outstanding": 95,
            "owed": 0,
            "places": {"held": 10, "issuance": -105, "participant": 85, "redeemed": 10},
        },
        "money": {
            "committed_fen": 100_000,
            "places": {"available": 99_000, "encumbered": 500, "external": -100_000, "payable": 500},
        },
    }


def test_totals_on_a_day_are_those_up_to_its_end(busy: Town) -> None:
    on_the_act = busy.get(f"/totals?on={ACT_DAY}").json
    assert on_the_act["on"] == ACT_DAY
    assert on_the_act["active"] == {"day": 2, "month": 2}
    assert [one["activities"] for one in on_the_act["activities"]] == [3]
    before = busy.get("/totals?on=2026-11-19").json
    assert (before["activities"], before["active"]["day"], before["active"]["month"]) == ([], 0, 2)
    now = busy.get(f"/totals?on={today() + timedelta(days=1)}").json
    assert now["credits"]["issued"] == 105
    assert busy.get("/totals?on=2001-01-01").json["credits"]["places"] == {}


def test_a_series_has_every_day(busy: Town) -> None:
    rows = busy.get("/totals/series?from=2026-11-19&to=2026-11-22").json["rows"]
    assert [row["begins_on"] for row in rows] == ["2026-11-19", "2026-11-20", "2026-11-21"]
    assert (rows[1]["activities"], rows[1]["amount_g"], rows[1]["active"]) == (3, 10_500, 2)
    assert rows[1]["activity_credits"] == 105
    assert set(rows[0].values()) <= {"2026-11-19", 0} or rows[0]["issued"]


def test_a_series_by_month_sums_the_book_of_the_days(busy: Town) -> None:
    begin, end = today().replace(day=1), (today().replace(day=1) + timedelta(days=32)).replace(day=1)
    (month,) = busy.get(f"/totals/series?by=month&from={begin}&to={end}").json["rows"]
    assert (month["issued"], month["given"], month["held"], month["redeemed"]) == (105, 7, 20, 10)
    assert (month["joined"], month["expired"], month["adjusted"]) == (2, 0, 0)
    days = busy.get(f"/totals/series?by=day&from={begin}&to={end}").json["rows"]
    for name in ("issued", "given", "held", "redeemed", "joined", "activities"):
        assert sum(day[name] for day in days) == month[name]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-11-01", "to"),
        ("to=2026-11-01", "from"),
        ("from=2026-11-01&to=2026-11-01", "to"),
        ("from=2026-11-01&to=2026-12-01&by=week", "by"),
        ("from=2026-11-02&to=2026-12-01&by=month", "from"),
        ("from=2026-11-01&to=2026-12-02&by=month", "to"),
        ("from=2026-11-01&to=2026-12-01&by=day&by=day", "by"),
    ],
)
def test_a_series_that_is_none_is_refused(busy: Town, query: str, field: str) -> None:
    assert fields_of(busy.get(f"/totals/series?{query}")) == {field}


def test_a_series_has_its_bounds(busy: Town) -> None:
    begin, most = date(2026, 1, 1), limits.SERIES_PERIODS_MAX
    end = begin + timedelta(days=most)
    rows = busy.get(f"/totals/series?from={begin}&to={end}").json["rows"]
    assert len(rows) == most
    assert fields_of(busy.get(f"/totals/series?from={begin}&to={end + timedelta(days=1)}")) == {"to"}
    months = f"/totals/series?by=month&from={begin}"
    years, rest = divmod(most, 12)
    assert len(busy.get(f"{months}&to={begin.year + years}-{rest + 1:02}-01").json["rows"]) == most
    assert fields_of(busy.get(f"{months}&to={begin.year + years}-{rest + 2:02}-01")) == {"to"}


def test_what_is_owed_stands_by_month(busy: Town) -> None:
    answer = busy.get("/totals/liability").json
    (month,) = answer["months"]
    assert answer["credits"] == month["credits"] == 95
    assert month["places"] == {"held": 10, "participant": 85}
    # The town's credits live to the end of the same month of the next year.
    assert month["expires_in"] == f"{today().year + 1}-{today().month:02}"


def test_a_funds_rate_says_how_long_it_lasts(busy: Town) -> None:
    on = today() + timedelta(days=1)
    assert busy.get(f"/funds/green/burn?on={on}&days=10").json == {
        "position": busy.get("/totals").json["position"],
        "fund_id": "green",
        "on": str(on),
        "days": 10,
        "available_fen": 99_000,
        "encumbered_fen": 1_000,
        "returned_fen": 0,
        "backed_fen": 0,
        "burnt_fen": 1_000,
        "days_left": 990,
    }
    assert busy.get(f"/funds/green/burn?on={on}").json["days"] == 30
    assert busy.get("/funds/green/burn?on=2001-01-01").json["days_left"] is None


def test_a_rate_has_its_bounds(busy: Town) -> None:
    assert fields_of(busy.get("/funds/green/burn")) == {"on"}
    for days in (0, limits.BURN_DAYS_MAX + 1):
        assert fields_of(busy.get(f"/funds/green/burn?on=2026-11-22&days={days}")) == {"days"}
    for day in ("0001-01-01", "9999-12-31"):
        answer = busy.get(f"/funds/green/burn?on={day}&days={limits.BURN_DAYS_MAX}")
        assert answer.status_code == 200
    assert busy.get("/totals?on=0001-01-01").status_code == 200
    assert busy.get("/totals?on=9999-12-31").status_code == 200


@pytest.mark.parametrize("fund", ["blue", "%20"])
def test_a_fund_that_nobody_opened_is_not_found(busy: Town, fund: str) -> None:
    assert code_of(busy.get(f"/funds/{fund}/burn?on=2026-11-22")) == "account_not_found"


def test_every_role_reads_them(busy: Town) -> None:
    for role in ROLES:
        for path in ("/totals", "/totals/liability", "/funds/green/burn?on=2026-11-22"):
            assert busy.get(path, role).status_code == 200


def test_a_programme_that_nobody_opened_has_no_numbers(bare: Town) -> None:
    for path in ("/totals", "/totals/liability", "/totals/series?from=2026-11-01&to=2026-11-02"):
        assert code_of(bare.get(path)) == "programme_not_found"
