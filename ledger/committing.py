"""The two ways to the log, and what a process remembers between groups.

Rule of the room: the fenced way decides on what is remembered and sends a single statement, which
writes nothing unless the head still stands where this process left it. The locked way takes the
head's row lock, reads what it needs and looks up every id; it is taken at first, for requests that
are written whole or not at all, and whenever the fence or the store's primary key says no. Safety
never rests on memory.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from ledger.deciding import Deciding, Outcome, Recorded
from ledger.domain.book import Account
from ledger.domain.errors import BulkNotApplied, DatabaseUnavailable, LedgerError, ProgrammeNotFound
from ledger.domain.identifiers import StreamId
from ledger.domain.instants import utc
from ledger.domain.messages import Command
from ledger.domain.programme import OpenProgramme
from ledger.domain.registers import Entry, EntryKey
from ledger.domain.rulebook import Rulebook
from ledger.domain.state import ProgrammeState, Rules
from ledger.store.database import Database
from ledger.store.session import Session, Stream, StreamTaken, open_session

RETRY_PAUSE_S: Final = 0.05


class Memory:
    """What this process remembers of one programme between groups."""

    def __init__(self, programme_id: str) -> None:
        self.programme_id = programme_id
        self.committing = threading.Lock()
        """Held while a group is on its way to the tables."""
        self.state: ProgrammeState | None = None
        """The state after the latest group decided; None when it cannot be trusted."""
        self.rules: Rules = (0, None, Rulebook())
        """The position of the latest configuration event, and what is configured by then."""


class Committer:
    """Takes groups of commands to the log; the caller holds `Memory.committing` while it writes."""

    def __init__(
        self,
        database: Database,
        *,
        accounts_cached_max: int,
        commit_wait_s_max: float,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._accounts_cached_max = accounts_cached_max
        self._commit_wait_s_max = commit_wait_s_max
        self._clock = clock

    def decide_ahead(self, memory: Memory, commands: Sequence[Command]) -> Deciding | None:
        """Decide a group on what this process remembers; None when that cannot be done."""
        state = memory.state
        if state is None:
            return None
        deciding = Deciding(state, self._time_after(state.recorded_at), AheadLoader(self._database, memory))
        try:
            deciding.decide_all(commands)
        except DatabaseUnavailable:
            # Left half way. The locked way has the patience to wait for the database.
            memory.state = None
            return None
        return deciding

    def send(self, memory: Memory, commands: Sequence[Command], attempt: Deciding) -> list[Outcome] | None:
        """Write what was decided ahead, on condition that nobody else has written since.

        Returns:
            The outcomes; None when the group must be decided again.
        """
        try:
            with open_session(self._database, memory.programme_id) as session:
                if len(attempt.append):
                    is_current = session.append(attempt.packed)
                else:
                    head = session.head()
                    is_current = head is not None and head.position == attempt.append.expected
                if is_current:
                    # A retry of what is recorded already may have been refused on today's balances.
                    return attempt.with_repeats_found(commands, session)
        except StreamTaken:
            pass  # recorded before, or twice in flight: looking up tells
        except DatabaseUnavailable:
            attempt.is_fate_unknown = True
        memory.state = None
        return None

    def commit_locked(
        self, memory: Memory, commands: Sequence[Command], *, atomic: bool, sent: Deciding | None
    ) -> list[Outcome]:
        """Decide and write a group under the lock of the programme's head.

        Args:
            memory: of the programme.
            commands: what to record.
            atomic: record all of it or nothing.
            sent: an attempt whose fate may be unknown; what of it is found recorded was not a repeat.

        Raises:
            DatabaseUnavailable: for as long as a caller may wait.
        """
        deadline_s = time.monotonic() + self._commit_wait_s_max
        unknown = [sent] if sent is not None and sent.is_fate_unknown else []
        while True:
            remembered, memory.state = memory.state, None
            deciding: Deciding | None = None
            try:
                with open_session(self._database, memory.programme_id) as session, session.transaction():
                    deciding = self._begin_locked(memory, commands, session, remembered)
                    if deciding is None:
                        missing = ProgrammeNotFound(programme_id=memory.programme_id)
                        return [missing for _ in commands]
                    outcomes = deciding.decide_all(commands)
                    if atomic and any(isinstance(o, LedgerError) for o in outcomes):
                        return none_applied(outcomes)
                    if len(deciding.append) and not session.append(deciding.packed):
                        raise RuntimeError("the head moved under its own lock")
                memory.state = deciding.state
                memory.rules = deciding.state.rules()
                return as_if_seen_to_arrive(outcomes, unknown)
            except DatabaseUnavailable:
                if time.monotonic() > deadline_s:
                    raise
                if deciding is not None:
                    unknown.append(deciding)
                time.sleep(RETRY_PAUSE_S)

    def _begin_locked(
        self, memory: Memory, commands: Sequence[Command], session: Session, remembered: ProgrammeState | None
    ) -> Deciding | None:
        """Lock the head and make ready to decide; None when there is no such programme."""
        head = session.lock_head()
        if head is None:
            if not any(isinstance(command, OpenProgramme) for command in commands):
                return None
            session.create_head(self._clock())
            head = session.lock_head()
            assert head is not None
        state = remembered
        if state is None or state.position != head.position:
            if memory.rules[0] != head.configured_at_position:
                memory.rules = configured(memory.programme_id, head.configured_at_position, session)
            state = ProgrammeState.standing_at(
                memory.programme_id, head.position, head.recorded_at, memory.rules
            )
        deciding = Deciding(state, self._time_after(state.recorded_at), session)
        deciding.look_up(commands)
        return deciding

    def _time_after(self, latest: datetime) -> datetime:
        # The database tells `latest` in its own zone, and every byte of an event is kept for ever.
        return max(self._clock(), utc(latest))

    def forget_if_large(self, memory: Memory) -> None:
        """Let go of what is remembered when it has grown beyond its bound."""
        if memory.state is not None and memory.state.remembered() > self._accounts_cached_max:
            memory.state = None


class AheadLoader:
    """Reads for a group that is decided while the group before it may still be committing."""

    def __init__(self, database: Database, memory: Memory) -> None:
        self._database = database
        self._memory = memory

    @contextmanager
    def _settled(self) -> Iterator[Session]:
        """Wait until what is in flight is in the tables."""
        with self._memory.committing, open_session(self._database, self._memory.programme_id) as session:
            yield session

    def accounts(self, addresses: Iterable[str]) -> dict[str, Account]:
        """Read the accounts named."""
        with self._settled() as session:
            return session.accounts(addresses)

    def registers(self, keys: Iterable[EntryKey]) -> Mapping[EntryKey, Entry | None]:
        """Read the entries of registers named, without waiting.

        Every entry that a group in flight has changed is in memory, so one that is missing there
        stands in the table as it is; should another process change it, the fence says no.
        """
        with open_session(self._database, self._memory.programme_id) as session:
            return session.registers(keys)

    def streams(self, stream_ids: Sequence[StreamId]) -> dict[StreamId, Stream]:
        """Read all events of the streams named."""
        with self._settled() as session:
            return session.streams(stream_ids)


def none_applied(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Give the outcomes of an atomic request of which something was refused."""
    refused_index = next(i for i, outcome in enumerate(outcomes) if isinstance(outcome, LedgerError))
    return [
        outcome if isinstance(outcome, LedgerError) else BulkNotApplied(refused_index=refused_index)
        for outcome in outcomes
    ]


def as_if_seen_to_arrive(outcomes: list[Outcome], attempts: Sequence[Deciding]) -> list[Outcome]:
    """Tell what we sent ourselves, without having seen it arrive, from what was recorded before.

    Of a command that stands in the group more than once the first is no repeat, the others are.
    """
    arrived: set[bytes] = set()
    for i, outcome in enumerate(outcomes if attempts else ()):
        if (
            isinstance(outcome, Recorded)
            and outcome.replayed
            and outcome.body not in arrived
            and any(attempt.sent(outcome) for attempt in attempts)
        ):
            arrived.add(outcome.body)
            outcomes[i] = outcome._replace(replayed=False)
    return outcomes


def configured(programme_id: str, at_position: int, session: Session) -> Rules:
    """Read what is configured by a position."""
    state = ProgrammeState(programme_id)
    for event in session.configuration():
        state.configure(event)
    return at_position, state.programme, state.rulebook
