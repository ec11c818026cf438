"""Sixty days over a leap February in each template, with all that goes wrong, and two counts that agree."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bench.year import Plan, Told, simulate
from bench.year_count import Count
from bench.year_habits import HABITS
from ledger.projections.balances import BalanceFold
from ledger.store.database import Database
from ledger.store.log import Log

PLAN = Plan(
    template="enterprise",
    participants=100,
    first_on=date(2024, 1, 20),
    days=60,
    acts_per_year=75,
    time_zone="America/New_York",
)
PLANS = [
    PLAN,  # clocks go forward on 10 March
    replace(PLAN, template="community", time_zone="Asia/Shanghai"),
    replace(PLAN, template="city-nev", time_zone="Asia/Shanghai"),
]
DONE: dict[str, set[str]] = {
    "enterprise": {"bonus.issued", "reduction.recomputed", "redemption.fulfilled", "redemption.cancelled"},
    "community": {"credits.claimed", "credits.lapsed", "reduction.corrected", "credits.transferred"},
    "city-nev": {"credits.claimed", "credits.lapsed", "credits.donated", "activity.released"},
}
Event = tuple[str, dict[str, Any]]


def test_every_template_has_habits() -> None:
    assert [plan.template for plan in PLANS] == list(HABITS)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.template)
def test_a_leap_february_goes_through_whatever_goes_wrong(database: str, plan: Plan) -> None:
    told = simulate(database, plan, prove=True)
    assert told.problems == []
    assert [month["month"] for month in told.months] == ["2024-01", "2024-02", "end"]
    assert {"activity.held", "activity.rejected", "credits.issued"} | DONE[
        plan.template
    ] <= told.topics.keys()
    assert told.replayed
    assert told.recomputed
    assert told.clipped_by


def test_the_same_seed_gives_the_same_log_and_another_seed_another(
    server: str, migrated_template: str
) -> None:
    plan = replace(PLAN, template="community", days=25)
    told = [_simulated(server, migrated_template, each) for each in (plan, plan, replace(plan, seed=1))]
    assert told[0].digest == told[1].digest
    assert told[0].digest != told[2].digest


def _simulated(server: str, template: str, plan: Plan) -> Told:
    with _copied(server, template) as conninfo:
        return simulate(conninfo, plan, prove=False)


@contextmanager
def _copied(server: str, template: str) -> Iterator[str]:
    name = "year_once_more"
    names = sql.Identifier(name), sql.Identifier(template)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        try:
            yield make_conninfo(server, dbname=name)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(names[0]))


# --- what the count would find ------------------------------------------------------------------


@pytest.fixture(scope="module")
def told_log(server: str, migrated_template: str) -> tuple[list[Event], dict[Any, int]]:
    """A short log of the city, and the balances that it adds up to."""
    with _copied(server, migrated_template) as conninfo:
        assert conninfo_to_dict(conninfo)["dbname"] == "year_once_more"
        assert simulate(conninfo, replace(PLANS[2], days=25), prove=False).problems == []
        database = Database(conninfo)
        pages = list(Log(database).pages("city-nev"))
        database.close()
    fold = BalanceFold()
    events = []
    for page in pages:
        for logged in page:
            fold.add(logged.state)
            events.append((logged.topic, msgspec.json.decode(logged.state)))
    return events, fold.nonzero()


def _problems(events: list[Event], balances: dict[Any, int]) -> list[str]:
    count = Count()
    for topic, event in events:
        count.add(topic, event)
    count.check(balances)
    return count.problems


def _changed(events: list[Event], topic: str, **changes: Any) -> list[Event]:
    """Change the last event of a topic."""
    place = max(place for place, (own, _) in enumerate(events) if own == topic)
    return [*events[:place], (topic, events[place][1] | changes), *events[place + 1 :]]


def _published(events: list[Event], **changes: Any) -> list[Event]:
    """Change all scenarios."""
    return [(topic, event | changes if topic == "scenario.published" else event) for topic, event in events]


def test_a_sound_log_is_found_sound(told_log: tuple[list[Event], dict[Any, int]]) -> None:
    assert _problems(*told_log) == []


@pytest.mark.parametrize(
    ("topic", "changes", "found"),
    [
        ("reduction.recorded", {"amount_g": 1}, "nature"),
        ("credits.issued", {"awarded_credits": 100_000}, "is more than"),
        ("credits.claimed", {"recorded_at": "2024-01-01T00:00:00Z"}, "outside its window"),
        ("redemption.held", {"shares": []}, "encumbered"),
        ("credits.donated", {"units": 99}, "not 99"),
        ("credits.donated", {"credits": 99_999}, "retired"),
    ],
)
def test_an_event_that_cannot_be_is_found(
    told_log: tuple[list[Event], dict[Any, int]], topic: str, changes: dict[str, Any], found: str
) -> None:
    events, balances = told_log
    assert any(found in problem for problem in _problems(_changed(events, topic, **changes), balances))


def test_caps_that_were_not_kept_are_found(told_log: tuple[list[Event], dict[Any, int]]) -> None:
    events, balances = told_log
    for caps, name in (
        ({"day_acts": 1}, "acts"),
        ({"day_credits": 5}, "day"),
        ({"month_credits": 20}, "month"),
    ):
        problems = _problems(_published(events, caps=caps), balances)
        assert any(problem.startswith(f"{name} (") for problem in problems), name
    problems = _problems(_changed(events, "policy.published", year_credits=50), balances)
    assert any(problem.startswith("year (") for problem in problems)


def test_claims_that_overlap_and_rejections_without_one_are_found(
    told_log: tuple[list[Event], dict[Any, int]],
) -> None:
    events, balances = told_log
    whole_days = [{"group": "any", "subject": "person", "span": "local_day"}]
    assert any(
        "overlaps" in problem for problem in _problems(_published(events, exclusion=whole_days), balances)
    )
    assert any(
        "nothing stood" in problem for problem in _problems(_published(events, exclusion=[]), balances)
    )


def test_a_serial_retired_twice_and_a_lot_that_is_not_whole_are_found(
    told_log: tuple[list[Event], dict[Any, int]],
) -> None:
    events, balances = told_log
    donations = [event for topic, event in events if topic == "credits.donated"]
    again = _changed(events, "credits.donated", serials=donations[0]["serials"])
    assert any("retired twice" in problem for problem in _problems(again, balances))
    lots = Counter(
        {key: amount for key, amount in balances.items() if key[1] == "CREDIT" and key[0] != "issuance"}
    )
    [(key, _)] = lots.most_common(1)
    assert any(problem.startswith("lot ") for problem in _problems(events, balances | {key: 1}))
