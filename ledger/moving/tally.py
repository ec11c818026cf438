"""Going over a log that is moved: what must hold of every event, and what all of them add up to.

Rule of the room: it is the same going over on the way out and on the way in, so that no file is
written that would not be taken; it needs no database, and refuses at the first thing that is wrong.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Final, Self

from ledger import RELEASE
from ledger.domain.errors import EventNewerThanCode, LogUnsound
from ledger.domain.instants import utc
from ledger.domain.limits import LEDGER_FILE_LINE_BYTES_MAX
from ledger.domain.messages import Event
from ledger.domain.programme import ProgrammeOpened
from ledger.domain.state import EPOCH
from ledger.moving.format import Digest, Manifest, Sum, line_of
from ledger.moving.streams import Streams
from ledger.store.log import LoggedEvent
from ledger.store.mapper import mapper
from ledger.verify.findings import Code, Finding, Findings
from ledger.verify.sums import Sums

_LINE_BYTES_BESIDE: Final = 512
"""More than a line has beside the event's own bytes and its topic."""


class Tally:
    """One programme's log, as far as it was gone over."""

    def __init__(self, programme_id: str) -> None:
        self.programme_id = programme_id
        self.position = 0
        self._recorded_at = EPOCH
        self._digest = Digest(programme_id)
        self._topics: Counter[str] = Counter()
        self._sums = Sums()
        self._findings = Findings()
        self._streams = Streams()
        self._decode = mapper().event_of

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._streams.__exit__()

    def add_page(self, page: Sequence[LoggedEvent]) -> None:
        """Go over the next events.

        Raises:
            LogUnsound: one of them cannot stand where it does.
            EventNewerThanCode: only a later release can read one of them.
        """
        for logged in page:
            self._add(logged)
        require_sound(self.programme_id, self._findings)
        self._digest.add(page)
        self._topics.update(logged.topic for logged in page)

    def end(self) -> Manifest:
        """Give what the events add up to.

        Raises:
            LogUnsound: there is none, or one is not next in its stream.
        """
        if not self.position:
            raise self._unsound(1, "position_missing", "the log is empty")
        misplaced = self._streams.misplaced()
        if misplaced is not None:
            position, place, found = misplaced
            raise self._unsound(
                position, "version_differs", f"originator_version must be {place}, not {found}"
            )
        return Manifest(
            release=RELEASE,
            programme_id=self.programme_id,
            position=self.position,
            recorded_at=utc(self._recorded_at),
            events=self._topics.total(),
            topics=dict(sorted(self._topics.items())),
            sums=self._sums_by_kind(),
            events_sha256=self._digest.hexdigest(),
        )

    def _add(self, logged: LoggedEvent) -> None:
        position = self.position + 1
        if logged.position != position:
            raise self._unsound(
                position, "position_missing", f"event {logged.position} stands at position {position}"
            )
        event = self._read(logged)
        if position == 1 and not (isinstance(event, ProgrammeOpened) and event.id == self.programme_id):
            raise self._unsound(position, "event_unexpected", f"it does not open {self.programme_id}")
        if event.recorded_at < self._recorded_at:
            raise self._unsound(position, "recorded_earlier", "recorded before the event before it")
        self._recorded_at = event.recorded_at
        self._sums.add(position, logged.topic, event.legs, self._findings)
        self._streams.add(logged.originator_id.bytes, logged.originator_version, position)
        self.position = position

    def _read(self, logged: LoggedEvent) -> Event:
        try:
            event = self._decode(logged.topic, logged.state)
        except EventNewerThanCode:
            raise
        except Exception as broken:
            raise self._unsound(logged.position, "event_unreadable", str(broken)) from broken
        if (
            len(logged.state) > LEDGER_FILE_LINE_BYTES_MAX - _LINE_BYTES_BESIDE
            and len(line_of(logged)) > LEDGER_FILE_LINE_BYTES_MAX
        ):
            raise self._unsound(logged.position, "event_unreadable", "it is too long for a file")
        if b"\n" in logged.state:
            raise self._unsound(logged.position, "event_unreadable", "it is more than one line")
        return event

    def _sums_by_kind(self) -> list[Sum]:
        totals: dict[tuple[str, str], int] = defaultdict(int)
        for (account, asset, _), amount in self._sums.balances.items():
            totals[kind_of(account), asset] += amount
        return [
            Sum(accounts=kind, asset=asset, amount=total) for (kind, asset), total in sorted(totals.items())
        ]

    def _unsound(self, position: int, finding: Code, explanation: str) -> LogUnsound:
        return LogUnsound(
            programme_id=self.programme_id, position=position, finding=finding, explanation=explanation
        )


def kind_of(account: str) -> str:
    """Give the kind of an account: its address without the id that stands second."""
    kind, *rest = account.split(":")
    return ":".join((kind, *rest[1:]))


def require_sound(programme_id: str, findings: Findings) -> None:
    """Refuse a log in which something was found.

    Raises:
        LogUnsound: with the first of the findings.
    """
    for found in findings.shown[:1]:
        raise LogUnsound(
            programme_id=programme_id,
            position=found.position,
            finding=found.code,
            explanation=_explained(found),
        )


def _explained(found: Finding) -> str:
    told: list[Any] = [found.subject]
    if found.expected is not None or found.found is not None:
        told.append(f"expected {found.expected}, found {found.found}")
    return ": ".join(map(str, told))
