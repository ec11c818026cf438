"""What leaderboards take from the log: acts, on their local days, and what is said of people.

Rule of the room: grams and credits are what the legs say, signed, whatever the event is called; an
event's local day is that of the act in the programme's zone, also where it corrects the act later.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

from ledger.domain.activity import ActivityHeld, ReductionRecorded
from ledger.domain.addresses import CREDIT, GRAMS, ISSUANCE, participant
from ledger.domain.bonus_correction import BonusCorrected
from ledger.domain.correction import CreditsCorrected, ReductionCorrected, ReductionRecomputed
from ledger.domain.instants import zone
from ledger.domain.messages import Event
from ledger.domain.owners import OrganisationOpened, ParticipantOpened
from ledger.domain.rules import ScenarioPublished
from ledger.domain.visibility import ParticipantErased, ParticipantHidden, ParticipantShown
from ledger.projections.view import Entry, Page

Period = Literal["day", "week", "month", "year", "all"]

PERIODS: Final[tuple[Period, ...]] = ("day", "week", "month", "year", "all")
ALL_TIME: Final = date.min
"""The first day of the period that has none."""

Notice = (
    ParticipantOpened
    | OrganisationOpened
    | ScenarioPublished
    | ParticipantHidden
    | ParticipantShown
    | ParticipantErased
    | ActivityHeld
)
"""An event without legs that changes who is known, or shown where."""

NOTICES: Final = (
    ParticipantOpened,
    OrganisationOpened,
    ScenarioPublished,
    ParticipantHidden,
    ParticipantShown,
    ParticipantErased,
    ActivityHeld,
)

_CORRECTIONS: Final = frozenset({ReductionCorrected, ReductionRecomputed, CreditsCorrected, BonusCorrected})
"""Events that happen later than the act that they are about."""

_PARTICIPANT: Final = participant("")
_ID_AT: Final = len(_PARTICIPANT)


@dataclass(slots=True)
class Act:
    """What one participant gained, or lost when below zero, by one fact."""

    participant_id: str
    scenario_id: str
    """Empty where the event names none: it counts where all scenarios do."""
    on: date
    """The local day."""
    amount_g: int
    credits: int
    stream: UUID
    first: int
    """Position of the first of the events that make it up; they follow one another."""
    last: int


Gain = tuple[str, int, int]
"""Participant, grams, credits."""


class Noticed(NamedTuple):
    """A notice at its place in the log."""

    position: int
    event: Notice


def steps_of(page: Page) -> list[Act | Noticed]:
    """Give what a page has for leaderboards, in order; grams and credits of one activity as one act."""
    time_zone = zone(page.programme.time_zone)
    steps: list[Act | Noticed] = []
    previous: Act | None = None
    occurred_at, on = None, ALL_TIME
    for entry in page.entries:
        event = entry.event
        if event.legs or type(event) is ReductionRecorded:
            for gain in earnings(event):
                acted_at = _act_of(event) if type(event) in _CORRECTIONS else event.occurred_at
                if acted_at != occurred_at:  # credits mostly follow their grams
                    occurred_at = acted_at
                    on = occurred_at.astimezone(time_zone).date()
                if previous is None or not _goes_on(previous, entry, on, gain):
                    previous = _begin(entry, on, gain)
                    steps.append(previous)
        elif isinstance(event, NOTICES):
            steps.append(Noticed(entry.position, event))
    return steps


def _act_of(correction: Any) -> datetime:
    """Give when the act happened that is corrected."""
    acted_at: datetime = correction.act_occurred_at
    return acted_at


def _begin(entry: Entry, on: date, gain: Gain) -> Act:
    """Begin an act with what an event gives."""
    position = entry.position
    scenario_id = getattr(entry.event, "scenario_id", "")
    return Act(gain[0], scenario_id, on, gain[1], gain[2], entry.originator_id, position, position)


def _goes_on(act: Act, entry: Entry, on: date, gain: Gain) -> bool:
    """Add what an event gives to the act before it, if it is of the same fact; say whether it is."""
    position = entry.position
    if (
        act.last != position - 1
        or act.participant_id != gain[0]
        or act.stream.int != entry.originator_id.int
        or act.on != on
        or act.scenario_id != getattr(entry.event, "scenario_id", "")
    ):
        return False
    act.amount_g += gain[1]
    act.credits += gain[2]
    act.last = position
    return True


def earnings(event: Event) -> list[Gain]:
    """Give what participants gained by an event, in order of the legs.

    Credits are earned where the other side is issuance: gifts, adjustments and refunds are not. They are
    when they are issued, spendable or pending or for a debt; to claim them earns nothing again.
    Whoever did something that avoided nothing has done it all the same.
    """
    found: list[Gain] = []
    is_issue: bool | None = None
    for account, asset, _, amount in event.legs:
        if asset == CREDIT:
            if is_issue is None:
                is_issue = _is_issue(event)
            if not is_issue:
                continue
        elif asset != GRAMS:
            continue
        if account.startswith(_PARTICIPANT):
            own_id = account[_ID_AT:]
            if ":" in own_id:
                return _earned_in_places(event)
            found.append((own_id, 0, amount) if is_issue and asset == CREDIT else (own_id, amount, 0))
    if not found and isinstance(event, ReductionRecorded):
        found.append((event.participant_id, 0, 0))
    return found


def _earned_in_places(event: Event) -> list[Gain]:
    """Give the same where credits are issued to more than what is spendable, or taken from there."""
    credits_earned: dict[str, int] = {}
    for account, asset, _, amount in event.legs:
        if asset == CREDIT and account.startswith(_PARTICIPANT):
            own_id = account[_ID_AT:].partition(":")[0]
            credits_earned[own_id] = credits_earned.get(own_id, 0) + amount
    return [(own_id, 0, earned) for own_id, earned in credits_earned.items() if earned]


def _is_issue(event: Event) -> bool:
    return ISSUANCE in [account for account, asset, _, _ in event.legs if asset == CREDIT]


@lru_cache(maxsize=4096)
def starts_of(day: date) -> tuple[date, ...]:
    """Give the first day of each period that a day is in, in the order of `PERIODS`; weeks are ISO's."""
    return (
        day,
        day - timedelta(days=day.weekday()),
        day.replace(day=1),
        day.replace(month=1, day=1),
        ALL_TIME,
    )


def last_day(period: Period, starts_on: date) -> date:
    """Give the last local day of a period that begins on a day."""
    match period:
        case "day":
            return starts_on
        case "week":
            return date.fromordinal(min(starts_on.toordinal() + 6, date.max.toordinal()))
        case "month":
            return starts_on.replace(day=monthrange(starts_on.year, starts_on.month)[1])
        case "year":
            return starts_on.replace(month=12, day=31)
        case "all":
            return date.max
