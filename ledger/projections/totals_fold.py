"""What a page of events changes in the totals view, before anything is written.

Rule of the room: everything of the book is a sum of legs, so an event that is added to the ledger
later is counted without a line here; what is known of an event beyond its legs is said in one
table. The book's days are those of recording, an activity's those of the act.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from ledger.domain.activity import ReductionRecorded
from ledger.domain.addresses import CREDIT
from ledger.domain.earning import CreditsIssued
from ledger.domain.fund import MoneyCommitted
from ledger.domain.instants import zone
from ledger.domain.messages import Event
from ledger.domain.owners import ParticipantOpened
from ledger.domain.visibility import ParticipantErased
from ledger.projections.view import Entry

ACCEPTED: Final = "accepted"
"""The verdict on an activity that was recorded as a reduction."""

_FUND: Final = "fund:"
_AVAILABLE: Final = "available"


@lru_cache(maxsize=50_000)
def place_of(account: str) -> str:
    """Give the kind of place that an account is: its address without ids.

    `participant:ann` is a `participant`, `participant:ann:held` is `held`, `issuance` is itself.
    """
    kind, _, rest = account.partition(":")
    return rest.partition(":")[2] or kind


class TotalsFold:
    """Adds up a page."""

    def __init__(self, time_zone: str) -> None:
        """Begin with nothing, for a programme in a time zone."""
        self._zone = zone(time_zone)
        self._last: tuple[datetime | None, date] = (None, date.min)
        self._flows: dict[tuple[date, str], dict[tuple[str, str], list[int]]] = {}
        """By day and topic, and then by asset and place: units in, units out, position."""
        self.lots: dict[tuple[str, str], list[int]] = {}
        """By place and lot: credits, position."""
        self.activities: dict[tuple[date, str, str], list[int]] = {}
        """By day, scenario and verdict: activities, grams, credits, position."""
        self.funds: dict[tuple[str, date], list[int]] = {}
        """By fund and day: committed, encumbered, returned, position."""
        self.active: dict[date, dict[str, int]] = {}
        """By day of an activity and participant: position of the first."""
        self.seen: dict[str, tuple[int, date]] = {}
        """By participant: position and day of the first record."""
        self.erased: set[str] = set()

    @property
    def flows(self) -> dict[tuple[date, str, str, str], list[int]]:
        """By day, topic, asset and place: units in, units out, position."""
        return {
            (*day_and_topic, *asset_and_place): sums
            for day_and_topic, flows in self._flows.items()
            for asset_and_place, sums in flows.items()
        }

    def add(self, entries: Iterable[Entry]) -> None:
        """Add the next events."""
        today, recorded_at = date.min, None
        for entry in entries:
            event = entry.event
            if event.recorded_at != recorded_at:
                recorded_at = event.recorded_at
                today = recorded_at.astimezone(self._zone).date()
            if event.legs:
                self._post(entry, event, today)
            if (adds := _ADDS.get(type(event))) is not None:
                adds(self, entry.position, event, today)

    def _day(self, instant: datetime) -> date:
        """Give the local day of an act; its credits come right after its reduction, and ask again."""
        last, day = self._last
        if instant != last:
            day = instant.astimezone(self._zone).date()
            self._last = instant, day
        return day

    def _post(self, entry: Entry, event: Event, today: date) -> None:
        position, topic = entry.position, entry.topic
        flows = self._flows.get((today, topic))
        if flows is None:
            flows = self._flows[today, topic] = {}
        lots = self.lots
        for account, asset, lot, amount in event.legs:
            place = place_of(account)
            flow = flows.get((asset, place))
            if flow is None:
                flow = flows[asset, place] = [0, 0, 0]
            if amount > 0:
                flow[0] += amount
            else:
                flow[1] -= amount
            flow[2] = position
            if asset == CREDIT and lot is not None:
                held = lots.get((place, lot))
                if held is None:
                    held = lots[place, lot] = [0, 0]
                held[0] += amount
                held[1] = position
            elif place == _AVAILABLE and account.startswith(_FUND):
                self._move(account[len(_FUND) : -len(_AVAILABLE) - 1], today, topic, amount, position)

    def _move(self, fund_id: str, today: date, topic: str, amount_fen: int, position: int) -> None:
        row = self.funds.setdefault((fund_id, today), [0, 0, 0, 0])
        if topic == MoneyCommitted.topic:
            row[0] += amount_fen
        elif amount_fen < 0:
            row[1] -= amount_fen
        else:
            row[2] += amount_fen
        row[3] = position

    def _open(self, position: int, event: ParticipantOpened, today: date) -> None:
        self.seen.setdefault(event.id, (position, today))

    def _reduce(self, position: int, event: ReductionRecorded, today: date) -> None:
        day = self._day(event.occurred_at)
        row = self._activity(day, event.scenario_id, position)
        row[0] += 1
        row[1] += event.amount_g
        own_id = event.participant_id
        self.active.setdefault(day, {}).setdefault(own_id, position)
        if own_id not in self.seen:
            self.seen[own_id] = position, today

    def _issue(self, position: int, event: CreditsIssued, _today: date) -> None:
        self._activity(self._day(event.occurred_at), event.scenario_id, position)[2] += event.awarded_credits

    def _erase(self, _position: int, event: ParticipantErased, _today: date) -> None:
        self.erased.add(event.participant_id)

    def _activity(self, day: date, scenario_id: str, position: int) -> list[int]:
        key = (day, scenario_id, ACCEPTED)
        row = self.activities.get(key) or self.activities.setdefault(key, [0, 0, 0, 0])
        row[3] = position
        return row


_ADDS: Final[Mapping[type[Event], Callable[[TotalsFold, int, Any, date], None]]] = {
    ParticipantOpened: TotalsFold._open,  # noqa: SLF001 - the table of this class
    ReductionRecorded: TotalsFold._reduce,  # noqa: SLF001
    CreditsIssued: TotalsFold._issue,  # noqa: SLF001
    ParticipantErased: TotalsFold._erase,  # noqa: SLF001
}
