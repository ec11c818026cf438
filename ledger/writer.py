"""Group commit: many commands, one transaction, every answer after it.

Rule of the room: whoever finds nobody deciding leads; the others wait to be answered or to be told
to lead. A programme's commands pass two narrow places, one after the other: *deciding* and
*committing*; while one group commits, the next may be decided on the state as the first left it.

Two ways lead to the log. The fenced one decides on what this process remembers and sends a single
statement, which writes nothing unless the head still stands where this process left it. The locked
one takes the head's row lock, reads what it needs and looks up every id; it is taken at first, and
whenever the fence or the store's primary key says no. Safety never rests on memory.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from ledger.deciding import Deciding, Outcome, Recorded
from ledger.domain.book import Account
from ledger.domain.errors import (
    BulkNotApplied,
    CommitTimedOut,
    DatabaseUnavailable,
    LedgerError,
    ProgrammeNotFound,
    QueueFull,
    ShuttingDown,
)
from ledger.domain.identifiers import StreamId
from ledger.domain.messages import Command, Event
from ledger.domain.programme import OpenProgramme
from ledger.domain.rules import Rulebook
from ledger.domain.state import ProgrammeState, Rules
from ledger.store.database import Database
from ledger.store.session import Session, StreamTaken, open_session

__all__ = ["Outcome", "Recorded", "Writer"]

OVERLAP_COMMANDS_MIN: Final = 200
"""With fewer commands waiting, a larger group later beats an earlier start."""

RETRY_PAUSE_S: Final = 0.05


def system_clock() -> datetime:
    """Give the time at which events are recorded."""
    return datetime.now(UTC)


class Entry:
    """The commands of one caller, waiting to be answered."""

    __slots__ = ("atomic", "commands", "failure", "is_answered", "leads", "outcomes", "woken")

    def __init__(self, commands: Sequence[Command], *, atomic: bool) -> None:
        self.commands = commands
        self.atomic = atomic
        self.outcomes: list[Outcome] = []
        self.failure: BaseException | None = None
        self.leads = False
        self.is_answered = False
        self.woken = threading.Lock()
        self.woken.acquire()

    def answer(self, outcomes: Sequence[Outcome]) -> None:
        """Give the outcomes to the caller."""
        self.outcomes = list(outcomes)
        self.is_answered = True
        self.woken.release()

    def fail(self, failure: BaseException) -> None:
        """Tell the caller that there is no outcome."""
        self.failure = failure
        self.is_answered = True
        self.woken.release()


class Lane:
    """One programme in this process: who waits, who decides, who commits, what is remembered."""

    def __init__(self, programme_id: str) -> None:
        self.programme_id = programme_id
        self.waiting: deque[Entry] = deque()
        self.is_deciding = False
        self.committing = threading.Lock()
        self.state: ProgrammeState | None = None
        """The state after the latest group decided; None when it cannot be trusted."""
        self.rules: Rules = (0, None, Rulebook())
        """The position of the latest configuration event, and what is configured by then."""


class Writer:
    """Takes commands from any number of threads and answers each once it is safe on disk."""

    def __init__(
        self,
        database: Database,
        *,
        group_commands_max: int = 1_000,
        queue_commands_max: int = 10_000,
        accounts_cached_max: int = 200_000,
        commit_wait_ms_max: int = 10_000,
        clock: Callable[[], datetime] = system_clock,
    ) -> None:
        """Describe the writer; nothing is read or written before the first command.

        Args:
            database: where the events go.
            group_commands_max: commands that one transaction may carry.
            queue_commands_max: commands that may wait; beyond it `QueueFull`.
            accounts_cached_max: accounts remembered between groups, for each programme.
            commit_wait_ms_max: how long a caller waits before `CommitTimedOut`.
            clock: gives the time of recording.
        """
        self._database = database
        self.group_commands_max = group_commands_max
        self._queue_commands_max = queue_commands_max
        self._accounts_cached_max = accounts_cached_max
        self._commit_wait_s_max = commit_wait_ms_max / 1000
        self._clock = clock
        self._mutex = threading.Lock()
        self._idle = threading.Condition(self._mutex)
        self._lanes: dict[str, Lane] = {}
        self._waiting_commands = 0
        self._busy_entries = 0
        self._is_closing = False

    def submit(self, programme_id: str, command: Command) -> Recorded:
        """Record one command and wait until it is durable.

        Raises:
            LedgerError: whatever refuses it, or why there is no answer yet.
        """
        outcome = self.submit_many(programme_id, (command,))[0]
        if isinstance(outcome, LedgerError):
            raise outcome
        return outcome

    def submit_many(
        self, programme_id: str, commands: Sequence[Command], *, atomic: bool = False
    ) -> list[Outcome]:
        """Record commands of one programme, decided in their order.

        Args:
            programme_id: whose.
            commands: at least one, at most `group_commands_max`.
            atomic: record all or none; when one is refused the others get `BulkNotApplied`.

        Returns:
            An outcome for each command.

        Raises:
            QueueFull, ShuttingDown: nothing was recorded.
            CommitTimedOut: anything may have been.
        """
        if not 1 <= len(commands) <= self.group_commands_max:
            raise ValueError(f"1 to {self.group_commands_max} commands, not {len(commands)}")
        entry = Entry(commands, atomic=atomic)
        lane = self._enqueue(programme_id, entry)
        try:
            if not entry.leads:
                self._wait(lane, entry)
            if entry.leads:
                self._lead(lane)
                self._wait(lane, entry)
        finally:
            self._leave()
        if entry.failure is not None:
            raise entry.failure
        return entry.outcomes

    def is_taking_commands(self) -> bool:
        """Whether a command sent now would be queued."""
        return not self._is_closing and self._waiting_commands < self._queue_commands_max

    def close(self) -> None:
        """Take no more commands, and return when everyone waiting has been answered."""
        with self._mutex:
            self._is_closing = True
            self._idle.wait_for(lambda: self._busy_entries == 0)

    # --- waiting ----------------------------------------------------------------------------

    def _enqueue(self, programme_id: str, entry: Entry) -> Lane:
        with self._mutex:
            if self._is_closing:
                raise ShuttingDown
            if self._waiting_commands + len(entry.commands) > self._queue_commands_max:
                raise QueueFull(queue_commands_max=self._queue_commands_max)
            lane = self._lanes.get(programme_id)
            if lane is None:
                lane = self._lanes[programme_id] = Lane(programme_id)
            lane.waiting.append(entry)
            self._waiting_commands += len(entry.commands)
            self._busy_entries += 1
            if not lane.is_deciding:
                lane.is_deciding = entry.leads = True
            return lane

    def _leave(self) -> None:
        with self._mutex:
            self._busy_entries -= 1
            if self._busy_entries == 0:
                self._idle.notify_all()

    def _wait(self, lane: Lane, entry: Entry) -> None:
        """Wait to be answered or to be told to lead.

        Raises:
            CommitTimedOut: neither happened in time.
        """
        if entry.woken.acquire(timeout=self._commit_wait_s_max):
            return
        with self._mutex:
            if entry.leads and entry.woken.acquire(blocking=False):
                return
            if entry in lane.waiting:
                lane.waiting.remove(entry)
                self._waiting_commands -= len(entry.commands)
        raise CommitTimedOut(waited_ms=round(self._commit_wait_s_max * 1000))

    def _take_group(self, lane: Lane) -> list[Entry]:
        """Take the entries of the next group: as many as one transaction may carry.

        An atomic entry is a group of its own, so that undoing it disturbs nobody.
        """
        with self._mutex:
            group = [lane.waiting.popleft()]
            commands = len(group[0].commands)
            while (
                lane.waiting
                and not group[0].atomic
                and not lane.waiting[0].atomic
                and commands + len(lane.waiting[0].commands) <= self.group_commands_max
            ):
                group.append(lane.waiting.popleft())
                commands += len(group[-1].commands)
            self._waiting_commands -= commands
            return group

    def _hand_over(self, lane: Lane, *, commands_min: int) -> bool:
        """Let the first in the queue decide the next group, if at least `commands_min` wait.

        Returns:
            Whether deciding is out of the caller's hands.
        """
        with self._mutex:
            waiting = 0
            for entry in lane.waiting:
                waiting += len(entry.commands)
                if waiting >= commands_min:
                    break
            if waiting < commands_min:
                return False
            if lane.waiting:
                lane.waiting[0].leads = True
                lane.waiting[0].woken.release()
            else:
                lane.is_deciding = False
                if lane.state is None:
                    self._lanes.pop(lane.programme_id, None)
            return True

    # --- leading ----------------------------------------------------------------------------

    def _lead(self, lane: Lane) -> None:
        """Take the next group through deciding and committing, and answer it."""
        group = self._take_group(lane)
        is_handed_over = False
        try:
            attempt = self._decide_ahead(lane, group)
            with lane.committing:
                outcomes = None
                if attempt is not None and lane.state is attempt.state:
                    is_handed_over = self._hand_over(lane, commands_min=OVERLAP_COMMANDS_MIN)
                    outcomes = self._send(lane, group, attempt)
                if outcomes is None:
                    outcomes = self._commit_locked(lane, group, attempt)
                self._forget_if_large(lane)
            answer(group, outcomes)
        except BaseException as failure:  # noqa: BLE001 - whoever waits must be answered
            lane.state = None
            for entry in group:
                if not entry.is_answered:
                    entry.fail(failure)
        finally:
            if not is_handed_over:
                self._hand_over(lane, commands_min=0)

    def _decide_ahead(self, lane: Lane, group: list[Entry]) -> Deciding | None:
        """Decide a group on what this process remembers; None when it remembers nothing."""
        state = lane.state
        if state is None or group[0].atomic:
            return None
        deciding = Deciding(state, self._time_after(state.recorded_at), AheadLoader(self._database, lane))
        deciding.decide_all(commands_of(group))
        return deciding

    def _send(self, lane: Lane, group: list[Entry], attempt: Deciding) -> list[Outcome] | None:
        """Write what was decided ahead, on condition that nobody else has written since.

        Returns:
            The outcomes; None when the group must be decided again.
        """
        try:
            with open_session(self._database, lane.programme_id) as session:
                if len(attempt.append):
                    is_current = session.append(attempt.packed)
                else:
                    head = session.head()
                    is_current = head is not None and head.position == attempt.append.expected
                if is_current:
                    # A retry of what is recorded already may have been refused on today's balances.
                    return attempt.with_repeats_found(commands_of(group), session)
        except StreamTaken:
            pass  # recorded before, or twice in flight: looking up tells
        except DatabaseUnavailable:
            attempt.is_fate_unknown = True
        lane.state = None
        return None

    def _commit_locked(self, lane: Lane, group: list[Entry], sent: Deciding | None) -> list[Outcome]:
        """Decide and write a group under the lock of the programme's head.

        Args:
            lane: of the programme.
            group: what to record.
            sent: an attempt whose fate may be unknown; what of it is found recorded was not a repeat.

        Raises:
            DatabaseUnavailable: for as long as a caller may wait.
        """
        deadline_s = time.monotonic() + self._commit_wait_s_max
        unknown = [sent] if sent is not None and sent.is_fate_unknown else []
        while True:
            remembered, lane.state = lane.state, None
            deciding: Deciding | None = None
            try:
                with open_session(self._database, lane.programme_id) as session, session.transaction():
                    deciding = self._begin_locked(lane, group, session, remembered)
                    if deciding is None:
                        missing = ProgrammeNotFound(programme_id=lane.programme_id)
                        return [missing for _ in commands_of(group)]
                    outcomes = deciding.decide_all(commands_of(group))
                    if group[0].atomic and any(isinstance(o, LedgerError) for o in outcomes):
                        return none_applied(outcomes)
                    if len(deciding.append) and not session.append(deciding.packed):
                        raise RuntimeError("the head moved under its own lock")
                lane.state = deciding.state
                lane.rules = deciding.state.rules()
                return [not_a_repeat_if_sent(outcome, unknown) for outcome in outcomes]
            except DatabaseUnavailable:
                if time.monotonic() > deadline_s:
                    raise
                if deciding is not None:
                    unknown.append(deciding)
                time.sleep(RETRY_PAUSE_S)

    def _begin_locked(
        self, lane: Lane, group: list[Entry], session: Session, remembered: ProgrammeState | None
    ) -> Deciding | None:
        """Lock the head and make ready to decide; None when there is no such programme."""
        commands = commands_of(group)
        head = session.lock_head()
        if head is None:
            if not any(isinstance(command, OpenProgramme) for command in commands):
                return None
            session.create_head(self._clock())
            head = session.lock_head()
            assert head is not None
        state = remembered
        if state is None or state.position != head.position:
            if lane.rules[0] != head.configured_at_position:
                lane.rules = configured(lane.programme_id, head.configured_at_position, session)
            state = ProgrammeState.standing_at(lane.programme_id, head.position, head.recorded_at, lane.rules)
        deciding = Deciding(state, self._time_after(state.recorded_at), session)
        deciding.look_up(commands)
        return deciding

    def _time_after(self, latest: datetime) -> datetime:
        return max(self._clock(), latest)

    def _forget_if_large(self, lane: Lane) -> None:
        if lane.state is not None:
            remembered = len(lane.state.accounts) + len(lane.state.redemptions)
            if remembered > self._accounts_cached_max:
                lane.state = None


class AheadLoader:
    """Reads for a group that is decided while the group before it may still be committing."""

    def __init__(self, database: Database, lane: Lane) -> None:
        self._database = database
        self._lane = lane

    @contextmanager
    def _settled(self) -> Iterator[Session]:
        """Wait until what is in flight is in the tables."""
        with self._lane.committing, open_session(self._database, self._lane.programme_id) as session:
            yield session

    def accounts(self, addresses: Iterable[str]) -> dict[str, Account]:
        """Read the accounts named."""
        with self._settled() as session:
            return session.accounts(addresses)

    def streams(self, stream_ids: Sequence[StreamId]) -> dict[StreamId, list[tuple[int, Event, bytes]]]:
        """Read all events of the streams named."""
        with self._settled() as session:
            return session.streams(stream_ids)


def commands_of(group: Sequence[Entry]) -> list[Command]:
    """Give the commands of all entries, in order."""
    return [command for entry in group for command in entry.commands]


def answer(group: Sequence[Entry], outcomes: Sequence[Outcome]) -> None:
    """Give each entry its outcomes."""
    begin = 0
    for entry in group:
        end = begin + len(entry.commands)
        entry.answer(outcomes[begin:end])
        begin = end


def none_applied(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Give the outcomes of an atomic request of which something was refused."""
    refused_index = next(i for i, outcome in enumerate(outcomes) if isinstance(outcome, LedgerError))
    return [
        outcome if isinstance(outcome, LedgerError) else BulkNotApplied(refused_index=refused_index)
        for outcome in outcomes
    ]


def not_a_repeat_if_sent(outcome: Outcome, attempts: Sequence[Deciding]) -> Outcome:
    """Tell what we sent ourselves, without having seen it arrive, from what was recorded before."""
    if isinstance(outcome, Recorded) and outcome.replayed and any(a.sent(outcome) for a in attempts):
        return outcome._replace(replayed=False)
    return outcome


def configured(programme_id: str, at_position: int, session: Session) -> Rules:
    """Read what is configured by a position."""
    state = ProgrammeState(programme_id)
    for event in session.configuration():
        state.configure(event)
    return at_position, state.programme, state.rulebook
