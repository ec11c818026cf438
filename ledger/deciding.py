"""Deciding a group of commands, one after the other, on one state.

Rule of the room: no waiting and no writing here; what a decision needs and the state lacks is
asked for through `Loader`, and what it yields is kept in an `Append` until the writer sends it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from ledger.domain import addresses
from ledger.domain.book import Account
from ledger.domain.decisions import ROWS, Row, decide, own_id_of, stream_of
from ledger.domain.errors import ContentDiffers, DatabaseUnavailable, EventNewerThanCode, LedgerError
from ledger.domain.fund_alarms import STREAM as ALARM_STREAM
from ledger.domain.fund_alarms import crossings, funds_moved, watched
from ledger.domain.fund_registers import Fund
from ledger.domain.identifiers import StreamId, stream_id
from ledger.domain.messages import Command, Event, differing_fields
from ledger.domain.redemption import STATUS_AFTER as REDEMPTION_STEPS
from ledger.domain.redemption import RedemptionHeld
from ledger.domain.registers import Entry, EntryKey
from ledger.domain.state import CONFIGURATION, FactKey, ProgrammeState, evolve_fact
from ledger.store.append import Append, owner_row
from ledger.store.mapper import mapper
from ledger.store.registers import row_of
from ledger.store.session import Stream
from ledger.written import Written, made_by, outcome_body


class Recorded(NamedTuple):
    """The answer to a command that was recorded, now or before."""

    position: int
    """Position of its last event; where the log stands when there was nothing to do."""
    replayed: bool
    """Whether it had been recorded before."""
    written: Sequence[Written]
    """Its events; none when there was nothing to do."""

    @property
    def body(self) -> bytes:
        """The outcome as JSON, made of nothing but the stored events: the same bytes every time."""
        return outcome_body(self.written, self.position)


Outcome = Recorded | LedgerError


class Loader(Protocol):
    """Reads what a state lacks."""

    def accounts(self, addresses: Iterable[str]) -> dict[str, Account]:
        """Read the accounts named."""
        ...

    def registers(self, keys: Iterable[EntryKey]) -> Mapping[EntryKey, Entry | None]:
        """Read the entries of registers named; None for a key under which nothing stands."""
        ...

    def streams(self, stream_ids: Sequence[StreamId]) -> dict[StreamId, Stream]:
        """Read position, event and bytes of the streams named; one without events is left out."""
        ...


class Deciding:
    """One group of commands of one programme on its way to the log."""

    def __init__(
        self,
        state: ProgrammeState,
        recorded_at: datetime,
        loader: Loader,
    ) -> None:
        self.state = state
        self.outcomes: list[Outcome] = []
        self.packed: list[bytes] = []
        """What the accepted commands add, ready to be sent."""
        self.is_fate_unknown = False
        """Whether the connection was lost after this was sent, so that it may stand in the log."""
        self.append = Append(state.position, state.configured_at_position, recorded_at)
        self._recorded_at = recorded_at
        self._loader = loader
        self._encode = mapper().state_of
        self._known: dict[StreamId, list[Written]] = {}
        self._unreadable: dict[StreamId, EventNewerThanCode] = {}
        """Streams that only a later release can read: nothing is decided on them here."""
        self._loaded_under = -1
        """Position of the rules by which it was said what commands read."""

    def load(self, commands: Sequence[Command]) -> None:
        """Load what the state lacks for these commands, all at once."""
        state = self.state
        named: set[str] = set()
        entries: set[EntryKey] = set()
        later: list[tuple[Command, Row]] = []
        for command in commands:
            row = ROWS[type(command)]
            if row.fact is not None or row.also is not None:
                later.append((command, row))
                continue
            named.update(row.reads(command, state))
            if row.registers is not None:
                entries.update(row.registers(command, state))
        if later:
            self._load_facts({key: of for each in later for key, of in self._facts_of(*each).items()})
            for command, row in later:
                named.update(row.reads(command, state))
                if row.registers is not None:
                    entries.update(row.registers(command, state))
        self._load_accounts(named)
        self._load_registers(entries)
        self._loaded_under = state.configured_at_position

    def look_up(self, commands: Iterable[Command]) -> None:
        """Make the events known that stand under these commands' ids already."""
        programme_id = self.state.programme_id
        unknown = {stream_of(command, programme_id) for command in commands} - self._known.keys()
        if unknown:
            found = self._read(unknown)
            self._known.update((stream, [Written(*row) for row in rows]) for stream, rows in found.items())

    def decide_all(self, commands: Sequence[Command]) -> list[Outcome]:
        """Decide a group, and make ready what the accepted commands add to the log and the book."""
        self.load(commands)
        self.outcomes = [self.decide(command) for command in commands]
        accounts = self.state.accounts
        self.append.balances, owners = accounts.drain()
        self.append.registers = [row_of(*changed) for changed in self.state.registers.drain().items()]
        # Copied, not referred to: the next group may be decided while this one is being sent.
        self.append.owners = [owner_row(address, accounts[address]) for address in sorted(owners)]
        self.append.configured_at = self.state.configured_at_position
        self.packed = self.append.packed(self.state.programme_id)
        return self.outcomes

    def decide(self, command: Command) -> Outcome:
        """Decide one command after those before it."""
        try:
            stream = stream_of(command, self.state.programme_id)
            earlier = self._known.get(stream)
            if earlier is not None:
                repeated = self.repeated(command)
                if repeated is not None:
                    return repeated
            row = ROWS[type(command)]
            self._require_loaded(command, row, stream)
            decision = decide(command, self.state, self._recorded_at)
            alarms = self._alarms(decision.events)
        except DatabaseUnavailable:
            raise  # says nothing about the command
        except LedgerError as refusal:
            return refusal
        if not decision.events:
            return Recorded(self.state.position, replayed=False, written=())
        written = [
            self._write(stream, version, event)
            for version, event in enumerate(decision.events, decision.first_version)
        ]
        self._known[stream] = written if earlier is None else [*earlier, *written]
        for at, version, alarm in alarms:
            self._write(at, version, alarm)
        return Recorded(written[-1].position, replayed=False, written=written)

    def repeated(self, command: Command) -> Recorded | None:
        """Give the first outcome when the command is known to be recorded, None when it is not.

        Raises:
            ContentDiffers: something else is recorded under its id.
            EventNewerThanCode: only a later release can tell.
        """
        row = ROWS[type(command)]
        stream = stream_of(command, self.state.programme_id)
        self._require_readable(stream)
        events = made_by(command, row, self._known.get(stream, []))
        if not events:
            return None
        fields = differing_fields(command, events[0].event)
        if fields:
            raise ContentDiffers(id=own_id_of(command), fields=fields)
        return Recorded(events[-1].position, replayed=True, written=events)

    def with_repeats_found(self, commands: Sequence[Command], loader: Loader) -> list[Outcome]:
        """Give the outcomes, those of refused commands that were recorded before looked up."""
        refused = [i for i, outcome in enumerate(self.outcomes) if isinstance(outcome, LedgerError)]
        if refused:
            streams = {stream_of(commands[i], self.state.programme_id) for i in refused}
            # Whole streams, because the group itself knows only what it added to one; and without
            # what it added, because a refusal is not undone by what came after it.
            self._loader = loader
            self._known = {
                stream: [Written(*row) for row in rows if row[0] <= self.append.expected]
                for stream, rows in self._read(streams).items()
            }
        for i in refused:
            try:
                self.outcomes[i] = self.repeated(commands[i]) or self.outcomes[i]
            except (ContentDiffers, EventNewerThanCode) as told:
                self.outcomes[i] = told
        return self.outcomes

    def sent(self, recorded: Recorded) -> bool:
        """Whether an outcome consists of events of this group.

        Their bytes hold the instant of recording, so nobody else's are the same.
        """
        sent = set(self.append.states)
        return any(event.state in sent for event in recorded.written)

    def _alarms(self, events: Sequence[Event]) -> list[tuple[StreamId, int, Event]]:
        """Give the alarms of funds that a decision raises or clears, each at its place.

        They are no part of the answer: a repeat of the command finds its own stream alone.
        """
        moved = funds_moved(events)
        if not moved:
            return []
        self._load_registers((Fund, fund_id) for fund_id in moved)
        if not (funds := watched(events, moved, self.state.registers)):
            return []
        self._load_accounts(addresses.available(fund_id) for fund_id in funds)
        return [
            (stream_id(self.state.programme_id, ALARM_STREAM, alarm.fund_id), version, alarm)
            for version, alarm in crossings(events, moved, funds, self.state.accounts)
        ]

    def _write(self, stream: StreamId, version: int, event: Event) -> Written:
        state = self._encode(event)
        position = self.append.add(stream, version, event.topic, state)
        self.state.apply(event)
        kind = type(event)
        if kind is RedemptionHeld:
            self.append.held.append((event.id, event.deadline_at))  # type: ignore[attr-defined]
        elif kind in REDEMPTION_STEPS:
            self.append.released.append(event.redemption_id)  # type: ignore[attr-defined]
        elif kind in CONFIGURATION:
            self.append.configured.append(position)
        return Written(position, event, state)

    def _require_loaded(self, command: Command, row: Row, stream: StreamId) -> None:
        """Load what an earlier command of the group has made necessary."""
        has_facts = row.fact is not None or row.also is not None
        if has_facts:
            self._load_facts(self._facts_of(command, row))
        if has_facts or self._loaded_under != self.state.configured_at_position:
            self._load_accounts(row.reads(command, self.state))
            if row.registers is not None:
                self._load_registers(row.registers(command, self.state))
        self._require_readable(stream)

    def _require_readable(self, stream: StreamId) -> None:
        if stream in self._unreadable:
            raise self._unreadable[stream]

    def _read(self, streams: Iterable[StreamId]) -> dict[StreamId, list[tuple[int, Event, bytes]]]:
        """Read streams; those that only a later release can read are kept apart."""
        readable = {}
        for stream, rows in self._loader.streams(sorted(streams)).items():
            if isinstance(rows, EventNewerThanCode):
                self._unreadable[stream] = rows
            else:
                readable[stream] = rows
        return readable

    def _load_accounts(self, addresses: Iterable[str]) -> None:
        missing = self.state.accounts.missing(addresses)
        if missing:
            self.state.accounts.load(self._loader.accounts(missing))

    def _load_registers(self, keys: Iterable[EntryKey]) -> None:
        missing = self.state.registers.missing(keys)
        if missing:
            self.state.registers.load(self._loader.registers(missing))

    def _facts_of(self, command: Command, row: Row) -> dict[FactKey, StreamId]:
        """Give the facts that a command is decided on, and the streams in which they live."""
        programme_id = self.state.programme_id
        facts = {key: stream_id(programme_id, *key) for key in (row.also(command) if row.also else ())}
        if row.fact is not None:
            facts[row.fact(command)] = stream_of(command, programme_id)
        return facts

    def _load_facts(self, streams: dict[FactKey, StreamId]) -> None:
        facts = self.state.facts
        missing = {key: stream for key, stream in streams.items() if key not in facts}
        if not missing:
            return
        stored = self._read(missing.values())
        for key, stream in missing.items():
            if stream in self._unreadable:
                continue
            events = [Written(*row) for row in stored.get(stream, ())]
            last = events[-1].position if events else 0
            # What this group adds to the stream is in no table yet.
            events += [written for written in self._known.get(stream, ()) if written.position > last]
            fact = None
            for written in events:
                fact = evolve_fact(key, fact, written.event)
            facts[key] = fact
