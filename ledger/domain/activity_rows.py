"""How the commands about activities are decided: what each stands on must be loaded first.

Rule of the room: what is named here is what `ledger.domain.activity` and its neighbours read, no
more; where a command will be refused, less may be named, and the decision says why.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from ledger.domain import claiming, correcting, correction, review
from ledger.domain.activity import (
    Activity,
    ActivityHeld,
    ActivityRejected,
    RecordActivity,
    ReductionRecorded,
    activity_key,
)
from ledger.domain.bonus import BonusIssued
from ledger.domain.bonus_correction import BonusCorrected, with_bonuses
from ledger.domain.campaign import CampaignPublished
from ledger.domain.earning import CreditsIssued
from ledger.domain.errors import LedgerError
from ledger.domain.messages import Command, Event
from ledger.domain.recording import accounts_read, entries_read, record_activity
from ledger.domain.registers import EntryKey
from ledger.domain.row import Row
from ledger.domain.rules import ScenarioPublished
from ledger.domain.state import ProgrammeState


def _reads_reported(command: RecordActivity, state: ProgrammeState) -> Iterable[str]:
    scenario = _scenario_at(command, state)
    return accounts_read(command.participant_id, scenario, _campaigns_at(command, state))


def _registers_reported(command: RecordActivity, state: ProgrammeState) -> Iterable[EntryKey]:
    scenario = _scenario_at(command, state)
    if scenario is None or state.programme is None:
        return ()
    in_year_cap = state.rulebook.policy.year_credits is not None
    campaigns = _campaigns_at(command, state)
    if not in_year_cap and not scenario.exclusion and scenario.caps is None and not campaigns:
        return ()
    return _named_entries(command, scenario, state, campaigns, in_year_cap=in_year_cap)


def _campaigns_at(reported: Any, state: ProgrammeState) -> Sequence[CampaignPublished]:
    """The campaigns in which an activity would count that is credited now."""
    if not state.rulebook.campaigns:
        return ()
    return state.rulebook.campaigns_at(reported.scenario_id, reported.occurred_at)


def _campaigns_of(activity: Activity, state: ProgrammeState) -> Sequence[CampaignPublished]:
    """The campaigns in which an activity counts, or would, were it credited now."""
    if not activity.lot:
        return _campaigns_at(activity.reported, state)
    return [state.rulebook.campaign(counted.id, counted.version) for counted in activity.counted]


def _scenario_at(command: RecordActivity, state: ProgrammeState) -> ScenarioPublished | None:
    """The scenario by which an activity counts; None where the decision will refuse it."""
    try:
        return state.rulebook.scenario_at(command.scenario_id, command.occurred_at)
    except LedgerError:
        return None


def _named_entries(
    reported: Any,
    scenario: ScenarioPublished,
    state: ProgrammeState,
    campaigns: Sequence[CampaignPublished],
    *,
    in_year_cap: bool,
) -> Iterable[EntryKey]:
    try:
        return entries_read(reported, scenario, state.grounds(), in_year_cap=in_year_cap, campaigns=campaigns)
    except LedgerError:
        return ()  # the decision will say why


def _activity_of(command: Any, state: ProgrammeState) -> Activity | None:
    activity: Activity | None = state.facts.get(("activity", _key_of_activity(command)))
    return activity


def _key_of_activity(command: Any) -> str:
    return activity_key(command.source, command.activity_id)


def _reads_activity(command: Any, state: ProgrammeState) -> Iterable[str]:
    activity = _activity_of(command, state)
    if activity is None:
        return ()
    scenario = state.rulebook.scenario(activity.reported.scenario_id, activity.scenario_version)
    return accounts_read(activity.participant_id, scenario, _campaigns_of(activity, state))


def _registers_of_activity(command: Any, state: ProgrammeState) -> Iterable[EntryKey]:
    activity = _activity_of(command, state)
    if activity is None:
        return ()
    scenario = state.rulebook.scenario(activity.reported.scenario_id, activity.scenario_version)
    in_year_cap = activity.in_year_cap or state.rulebook.policy.year_credits is not None
    campaigns = _campaigns_of(activity, state)
    return _named_entries(activity.reported, scenario, state, campaigns, in_year_cap=in_year_cap)


def _activity_row(
    event: type[Event],
    decide: Callable[[Any, Activity | None, ProgrammeState, datetime], Event | tuple[Event, ...] | None],
    *,
    goes_on: tuple[type[Event], ...] = (),
    is_repeat: Callable[[Any, Any], bool] = lambda _command, _event: True,
) -> Row:
    return Row(
        stream=lambda c: ("activity", _key_of_activity(c)),
        begins=(event,),
        goes_on=goes_on,
        reads=_reads_activity,
        registers=_registers_of_activity,
        decide=lambda c, s, at: decide(c, _activity_of(c, s), s, at),
        fact=lambda c: ("activity", _key_of_activity(c)),
        version=lambda c, s: 1 if (activity := _activity_of(c, s)) is None else activity.version + 1,
        is_repeat=is_repeat,
    )


ACTIVITY_ROWS: Final[dict[type[Command], Row]] = {
    RecordActivity: Row(
        stream=lambda c: ("activity", activity_key(c.source, c.id)),
        begins=(ReductionRecorded, ActivityHeld, ActivityRejected),
        goes_on=(CreditsIssued, BonusIssued),
        reads=_reads_reported,
        registers=_registers_reported,
        decide=lambda c, s, at: record_activity(c, s.grounds(), at),
    ),
    review.ReleaseActivity: _activity_row(
        review.ActivityReleased,
        lambda c, activity, s, at: review.release_activity(c, activity, s.grounds(), at),
        goes_on=(ReductionRecorded, CreditsIssued, BonusIssued),
        is_repeat=lambda c, event: bool(c.clears == event.clears),
    ),
    review.DismissActivity: _activity_row(
        review.ActivityDismissed, lambda c, activity, _, at: review.dismiss_activity(c, activity, at)
    ),
    claiming.ClaimCredits: _activity_row(
        claiming.CreditsClaimed,
        lambda c, activity, s, at: claiming.claim_credits(c, activity, s.grounds(), at),
    ),
    claiming.LapseCredits: _activity_row(
        claiming.CreditsLapsed,
        lambda c, activity, s, at: claiming.lapse_credits(c, activity, s.grounds(), at),
    ),
    correction.CorrectActivity: _activity_row(
        correction.ReductionCorrected,
        lambda c, activity, s, at: with_bonuses(
            correcting.correct_activity(c, activity, s.grounds(), at), activity, s.grounds()
        ),
        goes_on=(correction.CreditsCorrected, BonusCorrected),
        is_repeat=lambda c, event: bool(c.id == event.id),
    ),
    correction.RecomputeActivity: _activity_row(
        correction.ReductionRecomputed,
        lambda c, activity, s, at: with_bonuses(
            correcting.recompute_activity(c, activity, s.grounds(), at), activity, s.grounds()
        ),
        goes_on=(correction.CreditsCorrected, BonusCorrected),
        is_repeat=lambda c, event: bool(c.run_id == event.run_id),
    ),
}
