"""Leaderboards over HTTP."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ledger.domain import limits
from ledger.domain.instants import local_date
from ledger.keys import ROLES
from tests.e2e.town import Town, code_of

NAMES = {"name_zh": "名", "name_en": "name"}
DAY = "?period=day&on=2026-11-20"
"""The local day of `OCCURRED`."""


@pytest.fixture
def busy(town: Town) -> Town:
    """Bo leads before Ann and Cy, who are tied, and Di; Ann, Bo and Di are in departments of one company."""
    for own_id, parent in (("acme", None), ("sales", "acme"), ("plant", "acme"), ("other", None)):
        opened = town.post("operator", "/organisations", id=own_id, parent_id=parent, **NAMES)
        assert opened.status_code == 201
    for person, organisation in (("cy", "other"), ("di", "plant"), ("ed", "sales")):
        assert (
            town.post("poster", "/participants", id=person, organisation_id=organisation).status_code == 201
        )
    for person, credits_wanted in (("ann", 20), ("bo", 30), ("cy", 20), ("di", 10), ("bo", 5)):
        assert town.earn(person, credits_wanted, f"{person}-{credits_wanted}").status_code == 201
    town.follow()
    return town


def ranks(answer: Any) -> list[tuple[int, str | None, int]]:
    assert answer.status_code == 200, answer.text
    return [(place["rank"], place["participant_id"], place["amount_g"]) for place in answer.json["places"]]


def test_the_top_is_in_order_of_grams_and_ties_share_a_rank_in_order_of_ids(busy: Town) -> None:
    answer = busy.get(f"/leaderboards{DAY}", "poster")
    assert answer.json == {
        "position": int(answer.headers["Ledger-Position"]),
        "period": "day",
        "starts_on": "2026-11-20",
        "ends_on": "2026-11-20",
        "by": "grams",
        "scenario_id": None,
        "organisation_id": None,
        "members": 4,
        "places": [
            {"rank": 1, "participant_id": "bo", "amount_g": 3500, "credits": 35},
            {"rank": 2, "participant_id": "ann", "amount_g": 2000, "credits": 20},
            {"rank": 2, "participant_id": "cy", "amount_g": 2000, "credits": 20},
            {"rank": 4, "participant_id": "di", "amount_g": 1000, "credits": 10},
        ],
    }
    assert ranks(busy.get(f"/leaderboards{DAY}&offset=2&limit=1&by=credits")) == [(2, "cy", 2000)]


@pytest.mark.parametrize(
    ("period", "starts_on", "ends_on"),
    [
        ("day", "2026-11-20", "2026-11-20"),
        ("week", "2026-11-16", "2026-11-22"),
        ("month", "2026-11-01", "2026-11-30"),
        ("year", "2026-01-01", "2026-12-31"),
        ("all", None, None),
    ],
)
def test_every_period_has_its_board(busy: Town, period: str, starts_on: str, ends_on: str) -> None:
    answer = busy.get(f"/leaderboards?period={period}&on=2026-11-20&scenario=bus-ride")
    assert (answer.json["starts_on"], answer.json["ends_on"]) == (starts_on, ends_on)
    assert [place["participant_id"] for place in answer.json["places"]] == ["bo", "ann", "cy", "di"]


@pytest.mark.parametrize("on", ["2026-11-19", "2026-11-21", "0001-01-01", "9999-12-31"])
def test_a_period_in_which_nothing_happened_is_empty(busy: Town, on: str) -> None:
    answer = busy.get(f"/leaderboards?period=day&on={on}")
    assert (answer.json["members"], answer.json["places"]) == (0, [])
    assert busy.get(f"/leaderboards/organisations?period=day&on={on}").json["places"] == []


def test_by_default_it_is_the_month_of_today_where_the_programme_is(busy: Town) -> None:
    first = local_date(datetime.now(UTC), "Asia/Shanghai").replace(day=1)
    answer = busy.get("/leaderboards")
    assert (answer.json["period"], answer.json["starts_on"]) == ("month", first.isoformat())


def test_a_participant_sees_their_rank_and_their_neighbours(busy: Town) -> None:
    answer = busy.get(f"/leaderboards/participants/cy{DAY}&neighbours=1")
    assert answer.json["own"] == {"rank": 2, "participant_id": "cy", "amount_g": 2000, "credits": 20}
    assert ranks(answer) == [(2, "ann", 2000), (2, "cy", 2000), (4, "di", 1000)]
    assert ranks(busy.get(f"/leaderboards/participants/cy{DAY}&neighbours=0")) == [(2, "cy", 2000)]
    assert len(busy.get(f"/leaderboards/participants/cy{DAY}").json["places"]) == 4


def test_who_did_nothing_that_counts_has_no_rank(busy: Town) -> None:
    for path in (f"ed{DAY}", f"ann{DAY}&organisation=acme", "ann?on=2026-01-01"):
        answer = busy.get(f"/leaderboards/participants/{path}")
        assert (answer.json["own"], answer.json["places"]) == (None, [])


def test_within_an_organisation_everybody_in_it_and_below_competes(busy: Town) -> None:
    assert busy.post("poster", "/participants", id="fay", organisation_id="sales").status_code == 201
    position = busy.earn("fay", 15, "fay-15").json["position"]
    busy.follow()
    answer = busy.get(f"/leaderboards{DAY}&organisation=acme&min_position={position}")
    assert (answer.json["organisation_id"], answer.json["members"]) == ("acme", 2)
    assert ranks(answer) == [(1, "fay", 1500), (2, "di", 1000)]


def test_organisations_compete_with_those_beside_them(busy: Town) -> None:
    answer = busy.get(f"/leaderboards/organisations{DAY}")
    assert answer.json["places"] == [
        {"rank": 1, "organisation_id": "other", "members": 1, "amount_g": 2000, "credits": 20},
        {"rank": 2, "organisation_id": "acme", "members": 1, "amount_g": 1000, "credits": 10},
    ]
    inside = busy.get(f"/leaderboards/organisations{DAY}&organisation=acme&by=credits")
    assert [place["organisation_id"] for place in inside.json["places"]] == ["plant"]
    assert busy.get(f"/leaderboards/organisations{DAY}&offset=1&limit=1").json["places"][0]["rank"] == 2


def test_whoever_is_hidden_keeps_the_rank_and_loses_the_name_but_to_themselves(busy: Town) -> None:
    assert busy.post("poster", "/participants/ann/hide", id="h", reason="wish").status_code == 201
    busy.follow()
    assert ranks(busy.get(f"/leaderboards{DAY}&limit=2")) == [(1, "bo", 3500), (2, None, 2000)]
    assert ranks(busy.get(f"/leaderboards/participants/bo{DAY}&neighbours=1"))[1] == (2, None, 2000)
    assert busy.get(f"/leaderboards/participants/ann{DAY}").json["own"]["participant_id"] == "ann"
    assert busy.post("poster", "/participants/ann/show", id="s", reason="wish").status_code == 201
    busy.follow()
    assert ranks(busy.get(f"/leaderboards{DAY}&limit=2"))[1] == (2, "ann", 2000)


def test_whoever_was_erased_is_gone_and_the_others_close_up(busy: Town) -> None:
    taken = {"account": "participant:ann", "credits": -20, "approver": "a", "reason": "r"}
    assert busy.post("operator", "/adjustments", id="x", **taken).status_code == 201
    assert busy.post("operator", "/participants/ann/close", id="c", reason="r").status_code == 201
    assert busy.post("operator", "/participants/ann/erase", id="e", reason="r").status_code == 201
    busy.follow()
    answer = busy.get(f"/leaderboards{DAY}")
    assert ranks(answer) == [(1, "bo", 3500), (2, "cy", 2000), (3, "di", 1000)]
    assert answer.json["members"] == 3
    assert code_of(busy.get(f"/leaderboards/participants/ann{DAY}")) == "account_not_found"


@pytest.mark.parametrize("role", ROLES)
def test_every_role_may_look(busy: Town, role: str) -> None:
    assert busy.get("/leaderboards", role).status_code == 200


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("?scenario=tram", "scenario_not_found"),
        ("?scenario=no%20id", "scenario_not_found"),
        ("?organisation=nobody", "account_not_found"),
        ("?organisation=no%20id", "account_not_found"),
        ("/participants/nobody", "account_not_found"),
        ("/participants/no%20id", "account_not_found"),
        ("/organisations?organisation=nobody", "account_not_found"),
        ("?period=hour", "fields_invalid"),
        ("?by=distance", "fields_invalid"),
        ("?on=20261120", "fields_invalid"),
        ("?by=grams&by=credits", "fields_invalid"),
        ("?limit=0", "fields_invalid"),
        (f"?limit={limits.LEADERBOARD_PLACES_MAX + 1}", "fields_invalid"),
        (f"?offset={limits.LEADERBOARD_OFFSET_MAX + 1}", "fields_invalid"),
        (f"/participants/ann?neighbours={limits.LEADERBOARD_NEIGHBOURS_MAX + 1}", "fields_invalid"),
        ("/participants/ann?limit=1", "fields_invalid"),
    ],
)
def test_what_is_not_there_or_means_nothing_is_refused(busy: Town, path: str, code: str) -> None:
    assert code_of(busy.get(f"/leaderboards{path}")) == code


def test_limits_themselves_are_taken(busy: Town) -> None:
    most = f"limit={limits.LEADERBOARD_PLACES_MAX}&offset={limits.LEADERBOARD_OFFSET_MAX}"
    assert busy.get(f"/leaderboards{DAY}&{most}").json["places"] == []
    neighbours = f"neighbours={limits.LEADERBOARD_NEIGHBOURS_MAX}"
    assert len(busy.get(f"/leaderboards/participants/bo{DAY}&{neighbours}").json["places"]) == 4


def test_a_programme_that_nobody_opened_has_no_leaderboards(bare: Town) -> None:
    for path in ("/leaderboards", f"/leaderboards{DAY}"):
        assert code_of(bare.get(path)) == "programme_not_found"
