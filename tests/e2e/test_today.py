"""What readings take for today when nobody names a day: the programme's own, to the second."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from ledger.bootstrap import Ledger
from ledger.cli import main
from ledger.writer import Writer
from tests.e2e.frozen import frozen_at
from tests.e2e.town import Answer, Town, code_of

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)

MIDNIGHTS = [
    # A month's end, and a year's, eight hours before midnight in UTC.
    ("Asia/Shanghai", "2025-11-30 16:00", "2025-12-01"),
    ("Asia/Shanghai", "2025-12-31 16:00", "2026-01-01"),
    # Week 53 of 2020 has days of 2021, and ends on one.
    ("Asia/Shanghai", "2020-12-31 16:00", "2021-01-01"),
    ("Asia/Shanghai", "2021-01-03 16:00", "2021-01-04"),
    # 29 February begins and ends.
    ("Asia/Shanghai", "2024-02-28 16:00", "2024-02-29"),
    ("Asia/Shanghai", "2024-02-29 16:00", "2024-03-01"),
    # The day on which clocks go forward has 23 hours, the one on which they go back 25.
    ("Europe/Berlin", "2025-03-29 23:00", "2025-03-30"),
    ("Europe/Berlin", "2025-03-30 22:00", "2025-03-31"),
    ("Europe/Berlin", "2025-10-25 22:00", "2025-10-26"),
    ("Europe/Berlin", "2025-10-26 23:00", "2025-10-27"),
    ("America/New_York", "2025-03-09 05:00", "2025-03-09"),
    ("America/New_York", "2025-03-10 04:00", "2025-03-10"),
    ("America/New_York", "2025-11-02 04:00", "2025-11-02"),
    ("America/New_York", "2025-11-03 05:00", "2025-11-03"),
]
"""A zone, an instant in UTC, and the local day that begins with it."""


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def starts(day: date) -> dict[str, str | None]:
    """The first days of the periods in which a day is, by the calendar alone."""
    year, week, _ = day.isocalendar()
    first = {
        "day": day,
        "week": date.fromisocalendar(year, week, 1),
        "month": date(day.year, day.month, 1),
        "year": date(day.year, 1, 1),
    }
    return {**{period: str(begin) for period, begin in first.items()}, "all": None}


def ride(town: Town, who: str, at: datetime, own_id: str) -> Answer:
    answer = town.post(
        "poster",
        "/activities",
        id=own_id,
        source="bus-company",
        participant_id=who,
        scenario_id="bus-ride",
        measured={"distance_km": "10"},
        occurred_at=at.isoformat(),
    )
    assert answer.status_code == 201, answer.text
    return answer


def who_is_on(answer: Answer) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [place["participant_id"] for place in answer.json["places"]]


@pytest.mark.parametrize(("time_zone", "instant", "day"), MIDNIGHTS)
def test_leaderboards_are_those_of_the_local_day_and_change_at_its_midnight(
    bare: Town, time_zone: str, instant: str, day: str
) -> None:
    midnight, today = utc(instant), date.fromisoformat(day)
    town = bare.open(time_zone=time_zone)
    ride(town, "ann", midnight - SECOND, "late")
    ride(town, "bo", midnight, "early")
    town.follow()
    with frozen_at(midnight - SECOND) as clock:
        for now, local, on_board in ((midnight - SECOND, today - DAY, "ann"), (midnight, today, "bo")):
            clock.move_to(now)
            for period, begin in starts(local).items():
                assert town.get(f"/leaderboards?period={period}").json["starts_on"] == begin
            assert town.get("/leaderboards").json["starts_on"] == starts(local)["month"]
            assert who_is_on(town.get("/leaderboards?period=day")) == [on_board]
            for who in ("ann", "bo"):
                standing = town.get(f"/leaderboards/participants/{who}?period=day").json
                assert (standing["own"] is not None) == (who == on_board)
            assert town.get("/leaderboards/organisations?period=day").json["starts_on"] == str(local)


def test_what_has_no_day_by_default_is_the_same_whenever_it_is_read(bare: Town) -> None:
    midnight = utc("2025-12-31 16:00")
    town = bare.open()
    ride(town, "ann", midnight - SECOND, "late")
    ride(town, "ann", midnight, "early")
    town.follow()
    paths = (
        "/totals",
        "/totals/liability",
        "/accounts/participant:ann/statement",
        "/balances/participant:ann",
        "/settlement",
    )
    told = [town.get(path, "finance").data for path in paths]
    assert town.get("/totals").json["activities"] != []
    with frozen_at(midnight - SECOND) as clock:
        for now in (midnight - SECOND, midnight, midnight + 400 * DAY):
            clock.move_to(now)
            assert [town.get(path, "finance").data for path in paths] == told


# ── Credits that run out ──────────────────────────────────────────────────────────────────────

LAST_DAYS = [
    # Issued when, to live how long, with which last day, and when that is over.
    ("Asia/Shanghai", "2027-11-20 04:00", ("month_end", 0), "2027-11-30", "2027-11-30 16:00"),
    ("Asia/Shanghai", "2027-11-30 16:00", ("year_end", 0), "2027-12-31", "2027-12-31 16:00"),
    ("Asia/Shanghai", "2027-12-31 16:00", ("month_end", 1), "2028-02-29", "2028-02-29 16:00"),
    ("Asia/Shanghai", "2028-01-30 16:00", ("months", 1), "2028-02-29", "2028-02-29 16:00"),
    ("Europe/Berlin", "2027-02-27 23:00", ("months", 1), "2027-03-28", "2027-03-28 22:00"),
    ("Europe/Berlin", "2027-09-29 22:00", ("months", 1), "2027-10-30", "2027-10-30 22:00"),
    ("Europe/Berlin", "2027-09-30 22:00", ("month_end", 0), "2027-10-31", "2027-10-31 23:00"),
    ("America/New_York", "2027-02-14 05:00", ("months", 1), "2027-03-14", "2027-03-15 04:00"),
    ("America/New_York", "2027-10-07 04:00", ("months", 1), "2027-11-07", "2027-11-08 05:00"),
]
HOURS = {"2027-03-28": 23, "2027-10-31": 25, "2027-03-14": 23, "2027-11-07": 25}
"""Of the days that have not 24."""


@pytest.fixture
def clocked(opened: Callable[..., Ledger]) -> Iterator[tuple[Town, Callable[[datetime], None]]]:
    """A town in which what is recorded goes by the test's clock, and all else by the machine's."""
    now = [utc("2026-11-20 00:00")]
    ledger = opened()
    with closing(Writer(ledger.database, clock=lambda: now[0])) as writer:
        yield Town(replace(ledger, writer=writer)), lambda later: now.__setitem__(0, later)


def ends(town: Town, within_days: int) -> list[dict[str, Any]]:
    answer = town.get(f"/expiring?within_days={within_days}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json["lots"]
    return found


def test_credits_end_with_the_local_day_and_may_be_taken_from_its_midnight_on(
    clocked: tuple[Town, Callable[[datetime], None]],
) -> None:
    first, set_time = clocked
    for number, (time_zone, issued, (kind, months), last_day, over) in enumerate(LAST_DAYS):
        set_time(utc(issued))
        town = Town(first.ledger, f"town-{number}", beside=first)
        town.open(time_zone=time_zone, expiry={"kind": kind, "months": months})
        town.earn("ann", 25, "ride")
        midnight = utc(over)
        lot = {"account": "participant:ann", "lot": last_day, "credits": 25}
        set_time(midnight - SECOND)
        with frozen_at(midnight - SECOND) as clock:
            assert ends(town, 0) == ends(town, 1) == [lot], last_day
            early = town.post("operator", "/expiries", id="run", up_to=last_day)
            assert code_of(early) == "expiry_not_due"
            clock.move_to(midnight)
            assert ends(town, 0) == ends(town, 30) == []
        day_begins = midnight - timedelta(hours=HOURS.get(last_day, 24))
        with frozen_at(day_begins - SECOND) as clock:
            assert (ends(town, 0), ends(town, 1)) == ([], [lot])
            clock.move_to(day_begins)
            assert ends(town, 0) == [lot]
        set_time(midnight)
        with frozen_at(midnight):
            run = town.post("operator", "/expiries", id="run", up_to=last_day)
            assert run.json["events"][-1]["data"]["credits"] == 25


def test_a_run_releases_a_hold_once_its_deadline_has_passed(
    clocked: tuple[Town, Callable[[datetime], None]],
) -> None:
    town, set_time = clocked
    deadline = utc("2027-02-28 16:00")
    set_time(deadline - 10 * DAY)
    town.open()
    town.earn("ann", 25, "ride")
    assert town.hold("tea", deadline_at=deadline.isoformat()).status_code == 201
    set_time(deadline + SECOND)
    released = {}
    for run, now in (("at", deadline), ("after", deadline + SECOND)):
        with frozen_at(now):
            answer = town.post("operator", "/expiries", id=run, up_to="2027-02-01")
            released[run] = answer.json["events"][-1]["data"]["holds_released"]
    assert released == {"at": 0, "after": 1}


def test_the_command_line_expires_up_to_yesterday_where_the_programme_is(
    database: str, clocked: tuple[Town, Callable[[datetime], None]]
) -> None:
    town, set_time = clocked
    midnight = utc("2028-02-29 16:00")
    set_time(midnight - 20 * DAY)
    town.open(expiry={"kind": "month_end", "months": 0})
    town.earn("ann", 25, "ride")
    expired, ending = {}, {}
    with frozen_at(midnight - SECOND) as clock:
        for now in (midnight - SECOND, midnight):
            clock.move_to(now)
            ending[now] = _command(database, "expiring", "--programme", "town", "--within-days", "0")
            (ran,) = _command(database, "expire", "--programme", "town")
            expired[ran["up_to"]] = ran["credits"]
    assert expired == {"2028-02-28": 0, "2028-02-29": 25}
    lot = {"account": "participant:ann", "lot": "2028-02-29", "credits": 25}
    assert ending == {midnight - SECOND: [lot], midnight: []}


def _command(database: str, *words: str) -> list[dict[str, Any]]:
    done = CliRunner().invoke(main, [*words, "--json"], env={"DATABASE_URL": database})
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.output.splitlines()]
