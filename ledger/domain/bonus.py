"""Bonuses: what an act earns by campaigns, beside its own credits and after them.

Rule of the room: Events → State → Decide → Evolve; all pure. A bonus goes the way of the credits it
follows: spendable or pending, in their lot, with what is owed paid first. Each campaign has an event
and legs of its own; campaigns come in the order of their ids.
"""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import ClassVar, Literal, NamedTuple

from ledger.domain import addresses
from ledger.domain.ahead import ahead_of
from ledger.domain.book import Leg
from ledger.domain.campaign import (
    WHOLE,
    CampaignPublished,
    CountedIn,
    FirstTime,
    Multiplier,
    Streak,
    Tier,
    read_multiplier,
)
from ledger.domain.caps import YearUsed, count_in_year, year_key
from ledger.domain.earning import (
    CreditsIssued,
    Earner,
    budget_credits,
    budget_legs,
    debts_paid,
    issue_legs,
)
from ledger.domain.grounds import Grounds
from ledger.domain.instants import Instant
from ledger.domain.messages import Event
from ledger.domain.quantities import floored_share
from ledger.domain.standing import Bonus, act_name, count_bonus, count_day, full_runs, standing_of

BonusCap = Literal["year_credits", "campaign_credits", "budget"]
"""What may clip a bonus, in the order in which it is asked: the cap on the participant's year, the
campaign's own on a participant, the fund of its budget."""


class BonusIssued(Event, frozen=True, kw_only=True, omit_defaults=True):
    """What an act has earned by one campaign; it follows the act's credits in their stream."""

    topic: ClassVar[str] = "bonus.issued"

    source: str
    activity_id: str
    participant_id: str
    scenario_id: str
    campaign_id: str
    campaign_version: int
    desired_credits: int
    """What the campaign gives."""
    awarded_credits: int
    """What was issued."""
    clipped_by: BonusCap | None = None
    """What left less than desired."""
    lot: str
    """That of the act's credits."""
    runs: tuple[str, ...] = ()
    """First local days of the full runs for which it is."""
    set_off_runs: int = 0
    """How many of them were paid before and broken since, so that nothing is given for them."""
    ripens_at: Instant | None = None
    """As of the act's credits."""
    claim_by: Instant | None = None
    debt_credits: int = 0
    """How many of them paid what the participant owed."""
    in_year_cap: bool = False
    """Whether they count towards the cap on the participant's year."""


# --- Decide -------------------------------------------------------------------------------------


def counted_in(earner: Earner, scenario_id: str, amount_g: int, grounds: Grounds) -> tuple[CountedIn, ...]:
    """Give the campaigns in which an act counts, with what it earns by each of its credits."""
    campaigns = grounds.rulebook.campaigns_at(scenario_id, earner.occurred_at)
    return tuple(_counted(campaign, earner, amount_g, grounds) for campaign in campaigns)


def _counted(campaign: CampaignPublished, earner: Earner, amount_g: int, grounds: Grounds) -> CountedIn:
    match campaign.bonus:
        case Multiplier(multiplier=multiplier):
            return CountedIn(id=campaign.id, version=campaign.version, multiplier=multiplier)
        case Tier() as tier:
            standing = standing_of(grounds.registers, earner.participant_id, campaign.id)
            reached = tier.multiplier_at(standing.grams.get(str(earner.on.year), 0))
            return CountedIn(id=campaign.id, version=campaign.version, multiplier=reached, amount_g=amount_g)
        case _:
            return CountedIn(id=campaign.id, version=campaign.version)


class Due(NamedTuple):
    """What a campaign gives for an act, before any cap."""

    credits: int = 0
    runs: tuple[str, ...] = ()
    set_off_runs: int = 0


NOTHING_DUE = Due()


def due_for(
    counted: CountedIn, campaign: CampaignPublished, awarded_credits: int, earner: Earner, grounds: Grounds
) -> Due:
    """Give what a campaign gives for an act that has just been awarded something.

    Args:
        counted: the campaign, as it stands on the act.
        campaign: the same, as published.
        awarded_credits: of the act, above 0.
        earner: whose act.
        grounds: with the act's credits counted.
    """
    match campaign.bonus:
        case Multiplier() | Tier():
            return Due(multiplied(counted, awarded_credits))
        case FirstTime(credits=credits_given):
            is_first = not standing_of(grounds.registers, earner.participant_id, campaign.id).first
            return Due(credits_given) if is_first else NOTHING_DUE
        case Streak(days=length, credits=credits_given):
            standing = standing_of(grounds.registers, earner.participant_id, campaign.id)
            runs = full_runs(standing.days, length)
            set_off = min(len(runs), standing.set_off_runs)
            return Due((len(runs) - set_off) * credits_given, tuple(runs), set_off)


def multiplied(counted: CountedIn, awarded_credits: int) -> int:
    """Give the bonus of a multiplier: floored, and none where it is 1."""
    if counted.multiplier == WHOLE:
        return 0
    return floored_share(awarded_credits, _beyond_one(counted.multiplier))


@lru_cache(maxsize=256)
def _beyond_one(multiplier: str) -> Fraction:
    return read_multiplier(multiplier) - Fraction(1)


def clipped(
    desired_credits: int,
    campaign: CampaignPublished,
    earner: Earner,
    grounds: Grounds,
    *,
    in_year_cap: bool,
    own_credits: int = 0,
    own_in_year: int = 0,
) -> tuple[int, BonusCap | None]:
    """Cut a bonus to what every cap leaves.

    Args:
        desired_credits: what the campaign gives.
        campaign: whose cap and budget.
        earner: whose act.
        grounds: with everything counted that stands before it.
        in_year_cap: whether it counts towards the cap on the year.
        own_credits: what this bonus has used before.
        own_in_year: what it and the bonuses after it have used of the year before.
    """
    awarded, by = desired_credits, None
    for name, room in _rooms(campaign, earner, grounds, own_credits, own_in_year if in_year_cap else None):
        if room is not None and room < awarded:
            awarded, by = max(room, 0), name
    return awarded, by


def _rooms(
    campaign: CampaignPublished, earner: Earner, grounds: Grounds, own_credits: int, own_in_year: int | None
) -> Iterable[tuple[BonusCap, int | None]]:
    year_credits = grounds.rulebook.policy.year_credits
    if year_credits is not None and own_in_year is not None:
        used = grounds.registers.get(YearUsed, year_key(earner.participant_id, earner.on)) or YearUsed()
        yield "year_credits", year_credits - used.awarded_credits + own_in_year
    if campaign.credits_max is not None:
        standing = standing_of(grounds.registers, earner.participant_id, campaign.id)
        yield "campaign_credits", campaign.credits_max - standing.awarded_credits + own_credits
    there = budget_credits(campaign.budget, grounds)
    yield "budget", None if there is None else there + own_credits


def issue_bonuses(
    issued: CreditsIssued, source: str, own_id: str, earner: Earner, grounds: Grounds
) -> list[BonusIssued]:
    """Give what an act that has just been credited earns by campaigns."""
    if not issued.campaigns or not issued.awarded_credits:
        return []
    grounds = ahead_of(grounds)
    registers, rulebook = grounds.registers, grounds.rulebook
    grounds.accounts.post(issued.legs)
    count_day(registers, rulebook, earner.participant_id, issued.campaigns, earner.on, 1)
    if issued.in_year_cap:
        count_in_year(registers, earner.participant_id, earner.on, issued.awarded_credits)
    made: list[BonusIssued] = []
    is_counted = True
    for counted in issued.campaigns:
        campaign = rulebook.campaign(counted.id, counted.version)
        if not is_counted:
            # Only now, because nobody asks after the last one.
            grounds.accounts.post(made[-1].legs)
            count_issued(made[-1], earner.on, grounds)
            is_counted = True
        due = due_for(counted, campaign, issued.awarded_credits, earner, grounds)
        if due != NOTHING_DUE:
            made.append(_bonus(issued, campaign, due, source, own_id, earner, grounds))
            is_counted = False
    return made


def count_issued(event: BonusIssued, on: date, grounds: Grounds) -> None:
    """Let a bonus count in its campaign, and in the year."""
    activity = act_name(event.source, event.activity_id)
    count_bonus(grounds.registers, grounds.rulebook, event.participant_id, activity, None, bonus_of(event))
    if event.in_year_cap:
        count_in_year(grounds.registers, event.participant_id, on, event.awarded_credits)


def bonus_of(event: BonusIssued) -> Bonus:
    """Give what stands of a bonus that was issued."""
    return Bonus(
        campaign_id=event.campaign_id,
        campaign_version=event.campaign_version,
        desired_credits=event.desired_credits,
        awarded_credits=event.awarded_credits,
        pending_credits=event.awarded_credits if event.ripens_at else 0,
        runs=event.runs,
        set_off_runs=event.set_off_runs,
    )


def _bonus(
    issued: CreditsIssued,
    campaign: CampaignPublished,
    due: Due,
    source: str,
    own_id: str,
    earner: Earner,
    grounds: Grounds,
) -> BonusIssued:
    awarded, clipped_by = clipped(due.credits, campaign, earner, grounds, in_year_cap=issued.in_year_cap)
    holder = addresses.participant(earner.participant_id)
    is_pending = issued.ripens_at is not None
    debts = [] if is_pending else debts_paid(grounds.accounts[addresses.debt(holder)], awarded)
    target = addresses.pending(holder) if is_pending else holder
    legs: tuple[Leg, ...] = issue_legs(holder, target, issued.lot, awarded, debts)
    return BonusIssued(
        occurred_at=issued.occurred_at,
        recorded_at=issued.recorded_at,
        legs=legs + budget_legs(campaign.budget, awarded),
        source=source,
        activity_id=own_id,
        participant_id=earner.participant_id,
        scenario_id=issued.scenario_id,
        campaign_id=campaign.id,
        campaign_version=campaign.version,
        desired_credits=due.credits,
        awarded_credits=awarded,
        clipped_by=clipped_by,
        lot=issued.lot,
        runs=due.runs,
        set_off_runs=due.set_off_runs,
        ripens_at=issued.ripens_at if awarded else None,
        claim_by=issued.claim_by if awarded else None,
        debt_credits=sum(paid for _, paid in debts),
        in_year_cap=issued.in_year_cap,
    )
