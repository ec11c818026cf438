"""The writer over a real database: who is answered what, when, and what stands in the log then."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest

from ledger import replay
from ledger.domain.adjustment import AdjustCredits
from ledger.domain.errors import (
    BulkNotApplied,
    CommitTimedOut,
    ContentDiffers,
    ExpiryNotDue,
    InsufficientCredits,
    LedgerError,
    LotsExpired,
    ProgrammeNotFound,
    QueueFull,
    RedemptionStatusUnsuitable,
    ShuttingDown,
    TimeZoneUnknown,
    Unavailable,
    VersionOutOfSequence,
)
from ledger.domain.expiry import ExpireCredits, StartExpiry
from ledger.domain.messages import Command
from ledger.domain.redemption import ReleaseHold
from ledger.domain.transfer import TransferCredits
from ledger.expiry_run import run_expiry
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.writer import Outcome, Recorded, Writer
from tests.unit.builders import (
    ADA,
    ADJUST,
    BO,
    CANCEL,
    COMMIT_MONEY,
    FULFIL,
    HOLD,
    NOW,
    OPEN_FUND,
    OPEN_MERCHANT,
    OPEN_PARTICIPANT,
    OPEN_PROGRAMME,
    PUBLISH_METHODOLOGY,
    REFUND,
    RUN_EXPIRY,
    TODAY,
    TRANSFER,
    but,
)

PROGRAMME = OPEN_PROGRAMME.id
WAIT_S = 30.0
DAY = timedelta(days=1)

OPENING = (
    OPEN_PROGRAMME,
    but(OPEN_PARTICIPANT, organisation_id=None),
    but(OPEN_PARTICIPANT, id="bo", organisation_id=None),
    OPEN_MERCHANT,
    OPEN_FUND,
    but(OPEN_FUND, id="bank"),
    COMMIT_MONEY,
    but(COMMIT_MONEY, id="grant-2", fund_id="bank"),
    but(ADJUST, id="first-100", credits=100),
)
"""Ada has 100 credits, Bo none; a café, and two funds with 10,000 分 each."""


class Place:
    """One database, any number of writers on it, and a clock that stands still until it is moved."""

    def __init__(self, conninfo: str, at_end: ExitStack) -> None:
        self.conninfo = conninfo
        self.now = NOW
        self._at_end = at_end
        self.database = at_end.enter_context(Database(conninfo))

    def writer(
        self,
        *,
        clock: Callable[[], datetime] | None = None,
        statement_ms_max: int = 10_000,
        **limits: int,
    ) -> Writer:
        """A process's writer, with a pool of its own as a process has."""
        database = Database(self.conninfo, statement_ms_max=statement_ms_max)
        self._at_end.enter_context(database)
        writer = Writer(database, clock=clock or (lambda: self.now), **limits)
        self._at_end.callback(writer.close)
        return writer

    def opened(self, **limits: Any) -> Writer:
        """A writer that has just opened the programme, and so remembers all of it."""
        writer = self.writer(**limits)
        assert [type(outcome) for outcome in writer.submit_many(PROGRAMME, OPENING)] == [Recorded] * 9
        return writer

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            return connection.execute(query, values).fetchall()

    def credits(self, account: str) -> int:
        [(amount,)] = self.rows(
            "SELECT coalesce(sum(amount), 0)::int FROM balances WHERE account = %s AND asset = 'CREDIT'",
            account,
        )
        return int(amount)

    def recorded(self, topic: str) -> int:
        [(events,)] = self.rows("SELECT count(*) FROM events WHERE topic = %s", topic)
        return int(events)

    @contextmanager
    def locked_head(self) -> Iterator[None]:
        """Keep everybody from appending, as a long transaction would."""
        with psycopg.connect(self.conninfo) as other:
            other.execute("SELECT 1 FROM heads FOR UPDATE")
            yield
            other.rollback()

    def is_sending(self) -> bool:
        """Whether somebody waits for the head."""
        return bool(
            self.rows(
                "SELECT 1 FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        )

    def run_expiry(self, writer: Writer, **changes: Any) -> Recorded:
        return run_expiry(
            database=self.database,
            log=Log(self.database),
            writer=writer,
            programme_id=PROGRAMME,
            command=but(RUN_EXPIRY, **changes),
            clock=lambda: self.now,
        )


@pytest.fixture
def place(database: str) -> Iterator[Place]:
    with ExitStack() as at_end:
        place = Place(database, at_end)
        yield place
        if place.rows("SELECT 1 FROM heads WHERE position > 0 AND programme_id = %s", PROGRAMME):
            with Database(database) as fresh:
                assert replay.check(fresh, PROGRAMME).is_equal


def gift(own_id: str, credits_given: int = 1) -> TransferCredits:
    return but(TRANSFER, id=own_id, credits=credits_given)


def codes(outcomes: Sequence[Outcome]) -> list[str]:
    """The outcomes at a glance."""
    return [
        outcome.code if isinstance(outcome, LedgerError) else "again" if outcome.replayed else "new"
        for outcome in outcomes
    ]


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def positions(body: bytes) -> list[int]:
    return [event["position"] for event in msgspec.json.decode(body)["events"]]


# --- Waiting ------------------------------------------------------------------------------------


def test_the_queue_takes_what_it_may_hold_and_not_one_more(place: Place) -> None:
    writer = place.opened(queue_commands_max=9)
    with ThreadPoolExecutor(4) as threads, place.locked_head():
        under_way = threads.submit(writer.submit, PROGRAMME, gift("under way"))
        wait_until(place.is_sending)
        waiting = threads.submit(writer.submit_many, PROGRAMME, [gift(f"waits {n}") for n in range(8)])
        wait_until(lambda: writer._waiting_commands == 8)
        with pytest.raises(QueueFull) as full:
            writer.submit_many(PROGRAMME, [gift("ninth"), gift("tenth")])
        assert full.value.queue_commands_max == 9
        assert writer.is_taking_commands()
        last = threads.submit(writer.submit, PROGRAMME, gift("ninth"))
        wait_until(lambda: writer._waiting_commands == 9)
        assert not writer.is_taking_commands()
        with pytest.raises(QueueFull):
            writer.submit(PROGRAMME, gift("tenth"))
    assert codes([under_way.result(), *waiting.result(), last.result()]) == ["new"] * 10
    assert writer.is_taking_commands()
    assert codes([writer.submit(PROGRAMME, gift("tenth"))]) == ["new"]
    assert place.credits(BO) == 11


def test_nobody_waits_for_a_locked_head_longer_than_the_limit(place: Place) -> None:
    place.opened()
    writer = place.writer(statement_ms_max=500, commit_wait_ms_max=100)
    begun_s = time.monotonic()
    with ThreadPoolExecutor(1) as threads, place.locked_head():
        leading = threads.submit(writer.submit, PROGRAMME, gift("leads"))
        wait_until(place.is_sending)
        with pytest.raises(CommitTimedOut) as timed_out:
            writer.submit(PROGRAMME, gift("waits"))
        assert timed_out.value.waited_ms == 100
        assert writer._waiting_commands == 0
        # Whoever leads the others learns it from the database, whose statements have a limit too.
        assert isinstance(leading.exception(WAIT_S), Unavailable)
        assert time.monotonic() - begun_s < 5
    assert place.recorded("credits.transferred") == 0
    assert codes(writer.submit_many(PROGRAMME, [gift("leads"), gift("waits")])) == ["new", "new"]


def test_whoever_timed_out_may_find_the_command_recorded_and_asks_by_its_id(place: Place) -> None:
    patient = place.opened()
    with ThreadPoolExecutor(1) as threads, place.locked_head():
        leading = threads.submit(patient.submit, PROGRAMME, gift("leads"))
        wait_until(place.is_sending)
        patient._commit_wait_s_max = 0.1
        with pytest.raises(CommitTimedOut):
            patient.submit(PROGRAMME, gift("gave up", 2))
    patient._commit_wait_s_max = WAIT_S
    assert codes([leading.result()]) == ["new"]
    # It gave up while it was still in the queue, so it was taken out of it.
    assert codes([patient.submit(PROGRAMME, gift("gave up", 2))]) == ["new"]
    assert place.credits(BO) == 3


def test_closing_answers_everyone_who_waits_and_then_takes_nothing(place: Place) -> None:
    writer = place.opened()
    with ThreadPoolExecutor(6) as threads:
        with place.locked_head():
            waiting = [threads.submit(writer.submit, PROGRAMME, gift(f"waits {n}")) for n in range(5)]
            wait_until(lambda: place.is_sending() and writer._busy_entries == 5)
            closing = threads.submit(writer.close)
            wait_until(lambda: not writer.is_taking_commands())
            with pytest.raises(ShuttingDown):
                writer.submit(PROGRAMME, gift("too late"))
            assert not closing.done()
        closing.result(WAIT_S)
        assert all(future.done() or future.result(WAIT_S) for future in waiting)
    assert codes([future.result() for future in waiting]) == ["new"] * 5
    assert place.credits(BO) == 5


def test_commands_that_come_together_are_committed_together(place: Place) -> None:
    writer = place.opened()
    with ThreadPoolExecutor(40) as threads:
        with place.locked_head():
            futures = [threads.submit(writer.submit, PROGRAMME, gift(f"gift {n}")) for n in range(40)]
            wait_until(lambda: writer._busy_entries == 40)
        outcomes = [future.result(WAIT_S) for future in futures]
    assert sorted(outcome.position for outcome in outcomes) == list(range(10, 50))
    [(transactions,)] = place.rows("SELECT count(DISTINCT xmin::text) FROM events WHERE position >= 10")
    assert transactions == 2  # whoever found nobody leading, and all the others


def test_a_group_carries_no_more_than_one_transaction_may(place: Place) -> None:
    writer = place.opened(group_commands_max=9)
    with pytest.raises(ValueError, match="1 to 9 commands, not 10"):
        writer.submit_many(PROGRAMME, [gift(f"{n}") for n in range(10)])
    with pytest.raises(ValueError, match="1 to 9 commands, not 0"):
        writer.submit_many(PROGRAMME, [])
    with ThreadPoolExecutor(5) as threads:
        with place.locked_head():
            leading = threads.submit(writer.submit, PROGRAMME, gift("leads"))
            wait_until(place.is_sending)
            batches = [[gift(f"{b}-{n}") for n in range(4)] for b in range(4)]
            futures = [threads.submit(writer.submit_many, PROGRAMME, batch) for batch in batches]
            wait_until(lambda: writer._waiting_commands == 16)
        assert codes([leading.result(WAIT_S)]) == ["new"]
        assert all(codes(future.result(WAIT_S)) == ["new"] * 4 for future in futures)
    sizes = place.rows("SELECT count(*) FROM events WHERE position > 10 GROUP BY xmin::text ORDER BY 1")
    assert sizes == [(8,), (8,)]


def test_many_large_requests_at_once_keep_their_order_and_their_answers(place: Place) -> None:
    """Enough wait for the next group to be decided while the one before it commits."""
    writer = place.opened(group_commands_max=300)
    writer.submit(PROGRAMME, but(ADJUST, id="more", credits=5_000))
    batches = [[gift(f"{b}-{n}") for n in range(150)] for b in range(12)]
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda batch: writer.submit_many(PROGRAMME, batch), batches))
        repeats = list(threads.map(lambda batch: writer.submit_many(PROGRAMME, batch), batches))
    assert all(codes(answer) == ["new"] * 150 for answer in answers)
    assert all(codes(repeat) == ["again"] * 150 for repeat in repeats)
    for answer, repeat in zip(answers, repeats, strict=True):
        found = [outcome for outcome in answer if isinstance(outcome, Recorded)]
        assert [outcome.position for outcome in found] == list(
            range(found[0].position, found[0].position + 150)
        )
        assert [outcome.body for outcome in found] == [r.body for r in repeat if isinstance(r, Recorded)]
    assert place.credits(BO) == 1_800


# --- Repeats and refusals -----------------------------------------------------------------------


def test_a_refusal_is_not_remembered(place: Place) -> None:
    writer = place.opened()
    with pytest.raises(InsufficientCredits):
        writer.submit(PROGRAMME, gift("large", 150))
    writer.submit(PROGRAMME, but(ADJUST, id="top-up", credits=60))
    assert codes([writer.submit(PROGRAMME, gift("large", 150))]) == ["new"]


@pytest.mark.parametrize("has_memory", [True, False])
def test_a_recorded_command_is_answered_as_it_was_though_today_it_would_be_refused(
    place: Place, *, has_memory: bool
) -> None:
    writer = place.opened()
    first = writer.submit(PROGRAMME, gift("everything", 100))
    again = (writer if has_memory else place.writer()).submit(PROGRAMME, gift("everything", 100))
    assert (again.replayed, again.position, again.body) == (True, first.position, first.body)


@pytest.mark.parametrize("has_memory", [True, False])
def test_another_command_under_a_recorded_id_is_told_the_fields_that_differ(
    place: Place, *, has_memory: bool
) -> None:
    writer = place.opened()
    writer.submit(PROGRAMME, gift("one", 60))
    second = writer if has_memory else place.writer()
    for changes in ({"credits": 1}, {"credits": 99}, {"to_account": "org:nobody", "credits": 99}):
        with pytest.raises(ContentDiffers) as differs:
            second.submit(PROGRAMME, but(gift("one", 60), **changes))
        assert differs.value.fields == sorted(changes, reverse=True)


def test_what_others_have_given_since_is_not_overlooked(place: Place) -> None:
    writer, other = place.opened(), place.writer()
    writer.submit(PROGRAMME, gift("everything", 100))
    other.submit(PROGRAMME, but(ADJUST, id="from elsewhere", credits=5))
    assert codes([writer.submit(PROGRAMME, gift("five", 5))]) == ["new"]


def test_what_others_have_taken_since_is_not_spent_again(place: Place) -> None:
    writer, other = place.opened(), place.writer()
    other.submit(PROGRAMME, gift("everything", 100))
    with pytest.raises(InsufficientCredits):
        writer.submit(PROGRAMME, gift("again", 1))


def test_rules_published_elsewhere_hold_here_at_once(place: Place) -> None:
    writer, other = place.opened(), place.writer()
    other.submit(PROGRAMME, PUBLISH_METHODOLOGY)
    second = but(PUBLISH_METHODOLOGY, version=2)
    assert codes([writer.submit(PROGRAMME, second)]) == ["new"]


@pytest.mark.parametrize("has_memory", [True, False])
def test_an_id_twice_in_one_batch_is_recorded_once(place: Place, *, has_memory: bool) -> None:
    writer = place.opened()
    if not has_memory:
        writer = place.writer()
    outcomes = writer.submit_many(PROGRAMME, [gift("a", 2), gift("b"), gift("a", 2), gift("a", 3)])
    assert codes(outcomes) == ["new", "new", "again", "content_differs"]
    first, _, second, _ = outcomes
    assert isinstance(first, Recorded)
    assert isinstance(second, Recorded)
    assert first.body == second.body
    assert place.credits(BO) == 3


@pytest.mark.parametrize("has_memory", [True, False])
def test_a_refused_command_stays_refused_though_its_id_is_recorded_later_in_the_batch(
    place: Place, *, has_memory: bool
) -> None:
    writer = place.opened()
    if not has_memory:
        writer = place.writer()
    top_up = but(ADJUST, id="top-up", credits=60)
    batch = [gift("a", 150), gift("b", 150), top_up, gift("a", 150), gift("b", 1)]
    refused = "insufficient_credits"
    assert codes(writer.submit_many(PROGRAMME, batch)) == [refused, refused, "new", "new", "new"]


@pytest.mark.parametrize("has_memory", [True, False])
def test_a_repeat_is_found_though_the_same_batch_adds_to_its_stream(
    place: Place, *, has_memory: bool
) -> None:
    writer = place.opened()
    writer.submit_many(PROGRAMME, [but(HOLD, credits=100), PUBLISH_METHODOLOGY])
    if not has_memory:
        writer = place.writer()
    batch = [FULFIL, but(HOLD, credits=100), but(PUBLISH_METHODOLOGY, version=2), PUBLISH_METHODOLOGY]
    assert codes(writer.submit_many(PROGRAMME, batch)) == ["new", "again", "new", "again"]


def test_each_step_of_a_redemption_is_repeated_for_itself(place: Place) -> None:
    writer = place.opened()
    steps = [HOLD, FULFIL, REFUND]
    first = writer.submit_many(PROGRAMME, steps)
    assert codes(first) == ["new"] * 3
    for again in (writer, place.writer()):
        assert codes(again.submit_many(PROGRAMME, list(reversed(steps)))) == ["again"] * 3
        with pytest.raises(RedemptionStatusUnsuitable):
            again.submit(PROGRAMME, CANCEL)
        with pytest.raises(ContentDiffers) as differs:
            again.submit(PROGRAMME, but(FULFIL, store_id=None))
        assert differs.value.fields == ["store_id"]


# --- Atomic requests ----------------------------------------------------------------------------


def test_an_atomic_request_is_written_whole(place: Place) -> None:
    writer = place.opened()
    outcomes = writer.submit_many(PROGRAMME, [gift("a"), gift("b"), gift("a")], atomic=True)
    assert codes(outcomes) == ["new", "new", "again"]
    [(transactions,)] = place.rows("SELECT count(DISTINCT xmin::text) FROM events WHERE position > 9")
    assert transactions == 1


def test_an_atomic_request_with_a_refusal_leaves_nothing(place: Place) -> None:
    writer = place.opened()
    batch = [gift("a", 60), gift("b", 60), gift("c", 60), gift("d")]
    outcomes = writer.submit_many(PROGRAMME, batch, atomic=True)
    not_applied, refused = "bulk_not_applied", "insufficient_credits"
    assert codes(outcomes) == [not_applied, refused, refused, not_applied]
    assert {o.refused_index for o in outcomes if isinstance(o, BulkNotApplied)} == {1}
    assert place.rows("SELECT position FROM heads") == [(9,)]
    # Nothing of it is left in memory either.
    assert codes([writer.submit(PROGRAMME, gift("all", 100))]) == ["new"]


def test_an_atomic_request_that_fails_disturbs_nobody_beside_it(place: Place) -> None:
    writer = place.opened()
    with ThreadPoolExecutor(4) as threads:
        with place.locked_head():
            leading = threads.submit(writer.submit, PROGRAMME, gift("leads"))
            wait_until(place.is_sending)
            before = threads.submit(writer.submit_many, PROGRAMME, [gift("before"), gift("too large", 200)])
            wait_until(lambda: writer._waiting_commands == 2)
            atomic = threads.submit(writer.submit_many, PROGRAMME, [gift("x"), gift("y", 200)], atomic=True)
            wait_until(lambda: writer._waiting_commands == 4)
            after = threads.submit(writer.submit_many, PROGRAMME, [gift("after")])
            wait_until(lambda: writer._waiting_commands == 5)
        assert codes([leading.result(WAIT_S)]) == ["new"]
        assert codes(before.result(WAIT_S)) == ["new", "insufficient_credits"]
        assert codes(atomic.result(WAIT_S)) == ["bulk_not_applied", "insufficient_credits"]
        assert codes(after.result(WAIT_S)) == ["new"]
    assert place.credits(BO) == 3


# --- Programmes ---------------------------------------------------------------------------------


def test_two_writers_open_a_programme_each_at_once_and_neither_waits_for_the_other(place: Place) -> None:
    writers = [place.writer(), place.writer()]
    openings = [[but(OPEN_PROGRAMME, id=f"city-{n}")] for n in range(2)]
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda w, o: w.submit_many(o[0].id, o), writers, openings, timeout=WAIT_S))
    assert [codes(answer) for answer in answers] == [["new"], ["new"]]
    assert sorted(place.rows("SELECT programme_id, position FROM heads")) == [("city-0", 1), ("city-1", 1)]


def test_two_writers_open_the_same_programme_at_once_and_one_of_them_did_it(place: Place) -> None:
    writers = [place.writer() for _ in range(4)]
    begin = threading.Barrier(4)

    def open_it(writer: Writer) -> Recorded:
        begin.wait(WAIT_S)
        return writer.submit(PROGRAMME, OPEN_PROGRAMME)

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(open_it, writers))
    assert sorted(codes(answers)) == ["again", "again", "again", "new"]
    assert len({answer.body for answer in answers}) == 1


def test_nothing_is_recorded_in_a_programme_that_nobody_opened(place: Place) -> None:
    writer = place.writer()
    assert codes(writer.submit_many(PROGRAMME, [gift("a"), gift("b")])) == ["programme_not_found"] * 2
    with pytest.raises(TimeZoneUnknown):
        writer.submit(PROGRAMME, but(OPEN_PROGRAMME, time_zone="Asia/Nowhere"))
    with pytest.raises(ProgrammeNotFound):
        writer.submit(PROGRAMME, gift("a"))
    assert Log(place.database).head(PROGRAMME) is None
    assert codes([writer.submit(PROGRAMME, OPEN_PROGRAMME)]) == ["new"]


def test_programmes_know_nothing_of_each_other(place: Place) -> None:
    writer = place.opened()
    other = but(OPEN_PROGRAMME, id="other")
    outcomes = writer.submit_many("other", [other, *OPENING[1:], gift("one", 100)])
    assert codes(outcomes) == ["new"] * 10
    assert codes([writer.submit(PROGRAMME, gift("one", 100))]) == ["new"]
    [*rows] = place.rows("SELECT programme_id, amount FROM balances WHERE account = %s", BO)
    assert sorted(rows) == [(PROGRAMME, 100), ("other", 100)]


# --- Time ---------------------------------------------------------------------------------------


def test_the_time_of_the_log_does_not_run_backwards_when_a_clock_does(place: Place) -> None:
    writer, slow = place.opened(), place.writer(clock=lambda: NOW - DAY)
    for turn, who in enumerate((slow, writer, slow, slow)):
        outcome = who.submit(PROGRAMME, gift(f"gift {turn}"))
        assert b'"recorded_at":"2026-11-22T04:00:00Z"' in outcome.body
    assert place.rows("SELECT recorded_at FROM heads") == [(NOW,)]


def test_times_are_written_in_utc_whatever_the_zone_of_the_database(place: Place) -> None:
    with psycopg.connect(place.conninfo, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE \"{name}\" SET timezone TO 'Asia/Shanghai'")
    place.opened()
    late = place.writer(clock=lambda: NOW - DAY)
    assert b'"recorded_at":"2026-11-22T04:00:00Z"' in late.submit(PROGRAMME, gift("a")).body


# --- Connections that break ---------------------------------------------------------------------


def break_connections(place: Place) -> None:
    place.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def test_commands_go_on_when_every_connection_has_been_broken(place: Place) -> None:
    writer = place.opened()
    break_connections(place)
    assert codes([writer.submit(PROGRAMME, gift("all is remembered"))]) == ["new"]
    break_connections(place)
    to_new = but(gift("one must be read"), to_account="merchant:cafe")
    assert codes([writer.submit(PROGRAMME, to_new)]) == ["new"]
    break_connections(place)
    batch = [but(HOLD, id="h"), but(FULFIL, redemption_id="h")]
    assert codes(writer.submit_many(PROGRAMME, batch)) == ["new", "new"]
    break_connections(place)
    assert codes([writer.submit(PROGRAMME, gift("all is remembered"))]) == ["again"]
    break_connections(place)
    assert codes(writer.submit_many(PROGRAMME, [gift("a"), gift("b")], atomic=True)) == ["new", "new"]


def test_a_connection_serves_on_after_a_transaction_was_undone_on_it(place: Place) -> None:
    writer = place.opened(statement_ms_max=200, commit_wait_ms_max=100)
    before = [writer.submit(PROGRAMME, gift("before")) for _ in range(3)]  # so that all is prepared
    assert codes(before) == ["new", "again", "again"]
    with place.locked_head(), pytest.raises(Unavailable):
        writer.submit(PROGRAMME, gift("meanwhile"))
    for name in ("meanwhile", "after", "long after"):
        assert codes([writer.submit(PROGRAMME, gift(name))]) == ["new"]


# --- Runs of expiry -----------------------------------------------------------------------------


def with_due_lots(place: Place) -> Writer:
    """Ada and Bo hold lots that end today; one redemption has a deadline within the day. Tomorrow."""
    writer = place.opened()
    today = datetime.fromisoformat(TODAY).date()
    writer.submit_many(
        PROGRAMME,
        [
            but(ADJUST, id="due-1", credits=30, lot=today),
            but(ADJUST, id="due-2", account=BO, credits=5, lot=today),
            but(HOLD, credits=20, deadline_at=NOW + timedelta(hours=1)),
        ],
    )
    place.now = NOW + DAY
    return writer


def event_of(outcome: Recorded) -> dict[str, Any]:
    [event] = msgspec.json.decode(outcome.body)["events"]
    return dict(event["data"])


TODAYS_RUN: dict[str, Any] = {"up_to": NOW.date()}


def test_a_run_releases_overdue_holds_and_expires_what_they_gave_back(place: Place) -> None:
    writer = with_due_lots(place)
    assert place.credits(f"{ADA}:held") == 20
    ended = place.run_expiry(writer, **TODAYS_RUN)
    done = event_of(ended)
    assert (done["credits"], done["accounts"], done["holds_released"]) == (35, 2, 1)
    assert (place.credits(ADA), place.credits(BO), place.credits("expired")) == (100, 0, 35)
    assert place.credits(f"{ADA}:held") == 0
    assert place.rows("SELECT 1 FROM holds") == []
    assert place.recorded("redemption.released") == 1


def test_a_run_sent_again_does_nothing_and_answers_the_same(place: Place) -> None:
    writer = with_due_lots(place)
    first = place.run_expiry(writer, **TODAYS_RUN)
    position = place.rows("SELECT position FROM heads")
    for who in (writer, place.writer()):
        again = place.run_expiry(who, **TODAYS_RUN)
        assert (again.replayed, again.position, again.body) == (True, first.position, first.body)
    with pytest.raises(ContentDiffers) as differs:
        place.run_expiry(writer, up_to=NOW.date() - DAY)
    assert differs.value.fields == ["up_to"]
    assert place.rows("SELECT position FROM heads") == position


def test_a_day_that_is_not_over_cannot_be_expired(place: Place) -> None:
    writer = with_due_lots(place)
    place.now = NOW + timedelta(hours=12, microseconds=-1)  # the last microsecond of the day in Shanghai
    with pytest.raises(ExpiryNotDue):
        place.run_expiry(writer, **TODAYS_RUN)
    assert codes([writer.submit(PROGRAMME, gift("due", 30))]) == ["new"]
    place.now += timedelta(microseconds=1)
    with pytest.raises(LotsExpired):
        writer.submit(PROGRAMME, but(gift("over", 25), from_account=BO, to_account=ADA))
    assert event_of(place.run_expiry(writer, **TODAYS_RUN))["credits"] == 35


@pytest.mark.parametrize("stages_done", range(5))
def test_an_interrupted_run_goes_on_where_it_stopped(place: Place, stages_done: int) -> None:
    writer = with_due_lots(place)
    told = {"occurred_at": RUN_EXPIRY.occurred_at}
    expire = [
        ExpireCredits(run_id=RUN_EXPIRY.id, account=account, **TODAYS_RUN, **told) for account in (ADA, BO)
    ]
    stages: list[Command] = [
        StartExpiry(id=RUN_EXPIRY.id, **TODAYS_RUN, **told),
        ReleaseHold(run_id=RUN_EXPIRY.id, redemption_id=HOLD.id, **told),
        *expire,
    ]
    for stage in stages[:stages_done]:
        writer.submit(PROGRAMME, stage)
    ended = event_of(place.run_expiry(place.writer(), **TODAYS_RUN))
    assert (ended["credits"], ended["accounts"], ended["holds_released"]) == (35, 2, 1)
    assert place.recorded("credits.expired") == 2


def test_a_refund_into_a_lot_that_ran_out_expires_with_the_next_run(place: Place) -> None:
    writer = place.opened()
    today = datetime.fromisoformat(TODAY).date()
    short = [but(ADJUST, id="due", credits=30, lot=today), but(HOLD, credits=20), FULFIL]
    writer.submit_many(PROGRAMME, short)
    place.now = NOW + DAY
    assert event_of(place.run_expiry(writer, **TODAYS_RUN))["credits"] == 10
    writer.submit(PROGRAMME, REFUND)
    assert place.rows("SELECT amount FROM balances WHERE account = %s AND lot = %s", ADA, TODAY) == [(20,)]
    with pytest.raises(LotsExpired):
        writer.submit(PROGRAMME, gift("with the refunded", 101))
    assert event_of(place.run_expiry(writer, id="night-2", **TODAYS_RUN))["credits"] == 20
    assert place.credits(ADA) == 100


def test_a_run_over_many_accounts_goes_page_by_page(place: Place) -> None:
    writer = place.opened(group_commands_max=9)
    today = datetime.fromisoformat(TODAY).date()
    names = [f"p{n:02}" for n in range(20)]
    for name in names:
        opening = but(OPEN_PARTICIPANT, id=name, organisation_id=None)
        due = AdjustCredits(
            id=name,
            account=f"participant:{name}",
            credits=3,
            lot=today,
            approver="Li",
            reason="to run out",
            occurred_at=NOW,
        )
        writer.submit_many(PROGRAMME, [opening, due])
    place.now = NOW + DAY
    done = event_of(place.run_expiry(writer, **TODAYS_RUN))
    assert (done["credits"], done["accounts"]) == (60, 20)


class Interfering(Writer):
    """A writer in front of which something else happens, before one kind of command."""

    before: tuple[type[Command], Callable[[], object]] | None = None

    def submit_many(self, programme_id: str, commands: Sequence[Command], **options: Any) -> list[Outcome]:
        if self.before is not None and isinstance(commands[0], self.before[0]):
            _, happens = self.before
            self.before = None
            happens()
        return super().submit_many(programme_id, commands, **options)


@pytest.mark.parametrize("stage", [ReleaseHold, ExpireCredits])
def test_two_runs_at_once_share_the_work_and_both_end(place: Place, stage: type[Command]) -> None:
    writer = with_due_lots(place)
    slower = Interfering(place.database, clock=lambda: place.now)
    other: Future[Recorded] = Future()
    slower.before = (
        stage,
        lambda: other.set_result(place.run_expiry(writer, id="night-2", **TODAYS_RUN)),
    )
    mine = event_of(place.run_expiry(slower, **TODAYS_RUN))
    done = [mine, event_of(other.result())]
    assert sum(run["credits"] for run in done) == 35
    assert sum(run["accounts"] for run in done) == 2
    assert sum(run["holds_released"] for run in done) == 1


def test_a_run_carried_by_two_processes_at_once_ends_once(place: Place) -> None:
    writer = with_due_lots(place)
    slower = Interfering(place.database, clock=lambda: place.now)
    first: Future[Recorded] = Future()
    slower.before = (
        ExpireCredits,
        lambda: first.set_result(place.run_expiry(writer, **TODAYS_RUN)),
    )
    second = place.run_expiry(slower, **TODAYS_RUN)
    assert (second.replayed, second.body) == (True, first.result().body)
    assert place.recorded("expiry.completed") == 1


def test_versions_are_told_by_their_number_not_by_their_id(place: Place) -> None:
    writer = place.opened()
    second = but(PUBLISH_METHODOLOGY, version=2, name_en="Rides")
    assert codes(writer.submit_many(PROGRAMME, [PUBLISH_METHODOLOGY, second])) == ["new", "new"]
    for who in (writer, place.writer()):
        assert codes(who.submit_many(PROGRAMME, [second, PUBLISH_METHODOLOGY])) == ["again", "again"]
        with pytest.raises(ContentDiffers):
            who.submit(PROGRAMME, but(second, version=1))
        with pytest.raises(VersionOutOfSequence):
            who.submit(PROGRAMME, but(second, version=4))
    first = writer.submit(PROGRAMME, PUBLISH_METHODOLOGY)
    assert positions(first.body) == [10]
