"""How events change activities, and what registers keep of them.

Rule of the room: evolving never refuses and reads nothing but the event and what it finds folded.
An event that follows from the one before it in its stream, as credits follow grams, belongs to the
activity that the one before it named.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import msgspec

from ledger.domain import addresses, bonus_life
from ledger.domain.activity import (
    Activity,
    ActivityHeld,
    ActivityRejected,
    CreditsState,
    ReductionRecorded,
    activity_key,
)
from ledger.domain.bonus import BonusIssued, bonus_of
from ledger.domain.bonus_correction import BonusCorrected, bonus_after
from ledger.domain.bonus_life import keep_pending
from ledger.domain.caps import Own, count_in_month, count_in_year
from ledger.domain.claiming import CreditsClaimed, CreditsLapsed, Pending, pending_key
from ledger.domain.correction import CreditsCorrected, ReductionCorrected, ReductionRecomputed
from ledger.domain.earning import CreditsIssued
from ledger.domain.exclusion import give_up, stake
from ledger.domain.folded import Folded
from ledger.domain.instants import local_date
from ledger.domain.messages import Event
from ledger.domain.recording import claims_of
from ledger.domain.review import ActivityDismissed, ActivityReleased, Held, held_key, left_of
from ledger.domain.rules import ScenarioPublished
from ledger.domain.standing import Bonus

# --- one activity -------------------------------------------------------------------------------


def evolve(activity: Activity | None, event: Event) -> Activity | None:
    """Give an activity after the next event of its stream."""
    if isinstance(event, ActivityHeld | ActivityRejected):
        return Activity(
            reported=event,
            version=1,
            status="held" if isinstance(event, ActivityHeld) else "rejected",
            scenario_version=event.scenario_version,
            share=event.share if isinstance(event, ActivityHeld) else "1",
            waits_for=event.reasons if isinstance(event, ActivityHeld) else (),
            measured=event.measured,
        )
    if isinstance(event, ReductionRecorded):
        return Activity(
            reported=event if activity is None else activity.reported,
            version=1 if activity is None else activity.version + 1,
            status="accepted",
            scenario_version=event.scenario_version,
            share=event.share,
            measured=event.measured,
            methodology_version=event.methodology_version,
            amount_g=event.amount_g,
        )
    changes = _CHANGES.get(type(event))
    if activity is None or changes is None:
        return activity
    return msgspec.structs.replace(activity, version=activity.version + 1, **changes(activity, event))


def _issued(_activity: Activity, event: CreditsIssued) -> dict[str, Any]:
    return {
        "desired_credits": event.desired_credits,
        "awarded_credits": event.awarded_credits,
        "pending_credits": event.awarded_credits if event.ripens_at else 0,
        "counted": event.campaigns,
        **_of_credits(event),
    }


def _of_credits(event: CreditsIssued | CreditsCorrected) -> dict[str, Any]:
    is_pending, has_any = event.ripens_at is not None, event.awarded_credits > 0
    return {
        "credits_state": "pending" if is_pending else "spendable" if has_any else "none",
        "lot": event.lot,
        "ripens_at": event.ripens_at,
        "claim_by": event.claim_by,
        "in_year_cap": event.in_year_cap,
    }


def _corrected(activity: Activity, event: ReductionCorrected) -> dict[str, Any]:
    changes = {"amount_g": event.amount_g, "corrected_by": (*activity.corrected_by, event.id)}
    return changes | ({"status": "void"} if event.measured is None else {"measured": event.measured})


def _recomputed(activity: Activity, event: ReductionRecomputed) -> dict[str, Any]:
    return {
        "amount_g": event.amount_g,
        "methodology_version": event.methodology_version,
        "recomputed_by": (*activity.recomputed_by, event.run_id),
    }


def _credits_corrected(activity: Activity, event: CreditsCorrected) -> dict[str, Any]:
    return {
        "desired_credits": event.desired_credits,
        "awarded_credits": event.awarded_credits,
        "pending_credits": event.pending_credits,
        "counted": activity.counted or event.campaigns,
        **(_of_credits(event) if activity.credits_state == "none" else {}),
    }


def _with_bonus(activity: Activity, bonus: Bonus) -> dict[str, Any]:
    return {"bonuses": {**activity.bonuses, bonus.campaign_id: bonus}}


def _settled(activity: Activity, credits_state: CreditsState) -> dict[str, Any]:
    """Give what is left when nothing is pending any more."""
    bonuses = {
        own_id: msgspec.structs.replace(bonus, pending_credits=0)
        for own_id, bonus in activity.bonuses.items()
    }
    return {"credits_state": credits_state, "pending_credits": 0, "bonuses": bonuses}


_CHANGES: Final[dict[type[Event], Callable[[Activity, Any], dict[str, Any]]]] = {
    ActivityReleased: lambda activity, event: {"waits_for": left_of(activity.waits_for, event.clears)},
    ActivityDismissed: lambda _activity, _event: {"status": "dismissed", "waits_for": ()},
    CreditsIssued: _issued,
    CreditsClaimed: lambda activity, _event: _settled(activity, "spendable"),
    CreditsLapsed: lambda activity, _event: _settled(activity, "lapsed"),
    ReductionCorrected: _corrected,
    ReductionRecomputed: _recomputed,
    CreditsCorrected: _credits_corrected,
    BonusIssued: lambda activity, event: _with_bonus(activity, bonus_of(event)),
    BonusCorrected: lambda activity, event: _with_bonus(activity, bonus_after(event)),
}


# --- the programme's state ----------------------------------------------------------------------


def _key_of(state: Folded, event: Any) -> str:
    """Give the key of the activity that an event is about."""
    if isinstance(event, ReductionRecorded | ActivityHeld | ActivityRejected):
        state.latest_activity = activity_key(event.source, event.id)
    elif not isinstance(event, CreditsIssued | CreditsCorrected):  # bonuses name it too
        state.latest_activity = activity_key(event.source, event.activity_id)
    return state.latest_activity


def fold(state: Folded, event: Event) -> None:
    """Change what is folded by an event of an activity."""
    key = "activity", _key_of(state, event)
    is_loaded = key in state.facts
    before: Activity | None = state.facts.get(key)
    if is_loaded:
        state.facts[key] = evolve(before, event)
    if (change := _FOLD.get(type(event))) is not None:
        change(state, event, before)


def _reduction(state: Folded, event: ReductionRecorded, before: Activity | None) -> None:
    address = addresses.participant(event.participant_id)
    if state.accounts[address].status is None:
        state.accounts.set_status(address, "open")
    scenario = state.rulebook.scenario(event.scenario_id, event.scenario_version)
    if scenario.exclusion and before is None:  # a held one has staked its claims already
        _stake(state, event, scenario)


def _held(state: Folded, event: ActivityHeld, _before: Activity | None) -> None:
    address = addresses.participant(event.participant_id)
    if state.accounts[address].status is None:
        state.accounts.set_status(address, "open")
    _stake(state, event, state.rulebook.scenario(event.scenario_id, event.scenario_version))
    _keep_held(state, event, event.reasons)


def _keep_held(state: Folded, reported: Any, waits_for: tuple[str, ...]) -> None:
    entry = Held(
        participant_id=reported.participant_id,
        scenario_id=reported.scenario_id,
        occurred_at=reported.occurred_at,
        recorded_at=reported.recorded_at,
        waits_for=waits_for,
    )
    state.registers.put(Held, held_key(reported.source, reported.id), entry if waits_for else None)


def _stake(state: Folded, reported: Any, scenario: ScenarioPublished) -> None:
    claimed = claims_of(reported, scenario, state.opened().time_zone)
    stake(state.registers, claimed, source=reported.source, own_id=reported.id)


def _give_up(state: Folded, activity: Activity) -> None:
    scenario = state.rulebook.scenario(activity.reported.scenario_id, activity.scenario_version)
    claimed = claims_of(activity.reported, scenario, state.opened().time_zone)
    give_up(state.registers, claimed, source=activity.source, own_id=activity.id)


def _released(state: Folded, event: ActivityReleased, before: Activity | None) -> None:
    if before is not None:
        _keep_held(state, before.reported, left_of(before.waits_for, event.clears))


def _dismissed(state: Folded, _event: ActivityDismissed, before: Activity | None) -> None:
    if before is not None:
        _keep_held(state, before.reported, ())
        _give_up(state, before)


def _credits_issued(state: Folded, event: CreditsIssued, _before: Activity | None) -> None:
    if event.campaigns:
        bonus_life.credits_issued(state, event)
    _count(state, event, event.occurred_at, Own(int(event.awarded_credits > 0), event.awarded_credits))
    if event.ripens_at is not None:
        source, _, own_id = state.latest_activity.partition(":")
        keep_pending(state, event, (source, own_id), event.occurred_at, event.awarded_credits)


def _count(state: Folded, event: CreditsIssued | CreditsCorrected, occurred_at: datetime, used: Own) -> None:
    scenario = state.rulebook.scenario(event.scenario_id, event.scenario_version)
    is_counted = scenario.caps is not None and scenario.caps.is_counted()
    if not is_counted and not event.in_year_cap:
        return
    on = local_date(occurred_at, state.opened().time_zone)
    if is_counted:
        count_in_month(state.registers, event.participant_id, scenario.id, on, used)
    if event.in_year_cap:
        count_in_year(state.registers, event.participant_id, on, used.awarded_credits)


def _credits_changed(state: Folded, event: CreditsCorrected, before: Activity | None) -> None:
    if before is None:
        return
    occurred_at = before.reported.occurred_at
    acts = int(event.awarded_credits > 0) - int(before.awarded_credits > 0)
    _count(state, event, occurred_at, Own(acts, event.delta_credits))
    if before.counted or event.campaigns:
        bonus_life.credits_corrected(state, event, before)
    if event.ripens_at is not None:
        activity, bonuses = (before.source, before.id), sum(before.bonuses_pending.values())
        keep_pending(state, event, activity, occurred_at, event.pending_credits, bonuses)


def _pending_gone(state: Folded, event: CreditsClaimed | CreditsLapsed, _before: Activity | None) -> None:
    state.registers.put(Pending, pending_key(event.participant_id, event.source, event.activity_id), None)


def _reduction_corrected(
    state: Folded, event: ReductionCorrected | ReductionRecomputed, before: Activity | None
) -> None:
    if before is None:
        return
    if isinstance(event, ReductionCorrected) and event.is_void:
        _give_up(state, before)
    if before.counted:
        bonus_life.grams_changed(state, event.delta_g, before)


_FOLD: Final[dict[type[Event], Callable[[Folded, Any, Activity | None], None]]] = {
    ReductionRecorded: _reduction,
    ActivityHeld: _held,
    ActivityReleased: _released,
    ActivityDismissed: _dismissed,
    CreditsIssued: _credits_issued,
    CreditsCorrected: _credits_changed,
    CreditsClaimed: _pending_gone,
    CreditsLapsed: _pending_gone,
    ReductionCorrected: _reduction_corrected,
    ReductionRecomputed: _reduction_corrected,
    BonusIssued: bonus_life.bonus_issued,
    BonusCorrected: bonus_life.bonus_corrected,
}

EVENTS: Final[tuple[type[Event], ...]] = (
    ReductionRecorded,
    ActivityHeld,
    ActivityRejected,
    ActivityReleased,
    ActivityDismissed,
    CreditsIssued,
    CreditsClaimed,
    CreditsLapsed,
    ReductionCorrected,
    ReductionRecomputed,
    CreditsCorrected,
    BonusIssued,
    BonusCorrected,
)
"""Events of activities."""
