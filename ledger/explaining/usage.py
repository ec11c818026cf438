"""What a participant had used of the caps when an award was made, counted again from the awards before.

Rule of the room: it is counted as the ledger counts: towards the month and the year in which the act
occurred, and only where a cap was published when it was awarded.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from ledger.domain.activity import Activity
from ledger.domain.activity_life import evolve
from ledger.domain.caps import Own, count_in_month, count_in_year
from ledger.domain.correction import CreditsCorrected
from ledger.domain.earning import CreditsIssued
from ledger.domain.instants import local_date
from ledger.domain.registers import EveryRegister, Registers
from ledger.explaining.steps import Case, Told

AWARDS: Final = (CreditsIssued, CreditsCorrected)
"""Events that award credits to a participant, or change what was awarded."""


def used_before(case: Case, streams: Iterable[Sequence[Told]], position: int) -> Registers:
    """Give the entries of months and years as they stood before a position.

    Args:
        case: with the rules.
        streams: of all activities of the participant that were ever awarded anything.
        position: of the award that is to be decided again.
    """
    used = EveryRegister()
    for stream in streams:
        activity: Activity | None = None
        for told in stream:
            if told.position >= position:
                break
            _count(case, used, activity, told)
            activity = evolve(activity, told.event)
    return used


def _count(case: Case, used: Registers, activity: Activity | None, told: Told) -> None:
    event = told.event
    if activity is None or not isinstance(event, AWARDS):
        return
    if isinstance(event, CreditsIssued):
        own = Own(int(event.awarded_credits > 0), event.awarded_credits)
    else:
        acts = int(event.awarded_credits > 0) - int(activity.awarded_credits > 0)
        own = Own(acts, event.delta_credits)
    scenario = case.rulebook.scenario(event.scenario_id, event.scenario_version)
    on = local_date(activity.reported.occurred_at, case.programme.time_zone)
    if scenario.caps is not None and scenario.caps.is_counted():
        count_in_month(used, event.participant_id, scenario.id, on, own)
    if event.in_year_cap:
        count_in_year(used, event.participant_id, on, own.awarded_credits)
