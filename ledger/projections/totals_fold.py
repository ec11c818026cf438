"""What a page of events changes in the totals view, before anything is written.

Rule of the room: everything of the book is a sum of legs, so an event that is added to the ledger
later is counted without a line here; what is known of an event beyond its legs is said in one
table. The book's days are those of recording, an activity's those of the act, also for what corrects
it later.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from ledger.domain.activity import ActivityHeld, ActivityRejected, ReductionRecorded
from ledger.domain.addresses import CREDIT
from ledger.domain.bonus import BonusIssued
from ledger.domain.bonus_correction import BonusCorrected
from ledger.domain.claiming import CreditsLapsed
from ledger.domain.correction import CreditsCorrected, ReductionCorrected, ReductionRecomputed
from ledger.domain.earning import CreditsIssued
from ledger.domain.fund import MoneyCommitted
from ledger.domain.instants import zone
from ledger.domain.messages import Event
from ledger.domain.methodology import WHOLE_SHARE, read_share
from ledger.domain.money import MoneyTransferred, MoneyWithdrawn
from ledger.domain.owners import ParticipantOpened
from ledger.domain.review import ActivityDismissed
from ledger.domain.visibility import ParticipantErased
from ledger.projections.view import Entry

ACCEPTED: Final = "accepted"
"""The verdict on an activity that was recorded as a reduction, the whole of it."""
DISCOUNTED: Final = "discounted"
"""On one of which evidence or quality leaves a part."""
HELD: Final = "held"
"""On one that waits."""
REJECTED: Final = "rejected"
DISMISSED: Final = "dismissed"
"""On one that was held, and counts for nothing."""
VOID: Final = "void"
"""On one that counted, and no longer does."""

_FUND: Final = "fund:"
_AVAILABLE: Final = "available"
_COMMITTED: Final = frozenset(event.topic for event in (MoneyCommitted, MoneyWithdrawn, MoneyTransferred))
"""Topics by which sponsors' money enters and leaves funds."""
_BACKED: Final = frozenset(
    event.topic for event in (CreditsIssued, CreditsCorrected, CreditsLapsed, BonusIssued, BonusCorrected)
)
"""Topics by which a fund's money is set aside for credits, or comes back with them."""


@lru_cache(maxsize=50_000)
def place_of(account: str) -> str:
    """Give the kind of place that an account is: its address without ids.

    `participant:ann` is a `participant`, `participant:ann:held` is `held`, `issuance` is itself.
    """
    kind, _, rest = account.partition(":")
    return rest.partition(":")[2] or kind


@lru_cache(maxsize=1_000)
def _verdict_of(share: str) -> str:
    """Give the verdict on an activity of whose reduction a part is left, or all."""
    return ACCEPTED if read_share(share) == 1 else DISCOUNTED


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
        self.bonuses: dict[tuple[date, str, str], list[int]] = {}
        """By day, campaign and scenario: credits, position."""
        self.funds: dict[tuple[str, date], list[int]] = {}
        """By fund and day: committed net of what went out again, encumbered, returned, backed, position."""
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
                adds(self, entry, event, today)

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
        row = self.funds.setdefault((fund_id, today), [0, 0, 0, 0, 0])
        if topic in _COMMITTED:
            row[0] += amount_fen
        elif topic in _BACKED:
            row[3] -= amount_fen
        elif amount_fen < 0:
            row[1] -= amount_fen
        else:
            row[2] += amount_fen
        row[4] = position

    def _open(self, entry: Entry, event: ParticipantOpened, today: date) -> None:
        self.seen.setdefault(event.id, (entry.position, today))

    def _erase(self, _entry: Entry, event: ParticipantErased, _today: date) -> None:
        self.erased.add(event.participant_id)

    # --- activities -------------------------------------------------------------------------

    def _reduce(self, entry: Entry, event: ReductionRecorded, today: date) -> None:
        day, position = self._day(event.occurred_at), entry.position
        verdict = ACCEPTED if event.share == WHOLE_SHARE else _verdict_of(event.share)
        row = self._activity(day, event, verdict, position)
        row[0] += 1
        row[1] += event.amount_g
        if entry.originator_version > 1:  # it was held before
            self._activity(day, event, HELD, position)[0] -= 1
        own_id = event.participant_id
        self.active.setdefault(day, {}).setdefault(own_id, position)
        if own_id not in self.seen:
            self.seen[own_id] = position, today

    def _issue(self, entry: Entry, event: CreditsIssued, _today: date) -> None:
        day = self._day(event.occurred_at)
        verdict = ACCEPTED if event.share == WHOLE_SHARE else _verdict_of(event.share)
        self._activity(day, event, verdict, entry.position)[2] += event.awarded_credits

    def _hold(self, entry: Entry, event: ActivityHeld, today: date) -> None:
        self._activity(self._day(event.occurred_at), event, HELD, entry.position)[0] += 1
        self.seen.setdefault(event.participant_id, (entry.position, today))

    def _reject(self, entry: Entry, event: ActivityRejected, _today: date) -> None:
        self._activity(self._day(event.occurred_at), event, REJECTED, entry.position)[0] += 1

    def _dismiss(self, entry: Entry, event: ActivityDismissed, _today: date) -> None:
        day = self._day(event.act_occurred_at)
        self._activity(day, event, HELD, entry.position)[0] -= 1
        self._activity(day, event, DISMISSED, entry.position)[0] += 1

    def _restate(self, entry: Entry, event: ReductionCorrected, today: date) -> None:
        row = self._recompute(entry, event, today)
        if event.is_void:
            row[0] -= 1
            self._activity(self._day(event.act_occurred_at), event, VOID, entry.position)[0] += 1

    def _recompute(
        self, entry: Entry, event: ReductionCorrected | ReductionRecomputed, _today: date
    ) -> list[int]:
        row = self._corrected(entry, event)
        row[1] += event.delta_g
        return row

    def _reissue(self, entry: Entry, event: CreditsCorrected, _today: date) -> None:
        self._corrected(entry, event)[2] += event.delta_credits

    def _corrected(
        self, entry: Entry, event: ReductionCorrected | ReductionRecomputed | CreditsCorrected
    ) -> list[int]:
        day = self._day(event.act_occurred_at)
        return self._activity(day, event, _verdict_of(event.share), entry.position)

    def _activity(self, day: date, event: Any, verdict: str, position: int) -> list[int]:
        key = (day, event.scenario_id, verdict)
        row = self.activities.get(key) or self.activities.setdefault(key, [0, 0, 0, 0])
        row[3] = position
        return row

    def _give_bonus(self, entry: Entry, event: BonusIssued, _today: date) -> None:
        self._bonus(entry, event, event.occurred_at, event.awarded_credits)

    def _correct_bonus(self, entry: Entry, event: BonusCorrected, _today: date) -> None:
        self._bonus(entry, event, event.act_occurred_at, event.delta_credits)

    def _bonus(
        self, entry: Entry, event: BonusIssued | BonusCorrected, occurred_at: datetime, added_credits: int
    ) -> None:
        key = (self._day(occurred_at), event.campaign_id, event.scenario_id)
        row = self.bonuses.setdefault(key, [0, 0])
        row[0] += added_credits
        row[1] = entry.position


_ADDS: Final[Mapping[type[Event], Callable[[TotalsFold, Entry, Any, date], object]]] = {
    ParticipantOpened: TotalsFold._open,  # noqa: SLF001 - the table of this class
    ParticipantErased: TotalsFold._erase,  # noqa: SLF001
    ReductionRecorded: TotalsFold._reduce,  # noqa: SLF001
    CreditsIssued: TotalsFold._issue,  # noqa: SLF001
    ActivityHeld: TotalsFold._hold,  # noqa: SLF001
    ActivityRejected: TotalsFold._reject,  # noqa: SLF001
    ActivityDismissed: TotalsFold._dismiss,  # noqa: SLF001
    ReductionCorrected: TotalsFold._restate,  # noqa: SLF001
    ReductionRecomputed: TotalsFold._recompute,  # noqa: SLF001
    CreditsCorrected: TotalsFold._reissue,  # noqa: SLF001
    BonusIssued: TotalsFold._give_bonus,  # noqa: SLF001
    BonusCorrected: TotalsFold._correct_bonus,  # noqa: SLF001
}
