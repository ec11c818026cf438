"""Going over a programme's log once, from its first event to its last.

Rule of the room: the log is gone over in order and in pages; what is kept is the state that the
events lead to, and nothing of the events themselves.
"""

from collections.abc import Sequence
from typing import Any

from ledger.domain.messages import Event
from ledger.domain.registers import EveryRegister
from ledger.domain.state import CONFIGURATION, EPOCH, ProgrammeState
from ledger.projections.checksums import checksum_of, stored_checksums
from ledger.store.log import LoggedEvent
from ledger.store.mapper import mapper
from ledger.verify.findings import Code, Finding, Findings
from ledger.verify.redeciding import Redeciding
from ledger.verify.settled import SETTLED_KEPT_MAX, Settled
from ledger.verify.sums import EveryAccount, Sums


class LogCheck:
    """One programme's log, as far as it was gone over."""

    def __init__(
        self, programme_id: str, findings: Findings, *, since: int, settled_kept_max: int = SETTLED_KEPT_MAX
    ) -> None:
        """Stand before the first event.

        Args:
            programme_id: whose.
            findings: where what is found is noted.
            since: events after this position are decided again; those before are only added up.
            settled_kept_max: redemptions kept in memory that hold nothing any more.
        """
        self.state = ProgrammeState(programme_id)
        self.state.accounts = EveryAccount()
        self.state.registers = EveryRegister()
        self.sums = Sums()
        self.position = 0
        self.events = 0
        self.configured: list[int] = []
        """Positions of the events that change the rules."""
        self.recorded_at = EPOCH
        """Of the last event."""
        self.since = since
        self._findings = findings
        self._decode = mapper().event_of
        self._redeciding = Redeciding(self.state, findings, since=since)
        self._settled = Settled(self.state, kept_max=settled_kept_max)

    @property
    def is_between(self) -> bool:
        """Whether the next event belongs to the same command as the one before."""
        return self._redeciding.is_between

    def add_page(self, page: Sequence[LoggedEvent], connection: Any) -> None:
        """Go over the next events."""
        self._settled.recall(page, connection)
        positions = [logged.position for logged in page]
        checksums = stored_checksums(connection, self.state.programme_id, positions)
        for logged in page:
            stored = checksums.get(logged.position)
            if stored is not None:
                self._require_sum(logged, stored)
            self._add(logged)
        self._settled.let_go()

    def end(self) -> None:
        """Note what the last event should have been followed by."""
        self._redeciding.end()

    def _add(self, logged: LoggedEvent) -> None:
        self._require_next(logged)
        self.position = logged.position
        self.events += 1
        try:
            event = self._decode(logged.topic, logged.state)
        except Exception as broken:  # noqa: BLE001 - whatever it is, it is named and gone past
            self._found(logged, "event_unreadable", None, str(broken))
            instead = self._redeciding.unreadable()
            if instead is not None:
                self._apply(instead)
            return
        self.sums.add(logged.position, logged.topic, event.legs, self._findings)
        if event.recorded_at < self.recorded_at:
            self._found(logged, "recorded_earlier", self.recorded_at, event.recorded_at)
        self.recorded_at = event.recorded_at
        if isinstance(event, CONFIGURATION):
            self.configured.append(logged.position)
        self._redeciding.count(logged, event)
        if logged.position > self.since:
            event = self._redeciding.decide(logged, event)
        self._apply(event)

    def _apply(self, event: Event) -> None:
        self.state.position = self.position - 1
        try:
            self.state.apply(event)
        except Exception as failed:  # noqa: BLE001 - a damaged log may lead anywhere
            self._findings.add(
                Finding(
                    code="event_unexpected",
                    subject=f"it cannot follow what stands before it: {type(failed).__name__}: {failed}",
                    position=self.position,
                    topic=event.topic,
                )
            )

    def _require_next(self, logged: LoggedEvent) -> None:
        first, last = self.position + 1, logged.position - 1
        if first <= last:
            self._findings.add(
                Finding(
                    code="position_missing",
                    subject=f"positions {first} to {last}" if first < last else f"position {first}",
                    position=first,
                ),
                count=last - first + 1,
            )

    def _require_sum(self, logged: LoggedEvent, stored: bytes) -> None:
        summed = checksum_of(
            logged.originator_id.bytes, logged.originator_version, logged.topic, logged.state
        )
        if summed != stored:
            self._found(logged, "checksum_differs", summed.hex(), stored.hex())

    def _found(self, logged: LoggedEvent, code: Code, expected: Any, found: Any) -> None:
        self._findings.add(
            Finding(
                code=code,
                subject=_SUBJECTS[code],
                position=logged.position,
                topic=logged.topic,
                expected=expected,
                found=found,
            )
        )


_SUBJECTS: dict[Code, str] = {
    "event_unreadable": "the stored bytes",
    "recorded_earlier": "recorded_at",
    "checksum_differs": "the sum of the event as it stands, and as it was",
}
