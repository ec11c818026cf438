"""What a correction of an act does to its bonuses.

Rule of the room: Events → State → Decide → Evolve; all pure. A bonus stands and falls with the act it
was issued with: one that counts by the act's credits is computed anew, one for the first act or for a
full run stands as long as the act is awarded anything. It comes after the correction of the credits,
and each campaign's own.
"""

from collections.abc import Iterator
from datetime import date
from typing import ClassVar

from ledger.domain import addresses
from ledger.domain.activity import Activity
from ledger.domain.ahead import ahead_of
from ledger.domain.bonus import (
    NOTHING_DUE,
    BonusCap,
    Due,
    clipped,
    due_for,
)
from ledger.domain.campaign import CountedIn, Multiplier, Tier
from ledger.domain.caps import count_in_year
from ledger.domain.correction import CreditsCorrected
from ledger.domain.earning import Earner, budget_legs, earner_of
from ledger.domain.grounds import Grounds
from ledger.domain.instants import Instant
from ledger.domain.messages import Event
from ledger.domain.standing import Bonus, act_name, count_bonus, count_day
from ledger.domain.taking import change_by


class BonusCorrected(Event, frozen=True, kw_only=True, omit_defaults=True):
    """What the correction that stands before this event in its stream does to one bonus."""

    topic: ClassVar[str] = "bonus.corrected"

    source: str
    activity_id: str
    participant_id: str
    scenario_id: str
    campaign_id: str
    campaign_version: int
    desired_credits: int
    awarded_credits: int
    """What the act has earned by the campaign from now on."""
    delta_credits: int
    """That, less what it had earned before."""
    clipped_by: BonusCap | None = None
    pending_credits: int = 0
    """How many of them still wait to be claimed."""
    owed_credits: int = 0
    """How many could not be taken back, and are owed."""
    debt_credits: int = 0
    """How many of those given paid what was owed."""
    lot: str
    runs: tuple[str, ...] = ()
    """First local days of the full runs for which it is from now on."""
    set_off_runs: int = 0
    ripens_at: Instant | None = None
    """From when they can be claimed, where they must be."""
    claim_by: Instant | None = None
    in_year_cap: bool = False
    act_occurred_at: Instant
    """When the act happened."""


def bonus_after(event: BonusCorrected) -> Bonus:
    """Give what stands of a bonus after its correction."""
    return Bonus(
        campaign_id=event.campaign_id,
        campaign_version=event.campaign_version,
        desired_credits=event.desired_credits,
        awarded_credits=event.awarded_credits,
        pending_credits=event.pending_credits,
        runs=event.runs,
        set_off_runs=event.set_off_runs,
    )


# --- Decide -------------------------------------------------------------------------------------


def with_bonuses(events: tuple[Event, ...], activity: Activity | None, grounds: Grounds) -> tuple[Event, ...]:
    """Add to a correction what it does to the bonuses of the act.

    Args:
        events: of the correction; bonuses change only where its credits do.
        activity: as it stands before.
        grounds: of the decision.
    """
    if activity is None or not events or not isinstance(corrected := events[-1], CreditsCorrected):
        return events
    counted = activity.counted or corrected.campaigns
    return (*events, *_corrected_all(activity, corrected, counted, grounds)) if counted else events


def _corrected_all(
    activity: Activity, credits_corrected: CreditsCorrected, counted: tuple[CountedIn, ...], grounds: Grounds
) -> Iterator[BonusCorrected]:
    earner = earner_of(activity.participant_id, activity.reported.occurred_at, grounds)
    grounds = _ahead(activity, credits_corrected, counted, earner, grounds)
    # The bonuses that come later are decided anew too: what they have used of the year is free until then.
    in_year = activity.bonus_credits
    for each in counted:
        before = activity.bonus_of(each)
        due = _due_anew(activity, credits_corrected, before, each, earner, grounds)
        event = _corrected(activity, credits_corrected, before, due, in_year, earner, grounds)
        in_year -= before.awarded_credits
        if event is not None:
            grounds.accounts.post(event.legs)
            count_corrected(event, before, earner.on, grounds)
            yield event


def _ahead(
    activity: Activity,
    credits_corrected: CreditsCorrected,
    counted: tuple[CountedIn, ...],
    earner: Earner,
    grounds: Grounds,
) -> Grounds:
    """Give the grounds as the correction of the credits leaves them."""
    grounds = ahead_of(grounds)
    grounds.accounts.post(credits_corrected.legs)
    acts = int(credits_corrected.awarded_credits > 0) - int(activity.awarded_credits > 0)
    if acts:
        count_day(grounds.registers, grounds.rulebook, earner.participant_id, counted, earner.on, acts)
    if credits_corrected.in_year_cap:
        count_in_year(grounds.registers, earner.participant_id, earner.on, credits_corrected.delta_credits)
    return grounds


def count_corrected(event: BonusCorrected, before: Bonus, on: date, grounds: Grounds) -> None:
    """Let a corrected bonus count in its campaign, and in the year."""
    activity = act_name(event.source, event.activity_id)
    count_bonus(
        grounds.registers, grounds.rulebook, event.participant_id, activity, before, bonus_after(event)
    )
    if event.in_year_cap:
        count_in_year(grounds.registers, event.participant_id, on, event.delta_credits)


def _due_anew(
    activity: Activity,
    credits_corrected: CreditsCorrected,
    before: Bonus,
    counted: CountedIn,
    earner: Earner,
    grounds: Grounds,
) -> Due:
    """Give what a campaign gives for an act as it is corrected."""
    campaign = grounds.rulebook.campaign(counted.id, counted.version)
    awarded = credits_corrected.awarded_credits
    if not awarded:
        return NOTHING_DUE
    if activity.awarded_credits and not isinstance(campaign.bonus, Multiplier | Tier):
        return Due(before.desired_credits, before.runs, before.set_off_runs)
    return due_for(counted, campaign, awarded, earner, grounds)


def _corrected(
    activity: Activity,
    credits_corrected: CreditsCorrected,
    before: Bonus,
    due: Due,
    in_year: int,
    earner: Earner,
    grounds: Grounds,
) -> BonusCorrected | None:
    """Give the correction of one bonus; None where nothing changes."""
    campaign = grounds.rulebook.campaign(before.campaign_id, before.campaign_version)
    in_year_cap = credits_corrected.in_year_cap
    awarded, clipped_by = clipped(
        due.credits,
        campaign,
        earner,
        grounds,
        in_year_cap=in_year_cap,
        own_credits=before.awarded_credits,
        own_in_year=in_year,
    )
    delta = awarded - before.awarded_credits
    if not delta and due == (before.desired_credits, before.runs, before.set_off_runs):
        return None
    ripens_at, claim_by = credits_corrected.ripens_at, credits_corrected.claim_by
    change = change_by(
        delta,
        holder=addresses.participant(activity.participant_id),
        lot=credits_corrected.lot,
        pending_credits=before.pending_credits,
        accounts=grounds.accounts,
        is_pending=ripens_at is not None,
    )
    return BonusCorrected(
        occurred_at=credits_corrected.occurred_at,
        recorded_at=credits_corrected.recorded_at,
        legs=change.legs + budget_legs(campaign.budget, delta),
        source=activity.source,
        activity_id=activity.id,
        participant_id=activity.participant_id,
        scenario_id=credits_corrected.scenario_id,
        campaign_id=before.campaign_id,
        campaign_version=before.campaign_version,
        desired_credits=due.credits,
        awarded_credits=awarded,
        delta_credits=delta,
        clipped_by=clipped_by,
        pending_credits=before.pending_credits + change.pending_credits,
        owed_credits=change.owed_credits,
        debt_credits=change.debt_credits,
        lot=credits_corrected.lot,
        runs=due.runs,
        set_off_runs=due.set_off_runs,
        ripens_at=ripens_at,
        claim_by=claim_by,
        in_year_cap=in_year_cap,
        act_occurred_at=credits_corrected.act_occurred_at,
    )
