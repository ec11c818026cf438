"""Leaderboards in a real PostgreSQL: where a board becomes large, and buckets on both sides."""

from collections.abc import Iterator
from datetime import date

import pytest

from ledger.projections.leaderboards import Leaderboards
from ledger.projections.leaderboards_buckets import AMOUNT_MAX, PACKED_BOUNDS, bucket_of
from ledger.projections.leaderboards_queries import Question
from ledger.store.database import Database
from tests.property import leaderboard_model as made
from tests.property.leaderboard_model import Model, at

LARGE_MEMBERS = 1_000


class Thousand(Leaderboards):
    """The view with boards that are large from the 1,001st participant on."""

    large_members = LARGE_MEMBERS


NOON = at("2026-11-22 04:00")


@pytest.fixture
def opened(database: str) -> Iterator[Database]:
    with Database(database) as opened:
        yield opened


def test_the_database_puts_sums_into_the_same_buckets(opened: Database) -> None:
    amounts = [-AMOUNT_MAX, -1, 0, 1, 63, 64, 127, 128, 129, 130, 131, 5_000, 2**40 + 1, AMOUNT_MAX]
    with opened.connection() as connection:
        rows = connection.execute(
            "SELECT width_bucket(a, %s) FROM unnest(%s::bigint[]) AS a", (PACKED_BOUNDS, amounts)
        )
        assert [bucket for (bucket,) in rows] == [bucket_of(amount) for amount in amounts]


def test_one_more_than_may_enter_makes_a_board_large_and_the_ranks_stay(opened: Database) -> None:
    terms = made.programme("p")
    facts = [made.act(f"p{n:05d}", n * 7919 % 10_007, n % 50, NOON) for n in range(LARGE_MEMBERS)]
    one_more = [made.act("q", 500, 5, NOON), made.act("p00001", -7_900, 0, NOON)]
    small = made.entries_of(facts)
    entries = made.entries_of([*facts, *one_more])
    made.write(opened, terms, small, view=Thousand)
    tables = made.tables(opened, "p")
    assert {row["large_at"] for row in tables["leaderboards"]} == {0}
    assert (tables["leaderboard_scores"], tables["leaderboard_counts"]) == ([], [])
    question = Question("month", date(2026, 11, 1), "credits")
    _hold_against_the_slow_way(opened, question, Model(small))

    made.write(opened, made.programme("q"), entries, ends=[len(small)], view=Thousand)
    tables = made.tables(opened, "q")
    assert {row["large_at"] for row in tables["leaderboards"]} == {len(small) + 1}
    assert tables["leaderboard_leaves"] == []
    assert len(tables["leaderboard_scores"]) == (LARGE_MEMBERS + 1) * len(tables["leaderboards"])
    _hold_against_the_slow_way(opened, question, Model(entries), "q")


def _hold_against_the_slow_way(
    opened: Database, question: Question, model: Model, programme_id: str = "p"
) -> None:
    sums = model.sums(question)
    ordered = sorted(sums, key=lambda who: (-sums[who][1], who))
    with opened.connection() as connection:
        board = made.board(connection, programme_id, question, LARGE_MEMBERS)
        for offset in (0, 500, len(ordered) - 3):
            found = board.top(offset=offset, limit=100).places
            assert [place.participant_id for place in found] == ordered[offset : offset + 100]
        for who in ("p00000", "p00499", ordered[0], ordered[-1]):
            more = sum(pair[1] > sums[who][1] for pair in sums.values())
            standing = board.around(who, neighbours=2)
            assert standing.own is not None
            assert standing.own.rank == more + 1
            place = ordered.index(who)
            around = ordered[max(place - 2, 0) : place + 3]
            assert [one.participant_id for one in standing.places] == around
