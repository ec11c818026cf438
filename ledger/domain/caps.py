"""Caps: how many of the credits that an activity desires it is awarded.

Rule of the room: caps cut credits, never grams. What is used of a cap is counted in the month and
year in which the act occurred, in the programme's local time, from when the cap was published on.
"""

from datetime import date
from functools import lru_cache
from typing import Annotated, ClassVar, Final, Literal, NamedTuple

import msgspec

from ledger.domain.limits import CREDITS_MAX, DAY_ACTS_MAX
from ledger.domain.registers import Entry, Registers, key_of

KEYS_REMEMBERED: Final = 16_384
"""An act is asked about several times, and acts come in groups."""

CapName = Literal["event_credits", "day_acts", "day_credits", "month_credits", "year_credits", "budget"]
"""The caps in the order in which they are asked; of several that clip alike the first is named."""

CreditsCap = Annotated[int, msgspec.Meta(ge=1, le=CREDITS_MAX)]


class Caps(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one participant may earn in one scenario; None for no cap."""

    event_credits: CreditsCap | None = None
    """By one act."""
    day_acts: Annotated[int, msgspec.Meta(ge=1, le=DAY_ACTS_MAX)] | None = None
    """Acts that earn in one local day; those beyond it avoid grams and earn nothing."""
    day_credits: CreditsCap | None = None
    """In one local day."""
    month_credits: CreditsCap | None = None
    """In one local month."""

    def is_counted(self) -> bool:
        """Whether anything must be remembered from one act to the next."""
        return not (self.day_credits is None and self.month_credits is None and self.day_acts is None)


class MonthUsed(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """What a participant has earned in a month, by day and scenario."""

    register: ClassVar[str] = "month_used"

    days: dict[str, tuple[int, int]] = {}  # noqa: RUF012 - the library copies it
    """Acts that earned and credits awarded, by day of the month (two digits) and scenario."""

    def of_day(self, on: date, scenario_id: str) -> tuple[int, int]:
        """Give the acts and credits of a day."""
        return self.days.get(_day_key(on, scenario_id), (0, 0))

    def credits_of(self, scenario_id: str) -> int:
        """Give the credits of the whole month."""
        return sum([used[1] for key, used in self.days.items() if key[3:] == scenario_id])


class YearUsed(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """What a participant has earned in a year, all scenarios together."""

    register: ClassVar[str] = "year_used"

    awarded_credits: int = 0


NOTHING_IN_MONTH: Final = MonthUsed()
NOTHING_IN_YEAR: Final = YearUsed()


class Own(NamedTuple):
    """What an act itself has used, to be left out when it is decided anew."""

    acts: int = 0
    awarded_credits: int = 0
    bonus_credits: int = 0
    """By campaigns: they count towards the year alone."""


class Award(NamedTuple):
    """What an activity is awarded."""

    awarded_credits: int
    clipped_by: CapName | None
    """The cap that left the least; None where everything desired was awarded."""


@lru_cache(maxsize=1024)
def _iso(on: date) -> str:
    return on.isoformat()


@lru_cache(maxsize=KEYS_REMEMBERED)
def month_key(participant_id: str, on: date) -> str:
    """Name the entry of a participant's month."""
    return key_of(participant_id, _iso(on)[:7])


@lru_cache(maxsize=KEYS_REMEMBERED)
def year_key(participant_id: str, on: date) -> str:
    """Name the entry of a participant's year."""
    return key_of(participant_id, _iso(on)[:4])


NOTHING_OWN: Final = Own()


class Earned(NamedTuple):
    """Whose act it is that earns, in which scenario, and on which local day it occurred."""

    participant_id: str
    scenario_id: str
    on: date


class Bounds(NamedTuple):
    """All caps on an act; None for no cap."""

    caps: Caps
    """Of the scenario."""
    year_credits: int | None
    """On a participant's year, all scenarios together."""
    budget_credits: int | None
    """How many credits the fund can still pay for."""


def award(
    desired_credits: int, earned: Earned, bounds: Bounds, used: Registers, own: Own = NOTHING_OWN
) -> Award:
    """Cut what an activity desires to what every cap leaves.

    Args:
        desired_credits: what the conversion rule gives.
        earned: by whom, where and when.
        bounds: the caps.
        used: holds the entries of the month and the year, where a cap needs them.
        own: what the act itself has used before.
    """
    awarded, clipped_by = desired_credits, None
    for name, room in _rooms(earned, bounds, used, own):
        if room < awarded:
            awarded, clipped_by = max(room, 0), name
    return Award(awarded, clipped_by)


def _rooms(earned: Earned, bounds: Bounds, used: Registers, own: Own) -> list[tuple[CapName, int]]:
    """Give how much each cap leaves, in the order in which they are asked."""
    caps = bounds.caps
    found: list[tuple[CapName, int]] = []
    if caps.event_credits is not None:
        found.append(("event_credits", caps.event_credits))
    if caps.is_counted():
        month = used.get(MonthUsed, month_key(earned.participant_id, earned.on)) or NOTHING_IN_MONTH
        acts, day_credits = month.of_day(earned.on, earned.scenario_id)
        if caps.day_acts is not None and acts - own.acts >= caps.day_acts:
            found.append(("day_acts", 0))
        if caps.day_credits is not None:
            found.append(("day_credits", caps.day_credits - day_credits + own.awarded_credits))
        if caps.month_credits is not None:
            month_credits = month.credits_of(earned.scenario_id) - own.awarded_credits
            found.append(("month_credits", caps.month_credits - month_credits))
    if bounds.year_credits is not None:
        year = used.get(YearUsed, year_key(earned.participant_id, earned.on)) or NOTHING_IN_YEAR
        own_credits = own.awarded_credits + own.bonus_credits
        found.append(("year_credits", bounds.year_credits - year.awarded_credits + own_credits))
    if bounds.budget_credits is not None:
        found.append(("budget", bounds.budget_credits))
    return found


# --- Evolve -------------------------------------------------------------------------------------


def count_in_month(registers: Registers, participant_id: str, scenario_id: str, on: date, used: Own) -> None:
    """Add what an act has used to its month, or take it back when below zero."""
    key = month_key(participant_id, on)
    month = registers.get(MonthUsed, key) or NOTHING_IN_MONTH
    acts, awarded_credits = month.of_day(on, scenario_id)
    sums = acts + used.acts, awarded_credits + used.awarded_credits
    day = _day_key(on, scenario_id)
    days = {**month.days, day: sums}
    if sums == (0, 0):
        del days[day]
    registers.put(MonthUsed, key, MonthUsed(days=days) if days else None)


def count_in_year(registers: Registers, participant_id: str, on: date, awarded_credits: int) -> None:
    """Add credits to a participant's year, or take them back when below zero."""
    key = year_key(participant_id, on)
    year = registers.get(YearUsed, key) or NOTHING_IN_YEAR
    total = year.awarded_credits + awarded_credits
    registers.put(YearUsed, key, YearUsed(awarded_credits=total) if total else None)


@lru_cache(maxsize=KEYS_REMEMBERED)
def _day_key(on: date, scenario_id: str) -> str:
    return f"{on.day:02d} {scenario_id}"
