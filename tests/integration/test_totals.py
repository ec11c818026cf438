"""The totals view over a real database: nobody is counted twice, and everything sums to nothing."""

import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.domain.activity import ReductionRecorded
from ledger.domain.addresses import CNY, CREDIT, GRAMS
from ledger.domain.earning import CreditsIssued
from ledger.domain.instants import local_date
from ledger.domain.owners import OpenParticipant, ParticipantOpened
from ledger.domain.transfer import TransferCredits
from ledger.projections.totals import Totals
from ledger.projections.totals_fold import place_of
from ledger.projections.totals_queries import (
    Burn,
    Liability,
    ProgrammeTotals,
    SeriesRow,
    burn,
    liability,
    periods,
    programme_totals,
    series,
)
from ledger.store.database import Database
from ledger.store.log import Log
from tests.integration.market import ACTS, Market, beside, happen

VIEW = Totals.name
OTHER = "other_pages"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MIDNIGHT = datetime(2026, 11, 30, 16, tzinfo=UTC)
"""The first instant of December in Shanghai."""
LAST, FIRST = date(2026, 11, 30), date(2026, 12, 1)

_numbers = itertools.count(1)


@pytest.fixture
def opened(database: str) -> Iterator[Database]:
    with Database(database) as made:
        yield made


def totals(market: Market, on: date = date.max) -> ProgrammeTotals:
    with market.reading(VIEW) as reading:
        return programme_totals(reading, on)


def days(market: Market, begin: date, end: date) -> list[SeriesRow]:
    with market.reading(VIEW) as reading:
        return series(reading, "day", begin, end)


def months(market: Market, begin: date, end: date) -> list[SeriesRow]:
    with market.reading(VIEW) as reading:
        return series(reading, "month", begin, end)


# --- Places ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("account", "place"),
    [
        ("participant:ann", "participant"),
        ("participant:ann:held", "held"),
        ("org:school", "org"),
        ("merchant:cafe", "merchant"),
        ("merchant:cafe:payable", "payable"),
        ("fund:city:available", "available"),
        ("sponsor:council:external", "external"),
        ("retired:forest", "retired"),
        ("issuance", "issuance"),
    ],
)
def test_a_place_is_an_address_without_its_ids(account: str, place: str) -> None:
    assert place_of(account) == place


# --- People ----------------------------------------------------------------------------------------


def test_a_participant_counts_once_however_they_came(opened: Database) -> None:
    market = Market(opened, at=MIDNIGHT - HOUR)
    market.do(market.ride(1, "ada"), market.ride(1, "bo"))
    market.wait(HOUR)
    market.do(
        OpenParticipant(occurred_at=market.at, id="bo"), OpenParticipant(occurred_at=market.at, id="cy")
    )
    market.do(market.ride(1, "cy"), market.ride(2, "dee"))
    market.follow(VIEW)
    assert totals(market).participants == 4
    assert totals(market, LAST).participants == 2
    assert [row.joined for row in days(market, LAST, date(2026, 12, 2))] == [2, 2]
    assert [row.joined for row in months(market, date(2026, 11, 1), date(2027, 1, 1))] == [2, 2]


def test_who_is_active_counts_once_a_day_and_once_a_month(opened: Database) -> None:
    market = Market(opened, at=MIDNIGHT + HOUR)
    market.do(
        market.ride(1, "ada", occurred_at=MIDNIGHT - timedelta(seconds=1)),
        market.ride(1, "ada", occurred_at=MIDNIGHT),
        market.ride(1, "ada", occurred_at=MIDNIGHT + HOUR),
        market.ride(1, "bo", occurred_at=MIDNIGHT - DAY),
        market.ride(1, "bo", occurred_at=MIDNIGHT - 2 * DAY),
    )
    at = market.follow(VIEW)
    market.do(market.ride(1, "ada", occurred_at=MIDNIGHT), market.ride(1, "ada", occurred_at=MIDNIGHT - DAY))
    market.follow(VIEW, after=at)
    assert [row.active for row in days(market, date(2026, 11, 28), date(2026, 12, 2))] == [0, 1, 2, 1]
    assert [row.active for row in months(market, date(2026, 11, 1), date(2027, 1, 1))] == [2, 1]
    on_last = totals(market, LAST)
    assert (on_last.active_on_day, on_last.active_in_month) == (2, 2)


def test_whoever_is_erased_goes_from_the_rows_and_not_from_the_counts(opened: Database) -> None:
    market = Market(opened)
    market.do(market.ride(0, "ada"), market.ride(1, "bo"))
    at = market.follow(VIEW)
    market.leave("ada")
    market.follow(VIEW, after=at)
    assert totals(market).participants == 2
    assert [row for table in Totals.tables for row in market.rows(table.name) if "ada" in row] == []
    assert len(market.rows("totals_participants")) == 1


@pytest.mark.parametrize(
    ("time_zone", "instant", "day"),
    [
        ("Asia/Shanghai", datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC), date(2026, 12, 31)),
        ("Asia/Shanghai", datetime(2026, 12, 31, 16, tzinfo=UTC), date(2027, 1, 1)),
        ("Asia/Shanghai", datetime(2028, 2, 28, 16, tzinfo=UTC), date(2028, 2, 29)),
        ("Asia/Shanghai", datetime(2028, 2, 29, 16, tzinfo=UTC), date(2028, 3, 1)),
        # New York's day of 23 hours.
        ("America/New_York", datetime(2027, 3, 14, 5, tzinfo=UTC), date(2027, 3, 14)),
        ("America/New_York", datetime(2027, 3, 15, 3, 59, 59, tzinfo=UTC), date(2027, 3, 14)),
        ("America/New_York", datetime(2027, 3, 15, 4, tzinfo=UTC), date(2027, 3, 15)),
    ],
)
def test_an_activity_counts_on_the_local_day_of_the_act(
    opened: Database, time_zone: str, instant: datetime, day: date
) -> None:
    market = Market(opened, at=instant, time_zone=time_zone)
    market.do(market.ride(7, "ada"))
    market.wait(40 * DAY)
    market.do(market.ride(3, "ada", occurred_at=instant))
    market.follow(VIEW)
    (row,) = days(market, day, day + DAY)
    assert (row.activities, row.amount_g, row.active, row.activity_credits) == (2, 1_000, 1, 10)
    # The credits of the late one were issued, and so count in the book, forty days later.
    assert row.issued == 7


# --- The book --------------------------------------------------------------------------------------


def test_credits_are_counted_by_what_became_of_them(opened: Database) -> None:
    market = Market(opened)
    market.do(market.commit(5_000, "city"), market.commit(5_000, "bank"), market.ride(100, "ada"))
    market.do(market.ride(1, "bo"), market.give("org:school", 7), market.give("org:school", -2))
    market.do(
        TransferCredits(
            occurred_at=market.at,
            id="gift",
            from_account="participant:ada",
            to_account="participant:bo",
            credits=5,
        ),
        *(market.hold(own_id) for own_id in ("a", "b", "c")),
        *(market.use(own_id) for own_id in ("a", "b")),
        market.refund("b"),
    )
    market.follow(VIEW)
    found = totals(market)
    assert (found.issued_credits, found.given_credits, found.outstanding_credits) == (101, 5, 96)
    assert found.of(CREDIT) == {
        "adjusted": -5,
        "held": 10,
        "issuance": -101,
        "org": 5,
        "participant": 81,
        "redeemed": 10,
    }
    assert found.of(GRAMS) == {"nature": -10_100, "participant": 10_100}
    assert found.avoided_g == 10_100
    assert found.of(CNY) == {"available": 8_200, "encumbered": 900, "external": -10_000, "payable": 900}
    assert found.committed_fen == 10_000
    today = local_date(market.at, "Asia/Shanghai")
    (row,) = days(market, today, today + DAY)
    assert row[5:] == (101, 101, 5, 30, 10, 0, 5, 0, 0, 0)


def test_a_liability_stands_under_the_month_of_its_lots_wherever_it_is_held(opened: Database) -> None:
    market = Market(opened, at=datetime(2026, 2, 28, 4, tzinfo=UTC))
    market.do(market.commit(900, "city"), market.commit(900, "bank"), market.ride(30, "ada"))
    market.wait(DAY)
    market.do(market.ride(5, "ada"), market.give("merchant:cafe", 4), market.hold("tea"))
    market.follow(VIEW)
    with market.reading(VIEW) as reading:
        assert liability(reading) == [
            Liability(date(2027, 2, 1), 30, {"held": 10, "participant": 20}),
            Liability(date(2027, 3, 1), 9, {"merchant": 4, "participant": 5}),
        ]


def test_what_ran_out_is_owed_no_more(opened: Database) -> None:
    market = Market(opened)
    market.do(market.ride(30, "ada"))
    at = market.follow(VIEW)
    market.wait(400 * DAY)
    market.expire()
    market.follow(VIEW, after=at)
    assert totals(market).of(CREDIT) == {"expired": 30, "issuance": -30, "participant": 0}
    with market.reading(VIEW) as reading:
        assert liability(reading) == []


def test_a_funds_rate_is_what_was_promised_less_what_came_back(opened: Database) -> None:
    market = Market(opened, at=MIDNIGHT - HOUR)
    market.do(
        market.commit(10_000, "city"), market.commit(10_000, "bank"), market.give("participant:ada", 90)
    )
    market.do(market.hold("a"), market.hold("b"))
    market.wait(HOUR)
    market.do(market.cancel("a"), market.hold("c"), market.use("b"), market.refund("b"))
    market.wait(DAY)
    market.do(market.hold("d"))
    market.follow(VIEW)
    with market.reading(VIEW) as reading:
        assert burn(reading, "city", on=LAST, days=1) == Burn(LAST, 1, 8_800, 1_200, 0)
        assert burn(reading, "city", on=FIRST, days=1) == Burn(FIRST, 1, 9_400, 600, 1_200)
        assert burn(reading, "city", on=FIRST, days=1).days_left is None
        two_days = burn(reading, "city", on=FIRST, days=2)
        assert (two_days.burnt_fen, two_days.days_left) == (600, 31)
        assert burn(reading, "city", on=date(2026, 12, 2), days=366)[2:] == (8_800, 2_400, 1_200, 0)
        assert burn(reading, "nobody", on=FIRST, days=7) == Burn(FIRST, 7, 0, 0, 0)
        assert burn(reading, "city", on=date.min, days=7) == Burn(date.min, 7, 0, 0, 0)


def test_a_series_has_every_day_and_every_month() -> None:
    assert periods("day", date(2028, 2, 28), date(2028, 3, 1)) == [date(2028, 2, 28), date(2028, 2, 29)]
    assert periods("month", date(2026, 11, 1), date(2027, 2, 1)) == [
        date(2026, 11, 1),
        date(2026, 12, 1),
        date(2027, 1, 1),
    ]


# --- It adds up ------------------------------------------------------------------------------------


def adds_up(market: Market, until: int) -> None:
    """Hold the view, at a position, against the events of the log up to there."""
    balances = market.balances(until)
    expected: dict[str, Counter[str]] = {}
    lots: Counter[tuple[str, str]] = Counter()
    for (account, asset, lot), amount in balances.items():
        expected.setdefault(asset, Counter())[place_of(account)] += amount
        if lot is not None:
            lots[place_of(account), lot] += amount
    found = totals(market)
    # Invariants 2, 3 and 4: each asset sums to nothing, and each place is the sum of its accounts.
    assert {asset: sum(places.values()) for asset, places in found.places.items()} == dict.fromkeys(
        expected, 0
    )
    assert found.places == {asset: dict(places) for asset, places in expected.items()}
    with market.reading(VIEW) as reading:
        stored = {
            (place, str(lot)): amount
            for place, lot, amount in reading.rows(
                "SELECT place, lot, credits FROM totals_lots WHERE programme_id = %(programme_id)s", {}
            )
        }
        owed = liability(reading)
    assert stored == lots
    assert sum(month.credits for month in owed) == found.outstanding_credits
    by_lot: Counter[str] = Counter()
    for (_, lot), amount in stored.items():
        by_lot[lot] += amount
    assert not any(by_lot.values())
    told = [
        Log.decode(log, logged)
        for log in [Log(market.database)]
        for logged in log.page(market.programme_id, after=0, until=until)
    ]
    people = {e.id for e in told if isinstance(e, ParticipantOpened)}
    people |= {e.participant_id for e in told if isinstance(e, ReductionRecorded)}
    assert found.participants == len(people)
    assert sum(row.amount_g for row in found.activities) == found.avoided_g
    assert sum(row.credits for row in found.activities) == found.issued_credits
    assert sum(row.activities for row in found.activities) == sum(
        isinstance(event, ReductionRecorded) for event in told
    )
    active = {
        (local_date(e.occurred_at, "Asia/Shanghai"), e.participant_id)
        for e in told
        if isinstance(e, ReductionRecorded)
    }
    begin = date(2026, 11, 1)
    rows = days(market, begin, begin + 700 * DAY)
    assert {row.begins_on: row.active for row in rows if row.active} == Counter(day for day, _ in active)
    by_month = Counter(month for month, _ in {(day.replace(day=1), who) for day, who in active})
    long = months(market, begin, date(2030, 1, 1))
    assert {row.begins_on: row.active for row in long if row.active} == by_month
    assert sum(row.joined for row in long) == found.participants
    assert sum(row.issued for row in long) == sum(
        event.awarded_credits for event in told if isinstance(event, CreditsIssued)
    )


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=st.lists(ACTS, min_size=10, max_size=60))
def test_at_every_position_the_view_is_what_the_events_say(
    database: str, acts: list[tuple[object, ...]]
) -> None:
    with Database(database) as opened:
        market = Market(opened, programme_id=f"adds-{next(_numbers)}")
        market.do(
            market.give("participant:ada", 200), market.commit(9_000, "city"), market.commit(9_000, "bank")
        )
        for act in acts:
            happen(market, act)
        for until in range(1, market.position + 1):
            market.follow(VIEW, after=until - 1, until=until)
            if until % 6 == 0 or until == market.position:
                adds_up(market, until)
        market.writer.close()


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    acts=st.lists(ACTS, min_size=10, max_size=60),
    cuts=st.sets(st.integers(1, 90), max_size=8),
    page_events_max=st.sampled_from([1, 7, 20_000]),
)
def test_wherever_pages_end_the_rows_are_the_same(
    other_pages: str, acts: list[tuple[object, ...]], cuts: set[int], page_events_max: int
) -> None:
    with Database(other_pages) as opened:
        market = Market(opened, programme_id=f"cut-{next(_numbers)}")
        market.do(
            market.give("participant:ada", 200), market.commit(9_000, "city"), market.commit(9_000, "bank")
        )
        for act in acts:
            happen(market, act)
        market.follow(VIEW)
        at = 0
        for until in [*sorted(cut for cut in cuts if cut < market.position), market.position]:
            # Each stretch is taken by a process of its own, which remembers nothing.
            at = market.follow(VIEW, after=at, until=until, schema=OTHER, page_events_max=page_events_max)
        for table in Totals.tables:
            assert market.rows(table.name) == market.rows(table.name, OTHER), table.name
        market.writer.close()


@pytest.fixture
def other_pages(database: str) -> str:
    """A database in which the view's tables are there twice."""
    beside(database, OTHER, Totals)
    return database


def test_what_an_instance_remembers_is_bounded_and_changes_nothing(
    other_pages: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Database(other_pages) as opened:
        market = Market(opened)
        for number in range(40):
            market.do(market.ride(1, f"p{number % 9}", occurred_at=market.at - (number % 5) * DAY))
        market.follow(VIEW)
        monkeypatch.setattr("ledger.projections.totals.REMEMBERED_MAX", 2)
        market.follow(VIEW, schema=OTHER, page_events_max=3)
        for table in Totals.tables:
            assert market.rows(table.name) == market.rows(table.name, OTHER), table.name
