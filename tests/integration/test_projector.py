"""The projector over a real database: each view by itself, exactly once, whoever does the work."""

import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.domain.errors import ProgrammeNotFound, ViewLagging
from ledger.following import Follower
from ledger.projections.view import Page, Table
from ledger.projector import RETRY_S, Projector
from ledger.reading import reading
from ledger.store.database import Database
from ledger.store.following import leased, standing
from ledger.writer import Writer
from tests.unit.builders import NOW, OPEN_PARTICIPANT, OPEN_PROGRAMME, but

PROGRAMME, OTHER = OPEN_PROGRAMME.id, "other-town"
PEOPLE = 40

TABLE = """
CREATE TABLE views.counted (
    programme_id text NOT NULL, topic text NOT NULL, events bigint NOT NULL, position bigint NOT NULL,
    PRIMARY KEY (programme_id, topic)
)"""
ADD = """
INSERT INTO counted AS c VALUES (%s, %s, %s, %s)
    ON CONFLICT (programme_id, topic)
    DO UPDATE SET events = c.events + excluded.events, position = excluded.position"""


class Counted:
    """How often each topic stands in a log; remembers how many events it was given."""

    name: ClassVar[str] = "counted"
    tables: ClassVar[tuple[Table, ...]] = (Table("counted", ("programme_id", "topic")),)
    refused_id: ClassVar[str] = ""

    def write(self, page: Page, connection: Any) -> None:
        last = {entry.topic: entry.position for entry in page.entries}
        for topic, events in Counter(entry.topic for entry in page.entries).items():
            connection.execute(ADD, (page.programme_id, topic, events, last[topic]))
        if any(getattr(entry.event, "id", "") == self.refused_id for entry in page.entries):
            raise ValueError("no such participant can be")


class Other(Counted):
    """A second view of the same table's shape that never minds; it keeps nothing."""

    name: ClassVar[str] = "other"
    tables: ClassVar[tuple[Table, ...]] = ()

    def write(self, page: Page, connection: Any) -> None:
        assert connection.execute("SELECT current_schemas(false)").fetchone()
        assert page.until == page.after + len(page.entries)


class Picky(Counted):
    """Cannot take the thirtieth participant."""

    refused_id: ClassVar[str] = "p29"


VIEWS = {"counted": Counted, "other": Other}


@pytest.fixture
def town(database: str) -> str:
    """Two programmes, one with forty participants and one with five."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(TABLE)
    with Database(database) as opened:
        writer = Writer(opened, clock=lambda: NOW)
        for programme_id, people in ((PROGRAMME, PEOPLE), (OTHER, 5)):
            writer.submit(programme_id, but(OPEN_PROGRAMME, id=programme_id))
            opening = [but(OPEN_PARTICIPANT, id=f"p{n}", organisation_id=None) for n in range(people)]
            writer.submit_many(programme_id, opening)
    return database


def counted(conninfo: str) -> dict[tuple[str, str], tuple[int, int]]:
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute("SELECT * FROM views.counted").fetchall()
    return {(programme_id, topic): (events, position) for programme_id, topic, events, position in rows}


EVERYTHING = {
    (PROGRAMME, "programme.opened"): (1, 1),
    (PROGRAMME, "participant.opened"): (PEOPLE, PEOPLE + 1),
    (OTHER, "programme.opened"): (1, 1),
    (OTHER, "participant.opened"): (5, 6),
}


def catch_up(projector: Projector) -> None:
    while projector.step():
        pass


def die_after_writing(opened: Database, programme_id: str, position: int) -> None:
    with leased(opened, programme_id, "counted") as lease:
        assert lease is not None
        lease.connection.execute(ADD, (programme_id, "crashed", 1, position))
        raise RuntimeError


def stands(conninfo: str, views: tuple[str, ...] = ("counted", "other")) -> dict[tuple[str, str], Any]:
    with Database(conninfo) as opened:
        return {(view.programme_id, view.view_name): view for view in standing(opened, views)}


@pytest.mark.parametrize("page_events_max", [1, 7, 20_000])
def test_every_view_of_every_programme_is_brought_up_to_its_log(town: str, page_events_max: int) -> None:
    projector = Projector(town, views=VIEWS, page_events_max=page_events_max)
    catch_up(projector)
    assert counted(town) == EVERYTHING
    assert {key: (view.position, view.lag_events) for key, view in stands(town).items()} == {
        (PROGRAMME, "counted"): (PEOPLE + 1, 0),
        (PROGRAMME, "other"): (PEOPLE + 1, 0),
        (OTHER, "counted"): (6, 0),
        (OTHER, "other"): (6, 0),
    }
    assert projector.step() == 0
    projector.close()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, PEOPLE), max_size=8), crashes=st.sets(st.integers(0, 8), max_size=3))
def test_wherever_pages_end_and_processes_die_the_tables_are_the_same(
    town: str, cuts: list[int], crashes: set[int]
) -> None:
    with psycopg.connect(town, autocommit=True) as connection:
        connection.execute("TRUNCATE views.counted, tracking")
    with Database(town) as opened:
        for programme_id, last in ((PROGRAMME, PEOPLE + 1), (OTHER, 6)):
            follower = Follower(opened, programme_id, clock=lambda: NOW, views=VIEWS)
            at = 0
            for number, until in enumerate([*sorted(cut for cut in cuts if cut < last), last]):
                if number in crashes:
                    # Dies after the rows and before the commit; somebody else begins anew.
                    with pytest.raises(RuntimeError):
                        die_after_writing(opened, programme_id, until)
                    follower = Follower(opened, programme_id, clock=lambda: NOW, views=VIEWS)
                if until > at:
                    assert follower.step({"counted": at}, until=until) == until - at
                    at = until
    assert counted(town) == EVERYTHING


def test_an_event_that_a_view_cannot_take_stops_that_view_of_that_programme_alone(town: str) -> None:
    now = [datetime(2026, 11, 22, 5, tzinfo=UTC)]
    projector = Projector(town, views={**VIEWS, "counted": Picky}, clock=lambda: now[0])
    catch_up(projector)
    stopped = stands(town)[PROGRAMME, "counted"]
    assert (stopped.position, stopped.stopped_position) == (30, 31)
    assert stopped.stopped_topic == "participant.opened"
    assert stopped.stopped_error == "ValueError: no such participant can be"
    assert counted(town)[PROGRAMME, "participant.opened"] == (29, 30)
    others = [view for key, view in stands(town).items() if key != (PROGRAMME, "counted")]
    assert all(view.lag_events == 0 and view.stopped_position is None for view in others)

    assert projector.step() == 0
    now[0] += timedelta(seconds=RETRY_S + 1)
    assert projector.step() == 0
    assert stands(town)[PROGRAMME, "counted"].stopped_at == datetime(2026, 11, 22, 5, tzinfo=UTC)
    projector.close()

    mended = Projector(town, views=VIEWS)
    catch_up(mended)
    assert counted(town) == EVERYTHING
    assert stands(town)[PROGRAMME, "counted"].stopped_position is None
    mended.close()


def test_an_event_that_nobody_can_read_stops_every_view_just_before_it(town: str) -> None:
    with psycopg.connect(town, autocommit=True) as connection:
        connection.execute(
            "UPDATE events SET topic = 'participant.invented' WHERE programme_id = %s AND position = 20",
            (PROGRAMME,),
        )
    projector = Projector(town, views=VIEWS)
    catch_up(projector)
    for view_name in VIEWS:
        view = stands(town)[PROGRAMME, view_name]
        assert (view.position, view.stopped_position, view.stopped_topic) == (19, 20, "participant.invented")
        assert "participant.invented" in view.stopped_error
    assert stands(town)[OTHER, "counted"].lag_events == 0
    projector.close()


def test_what_another_projector_is_at_is_left_to_it(town: str) -> None:
    projector = Projector(town, views=VIEWS)
    with Database(town) as opened, leased(opened, PROGRAMME, "counted") as lease:
        assert lease is not None
        begun = time.monotonic()
        catch_up(projector)
        assert time.monotonic() - begun < 10
        assert (PROGRAMME, "programme.opened") not in counted(town)
        assert stands(town)[PROGRAMME, "other"].lag_events == 0
    catch_up(projector)
    assert counted(town) == EVERYTHING
    projector.close()


def test_what_one_projector_remembers_is_forgotten_when_another_has_gone_on(town: str) -> None:
    class Remembering(Counted):
        given: ClassVar[list[tuple[int, int, int]]] = []

        def write(self, page: Page, connection: Any) -> None:
            Remembering.given.append((id(self), page.after, page.until))
            super().write(page, connection)

    views = {"counted": Remembering}
    with Database(town) as opened:
        first, second = (Follower(opened, PROGRAMME, clock=lambda: NOW, views=views) for _ in range(2))
        assert first.step({"counted": 0}, until=10) == 10
        assert second.step({"counted": 10}, until=20) == 10
        assert first.step({"counted": 10}, until=20) == 0, "its position was an old one"
        assert first.step({"counted": 20}, until=30) == 10
        assert first.step({"counted": 30}, until=PEOPLE + 1) == PEOPLE + 1 - 30
    objects = [given[0] for given in Remembering.given]
    assert len(set(objects[:3])) == 3
    assert objects[2] == objects[3]


# --- reading ------------------------------------------------------------------------------------


def test_a_reader_waits_for_what_it_has_seen_and_wakes_the_projector(town: str) -> None:
    stop = threading.Event()
    projector = Projector(town, views=VIEWS)
    thread = threading.Thread(target=projector.run, args=(stop,))
    thread.start()
    try:
        with (
            Database(town) as opened,
            reading(opened, PROGRAMME, "counted", min_position=PEOPLE + 1, wait_ms_max=30_000) as found,
        ):
            assert found.position == PEOPLE + 1
            rows = found.rows("SELECT events FROM counted WHERE programme_id = %(programme_id)s", {})
            assert sum(events for (events,) in rows) == PEOPLE + 1
    finally:
        stop.set()
        thread.join()


def test_a_view_that_does_not_come_as_far_in_time_says_how_far_it_is(town: str) -> None:
    catch_up(Projector(town, views={"other": Other}))
    with Database(town) as opened:
        with (
            pytest.raises(ViewLagging) as lagging,
            reading(opened, PROGRAMME, "counted", min_position=PEOPLE + 1, wait_ms_max=30),
        ):
            pass
        assert lagging.value.details() == {
            "view": "counted",
            "position": 0,
            "min_position": PEOPLE + 1,
            "log_position": PEOPLE + 1,
            "stopped_position": None,
        }
        begun = time.monotonic()
        with (
            pytest.raises(ViewLagging),
            reading(opened, PROGRAMME, "other", min_position=PEOPLE + 2, wait_ms_max=60_000),
        ):
            pass
        assert time.monotonic() - begun < 10, "nothing comes of waiting for what the log has not"
        with reading(opened, PROGRAMME, "other", min_position=PEOPLE + 1) as found:
            assert found.position == PEOPLE + 1
        with reading(opened, PROGRAMME, "counted") as found:
            assert found.position == 0


def test_a_stopped_view_is_not_waited_for(town: str) -> None:
    catch_up(Projector(town, views={"counted": Picky}))
    with Database(town) as opened:
        begun = time.monotonic()
        with (
            pytest.raises(ViewLagging) as lagging,
            reading(opened, PROGRAMME, "counted", min_position=31, wait_ms_max=60_000),
        ):
            pass
        assert time.monotonic() - begun < 10
        assert lagging.value.stopped_position == 31
        with reading(opened, PROGRAMME, "counted", min_position=30) as found:
            assert found.position == 30


def test_a_programme_that_nobody_opened_has_no_views(database: str) -> None:
    with Database(database) as opened:
        for min_position in (0, 1):
            with (
                pytest.raises(ProgrammeNotFound),
                reading(opened, "nowhere", "other", min_position=min_position),
            ):
                pass


def test_the_tests_own_view_is_not_registered() -> None:
    registry = Path("ledger/projections/registry.py").read_text(encoding="utf-8")
    assert "counted" not in registry
