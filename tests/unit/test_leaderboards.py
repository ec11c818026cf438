"""What leaderboards take from events, in which periods; leaves and buckets."""

from datetime import date, datetime, timedelta

import pytest

from ledger.domain.adjustment import CreditsAdjusted
from ledger.domain.book import Leg
from ledger.domain.transfer import CreditsTransferred
from ledger.projections.leaderboards_acts import PERIODS, Act, earnings, last_day, starts_of, steps_of
from ledger.projections.leaderboards_board import Board, Leaf
from ledger.projections.leaderboards_buckets import (
    AMOUNT_MAX,
    BOUNDS,
    bottom_of,
    bucket_of,
    top_of,
)
from ledger.projections.view import Page
from tests.property import leaderboard_model as made
from tests.property.leaderboard_model import at

NOON = at("2026-11-22 04:00")


def days_of(instant: datetime, time_zone: str) -> list[date]:
    """The first days of the periods in which an act counts."""
    page = Page(made.programme("p", time_zone), 0, made.entries_of([made.act("ann", 1, 0, instant)]))
    (step,) = steps_of(page)
    assert isinstance(step, Act)
    return list(starts_of(step.on))


@pytest.mark.parametrize(
    ("instant", "time_zone", "day", "week", "month", "year"),
    [
        # The last microsecond before midnight in Shanghai, and midnight.
        (
            "2026-11-22 15:59:59.999999",
            "Asia/Shanghai",
            "2026-11-22",
            "2026-11-16",
            "2026-11-01",
            "2026-01-01",
        ),
        ("2026-11-22 16:00:00", "Asia/Shanghai", "2026-11-23", "2026-11-23", "2026-11-01", "2026-01-01"),
        # A month's end, and a year's; the days around it are in week 53 of 2026.
        ("2026-11-30 16:00:00", "Asia/Shanghai", "2026-12-01", "2026-11-30", "2026-12-01", "2026-01-01"),
        (
            "2026-12-31 15:59:59.999999",
            "Asia/Shanghai",
            "2026-12-31",
            "2026-12-28",
            "2026-12-01",
            "2026-01-01",
        ),
        ("2026-12-31 16:00:00", "Asia/Shanghai", "2027-01-01", "2026-12-28", "2027-01-01", "2027-01-01"),
        ("2027-01-03 15:59:59", "Asia/Shanghai", "2027-01-03", "2026-12-28", "2027-01-01", "2027-01-01"),
        ("2027-01-03 16:00:00", "Asia/Shanghai", "2027-01-04", "2027-01-04", "2027-01-01", "2027-01-01"),
        # 29 February begins and ends.
        ("2028-02-28 16:00:00", "Asia/Shanghai", "2028-02-29", "2028-02-28", "2028-02-01", "2028-01-01"),
        ("2028-02-29 16:00:00", "Asia/Shanghai", "2028-03-01", "2028-02-28", "2028-03-01", "2028-01-01"),
        # The day on which clocks in Berlin go forward has 23 hours, the one on which they go back 25.
        ("2026-03-28 23:00:00", "Europe/Berlin", "2026-03-29", "2026-03-23", "2026-03-01", "2026-01-01"),
        ("2026-03-29 21:59:59", "Europe/Berlin", "2026-03-29", "2026-03-23", "2026-03-01", "2026-01-01"),
        ("2026-03-29 22:00:00", "Europe/Berlin", "2026-03-30", "2026-03-30", "2026-03-01", "2026-01-01"),
        ("2026-10-25 22:59:59", "Europe/Berlin", "2026-10-25", "2026-10-19", "2026-10-01", "2026-01-01"),
        ("2026-10-25 23:00:00", "Europe/Berlin", "2026-10-26", "2026-10-26", "2026-10-01", "2026-01-01"),
    ],
)
def test_an_act_counts_in_the_local_periods_of_when_it_happened(
    instant: str, time_zone: str, day: str, week: str, month: str, year: str
) -> None:
    expected = [date.fromisoformat(text) for text in (day, week, month, year)]
    assert days_of(at(instant), time_zone) == [*expected, date.min]


@pytest.mark.parametrize("day", ["0001-01-01", "2026-11-22", "2028-02-29", "9999-12-31"])
def test_every_period_holds_its_day_and_ends_where_the_next_begins(day: str) -> None:
    on = date.fromisoformat(day)
    for period, begin in zip(PERIODS, starts_of(on), strict=True):
        end = last_day(period, begin)
        assert begin <= on <= end
        if end < date.max:
            assert starts_of(end + timedelta(days=1))[PERIODS.index(period)] == end + timedelta(days=1)


def test_grams_and_credits_of_one_activity_are_one_act() -> None:
    facts = [made.act("ann", 500, 5, NOON), made.act("bo", 300, 0, NOON), made.act("ann", 0, 2, NOON)]
    steps = steps_of(Page(made.programme("p"), 0, made.entries_of(facts)))
    taken = [
        (step.participant_id, step.amount_g, step.credits, step.first, step.last)
        for step in steps
        if isinstance(step, Act)
    ]
    assert taken == [("ann", 500, 5, 1, 2), ("bo", 300, 0, 3, 3), ("ann", 0, 2, 4, 5)]


def test_credits_of_another_activity_are_another_act() -> None:
    facts = [(made.grams("ann", 500, NOON),), (made.issued("ann", 5, NOON),)]
    assert len(steps_of(Page(made.programme("p"), 0, made.entries_of(facts)))) == 2


def test_only_what_issuance_gave_or_took_back_is_earned() -> None:
    lot = "2030-01-01"
    gift = CreditsTransferred(
        occurred_at=NOON,
        recorded_at=NOON,
        id="t",
        from_account="participant:ann",
        to_account="participant:bo",
        credits=3,
        legs=(Leg("participant:ann", "CREDIT", lot, -3), Leg("participant:bo", "CREDIT", lot, 3)),
    )
    by_hand = CreditsAdjusted(
        occurred_at=NOON,
        recorded_at=NOON,
        id="a",
        account="participant:ann",
        credits=3,
        approver="a",
        reason="r",
        legs=(Leg("adjusted", "CREDIT", lot, -3), Leg("participant:ann", "CREDIT", lot, 3)),
    )
    assert earnings(gift) == earnings(by_hand) == []
    assert earnings(made.issued("ann", 3, NOON)) == [("ann", 0, 3)]
    assert earnings(made.issued("ann", -3, NOON)) == [("ann", 0, -3)]
    assert earnings(made.grams("ann", -70, NOON)) == [("ann", -70, 0)]


def test_credits_are_earned_when_they_are_issued_in_whatever_place() -> None:
    assert earnings(made.in_places("ann", 0, 7, 0, NOON)) == [("ann", 0, 7)]
    assert earnings(made.in_places("ann", 5, 0, 2, NOON)) == [("ann", 0, 7)]
    assert earnings(made.in_places("ann", -5, -1, -2, NOON)) == [("ann", 0, -8)]
    assert earnings(made.in_places("ann", 0, 0, 0, NOON)) == []


@pytest.mark.parametrize("paid", [0, 3, 7])
def test_what_is_claimed_was_earned_before(paid: int) -> None:
    (claim,) = made.claimed("ann", 7, paid, NOON)
    assert earnings(claim) == []


def test_a_correction_counts_on_the_day_of_the_act() -> None:
    facts = [made.corrected("ann", -300, -3, NOON, NOON + timedelta(days=40), "bike")]
    (step,) = steps_of(Page(made.programme("p"), 0, made.entries_of(facts)))
    assert isinstance(step, Act)
    assert (step.on, step.scenario_id) == (NOON.date(), "bike")
    assert (step.amount_g, step.credits, step.first, step.last) == (-300, -3, 1, 2)


def test_whoever_avoided_nothing_has_acted_all_the_same() -> None:
    assert earnings(made.grams("ann", 0, NOON)) == [("ann", 0, 0)]


def test_a_leaf_is_kept_in_order_and_comes_back_as_it_was_stored() -> None:
    board = Board(1, "all", date.min, "", 1)
    leaf = Leaf(board)
    for place, number in ((0, 5), (0, 2), (1, 3)):
        leaf.insert(place, number, 7, number * 100, -number)
    assert [leaf.find(number) for number in (1, 2, 3, 4, 5, 6)] == [None, 0, 1, None, 2, None]
    again = Leaf(board, *leaf.stored(), position=9)
    assert (again.members, again.amounts_g, again.credits) == (leaf.members, leaf.amounts_g, leaf.credits)
    again.remove(1, 12)
    assert (list(again.members), list(again.credits), again.position) == ([2, 5], [-2, -5], 12)
    assert leaf.stored()[0] == b"\x02\0\0\0\x03\0\0\0\x05\0\0\0"


def test_buckets_follow_one_another_and_none_is_wide() -> None:
    assert list(BOUNDS) == sorted(set(BOUNDS))
    for bucket in range(1, len(BOUNDS)):
        assert bottom_of(bucket + 1) == top_of(bucket) + 1
        assert (top_of(bucket) - bottom_of(bucket) + 1) * 64 <= max(bottom_of(bucket), 64)


@pytest.mark.parametrize("amount", [0, 1, 63, 64, 127, 128, 129, 130, 5_000, AMOUNT_MAX])
def test_a_sum_is_in_its_bucket(amount: int) -> None:
    assert bottom_of(bucket_of(amount)) <= amount <= top_of(bucket_of(amount))


def test_sums_below_zero_share_a_bucket() -> None:
    assert bucket_of(-1) == bucket_of(-AMOUNT_MAX) == 0
    assert (bottom_of(0), top_of(0)) == (-AMOUNT_MAX, -1)
