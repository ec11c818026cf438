"""How far a participant has come in a campaign, told to people; nothing is decided on it.

Rule of the room: pure; it says what the next act would find, from the standing and the rules alone.
"""

from datetime import date

import msgspec

from ledger.domain.campaign import CampaignPublished, FirstTime, Multiplier, Streak, Tier, TierLevel
from ledger.domain.standing import DAY, Days, Standing


class MultiplierProgress(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="multiplier"):
    """There is nothing to reach: every act earns so many times its credits."""

    multiplier: str


class FirstTimeProgress(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="first_time"):
    """Whether the first act has been done."""

    credits: int
    """What it earns."""
    is_done: bool
    source: str | None
    """Of the act that was the first; None before there is one."""
    activity_id: str | None


class StreakProgress(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="streak"):
    """The run of days that goes on."""

    days: int
    """Local days of a full run."""
    credits: int
    """What a full run earns."""
    days_done: int
    """Of the run that goes on: it ends today or yesterday; 0 where there is none."""
    days_missing: int
    begun_on: date | None
    """The first local day of that run; None where there is none."""
    is_counted_today: bool
    """Whether today stands in a run already, full or not."""
    set_off_runs: int
    """Full runs still to come for which nothing is given, since as many were paid and broken."""


class NextLevel(msgspec.Struct, frozen=True, kw_only=True):
    """The next level of a tier."""

    from_g: int
    multiplier: str
    missing_g: int
    """Grams to go."""


class TierProgress(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="tier"):
    """The level that the next act counts by."""

    year: int
    """The local year in which grams are added up; the next one begins at 0."""
    amount_g: int
    multiplier: str
    """`1` below the first level."""
    next_level: NextLevel | None
    """None at the highest."""


BonusProgress = MultiplierProgress | FirstTimeProgress | StreakProgress | TierProgress


class CampaignProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a participant is in one campaign."""

    campaign_id: str
    campaign_version: int
    awarded_credits: int
    """By all versions of the campaign, as corrected."""
    credits_max: int | None
    credits_left: int | None
    """What its cap on a participant leaves; None where it has none."""
    bonus: BonusProgress


def progress_in(campaign: CampaignPublished, standing: Standing, today: date) -> CampaignProgress:
    """Say how far a participant is.

    Args:
        campaign: the version that holds.
        standing: the participant's in it.
        today: the programme's local day.
    """
    credits_max = campaign.credits_max
    left = None if credits_max is None else max(credits_max - standing.awarded_credits, 0)
    return CampaignProgress(
        campaign_id=campaign.id,
        campaign_version=campaign.version,
        awarded_credits=standing.awarded_credits,
        credits_max=credits_max,
        credits_left=left,
        bonus=_bonus_progress(campaign, standing, today),
    )


def _bonus_progress(campaign: CampaignPublished, standing: Standing, today: date) -> BonusProgress:
    match campaign.bonus:
        case Multiplier(multiplier=multiplier):
            return MultiplierProgress(multiplier=multiplier)
        case FirstTime(credits=credits_given):
            source, _, activity_id = standing.first.partition(":")
            return FirstTimeProgress(
                credits=credits_given,
                is_done=bool(standing.first),
                source=source or None,
                activity_id=activity_id or None,
            )
        case Streak() as streak:
            return _streak_progress(streak, standing, today)
        case Tier() as tier:
            return _tier_progress(tier, standing, today)


def _streak_progress(streak: Streak, standing: Standing, today: date) -> StreakProgress:
    begun_on, days_done = open_run(standing.days, streak.days, today)
    return StreakProgress(
        days=streak.days,
        credits=streak.credits,
        days_done=days_done,
        days_missing=streak.days - days_done,
        begun_on=begun_on,
        is_counted_today=today.isoformat() in standing.days,
        set_off_runs=standing.set_off_runs,
    )


def open_run(days: Days, length: int, today: date) -> tuple[date | None, int]:
    """Give the first day of the run that goes on today or ended yesterday, and its days so far.

    Days of a run that was paid belong to it, and those after it begin another one; days are put into
    runs from the earliest on, as `full_runs` does.

    Args:
        days: those of the standing.
        length: days of a full run.
        today: the local day.
    """
    begun: date | None = None
    last: date | None = None
    for on in (date.fromisoformat(text) for text, (_, paid) in sorted(days.items()) if not paid):
        if begun is None or last is None or on != last + DAY or (on - begun).days == length:
            begun = on
        last = on
    if begun is None or last is None or last < today - DAY:
        return None, 0
    return begun, (last - begun).days + 1


def _tier_progress(tier: Tier, standing: Standing, today: date) -> TierProgress:
    amount_g = standing.grams.get(str(today.year), 0)
    above = next((level for level in tier.levels if level.from_g > amount_g), None)
    return TierProgress(
        year=today.year,
        amount_g=amount_g,
        multiplier=tier.multiplier_at(amount_g),
        next_level=None if above is None else _next_level(above, amount_g),
    )


def _next_level(level: TierLevel, amount_g: int) -> NextLevel:
    return NextLevel(from_g=level.from_g, multiplier=level.multiplier, missing_g=level.from_g - amount_g)
