"""The event library's ports over our tables: what it may ask of a store, this one answers."""

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec
import psycopg
import pytest
from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    MapperDeserialisationError,
    Notification,
    StoredEvent,
    Subscription,
    Tracking,
)

from ledger import replay
from ledger.domain.book import Leg
from ledger.domain.identifiers import stream_id
from ledger.domain.messages import Event
from ledger.domain.topics import BY_TOPIC
from ledger.domain.transfer import CreditsTransferred
from ledger.store.database import Database
from ledger.store.log import Log, ProgrammeApplication
from ledger.store.mapper import EventMapper, StreamEvent, mapper
from ledger.store.recorder import ProgrammeRecorder
from ledger.store.tracking import ProgrammeTracking
from ledger.writer import Writer
from tests.unit.builders import (
    ADA,
    ADJUST,
    BO,
    CANCEL,
    COMMIT_MONEY,
    FULFIL,
    HOLD,
    LATER,
    NOW,
    OPEN_FUND,
    OPEN_MERCHANT,
    OPEN_PARTICIPANT,
    OPEN_PROGRAMME,
    REFUND,
    TRANSFER,
    but,
)

PROGRAMME = OPEN_PROGRAMME.id
WAIT_S = 10.0

STORY = (
    OPEN_PROGRAMME,
    but(OPEN_PARTICIPANT, organisation_id=None),
    but(OPEN_PARTICIPANT, id="bo", organisation_id=None),
    OPEN_MERCHANT,
    OPEN_FUND,
    but(OPEN_FUND, id="bank"),
    COMMIT_MONEY,
    but(COMMIT_MONEY, id="grant-2", fund_id="bank"),
    but(ADJUST, credits=100),
    HOLD,
    FULFIL,
    REFUND,
    TRANSFER,
)
"""One event each; the redemption's are at 10, 11 and 12."""

REDEMPTION = UUID(bytes=bytes(stream_id(PROGRAMME, "redemption", HOLD.id)))


@pytest.fixture
def store(database: str) -> Iterator[Database]:
    with Database(database) as store:
        writer = Writer(store, clock=lambda: NOW)
        writer.submit_many(PROGRAMME, STORY)
        writer.submit_many("other", [but(OPEN_PROGRAMME, id="other"), *STORY[1:]])
        yield store


@pytest.fixture
def application(store: Database) -> ProgrammeApplication:
    return Log(store).application(PROGRAMME)


@pytest.fixture
def recorder(application: ProgrammeApplication) -> ProgrammeRecorder:
    assert isinstance(application.recorder, ProgrammeRecorder)
    return application.recorder


def ids(notifications: Sequence[Notification]) -> list[int]:
    return [int(notification.id) for notification in notifications]


# --- Streams ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "versions"),
    [
        ({}, [1, 2, 3]),
        ({"gt": 1}, [2, 3]),
        ({"lte": 2}, [1, 2]),
        ({"gt": 1, "lte": 2}, [2]),
        ({"gt": 3}, []),
        ({"lte": 0}, []),
        ({"desc": True}, [3, 2, 1]),
        ({"desc": True, "limit": 1}, [3]),
        ({"desc": True, "lte": 2, "limit": 1}, [2]),
        ({"desc": True, "gt": 1}, [3, 2]),
        ({"limit": 2}, [1, 2]),
        ({"gt": 1, "limit": 1}, [2]),
        ({"limit": 10}, [1, 2, 3]),
    ],
)
def test_a_stream_is_read_as_far_as_asked(
    recorder: ProgrammeRecorder, asked: dict[str, Any], versions: list[int]
) -> None:
    stored = recorder.select_events(REDEMPTION, **asked)
    assert [event.originator_version for event in stored] == versions
    assert {event.originator_id for event in stored} <= {REDEMPTION}


def test_a_stream_nobody_wrote_is_empty_and_another_programmes_is_not_seen(
    recorder: ProgrammeRecorder,
) -> None:
    assert recorder.select_events(UUID(int=1)) == []
    elsewhere = UUID(bytes=bytes(stream_id("other", "redemption", HOLD.id)))
    assert recorder.select_events(elsewhere) == []


def test_the_applications_events_are_the_ledgers(application: ProgrammeApplication) -> None:
    events = [told.event for told in application.events.get(REDEMPTION)]  # type: ignore[attr-defined]  # ours
    assert [event.topic for event in events] == [
        "redemption.held",
        "redemption.fulfilled",
        "redemption.refunded",
    ]
    assert events[0].id == HOLD.id
    [last] = application.events.get(REDEMPTION, desc=True, limit=1)
    assert isinstance(last, StreamEvent)
    assert (last.originator_id, last.originator_version) == (REDEMPTION, 3)


# --- The log ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "limit", "asked", "positions"),
    [
        (None, 100, {}, list(range(1, 14))),
        (1, 3, {}, [1, 2, 3]),
        (4, 3, {}, [4, 5, 6]),
        (4, 3, {"inclusive_of_start": False}, [5, 6, 7]),
        (0, 2, {"inclusive_of_start": False}, [1, 2]),
        (11, 100, {"stop": 12}, [11, 12]),
        (11, 100, {"stop": 10}, []),
        (14, 100, {}, []),
        (None, 100, {"topics": ["redemption.held", "credits.transferred"]}, [10, 13]),
        (11, 100, {"topics": ["redemption.held", "credits.transferred"]}, [13]),
        (None, 1, {"topics": ["participant.opened"], "stop": 2}, [2]),
        (None, 100, {"topics": ["no.such"]}, []),
    ],
)
def test_the_log_is_read_page_by_page(
    application: ProgrammeApplication,
    start: int | None,
    limit: int,
    asked: dict[str, Any],
    positions: list[int],
) -> None:
    assert ids(application.recorder.select_notifications(start, limit, **asked)) == positions
    # The library's own log hands out sections of ten at most.
    assert ids(application.notification_log.select(start, min(limit, 10), **asked)) == positions[:10]


def test_a_notification_carries_what_the_writer_answered(application: ProgrammeApplication) -> None:
    [held] = application.notification_log.select(10, 1)
    assert (held.originator_id, held.originator_version, held.topic) == (REDEMPTION, 1, "redemption.held")
    told = application.mapper.to_domain_event(held)
    assert isinstance(told, StreamEvent)
    assert application.mapper.to_stored_event(told).state == held.state


def test_the_log_knows_how_far_it_goes(store: Database, recorder: ProgrammeRecorder) -> None:
    assert recorder.max_notification_id() == len(STORY)
    assert ProgrammeRecorder(store, "never-opened").max_notification_id() is None
    assert ProgrammeRecorder(store, "never-opened").select_notifications(None, 10) == []


# --- Following ----------------------------------------------------------------------------------


def take(subscription: Subscription[ApplicationRecorder], count: int) -> list[int]:
    """Take so many notifications, in a thread, so that a test cannot wait for ever."""
    taken: list[int] = []
    reader = threading.Thread(
        target=lambda: taken.extend(int(next(subscription).id) for _ in range(count)), daemon=True
    )
    reader.start()
    reader.join(WAIT_S)
    assert not reader.is_alive(), f"only {taken} came"
    return taken


def test_a_follower_sees_what_is_there_and_then_what_comes(
    store: Database, recorder: ProgrammeRecorder
) -> None:
    with recorder.subscribe(gt=11) as subscription:
        assert take(subscription, 2) == [12, 13]
        writer = Writer(store, clock=lambda: NOW)
        for n in range(3):
            writer.submit(PROGRAMME, but(TRANSFER, id=f"later {n}", credits=1))
            assert take(subscription, 1) == [14 + n]
        writer.submit("other", but(TRANSFER, id="elsewhere", credits=1))
        writer.submit_many(PROGRAMME, [but(TRANSFER, id=f"at once {n}", credits=1) for n in range(20)])
        assert take(subscription, 20) == list(range(17, 37))


def test_a_follower_of_some_topics_sees_only_those(store: Database, recorder: ProgrammeRecorder) -> None:
    with recorder.subscribe(topics=["credits.transferred"]) as subscription:
        assert take(subscription, 1) == [13]
        writer = Writer(store, clock=lambda: NOW)
        writer.submit(PROGRAMME, but(HOLD, id="second"))
        writer.submit(PROGRAMME, but(TRANSFER, id="second", credits=1))
        assert take(subscription, 1) == [15]


def test_a_follower_stops_cleanly_while_it_waits(recorder: ProgrammeRecorder) -> None:
    before = threading.active_count()
    with recorder.subscribe(gt=13) as subscription:
        seen: list[int] = []
        reader = threading.Thread(target=lambda: seen.extend(int(told.id) for told in subscription))
        reader.start()
        subscription.stop()
        reader.join(WAIT_S)
        assert not reader.is_alive()
    assert seen == []
    assert threading.active_count() == before


def test_a_follower_is_told_when_the_database_is_gone(store: Database, recorder: ProgrammeRecorder) -> None:
    with recorder.subscribe(gt=13) as subscription:
        store.close()
        failed: list[BaseException] = []

        def read() -> None:
            try:
                next(subscription)
            except BaseException as error:  # noqa: BLE001 - whatever it is, it must come
                failed.append(error)

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        reader.join(WAIT_S)
        assert len(failed) == 1
        assert not isinstance(failed[0], StopIteration)


# --- The library's own way in -------------------------------------------------------------------


def stored(own_id: str, *, version: int = 1, credits_given: int = 1) -> StoredEvent:
    """A fact decided elsewhere."""
    event = CreditsTransferred(
        occurred_at=NOW,
        recorded_at=NOW,
        legs=(Leg(ADA, "CREDIT", LATER, -credits_given), Leg(BO, "CREDIT", LATER, credits_given)),
        id=own_id,
        from_account=ADA,
        to_account=BO,
        credits=credits_given,
    )
    stream = UUID(bytes=bytes(stream_id(PROGRAMME, "transfer", own_id)))
    return mapper().to_stored_event(StreamEvent(stream, version, event))


def bo_holds(store: Database) -> int:
    with store.connection() as connection:
        [(amount,)] = connection.execute(
            "SELECT amount FROM balances WHERE programme_id = %s AND account = %s", [PROGRAMME, BO]
        ).fetchall()
    return int(amount)


def test_stored_events_are_appended_with_their_sums(store: Database, recorder: ProgrammeRecorder) -> None:
    assert recorder.insert_events([]) == []
    before = bo_holds(store)
    assert list(recorder.insert_events([stored("x"), stored("y", credits_given=4)])) == [14, 15]
    assert recorder.max_notification_id() == 15
    assert bo_holds(store) == before + 5
    assert replay.check(store, PROGRAMME).is_equal


@pytest.mark.parametrize("events", [[stored("new"), stored("x")], [stored("twice"), stored("twice")]])
def test_a_place_that_is_taken_is_refused_and_nothing_is_written(
    store: Database, recorder: ProgrammeRecorder, events: list[StoredEvent]
) -> None:
    recorder.insert_events([stored("x")])
    before = bo_holds(store)
    with pytest.raises(IntegrityError):
        recorder.insert_events(events)
    assert recorder.max_notification_id() == 14
    assert bo_holds(store) == before
    assert list(recorder.insert_events([stored("x", version=2)])) == [15]


def test_there_is_no_way_in_without_a_programme(store: Database) -> None:
    with pytest.raises(IntegrityError):
        ProgrammeRecorder(store, "never-opened").insert_events([stored("x")])


def test_what_would_fall_below_zero_is_not_written(recorder: ProgrammeRecorder) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        recorder.insert_events([stored("too much", credits_given=101)])
    assert recorder.max_notification_id() == 13
    assert list(recorder.insert_events([stored("x")])) == [14]


def test_a_writer_sees_what_came_the_librarys_way(store: Database, recorder: ProgrammeRecorder) -> None:
    writer = Writer(store, clock=lambda: NOW)
    assert writer.submit(PROGRAMME, but(HOLD, id="second")).position == 14
    recorder.insert_events([stored("x", credits_given=7)])
    assert writer.submit(PROGRAMME, but(TRANSFER, id="x", credits=7)).replayed
    assert writer.submit(PROGRAMME, but(CANCEL, redemption_id="second")).position == 16


def test_streams_written_at_once_leave_no_gap(store: Database, recorder: ProgrammeRecorder) -> None:
    def insert(thread: int) -> None:
        for n in range(5):
            recorder.insert_events([stored(f"{thread}-{n}")])

    threads = [threading.Thread(target=insert, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert ids(recorder.select_notifications(14, 100)) == list(range(14, 34))
    assert replay.check(store, PROGRAMME).is_equal


# --- Views' positions ---------------------------------------------------------------------------


@pytest.fixture
def tracking(application: ProgrammeApplication) -> ProgrammeTracking:
    recorder = application.factory.tracking_recorder()
    assert isinstance(recorder, ProgrammeTracking)
    return recorder


def test_a_view_counts_each_place_once_and_never_goes_back(
    store: Database, tracking: ProgrammeTracking
) -> None:
    assert tracking.max_tracking_id("board") is None
    tracking.insert_tracking(Tracking("board", 1))
    tracking.insert_tracking(Tracking("board", 5))
    for passed in (5, 4, 1):
        with pytest.raises(IntegrityError):
            tracking.insert_tracking(Tracking("board", passed))
    assert tracking.max_tracking_id("board") == 5
    assert tracking.has_tracking_id("board", 5)
    assert not tracking.has_tracking_id("board", 6)
    tracking.insert_tracking(Tracking("other view", 2))
    assert ProgrammeTracking(store, "other").max_tracking_id("board") is None
    assert tracking.max_tracking_id("other view") == 2


def test_a_views_rows_are_not_kept_without_its_position(store: Database, tracking: ProgrammeTracking) -> None:
    tracking.insert_tracking(Tracking("board", 5))
    with store.connection() as connection:
        connection.execute("CREATE TABLE board (position bigint)")

        def project(position: int) -> None:
            with connection.transaction():
                connection.execute("INSERT INTO board VALUES (%s)", [position])
                tracking.advance(connection, "board", position)

        project(6)
        with pytest.raises(IntegrityError):
            project(6)
        assert connection.execute("SELECT position FROM board").fetchall() == [(6,)]


def test_two_processes_that_project_the_same_page_count_it_once(store: Database) -> None:
    trackings = [ProgrammeTracking(store, PROGRAMME) for _ in range(6)]
    begin, refused = threading.Barrier(6), []

    def project(tracking: ProgrammeTracking) -> None:
        begin.wait(WAIT_S)
        try:
            tracking.insert_tracking(Tracking("board", 9))
        except IntegrityError as twice:
            refused.append(twice)

    threads = [threading.Thread(target=project, args=(tracking,)) for tracking in trackings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert len(refused) == 5


# --- Old shapes ---------------------------------------------------------------------------------


class TreePlanted(Event, frozen=True, kw_only=True, omit_defaults=True, tag_field="v", tag=3):
    """A made-up event in its third shape."""

    topic: ClassVar[str] = "tree.planted"

    species: str
    height_mm: int
    planted_by: str


def named_in_latin(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "species": {"柳": "Salix"}[fields["species"]]}


def in_millimetres_with_a_planter(fields: dict[str, Any]) -> dict[str, Any]:
    height_cm = fields.pop("height_cm")
    return {**fields, "height_mm": height_cm * 10, "planted_by": "unknown"}


TREES = EventMapper(
    by_topic={**BY_TOPIC, TreePlanted.topic: TreePlanted},
    upcasts={TreePlanted.topic: (named_in_latin, in_millimetres_with_a_planter)},
)
TIMES = '"occurred_at":"2026-11-22T04:00:00Z","recorded_at":"2026-11-22T04:00:00Z"'


@pytest.mark.parametrize(
    ("state", "planted_by"),
    [
        pytest.param(f'{{{TIMES},"species":"柳","height_cm":120}}', "unknown", id="first"),
        pytest.param(f'{{"v":2,{TIMES},"species":"Salix","height_cm":120}}', "unknown", id="second"),
        pytest.param(
            f'{{"v":3,{TIMES},"species":"Salix","height_mm":1200,"planted_by":"Li"}}', "Li", id="third"
        ),
    ],
)
def test_an_event_of_any_older_shape_is_read_as_the_latest(state: str, planted_by: str) -> None:
    event = TREES.event_of(TreePlanted.topic, state.encode())
    assert event == TreePlanted(
        occurred_at=datetime(2026, 11, 22, 4, tzinfo=UTC),
        recorded_at=NOW,
        species="Salix",
        height_mm=1200,
        planted_by=planted_by,
    )
    again = TREES.event_of(TreePlanted.topic, TREES.state_of(event))
    assert again == event
    assert msgspec.json.decode(TREES.state_of(event))["v"] == 3


def test_events_whose_shape_never_changed_are_read_beside_it() -> None:
    told = stored("x")
    assert TREES.to_domain_event(told) == mapper().to_domain_event(told)


@pytest.mark.parametrize(
    ("topic", "state"),
    [
        (TreePlanted.topic, b"{"),
        (TreePlanted.topic, b'{"v":3}'),
        (CreditsTransferred.topic, b"{}"),
        (CreditsTransferred.topic, b"\xff"),
        (CreditsTransferred.topic, b"[]"),
        (CreditsTransferred.topic, b'{"v":0}'),
        (CreditsTransferred.topic, b'{"v":"2"}'),
        (CreditsTransferred.topic, b'{"v":true}'),
        (TreePlanted.topic, b'{"v":2,"height_cm":"tall"}'),
        (TreePlanted.topic, b'{"species":7}'),
        ("no.such", b"{"),
    ],
)
def test_bytes_that_are_not_of_their_topic_are_told(topic: str, state: bytes) -> None:
    with pytest.raises(MapperDeserialisationError, match=topic):
        TREES.event_of(topic, state)
