"""Deciding a correction: the grams first, then what follows for the credits.

Rule of the room: pure. An activity corrected any number of times stands as if its last value had been
recorded at first; what is taken back is found by `ledger.domain.taking`.
"""

from datetime import datetime
from typing import Any

from ledger.domain import addresses
from ledger.domain.activity import Activity
from ledger.domain.bonus import counted_in
from ledger.domain.campaign import CountedIn
from ledger.domain.caps import Award, Bounds, Earned, Own, award
from ledger.domain.conversion import credits_for
from ledger.domain.correction import (
    CorrectActivity,
    CreditsCorrected,
    RecomputeActivity,
    ReductionCorrected,
    ReductionRecomputed,
)
from ledger.domain.earning import (
    NO_CAPS,
    budget_credits,
    budget_legs,
    earner_of,
    window_of,
)
from ledger.domain.errors import AccountClosed, ActivityStatusUnsuitable, AlreadyRecorded, CorrectionEmpty
from ledger.domain.grounds import Grounds
from ledger.domain.instants import utc
from ledger.domain.messages import Event
from ledger.domain.methodology import Measured, Reduction
from ledger.domain.recording import gram_legs
from ledger.domain.review import require_activity
from ledger.domain.rules import ScenarioPublished
from ledger.domain.taking import change_by

NOTHING = Reduction(exact="0", grams=0)
"""What a void activity avoids."""


# --- Decide -------------------------------------------------------------------------------------


def correct_activity(
    command: CorrectActivity, activity: Activity | None, grounds: Grounds, recorded_at: datetime
) -> tuple[Event, ...]:
    """Correct an activity that counts.

    Raises, in this order:
        ActivityNotFound, AlreadyRecorded, ActivityStatusUnsuitable, CorrectionEmpty,
        whatever `CompiledFormula.reduction` or `credits_for` refuses,
        AccountClosed: more credits would go to a participant who was closed
    """
    activity = require_activity(activity, command.source, command.activity_id)
    _require_accepted(activity, command.id, activity.corrected_by)
    if (command.measured is None) is not command.is_void:
        raise CorrectionEmpty(field="measured")
    scenario = _scenario_of(activity, grounds)
    reduction, desired = NOTHING, 0
    if command.measured is not None:
        reduction, desired = _anew(
            activity, command.measured, activity.methodology_version, scenario, grounds
        )
    corrected = ReductionCorrected(
        **_grams(command, activity, reduction, recorded_at),
        id=command.id,
        measured=command.measured,
        is_void=command.is_void,
    )
    return _with_credits(corrected, activity, desired, scenario, grounds)


def recompute_activity(
    command: RecomputeActivity, activity: Activity | None, grounds: Grounds, recorded_at: datetime
) -> tuple[Event, ...]:
    """Compute an activity anew; nothing is recorded where nothing changes.

    Raises, in this order:
        ActivityNotFound, AlreadyRecorded, ActivityStatusUnsuitable, MethodologyNotFound,
        whatever `CompiledFormula.reduction` or `credits_for` refuses,
        AccountClosed: more credits would go to a participant who was closed
    """
    activity = require_activity(activity, command.source, command.activity_id)
    _require_accepted(activity, command.run_id, activity.recomputed_by)
    scenario = _scenario_of(activity, grounds)
    reduction, desired = _anew(activity, activity.measured, command.methodology_version, scenario, grounds)
    if reduction.grams == activity.amount_g and desired == activity.desired_credits:
        return ()
    recomputed = ReductionRecomputed(
        **_grams(command, activity, reduction, recorded_at),
        run_id=command.run_id,
        methodology_version=command.methodology_version,
    )
    return _with_credits(recomputed, activity, desired, scenario, grounds)


def _grams(
    command: CorrectActivity | RecomputeActivity,
    activity: Activity,
    reduction: Reduction,
    recorded_at: datetime,
) -> dict[str, Any]:
    """Give what every correction says of the grams: what they are from now on, and the difference."""
    delta_g = reduction.grams - activity.amount_g
    return {
        "occurred_at": utc(command.occurred_at),
        "recorded_at": recorded_at,
        "legs": gram_legs(activity.participant_id, delta_g),
        "source": command.source,
        "activity_id": command.activity_id,
        "participant_id": activity.participant_id,
        "scenario_id": activity.reported.scenario_id,
        "reason": command.reason,
        "approver": command.approver,
        "exact_g": reduction.exact,
        "amount_g": reduction.grams,
        "delta_g": delta_g,
        "act_occurred_at": activity.reported.occurred_at,
        "share": activity.share,
    }


def _require_accepted(activity: Activity, own_id: str, earlier_ids: tuple[str, ...]) -> None:
    if own_id in earlier_ids:
        raise AlreadyRecorded(id=own_id)
    if activity.status != "accepted":
        raise ActivityStatusUnsuitable(
            source=activity.source, activity_id=activity.id, status=activity.status, needed="accepted"
        )


def _scenario_of(activity: Activity, grounds: Grounds) -> ScenarioPublished:
    return grounds.rulebook.scenario(activity.reported.scenario_id, activity.scenario_version)


def _anew(
    activity: Activity,
    measured: Measured,
    methodology_version: int,
    scenario: ScenarioPublished,
    grounds: Grounds,
) -> tuple[Reduction, int]:
    """Give what an activity avoids and desires with other measurements or another methodology."""
    methodology = grounds.rulebook.methodology(scenario.methodology_id, methodology_version)
    reduction = methodology.formula.reduction(measured, share=activity.share)
    desired = credits_for(scenario.rule, amount_g=reduction.grams, measured=measured, share=activity.share)
    return reduction, desired


# --- credits ------------------------------------------------------------------------------------


def _with_credits(
    corrected: ReductionCorrected | ReductionRecomputed,
    activity: Activity,
    desired: int,
    scenario: ScenarioPublished,
    grounds: Grounds,
) -> tuple[Event, ...]:
    """Add what the correction does to the credits; lapsed ones are gone whatever the grams are."""
    if activity.credits_state == "lapsed" or desired == activity.desired_credits:
        return (corrected,)
    in_year_cap = activity.in_year_cap if activity.lot else counts_in_year(grounds)
    given = _awarded_anew(activity, desired, scenario, grounds, in_year_cap=in_year_cap)
    delta = given.awarded_credits - activity.awarded_credits
    holder = addresses.participant(activity.participant_id)
    if delta > 0 and grounds.accounts[holder].status == "closed":
        raise AccountClosed(account=holder)
    lot = activity.lot or grounds.programme.lot_issued(corrected.recorded_at)
    ripens_at, claim_by = activity.ripens_at, activity.claim_by
    if activity.credits_state == "none" and given.awarded_credits:
        ripens_at, claim_by = window_of(scenario, corrected.recorded_at)
    is_pending = ripens_at is not None and activity.credits_state != "spendable"
    change = change_by(
        delta,
        holder=holder,
        lot=lot,
        pending_credits=activity.pending_credits,
        accounts=grounds.accounts,
        is_pending=is_pending,
    )
    return corrected, CreditsCorrected(
        occurred_at=corrected.occurred_at,
        recorded_at=corrected.recorded_at,
        legs=change.legs + budget_legs(scenario.budget, delta),
        participant_id=activity.participant_id,
        scenario_id=scenario.id,
        scenario_version=scenario.version,
        desired_credits=desired,
        awarded_credits=given.awarded_credits,
        delta_credits=delta,
        clipped_by=given.clipped_by,
        pending_credits=activity.pending_credits + change.pending_credits,
        owed_credits=change.owed_credits,
        debt_credits=change.debt_credits,
        lot=lot,
        ripens_at=ripens_at if is_pending else None,
        claim_by=claim_by if is_pending else None,
        in_year_cap=in_year_cap,
        campaigns=() if activity.lot else _counted(corrected, activity, scenario, grounds),
        act_occurred_at=corrected.act_occurred_at,
        share=corrected.share,
    )


def _counted(
    corrected: ReductionCorrected | ReductionRecomputed,
    activity: Activity,
    scenario: ScenarioPublished,
    grounds: Grounds,
) -> tuple[CountedIn, ...]:
    """Give the campaigns in which an act counts that is credited for the first time."""
    earner = earner_of(activity.participant_id, activity.reported.occurred_at, grounds)
    return counted_in(earner, scenario.id, corrected.amount_g, grounds)


def _awarded_anew(
    activity: Activity, desired: int, scenario: ScenarioPublished, grounds: Grounds, *, in_year_cap: bool
) -> Award:
    """Cut what is desired now to the caps, as if the activity had not earned before."""
    budget = budget_credits(scenario.budget, grounds)
    return award(
        desired,
        Earned(
            activity.participant_id,
            scenario.id,
            earner_of(activity.participant_id, activity.reported.occurred_at, grounds).on,
        ),
        Bounds(
            scenario.caps or NO_CAPS,
            grounds.rulebook.policy.year_credits if in_year_cap else None,
            None if budget is None else budget + activity.awarded_credits,
        ),
        grounds.registers,
        Own(int(activity.awarded_credits > 0), activity.awarded_credits, activity.bonus_credits),
    )


def counts_in_year(grounds: Grounds) -> bool:
    """Whether credits issued now count towards a cap on the year."""
    return grounds.rulebook.policy.year_credits is not None
