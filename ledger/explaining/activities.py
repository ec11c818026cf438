"""Activities as reported, and what is decided on them before any gram: quality, claims, review."""

from collections.abc import Iterator
from typing import Any

from ledger.domain.activity import CLAIMED
from ledger.domain.quality import ACCEPT, HOLD, REJECT, SHARE_OF_TIER, UNMAPPED, assess
from ledger.domain.recording import claims_of
from ledger.domain.rules import ScenarioPublished
from ledger.explaining.awards import Converted, explain_conversion
from ledger.explaining.grams import (
    explain_grams_entered,
    explain_methodology,
    explain_reduction,
    measurements,
)
from ledger.explaining.steps import Place, Step, checked


def explain_held(place: Place) -> Iterator[Step]:
    """Explain why an activity waits."""
    yield from _explain_reported(place)
    yield place.step("activity.held", reasons=list(place.event.reasons))


def explain_rejected(place: Place) -> Iterator[Step]:
    """Explain why an activity counts for nothing."""
    yield from _explain_reported(place)
    standing = place.event.standing
    if standing is None:
        yield place.step("activity.rejected", reasons=list(place.event.reasons))
        return
    yield place.step(
        "activity.claimed_before",
        group=standing.group,
        programme_id=standing.programme_id,
        source=standing.source,
        activity_id=standing.id,
        begins_at=standing.begins_at,
        ends_at=standing.ends_at,
    )


def explain_released(place: Place) -> Iterator[Step]:
    """Say who cleared which reasons."""
    event = place.event
    yield place.step("activity.released", clears=event.clears, approver=event.approver, reason=event.reason)


def explain_dismissed(place: Place) -> Iterator[Step]:
    """Say who let a held activity count for nothing."""
    event = place.event
    if event.standing is None:
        yield place.step("activity.dismissed", approver=event.approver, reason=event.reason)
        return
    yield place.step(
        "activity.dismissed.claimed",
        approver=event.approver,
        reason=event.reason,
        group=event.standing.group,
        programme_id=event.standing.programme_id,
        source=event.standing.source,
        activity_id=event.standing.id,
    )


def explain_recorded(place: Place) -> Iterator[Step]:
    """Explain the grams of an activity, from what was reported on where nothing stands before."""
    event, rulebook = place.event, place.case.rulebook
    if not place.before:
        yield from _explain_reported(place)
    methodology = rulebook.methodology(event.methodology_id, event.methodology_version)
    yield from explain_methodology(place, methodology)
    yield from explain_reduction(place, methodology, event.measured, event.share)
    yield explain_grams_entered(place, event.amount_g)
    scenario = rulebook.scenario(event.scenario_id, event.scenario_version)
    given = Converted(scenario, event.measured, event.amount_g, event.share)
    if not given.desired():
        # Nothing is issued where nothing is desired, so no other event says it.
        yield explain_conversion(place, given, 0)


def _explain_reported(place: Place) -> Iterator[Step]:
    event = place.event
    scenario = place.case.rulebook.scenario(event.scenario_id, event.scenario_version)
    yield place.step(
        "activity.reported",
        source=event.source,
        activity_id=event.id,
        participant_id=event.participant_id,
        scenario_id=scenario.id,
        scenario_version=scenario.version,
        scenario_name_zh=scenario.name_zh,
        scenario_name_en=scenario.name_en,
        measured=measurements(event.measured),
        occurred_at=event.occurred_at,
        evidence=event.evidence,
        flags=list(event.flags),
    )
    if event.began_at is not None and event.ended_at is not None:
        yield place.step("activity.interval", began_at=event.began_at, ended_at=event.ended_at)
    yield from _explain_quality(place, event, scenario)
    yield from _explain_claims(place, event, scenario)


def _explain_quality(place: Place, event: Any, scenario: ScenarioPublished) -> Iterator[Step]:
    """Say what each flag leads to, and what share evidence and flags leave together."""
    methodology = place.case.rulebook.methodology(scenario.methodology_id, scenario.methodology_version)
    treatments = methodology.event.quality
    for flag in event.flags:
        treatment = treatments.get(flag, UNMAPPED)
        kind = f"flag.{treatment}" if treatment in {ACCEPT, HOLD, REJECT} else "flag.share"
        if flag not in treatments:
            kind = "flag.unmapped"
        yield place.step(kind, flag=flag, share=treatment)
    found = assess(event.flags, event.evidence, treatments=treatments, shares=scenario.evidence)
    tier_share = scenario.evidence.get(event.evidence) or SHARE_OF_TIER[event.evidence]
    share = getattr(event, "share", None)
    yield place.step(
        "share",
        None if share is None else checked(share, found.share),
        evidence=event.evidence,
        tier_share=tier_share,
        share=found.share,
    )


def _explain_claims(place: Place, event: Any, scenario: ScenarioPublished) -> Iterator[Step]:
    """Say what the activity claims, in which groups; who the subject is stays an HMAC and is not said."""
    refused = CLAIMED in getattr(event, "reasons", ())
    for claimed in claims_of(event, scenario, place.case.programme.time_zone):
        yield place.step(
            "claim.refused" if refused else "claim",
            group=claimed.rule.group,
            subject=claimed.rule.subject,
            begins_at=claimed.begins_at,
            ends_at=claimed.ends_at,
        )
