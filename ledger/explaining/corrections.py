"""Corrections and recomputations: what was there, what is there now, and the difference."""

from collections.abc import Iterator

from ledger.domain import addresses
from ledger.domain.activity import Activity
from ledger.domain.addresses import CREDIT, ISSUANCE
from ledger.domain.caps import Own
from ledger.explaining.awards import Asked, Converted, earned_by, explain_award, explain_conversion
from ledger.explaining.grams import (
    explain_grams_entered,
    explain_methodology,
    explain_reduction,
    measurements,
)
from ledger.explaining.issuing import explain_backing, explain_entered
from ledger.explaining.steps import Place, Step, checked


def explain_corrected(place: Place) -> Iterator[Step]:
    """Explain what other measurements, or none at all, do to the grams."""
    event, activity = place.event, place.activity()
    approved = ".approved" if event.approver is not None else ""
    if event.measured is None:
        yield place.step(
            f"correction.void{approved}", correction_id=event.id, reason=event.reason, approver=event.approver
        )
    else:
        yield place.step(
            f"correction{approved}",
            correction_id=event.id,
            reason=event.reason,
            approver=event.approver,
            measured_before=measurements(activity.measured) if activity else [],
            measured=measurements(event.measured),
        )
    if activity is None:
        return
    if event.measured is not None:
        scenario = place.case.rulebook.scenario(event.scenario_id, activity.scenario_version)
        methodology = place.case.rulebook.methodology(scenario.methodology_id, activity.methodology_version)
        yield from explain_reduction(place, methodology, event.measured, activity.share)
    yield from _explain_delta(place, activity)


def explain_recomputed(place: Place) -> Iterator[Step]:
    """Explain what another version of the methodology does to the grams."""
    event, activity = place.event, place.activity()
    yield place.step(
        "recomputation",
        run_id=event.run_id,
        reason=event.reason,
        approver=event.approver,
        version_before=activity.methodology_version if activity else None,
        methodology_version=event.methodology_version,
    )
    if activity is None:
        return
    scenario = place.case.rulebook.scenario(event.scenario_id, activity.scenario_version)
    methodology = place.case.rulebook.methodology(scenario.methodology_id, event.methodology_version)
    yield from explain_methodology(place, methodology)
    yield from explain_reduction(place, methodology, activity.measured, activity.share)
    yield from _explain_delta(place, activity)


def _explain_delta(place: Place, activity: Activity) -> Iterator[Step]:
    event = place.event
    yield place.step(
        "grams.delta",
        checked(event.delta_g, event.amount_g - activity.amount_g),
        before_g=activity.amount_g,
        amount_g=event.amount_g,
        delta_g=event.delta_g,
    )
    if event.delta_g:
        yield explain_grams_entered(place, event.delta_g)


def explain_credits_corrected(place: Place) -> Iterator[Step]:
    """Explain what the correction before does to the credits."""
    event, activity = place.event, place.activity()
    scenario = place.case.rulebook.scenario(event.scenario_id, event.scenario_version)
    if activity is None:
        return
    if activity.status == "void":
        yield place.step("rule.void", checked(event.desired_credits, 0))
    else:
        given = Converted(scenario, activity.measured, activity.amount_g, activity.share)
        yield explain_conversion(place, given, event.desired_credits)
    before = activity.awarded_credits
    yield from explain_award(
        place,
        Asked(
            scenario=scenario,
            earned=earned_by(place, event.participant_id, event.scenario_id),
            desired_credits=event.desired_credits,
            awarded_credits=event.awarded_credits,
            clipped_by=event.clipped_by,
            in_year_cap=event.in_year_cap,
            own=Own(int(before > 0), before, activity.bonus_credits),
        ),
    )
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
    yield from explain_backing(place, scenario.budget, event.delta_credits)


def explain_taken(place: Place, credits_taken: int) -> Iterator[Step]:
    """Say where credits were taken back from, the participant's debt last."""
    holder = addresses.participant(place.event.participant_id)
    yield place.step(
        "credits.taken_back", checked(credits_taken, place.into(CREDIT, ISSUANCE)), credits=credits_taken
    )
    for kind, account in (
        ("taken.pending", addresses.pending(holder)),
        ("taken.spendable", holder),
        ("taken.owed", addresses.debt(holder)),
    ):
        taken = -place.into(CREDIT, account)
        if taken > 0:
            owed = place.event.owed_credits if kind == "taken.owed" else None
            yield place.step(
                kind, None if owed is None else checked(owed, taken), credits=taken, account=account
            )
