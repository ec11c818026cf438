"""The checksums view: the same rows however the log is cut into pages, and a sum anybody can compute."""

import hashlib
from collections.abc import Iterator
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.following import Follower
from ledger.projections.checksums import (
    BLOCK_EVENTS,
    CHECKSUM_BYTES,
    Checksums,
    checksum_of,
    stored_checksums,
)
from ledger.store.database import Database
from ledger.store.shadow import stands
from ledger.writer import Writer
from tests.integration.told import PROGRAMME, Damage
from tests.unit.builders import NOW, OPEN_PROGRAMME

EVENTS = 2 * BLOCK_EVENTS + 40


@pytest.fixture
def opened(database: str) -> Iterator[Database]:
    """A programme with more events than two blocks hold."""
    with Database(database) as opened:
        writer = Writer(opened, clock=lambda: NOW)
        writer.submit(PROGRAMME, OPEN_PROGRAMME)
        writer.close()
        with opened.connection() as connection:
            connection.execute(
                "INSERT INTO events SELECT programme_id, n, gen_random_uuid(), 1, topic, state"
                " FROM events CROSS JOIN generate_series(2, %s) n WHERE position = 1",
                (EVENTS,),
            )
            connection.execute("UPDATE heads SET position = %s", (EVENTS,))
        yield opened


def clock() -> datetime:
    return NOW


def _follow(database: Database, pages: list[int], *, anew: bool) -> None:
    """Follow to the end in pages of these sizes, then in whole ones; `anew` forgets after each."""
    sizes = iter(pages)
    position = 0
    follower = Follower(database, PROGRAMME, clock=clock, views={"checksums": Checksums})
    while position < EVENTS:
        if anew:
            follower = Follower(database, PROGRAMME, clock=clock, views={"checksums": Checksums})
        until = min(position + next(sizes, EVENTS), EVENTS)
        assert follower.step({"checksums": position}, until=until)
        position = stands(database, PROGRAMME, ["checksums"])["checksums"].position


def test_rows_do_not_depend_on_where_pages_end_nor_on_what_is_remembered(
    database: str, opened: Database
) -> None:
    damage = Damage(database)
    _follow(opened, [], anew=False)
    whole = damage.table("checksums")
    assert len(whole) == 3

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.integers(1, 300), min_size=1, max_size=6), st.booleans())
    def same(pages: list[int], anew: bool) -> None:  # noqa: FBT001 - hypothesis fills it
        damage.run("DELETE FROM views.checksums")
        damage.run("DELETE FROM tracking")
        _follow(opened, pages, anew=anew)
        assert damage.table("checksums") == whole

    same()


def test_the_sum_of_an_event_is_as_documented(database: str, opened: Database) -> None:
    _follow(opened, [], anew=False)
    rows = Damage(database).rows(
        "SELECT position, originator_id, originator_version, topic, state FROM events ORDER BY position"
    )
    with opened.connection() as connection:
        stored = stored_checksums(connection, PROGRAMME, [position for position, *_ in rows])
    for position, stream, version, topic, state in rows:
        summed = hashlib.sha256(b"%b%b%b\n%b" % (stream.bytes, version.to_bytes(4), topic.encode(), state))
        assert stored[position] == summed.digest()[:16]


def test_a_gap_in_the_log_leaves_the_others_in_their_places(database: str, opened: Database) -> None:
    damage = Damage(database)
    damage.run("DELETE FROM events WHERE position IN (3, 4, %s)", BLOCK_EVENTS + 1)
    _follow(opened, [2], anew=True)
    with opened.connection() as connection:
        stored = stored_checksums(connection, PROGRAMME, range(1, EVENTS + 1))
    assert set(range(1, EVENTS + 1)) - stored.keys() == {3, 4, BLOCK_EVENTS + 1}


@pytest.mark.parametrize("part", range(4))
def test_every_part_of_an_event_changes_its_sum(part: int) -> None:
    event = [bytes(16), 1, "credits.issued", b"{}"]
    other = [bytes([1] * 16), 2, "credits.Issued", b"[]"]
    changed = [other[n] if n == part else event[n] for n in range(4)]
    assert checksum_of(*changed) != checksum_of(*event)  # type: ignore[arg-type]
    assert len(checksum_of(*event)) == CHECKSUM_BYTES  # type: ignore[arg-type]
