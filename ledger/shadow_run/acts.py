"""The acts of a log, each with what it stands at after every correction and what it has really earned.

Rule of the room: the log is read in pages, twice. The first time only corrections, which are few and
are kept; the second time the acts, of which none is.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

import msgspec

from ledger.domain.activity import ReductionRecorded, activity_key
from ledger.domain.bonus import BonusIssued
from ledger.domain.bonus_correction import BonusCorrected
from ledger.domain.correction import CreditsCorrected, ReductionCorrected, ReductionRecomputed
from ledger.domain.earning import CreditsIssued
from ledger.domain.messages import Event
from ledger.domain.methodology import Measured
from ledger.store.log import Log

OF_ACTS: Final = tuple(kind.topic for kind in (ReductionRecorded, CreditsIssued, BonusIssued))
OF_CORRECTIONS: Final = tuple(
    kind.topic for kind in (ReductionCorrected, ReductionRecomputed, CreditsCorrected, BonusCorrected)
)

Progress = Callable[[str, int, int], None]


class Changed(msgspec.Struct):
    """What corrections have made of an act."""

    measured: Measured | None
    """None where it is as reported."""
    amount_g: int
    is_void: bool = False
    delta_credits: int = 0
    campaigns_delta: dict[str, int] = {}


class Act(msgspec.Struct):
    """An act that counted when it was recorded."""

    reduction: ReductionRecorded
    """As recorded."""
    measured: Measured
    """As corrected."""
    amount_g: int
    is_void: bool
    issued: CreditsIssued | None = None
    bonuses: list[BonusIssued] = []
    changed: Changed | None = None

    @property
    def awarded_credits(self) -> int:
        """What its own credits are by now."""
        issued = self.issued.awarded_credits if self.issued else 0
        return issued + (self.changed.delta_credits if self.changed else 0)

    def bonus_credits(self) -> dict[tuple[str, int], int]:
        """What it has earned by campaigns by now, by id and version."""
        deltas = dict(self.changed.campaigns_delta) if self.changed else {}
        found = {
            (bonus.campaign_id, bonus.campaign_version): bonus.awarded_credits
            + deltas.pop(bonus.campaign_id, 0)
            for bonus in self.bonuses
        }
        versions = {counted.id: counted.version for counted in self.issued.campaigns} if self.issued else {}
        return found | {(own_id, versions.get(own_id, 1)): amount for own_id, amount in deltas.items()}


class Acts:
    """The acts of a programme that were recorded after a position."""

    def __init__(self, log: Log, programme_id: str, *, after: int, until: int, progress: Progress) -> None:
        """Describe them; nothing is read yet.

        Args:
            log: of the programme.
            programme_id: whose.
            after: the position before the first event that is looked at.
            until: the last.
            progress: told how far the run is.
        """
        self._log = log
        self._programme_id = programme_id
        self._after, self._until = after, until
        self._progress = progress

    def read(self) -> Iterator[Act]:
        """Give them in the order in which they were recorded."""
        changed = self._corrections()
        act: Act | None = None
        for event in self._events("acts", OF_ACTS):
            if isinstance(event, ReductionRecorded):
                if act is not None:
                    yield act
                act = _act(event, changed.get(activity_key(event.source, event.id)))
            elif act is not None and isinstance(event, CreditsIssued):
                act.issued = event
            elif act is not None and isinstance(event, BonusIssued):
                act.bonuses.append(event)
        if act is not None:
            yield act

    def _corrections(self) -> dict[str, Changed]:
        found: dict[str, Changed] = {}
        key = ""
        for event in self._events("corrections", OF_CORRECTIONS):
            if isinstance(event, ReductionCorrected | ReductionRecomputed):
                key = activity_key(event.source, event.activity_id)
                change = found.setdefault(key, Changed(None, event.amount_g))
                change.amount_g = event.amount_g
                if isinstance(event, ReductionCorrected):
                    change.measured, change.is_void = event.measured, event.is_void
            elif isinstance(event, CreditsCorrected) and key in found:
                found[key].delta_credits += event.delta_credits
            elif isinstance(event, BonusCorrected) and key in found:
                deltas = found[key].campaigns_delta
                deltas[event.campaign_id] = deltas.get(event.campaign_id, 0) + event.delta_credits
        return found

    def _events(self, what: str, topics: tuple[str, ...]) -> Iterator[Event]:
        after = self._after
        while after < self._until:
            window = self._log.window(self._programme_id, after=after, until=self._until, topics=topics)
            for logged in window.events:
                yield self._log.decode(logged)
            after = window.position
            self._progress(f"{self._programme_id} {what}", after - self._after, self._until - self._after)


def _act(event: ReductionRecorded, changed: Changed | None) -> Act:
    if changed is None:
        return Act(event, event.measured, event.amount_g, is_void=False, bonuses=[])
    measured = changed.measured or event.measured
    return Act(event, measured, changed.amount_g, changed.is_void, bonuses=[], changed=changed)


def position_before(log: Log, programme_id: str, instant: datetime, until: int) -> int:
    """Give the last position at which everything was recorded before an instant; 0 when nothing was.

    The time of a log never runs backwards, so that it is found in a few steps.
    """
    low, high = 0, until
    while low < high:
        middle = (low + high + 1) // 2
        (logged,) = log.page(programme_id, after=middle - 1, limit=1)
        if log.decode(logged).recorded_at < instant:
            low = middle
        else:
            high = middle - 1
    return low
