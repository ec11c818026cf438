"""Leaderboards against a second, slow way to the same ranks; and where pages end makes no difference."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ledger.domain.messages import Event
from ledger.domain.visibility import ParticipantErased, ParticipantHidden, ParticipantShown
from ledger.projections import leaderboards_memory
from ledger.projections.leaderboards_acts import PERIODS
from ledger.projections.leaderboards_fields import BYS
from ledger.projections.leaderboards_queries import Question
from ledger.store.database import Database
from tests.property import leaderboard_model as made
from tests.property.examples import PROFILE, examples
from tests.property.leaderboard_model import Model

PEOPLE: Final = [f"p{n}" for n in range(9)]
ORGANISATIONS: Final = {"o1": None, "o2": "o1", "o3": "o2", "o4": "o1", "o5": None}
SCENARIOS: Final = ("bus", "bike")
BEGIN: Final = datetime(2026, 12, 31, 15, 30, tzinfo=UTC)
"""Half an hour before the year 2027 begins in Shanghai."""

numbers = count(1)

HOURS: Final = (-800, -30, 0, 1, 2, 20, 100)
GRAMS: Final = (-150, 0, 1, 63, 64, 100, 130, 5_000, 5_001)
CREDITS: Final = (-1, 0, 1, 2, 70)


def fact(dice: random.Random) -> tuple[Event, ...]:
    """Something that happened: mostly acts, so that boards fill."""
    who, drawn = dice.choice(PEOPLE), dice.random()
    if drawn < 0.4:
        return made.act(who, dice.randrange(200), 1, BEGIN)
    if drawn < 0.75:
        instant = BEGIN + timedelta(hours=dice.choice(HOURS))
        return made.act(who, dice.choice(GRAMS), dice.choice(CREDITS), instant, dice.choice(SCENARIOS))
    if drawn < 0.85:
        return by_rule(dice, who)
    if drawn < 0.93:
        return made.opened(who, dice.choice([None, *ORGANISATIONS]), BEGIN)
    kinds = [ParticipantHidden, ParticipantHidden, ParticipantShown, ParticipantErased]
    return made.visibility(dice.choice(kinds), who, BEGIN)


def by_rule(dice: random.Random, who: str) -> tuple[Event, ...]:
    """Something that caps, claims and corrections bring about."""
    acted_at, scenario = BEGIN + timedelta(hours=dice.choice(HOURS)), dice.choice(SCENARIOS)
    match dice.randrange(4):
        case 0:
            reduction = made.grams(who, dice.choice(GRAMS), acted_at, scenario)
            spendable, pending, owed = (dice.choice((0, 1, 40, -3)) for _ in range(3))
            return reduction, made.in_places(who, spendable, pending, owed, acted_at, scenario)
        case 1:
            return made.held(who, acted_at)
        case 2:
            # Only what was done is corrected.
            act = made.act(who, 90, 9, acted_at, scenario)
            told_at = BEGIN + timedelta(days=dice.choice((0, 40)))
            delta_g, delta_credits = dice.choice(((-90, -9), (0, -4), (50, 5)))
            return (*act, *made.corrected(who, delta_g, delta_credits, acted_at, told_at, scenario))
        case _:
            act = (made.grams(who, 900, acted_at), made.in_places(who, 0, 12, 0, acted_at))
            return (*act, *made.claimed(who, 12, dice.choice((0, 5, 12)), acted_at))


@pytest.fixture(scope="module")
def opened(server: str, migrated_template: str) -> Iterator[Database]:
    """A database for all examples, each of which has programmes of its own."""
    name = f"{migrated_template}_leaderboards"
    with psycopg.connect(server, autocommit=True) as connection:
        template = sql.Identifier(migrated_template)
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), template))
        with Database(make_conninfo(server, dbname=name)) as database:
            yield database
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def log(facts: Sequence[tuple[Event, ...]]) -> list[Any]:
    """A log in which everybody joins an organisation at most once."""
    joined: set[str] = set()
    kept = [made.organisation_opened(own_id, parent, BEGIN) for own_id, parent in ORGANISATIONS.items()]
    kept += [made.scenario_published(own_id, BEGIN) for own_id in SCENARIOS]
    for fact in facts:
        event: Any = fact[0]
        if event.topic == "participant.opened":
            if event.id in joined:
                continue
            joined.add(event.id)
        kept.append(fact)
    return made.entries_of(kept)


@settings(
    max_examples=examples(25, soak=500),
    deadline=None,
    derandomize=PROFILE != "soak",
    suppress_health_check=list(HealthCheck),
)
@pytest.mark.timeout(0 if PROFILE == "soak" else 120)
@given(seed=st.integers(0, 2**32), facts=st.integers(1, 100), page=st.integers(2, 40))
def test_pages_crashes_and_memory_make_no_difference_and_ranks_are_those_of_the_slow_way(
    opened: Database, seed: int, facts: int, page: int
) -> None:
    dice = random.Random(seed)
    entries = log([fact(dice) for _ in range(facts)])
    one, many, each = (made.programme(f"p-{next(numbers)}") for _ in range(3))
    made.write(opened, one, entries)
    ends = [n for n in range(1, len(entries)) if dice.randrange(page) == 0]
    with pytest.MonkeyPatch.context() as patched:
        for name, most in (("LEAVES_REMEMBERED_MAX", 5), ("PEOPLE_REMEMBERED_MAX", 4)):
            patched.setattr(leaderboards_memory, name, dice.choice([0, most, 1_000]))
        made.write(opened, many, entries, ends=ends, fresh=[end for end in ends if dice.randrange(2)])
    assert made.tables(opened, many.id) == made.tables(opened, one.id)
    made.write(opened, each, entries, ends=range(len(entries)))
    assert made.tables(opened, each.id) == made.tables(opened, one.id)
    _compare(opened, one.id, Model(entries))


def _compare(opened: Database, programme_id: str, model: Model) -> None:
    with opened.connection() as connection:
        for question in _questions():
            expected = model.ranked(question)
            found = made.board(connection, programme_id, question)
            top = found.top(offset=0, limit=100)
            named = [
                (rank, None if model.shown.get(who) == "hidden" else who, *sums)
                for rank, who, *sums in expected
            ]
            assert [tuple(place) for place in top.places] == named, question
            assert top.members == len(expected)
            assert [tuple(place) for place in found.top(offset=2, limit=2).places] == named[2:4]
            assert found.top(offset=len(expected), limit=2).places == []
            for place, (rank, who, *sums) in enumerate(expected):
                standing = found.around(who, neighbours=1)
                assert standing.own == (rank, who, *sums)
                around = [
                    *named[max(place - 1, 0) : place],
                    (rank, who, *sums),
                    *named[place + 1 : place + 2],
                ]
                assert [tuple(one) for one in standing.places] == around
            for who in model.known - {who for _, who, *_ in expected}:
                if model.shown.get(who) != "erased":
                    assert found.around(who, neighbours=1)[1:] == (None, [])
            organisations = found.organisations(offset=0, limit=100)
            assert [tuple(one) for one in organisations] == model.organisations(question)


def _questions() -> Iterator[Question]:
    for period in PERIODS:
        for by in BYS:
            yield Question(period, (BEGIN + timedelta(hours=1)).date(), by)
            yield Question(period, BEGIN.date(), by, "bus")
            yield Question(period, BEGIN.date(), by, "", "o1")
            yield Question(period, BEGIN.date(), by, "bus", "o2")
