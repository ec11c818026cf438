"""What registers keep of bonuses, and of acts that count in campaigns.

Rule of the room: as `activity_life`: nothing is refused here, and nothing read but the event and what
is folded.
"""

from collections.abc import Iterable
from datetime import date, datetime

import msgspec

from ledger.domain.activity import Activity
from ledger.domain.bonus import BonusIssued, bonus_of
from ledger.domain.bonus_correction import BonusCorrected, bonus_after
from ledger.domain.campaign import CountedIn
from ledger.domain.caps import count_in_year
from ledger.domain.claiming import Pending, pending_key
from ledger.domain.correction import CreditsCorrected
from ledger.domain.earning import CreditsIssued
from ledger.domain.folded import Folded
from ledger.domain.instants import local_date
from ledger.domain.standing import Bonus, act_name, count_bonus, count_day, count_grams


def _day_of(state: Folded, occurred_at: datetime) -> date:
    return local_date(occurred_at, state.opened().time_zone)


def credits_issued(state: Folded, event: CreditsIssued) -> None:
    """Let an act count in its campaigns."""
    on = _day_of(state, event.occurred_at)
    count_grams(state.registers, state.rulebook, event.participant_id, event.campaigns, on.year)
    if event.awarded_credits:
        count_day(state.registers, state.rulebook, event.participant_id, event.campaigns, on, 1)


def credits_corrected(state: Folded, event: CreditsCorrected, before: Activity) -> None:
    """Let an act count from now on, or no longer, when its correction makes that difference."""
    on = _day_of(state, before.reported.occurred_at)
    # Grams count as long as the act desires anything; those of `before` are corrected already.
    sign = int(event.desired_credits > 0) - int(before.desired_credits > 0)
    if sign:
        _add_grams(state, before, event.campaigns or before.counted, sign * before.amount_g)
    acts = int(event.awarded_credits > 0) - int(before.awarded_credits > 0)
    if acts:
        counted = before.counted or event.campaigns
        count_day(state.registers, state.rulebook, event.participant_id, counted, on, acts)


def grams_changed(state: Folded, delta_g: int, before: Activity) -> None:
    """Count what a correction adds to the grams of an act that counts."""
    if before.desired_credits:
        _add_grams(state, before, before.counted, delta_g)


def _add_grams(state: Folded, activity: Activity, counted: Iterable[CountedIn], amount_g: int) -> None:
    changes = [msgspec.structs.replace(each, amount_g=amount_g) for each in counted]
    year = _day_of(state, activity.reported.occurred_at).year
    count_grams(state.registers, state.rulebook, activity.participant_id, changes, year)


def keep_pending(
    state: Folded,
    event: CreditsIssued | CreditsCorrected | BonusCorrected,
    activity: tuple[str, str],
    occurred_at: datetime,
    own_credits: int,
    bonus_credits: int = 0,
) -> None:
    """Keep what of an act waits to be claimed: its own credits, and those of its bonuses."""
    assert event.ripens_at is not None
    entry = Pending(
        credits=own_credits,
        bonus_credits=bonus_credits,
        scenario_id=event.scenario_id,
        occurred_at=occurred_at,
        ripens_at=event.ripens_at,
        claim_by=event.claim_by,
    )
    key = pending_key(event.participant_id, *activity)
    state.registers.put(Pending, key, entry if own_credits or bonus_credits else None)


def bonus_issued(state: Folded, event: BonusIssued, _before: Activity | None) -> None:
    """Let a bonus count in its campaign, in the year, and among what is pending."""
    _count(state, event, event.occurred_at, None, bonus_of(event), event.awarded_credits)
    if event.ripens_at is not None:
        key = pending_key(event.participant_id, event.source, event.activity_id)
        entry = state.registers.get(Pending, key)
        assert entry is not None, "the act's own credits are pending as well"
        more = entry.bonus_credits + event.awarded_credits
        state.registers.put(Pending, key, msgspec.structs.replace(entry, bonus_credits=more))


def bonus_corrected(state: Folded, event: BonusCorrected, before: Activity | None) -> None:
    """Let the correction of a bonus count likewise."""
    if before is None:
        return
    stood = before.bonuses.get(event.campaign_id)
    after = bonus_after(event)
    _count(state, event, before.reported.occurred_at, stood, after, event.delta_credits)
    if event.ripens_at is not None:
        bonuses = {**before.bonuses, event.campaign_id: after}
        waiting = sum(bonus.pending_credits for bonus in bonuses.values())
        activity, occurred_at = (event.source, event.activity_id), before.reported.occurred_at
        keep_pending(state, event, activity, occurred_at, before.pending_credits, waiting)


def _count(
    state: Folded,
    event: BonusIssued | BonusCorrected,
    occurred_at: datetime,
    stood: Bonus | None,
    stands: Bonus,
    delta_credits: int,
) -> None:
    activity = act_name(event.source, event.activity_id)
    count_bonus(state.registers, state.rulebook, event.participant_id, activity, stood, stands)
    if event.in_year_cap:
        on = _day_of(state, occurred_at)
        count_in_year(state.registers, event.participant_id, on, delta_credits)
