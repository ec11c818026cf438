"""Deciding every event again, from its command and the state that the events before it left.

Rule of the room: an event keeps every field of its command under the same name, so the command is
read back from it, within the bounds that a caller is held to; `decide` must give the very bytes.
"""

from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from ledger.domain.claiming import CreditsLapsed
from ledger.domain.decisions import ROWS, decide, stream_of
from ledger.domain.errors import LedgerError
from ledger.domain.expiry import CreditsExpired, ExpiryCompleted
from ledger.domain.fund_alarms import ALARMS, STREAM, crossings, funds_moved, watched
from ledger.domain.identifiers import StreamId, stream_id
from ledger.domain.lapse import LapseCompleted
from ledger.domain.messages import Command, Event
from ledger.domain.redemption import RedemptionReleased
from ledger.domain.state import ProgrammeState
from ledger.store.log import LoggedEvent
from ledger.store.mapper import mapper
from ledger.verify.findings import Code, Finding, Findings

COMMANDS_OF: Final[dict[type[Event], list[type[Command]]]] = {
    event: [command for command, row in ROWS.items() if event in row.begins]
    for event in {event for row in ROWS.values() for event in row.begins}
}
"""The commands of whose fields an event may keep those of one. An event that follows another one in
its stream, made by the same command, is none of these."""

_GOES_ON: Final = tuple({event for row in ROWS.values() for event in row.goes_on})
"""Events that may follow another one. A reduction may also begin its stream."""

_OF_RUNS: Final = frozenset(
    (CreditsExpired, RedemptionReleased, ExpiryCompleted, CreditsLapsed, LapseCompleted)
)


class Following(NamedTuple):
    """An event that must stand right after the one before it: the same command made both."""

    after: int
    stream: StreamId
    event: Event
    state: bytes


class Redeciding:
    """Decides the events of one programme again, in order."""

    def __init__(self, state: ProgrammeState, findings: Findings, *, since: int) -> None:
        self._state = state
        self._may_be_amid = since > 0
        """Whether the command of the next event may have begun with one that was only added up."""
        self._findings = findings
        self._encode = mapper().state_of
        self._following: list[Following] = []
        self._runs: dict[str, list[int]] = {}
        """What each expiry run has done so far: credits expired, accounts, holds released."""
        self._lapse_runs: dict[str, list[int]] = {}
        """What each lapse run has done so far: credits lapsed, activities."""

    @property
    def is_between(self) -> bool:
        """Whether the next event belongs to the same command as the one before."""
        return bool(self._following)

    def unreadable(self) -> Event | None:
        """Give what must have stood where an event cannot be read, if that is known."""
        return self._following.pop(0).event if self._following else None

    def decide(self, logged: LoggedEvent, event: Event) -> Event:
        """Hold one event against what its command gives.

        Returns:
            What the state goes on with: the event as it must have been, when that is known.
        """
        if self._following:
            following = self._following.pop(0)
            if following.event.topic == event.topic:
                self._require_stream(logged, following.stream)
                return self._compared(logged, event, following.event, following.state)
            self._missing(following)
        if self._state.programme is None and logged.topic != "programme.opened":
            return event  # its absence was told; without its terms nothing can be decided
        command = self._command(logged, event)
        if command is None:
            return event
        return self._redecided(logged, event, command)

    def _redecided(self, logged: LoggedEvent, event: Event, command: Command) -> Event:
        stream = stream_of(command, self._state.programme_id)
        self._require_stream(logged, stream)
        row = ROWS[type(command)]
        if row.fact is not None:
            self._state.facts.setdefault(row.fact(command), None)
        for key in row.also(command) if row.also is not None else ():
            self._state.facts.setdefault(key, None)
        try:
            decision = decide(command, self._state, event.recorded_at)
        except LedgerError as refusal:
            self._found(logged, "command_refused", "the command", None, str(refusal))
            return event
        except Exception as failed:  # noqa: BLE001 - a damaged log may lead anywhere
            self._found(logged, "command_refused", "the command", None, f"{type(failed).__name__}: {failed}")
            return event
        if not decision.events:
            self._found(logged, "event_unexpected", "there was nothing to do")
            return event
        first, *others = decision.events
        placed: list[tuple[StreamId, Event]] = [(stream, other) for other in others]
        placed += self._alarms(decision.events)
        self._following = [Following(logged.position, at, other, self._encode(other)) for at, other in placed]
        return self._compared(logged, event, first, self._encode(first))

    def _alarms(self, events: tuple[Event, ...]) -> list[tuple[StreamId, Event]]:
        state = self._state
        moved = funds_moved(events)
        crossed = crossings(events, moved, watched(events, moved, state.registers), state.accounts)
        return [(stream_id(state.programme_id, STREAM, alarm.fund_id), alarm) for _, alarm in crossed]

    def count(self, logged: LoggedEvent, event: Event) -> None:
        """Add up what runs do, and hold their ends against it."""
        kind = type(event)
        if kind not in _OF_RUNS:
            return
        if isinstance(event, CreditsExpired):
            done = self._runs.setdefault(event.run_id, [0, 0, 0])
            done[0] += event.credits
            done[1] += 1
        elif isinstance(event, RedemptionReleased):
            self._runs.setdefault(event.run_id, [0, 0, 0])[2] += 1
        elif isinstance(event, ExpiryCompleted):
            expected = self._runs.pop(event.id, [0, 0, 0])
            found = [event.credits, event.accounts, event.holds_released]
            if expected != found:
                self._found(logged, "event_differs", "credits, accounts, holds_released", expected, found)
        elif isinstance(event, CreditsLapsed):
            done = self._lapse_runs.setdefault(event.run_id, [0, 0])
            done[0] += event.credits
            done[1] += 1
        elif isinstance(event, LapseCompleted):
            expected = self._lapse_runs.pop(event.id, [0, 0])
            found = [event.credits, event.activities]
            if expected != found:
                self._found(logged, "event_differs", "credits, activities", expected, found)

    def end(self) -> None:
        """Note what is missing at the end of the log."""
        for following in self._following:
            self._missing(following)
        self._following = []

    def _command(self, logged: LoggedEvent, event: Event) -> Command | None:
        if self._may_be_amid and (
            (isinstance(event, _GOES_ON) and logged.originator_version > 1) or isinstance(event, ALARMS)
        ):
            return None
        self._may_be_amid = False
        kinds = COMMANDS_OF.get(type(event), [])
        kind = next((one for one in kinds if ROWS[one].made(event)), None)
        if kind is None:
            self._found(logged, "event_unexpected", "no command makes it alone")
            return None
        try:
            return msgspec.convert(event, kind, from_attributes=True)
        except msgspec.ValidationError as impossible:
            self._found(logged, "command_impossible", "the command", None, str(impossible))
            return None

    def _require_stream(self, logged: LoggedEvent, stream: StreamId) -> None:
        if logged.originator_id.bytes != stream:
            expected, found = str(UUID(bytes=stream)), str(logged.originator_id)
            self._found(logged, "stream_differs", "originator_id", expected, found)

    def _compared(self, logged: LoggedEvent, event: Event, expected: Event, state: bytes) -> Event:
        if logged.state == state and logged.topic == expected.topic:
            return event
        found, derived = msgspec.json.decode(logged.state), msgspec.json.decode(state)
        names = [name for name in {**derived, **found} if derived.get(name) != found.get(name)]
        self._found(
            logged,
            "event_differs",
            ", ".join(names) or "its bytes",
            {name: derived.get(name) for name in names},
            {name: found.get(name) for name in names},
        )
        return expected

    def _missing(self, following: Following) -> None:
        self._findings.add(
            Finding(
                code="event_missing",
                subject=f"{following.event.topic} after it",
                position=following.after,
                expected=msgspec.json.decode(following.state),
            )
        )

    def _found(
        self, logged: LoggedEvent, code: Code, subject: str, expected: Any = None, found: Any = None
    ) -> None:
        self._findings.add(
            Finding(
                code=code,
                subject=subject,
                position=logged.position,
                topic=logged.topic,
                expected=expected,
                found=found,
            )
        )
