"""What leaderboards take from the log: acts, on their local days, and what is said of people.

Rule of the room: grams and credits are what the legs say, signed, whatever the event is called; an
event's local day is that of `occurred_at` in the programme's zone.
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, Literal, NamedTuple
from uuid import UUID

from ledger.domain.activity import ReductionRecorded
from ledger.domain.addresses import CREDIT, GRAMS, ISSUANCE, participant
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
)
"""An event without legs that changes who is shown where."""

NOTICES: Final = (
    ParticipantOpened,
    OrganisationOpened,
    ScenarioPublished,
    ParticipantHidden,
    ParticipantShown,
    ParticipantErased,
)

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
            if earned := earnings(event):
                if event.occurred_at != occurred_at:  # credits mostly follow their grams
                    occurred_at = event.occurred_at
                    on = occurred_at.astimezone(time_zone).date()
                previous = _add(steps, entry, on, earned, previous)
        elif isinstance(event, NOTICES):
            steps.append(Noticed(entry.position, event))
    return steps


def _add(
    steps: list[Act | Noticed],
    entry: Entry,
    on: date,
    earned: Iterable[tuple[str, int, int]],
    previous: Act | None,
) -> Act | None:
    """Add what an event earned; give the act that the next event may go on with."""
    scenario_id = getattr(entry.event, "scenario_id", "")
    for participant_id, amount_g, credits_earned in earned:
        if (
            previous is not None
            and previous.stream == entry.originator_id
            and previous.last == entry.position - 1
            and previous.participant_id == participant_id
            and previous.scenario_id == scenario_id
            and previous.on == on
        ):
            previous.amount_g += amount_g
            previous.credits += credits_earned
            previous.last = entry.position
        else:
            previous = Act(
                participant_id,
                scenario_id,
                on,
                amount_g,
                credits_earned,
                entry.originator_id,
                entry.position,
                entry.position,
            )
            steps.append(previous)
    return previous


def earnings(event: Event) -> list[tuple[str, int, int]]:
    """Give participants with their grams and the credits they earned, in order of the legs.

    Credits are earned where the other side is issuance: gifts, adjustments and refunds are not.
    Whoever did something that avoided nothing has done it all the same.
    """
    found: list[tuple[str, int, int]] = []
    is_issue: bool | None = None
    for account, asset, _, amount in event.legs:
        if not account.startswith(_PARTICIPANT) or account.find(":", _ID_AT) >= 0:
            continue
        if asset == GRAMS:
            found.append((account[_ID_AT:], amount, 0))
        elif asset == CREDIT:
            if is_issue is None:
                is_issue = any(leg[0] == ISSUANCE and leg[1] == CREDIT for leg in event.legs)
            if is_issue:
                found.append((account[_ID_AT:], 0, amount))
    if not found and isinstance(event, ReductionRecorded):
        found.append((event.participant_id, 0, 0))
    return found


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
