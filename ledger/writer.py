"""Group commit: many commands, one transaction, every answer after it.

Rule of the room: whoever finds nobody deciding leads; the others wait to be answered or to be told
to lead. A programme's commands pass two narrow places, one after the other: *deciding* and
*committing*; while one group commits, the next may be decided on the state as the first left it.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from ledger.committing import Committer, Memory
from ledger.deciding import Outcome, Recorded
from ledger.domain.errors import CommitTimedOut, LedgerError, QueueFull, ShuttingDown
from ledger.domain.messages import Command
from ledger.store.database import Database

__all__ = ["Outcome", "Recorded", "Writer"]

OVERLAP_COMMANDS_MIN: Final = 200
"""With fewer commands waiting, a larger group later beats an earlier start."""


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
    """One programme in this process: who waits, and whether somebody is deciding."""

    def __init__(self, programme_id: str) -> None:
        self.waiting: deque[Entry] = deque()
        self.is_deciding = False
        self.memory = Memory(programme_id)


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
        self.group_commands_max = group_commands_max
        self._queue_commands_max = queue_commands_max
        self._commit_wait_s_max = commit_wait_ms_max / 1000
        self._committer = Committer(
            database,
            accounts_cached_max=accounts_cached_max,
            commit_wait_s_max=self._commit_wait_s_max,
            clock=clock,
        )
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
        self,
        programme_id: str,
        commands: Sequence[Command],
        *,
        atomic: bool = False,
        queued: Callable[[], None] | None = None,
    ) -> list[Outcome]:
        """Record commands of one programme, decided in their order.

        Args:
            programme_id: whose.
            commands: at least one, at most `group_commands_max`.
            atomic: record all or none; when one is refused the others get `BulkNotApplied`.
            queued: called once the commands stand in the queue: what another thread sends from then on
                is decided after them.

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
        if queued is not None:
            queued()
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
                if lane.memory.state is None:
                    self._lanes.pop(lane.memory.programme_id, None)
            return True

    # --- leading ----------------------------------------------------------------------------

    def _lead(self, lane: Lane) -> None:
        """Take the next group through deciding and committing, and answer it."""
        group = self._take_group(lane)
        commands = [command for entry in group for command in entry.commands]
        committer, memory, atomic = self._committer, lane.memory, group[0].atomic
        is_handed_over = False
        try:
            attempt = None if atomic else committer.decide_ahead(memory, commands)
            with memory.committing:
                outcomes = None
                if attempt is not None and memory.state is attempt.state:
                    is_handed_over = self._hand_over(lane, commands_min=OVERLAP_COMMANDS_MIN)
                    outcomes = committer.send(memory, commands, attempt)
                if outcomes is None:
                    outcomes = committer.commit_locked(memory, commands, atomic=atomic, sent=attempt)
                committer.forget_if_large(memory)
            answer(group, outcomes)
        except BaseException as failure:  # noqa: BLE001 - whoever waits must be answered
            memory.state = None
            for entry in group:
                if not entry.is_answered:
                    entry.fail(failure)
        finally:
            if not is_handed_over:
                self._hand_over(lane, commands_min=0)


def answer(group: Sequence[Entry], outcomes: Sequence[Outcome]) -> None:
    """Give each entry its outcomes."""
    begin = 0
    for entry in group:
        end = begin + len(entry.commands)
        entry.answer(outcomes[begin:end])
        begin = end
