"""How participants stand in campaigns: what has to be remembered from one act to the next.

Rule of the room: an entry follows from the log alone. A day of a streak holds as long as one of its
acts is awarded something, and counts in one paid run at most. Taking a day out of a run that another
act's bonus was paid for leaves that bonus where it is and sets it off against the next full run.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import ClassVar, Final

import msgspec

from ledger.domain.campaign import CountedIn, FirstTime, Streak, Tier
from ledger.domain.limits import STREAK_REMEMBERED_DAYS
from ledger.domain.registers import Entry, EntryKey, Registers, key_of
from ledger.domain.rulebook import Rulebook

DAY: Final = timedelta(days=1)

Days = Mapping[str, tuple[int, str]]
"""Acts that were awarded something, and the first day of the run that was paid, by local day (ISO)."""


class Standing(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """How one participant stands in one campaign."""

    register: ClassVar[str] = "campaign"

    awarded_credits: int = 0
    first: str = ""
    """The act that was the first, as `act_name` gives it, where the campaign is about it."""
    grams: dict[str, int] = {}  # noqa: RUF012 - the library copies it
    """Grams that count towards the tiers, by local year."""
    days: dict[str, tuple[int, str]] = {}  # noqa: RUF012
    set_off_runs: int = 0
    """Runs that were paid and have been broken since, to be set off against the next full ones."""


class Bonus(msgspec.Struct, frozen=True, kw_only=True):
    """What an act has earned by one campaign."""

    campaign_id: str
    campaign_version: int
    desired_credits: int = 0
    awarded_credits: int = 0
    pending_credits: int = 0
    runs: tuple[str, ...] = ()
    """First days of the full runs that it pays."""
    set_off_runs: int = 0
    """How many of them were paid before, and broken."""


NO_STANDING: Final = Standing()


def act_name(source: str, own_id: str) -> str:
    """Name an act in a standing; a source holds no colon."""
    return f"{source}:{own_id}"


def standing_key(participant_id: str, campaign_id: str) -> str:
    """Name the entry of a participant in a campaign."""
    return key_of(participant_id, campaign_id)


def standings_read(participant_id: str, campaign_ids: Iterable[str]) -> list[EntryKey]:
    """Name the entries that an act of a participant is decided on."""
    return [(Standing, standing_key(participant_id, campaign_id)) for campaign_id in campaign_ids]


def standing_of(registers: Registers, participant_id: str, campaign_id: str) -> Standing:
    """Give how a participant stands in a campaign."""
    return registers.get(Standing, standing_key(participant_id, campaign_id)) or NO_STANDING


def full_runs(days: Days, length: int) -> list[str]:
    """Give the first days of the full runs that nothing was paid for, from the earliest on."""
    found: list[str] = []
    begun: date | None = None
    last: date | None = None
    for on in (date.fromisoformat(text) for text, (_, paid) in sorted(days.items()) if not paid):
        if begun is None or last is None or on != last + DAY:
            begun = on
        last = on
        if (on - begun).days + 1 == length:
            found.append(begun.isoformat())
            begun = None
    return found


# --- Evolve -------------------------------------------------------------------------------------


def _keep(registers: Registers, participant_id: str, campaign_id: str, standing: Standing) -> None:
    key = standing_key(participant_id, campaign_id)
    registers.put(Standing, key, standing if standing != NO_STANDING else None)


def count_grams(
    registers: Registers, rulebook: Rulebook, participant_id: str, counted: Iterable[CountedIn], year: int
) -> None:
    """Add grams to the tiers of the campaigns in which an act counts, or take them back (below zero).

    Args:
        registers: holds the standings.
        rulebook: says what each campaign is about.
        participant_id: whose act.
        counted: with the grams to add.
        year: the local year of the act.
    """
    for each in counted:
        if each.amount_g and isinstance(rulebook.campaign(each.id, each.version).bonus, Tier):
            before = standing_of(registers, participant_id, each.id)
            total = before.grams.get(str(year), 0) + each.amount_g
            grams = {kept: amount for kept, amount in {**before.grams, str(year): total}.items() if amount}
            _keep(registers, participant_id, each.id, msgspec.structs.replace(before, grams=grams))


def count_day(
    registers: Registers,
    rulebook: Rulebook,
    participant_id: str,
    counted: Iterable[CountedIn],
    on: date,
    acts: int,
) -> None:
    """Add an act to its day in the streaks in which it counts, or take it out (-1).

    Args:
        registers: holds the standings.
        rulebook: says what each campaign is about.
        participant_id: whose act.
        counted: the campaigns.
        on: the local day of the act.
        acts: 1, or -1.
    """
    for each in counted:
        bonus = rulebook.campaign(each.id, each.version).bonus
        if isinstance(bonus, Streak):
            before = standing_of(registers, participant_id, each.id)
            after = _with_act(
                before, on.isoformat(), acts, remembered_days=bonus.days + STREAK_REMEMBERED_DAYS
            )
            _keep(registers, participant_id, each.id, after)


def _with_act(standing: Standing, on: str, acts: int, *, remembered_days: int) -> Standing:
    before, run = standing.days.get(on, (0, ""))
    if before + acts > 0:
        days = {**standing.days, on: (before + acts, run)}
        first_kept = (date.fromisoformat(max(days)) - DAY * remembered_days).isoformat()
        kept = {day: found for day, found in days.items() if day > first_kept}
        return msgspec.structs.replace(standing, days=kept)
    rest = {day: found for day, found in standing.days.items() if day != on}
    if not run:
        return msgspec.structs.replace(standing, days=rest)
    broken = _marked(rest, [run], paid=False)
    return msgspec.structs.replace(standing, days=broken, set_off_runs=standing.set_off_runs + 1)


def _marked(days: Days, runs: Iterable[str], *, paid: bool, length: int = 0) -> dict[str, tuple[int, str]]:
    """Give days with those of some runs marked as paid, or no longer."""
    marks: dict[str, str] = {}
    for run in runs:
        if paid:
            first = date.fromisoformat(run)
            marks |= dict.fromkeys(((first + DAY * number).isoformat() for number in range(length)), run)
        else:
            marks |= {day: "" for day, (_, paid_for) in days.items() if paid_for == run}
    return {day: (acts, marks.get(day, run)) for day, (acts, run) in days.items()}


def count_bonus(
    registers: Registers,
    rulebook: Rulebook,
    participant_id: str,
    activity: str,
    before: Bonus | None,
    after: Bonus,
) -> None:
    """Let what an act earns by a campaign count in it, in the place of what it earned before.

    Args:
        registers: holds the standing.
        rulebook: says what the campaign is about.
        participant_id: whose act.
        activity: the act's name.
        before: the bonus as it stood; None where there was none.
        after: the bonus as it stands now.
    """
    campaign_id = after.campaign_id
    bonus = rulebook.campaign(campaign_id, after.campaign_version).bonus
    standing = standing_of(registers, participant_id, campaign_id)
    if isinstance(bonus, Streak):
        standing = _with_runs(standing, before, after, length=bonus.days)
    elif isinstance(bonus, FirstTime):
        if after.desired_credits:
            standing = msgspec.structs.replace(standing, first=activity)
        elif standing.first == activity:
            standing = msgspec.structs.replace(standing, first="")
    awarded = standing.awarded_credits + after.awarded_credits - (before.awarded_credits if before else 0)
    if awarded != standing.awarded_credits:
        standing = msgspec.structs.replace(standing, awarded_credits=awarded)
    _keep(registers, participant_id, campaign_id, standing)


def _with_runs(standing: Standing, before: Bonus | None, after: Bonus, *, length: int) -> Standing:
    """Mark the runs that an act pays, in the place of those that it paid before."""
    days, set_off_runs = standing.days, standing.set_off_runs - after.set_off_runs
    if before is not None:
        marked = {paid for _, paid in days.values()}
        whole = [run for run in before.runs if run in marked]
        # A run that is marked no longer was broken, by this very act or by another one before, and set
        # off; what was paid for it is taken back now, so there is nothing to set off any more.
        broken = len(before.runs) - len(whole) - len(_forgotten(before.runs, days, length))
        set_off_runs += before.set_off_runs - broken
        days = _marked(days, whole, paid=False)
    days = _marked(days, after.runs, paid=True, length=length)
    return msgspec.structs.replace(standing, days=days, set_off_runs=max(set_off_runs, 0))


def _forgotten(runs: Iterable[str], days: Days, length: int) -> list[str]:
    """Give the runs that lie so far back that none of their days is remembered."""
    if not days:
        return []
    first_kept = date.fromisoformat(max(days)) - DAY * (length + STREAK_REMEMBERED_DAYS)
    return [run for run in runs if date.fromisoformat(run) + DAY * (length - 1) <= first_kept]
