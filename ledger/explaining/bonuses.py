"""Bonuses: what a campaign gives for an act, what its caps leave, and what corrections change."""

from collections.abc import Iterator
from typing import Any

from ledger.domain.activity import Activity
from ledger.domain.bonus import NOTHING_DUE, Due, clipped, due_for
from ledger.domain.campaign import CampaignPublished, CountedIn, FirstTime, Multiplier, Streak, Tier
from ledger.domain.correction import CreditsCorrected
from ledger.domain.earning import Earner
from ledger.domain.grounds import Grounds
from ledger.domain.standing import standing_of
from ledger.explaining.awards import earned_by, explain_budget, explain_year, room_of
from ledger.explaining.corrections import explain_taken
from ledger.explaining.issuing import explain_backing, explain_entered
from ledger.explaining.steps import Place, Step, checked


def explain_bonus_issued(place: Place) -> Iterator[Step]:
    """Explain what an act earns by one campaign."""
    event, campaign = place.event, _campaign_of(place)
    yield _explain_campaign(place, campaign)
    yield from _explain_bonus(place, campaign, 0, 0)
    yield from explain_entered(place, event.awarded_credits)
    yield from explain_backing(place, campaign.budget, event.awarded_credits)


def explain_bonus_corrected(place: Place) -> Iterator[Step]:
    """Explain what the correction of an act does to one of its bonuses."""
    event, activity, campaign = place.event, place.activity(), _campaign_of(place)
    if activity is None:
        return
    yield _explain_campaign(place, campaign)
    before = (
        activity.bonuses[event.campaign_id].awarded_credits if event.campaign_id in activity.bonuses else 0
    )
    # Bonuses of campaigns further on are decided anew after this one, so what they have is free until then.
    later = [each.id for each in activity.counted if each.id >= event.campaign_id]
    in_year = sum(activity.bonuses[own_id].awarded_credits for own_id in later if own_id in activity.bonuses)
    yield from _explain_bonus(place, campaign, before, in_year)
    yield place.step(
        "credits.delta",
        checked(event.delta_credits, event.awarded_credits - before),
        before_credits=before,
        awarded_credits=event.awarded_credits,
        delta_credits=event.delta_credits,
    )
    if event.delta_credits > 0:
        yield from explain_entered(place, event.delta_credits)
    elif event.delta_credits < 0:
        yield from explain_taken(place, -event.delta_credits)
    yield from explain_backing(place, campaign.budget, event.delta_credits)


def _campaign_of(place: Place) -> CampaignPublished:
    return place.case.rulebook.campaign(place.event.campaign_id, place.event.campaign_version)


def _explain_campaign(place: Place, campaign: CampaignPublished) -> Step:
    """Say what the campaign gives, in words."""
    facts: dict[str, Any] = {
        "campaign_id": campaign.id,
        "campaign_version": campaign.version,
        "name_zh": campaign.name_zh,
        "name_en": campaign.name_en,
    }
    activity = place.activity()
    awarded = activity.awarded_credits if activity else 0
    counted = _counted_of(place)
    match campaign.bonus:
        case Multiplier(multiplier=multiplier):
            return place.step("campaign.multiplier", **facts, multiplier=multiplier, awarded_credits=awarded)
        case Tier():
            reached = counted.multiplier if counted else "1"
            return place.step("campaign.tier", **facts, multiplier=reached, awarded_credits=awarded)
        case FirstTime(credits=credits_given):
            return place.step("campaign.first_time", **facts, credits=credits_given)
        case Streak(days=days, credits=credits_given):
            return place.step(
                "campaign.streak",
                **facts,
                days=days,
                credits=credits_given,
                runs=list(place.event.runs),
                set_off_runs=place.event.set_off_runs,
            )


def _counted_of(place: Place) -> CountedIn | None:
    activity = place.activity()
    for counted in activity.counted if activity else ():
        if counted.id == place.event.campaign_id:
            return counted
    return None


def _explain_bonus(
    place: Place, campaign: CampaignPublished, own_credits: int, own_in_year: int
) -> Iterator[Step]:
    """Say what the campaign gives and what its caps leave, and decide both again."""
    event, activity, counted = place.event, place.activity(), _counted_of(place)
    grounds = place.case.grounds.get(place.told.position)
    if activity is None or counted is None or grounds is None:
        yield place.step("cap.not_counted")
        yield _award(place, None, None)
        return
    earned = earned_by(place, event.participant_id, event.scenario_id)
    earner = Earner(event.participant_id, activity.reported.occurred_at, earned.on)
    due = _due(place, activity, counted, campaign, earner, grounds)
    year_credits = grounds.rulebook.policy.year_credits
    if event.in_year_cap and year_credits is not None:
        yield explain_year(place, earned, year_credits, own_in_year, grounds.registers)
    if campaign.credits_max is not None:
        standing = standing_of(grounds.registers, event.participant_id, campaign.id)
        used = standing.awarded_credits - own_credits
        yield place.step(
            "cap.campaign_credits",
            limit=campaign.credits_max,
            used=used,
            room=max(campaign.credits_max - used, 0),
        )
    if campaign.budget is not None:
        room = room_of(campaign.budget, grounds, own_credits)
        yield explain_budget(place, campaign.budget, grounds, room)
    again = clipped(
        due.credits,
        campaign,
        earner,
        grounds,
        in_year_cap=event.in_year_cap,
        own_credits=own_credits,
        own_in_year=own_in_year,
    )
    yield _award(place, due, again)


def _award(place: Place, due: Due | None, again: tuple[int, str | None] | None) -> Step:
    event = place.event
    recorded = [event.desired_credits, event.awarded_credits, event.clipped_by]
    return place.step(
        "award.whole" if event.clipped_by is None else "award.clipped",
        None if due is None or again is None else checked(recorded, [due.credits, *again]),
        desired_credits=event.desired_credits,
        awarded_credits=event.awarded_credits,
        clipped_by=event.clipped_by,
    )


def _due(
    place: Place,
    activity: Activity,
    counted: CountedIn,
    campaign: CampaignPublished,
    earner: Earner,
    grounds: Grounds,
) -> Due:
    """Give what the campaign gives, as the ledger finds it: of a first time or a run once for good."""
    if not activity.awarded_credits:
        return NOTHING_DUE
    bonus = activity.bonuses.get(campaign.id)
    if bonus is not None and _was_awarded_before(place) and not isinstance(campaign.bonus, Multiplier | Tier):
        return Due(bonus.desired_credits, bonus.runs, bonus.set_off_runs)
    return due_for(counted, campaign, activity.awarded_credits, earner, grounds)


def _was_awarded_before(place: Place) -> bool:
    """Whether the act was awarded anything before the correction that the bonus follows."""
    for number in range(len(place.before) - 1, -1, -1):
        told = place.before[number]
        if isinstance(told.event, CreditsCorrected):
            before = place._replace(before=place.before[:number], told=told).activity()
            return before is not None and before.awarded_credits > 0
    return False
