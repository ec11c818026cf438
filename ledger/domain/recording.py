"""Recording an activity: what becomes of it, what it avoided, what it earned.

Rule of the room: pure. Quality first, then claims of others, then the grams; an activity that waits
is credited by the same steps when nothing holds it any more.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ledger.domain import addresses
from ledger.domain.activity import (
    CLAIMED,
    CROSS_CHECK,
    ActivityHeld,
    ActivityRejected,
    RecordActivity,
    ReductionRecorded,
)
from ledger.domain.addresses import GRAMS, NATURE
from ledger.domain.bonus import counted_in, issue_bonuses
from ledger.domain.book import Leg
from ledger.domain.campaign import CampaignPublished
from ledger.domain.caps import MonthUsed, YearUsed, month_key, year_key
from ledger.domain.conversion import credits_for
from ledger.domain.earning import Earner, earn, earner_of
from ledger.domain.errors import AccountClosed
from ledger.domain.exclusion import (
    BlockingClaim,
    Claimed,
    ClaimsOfDay,
    blocking_claim,
    claimed_by,
    require_interval,
)
from ledger.domain.grounds import Grounds
from ledger.domain.instants import local_date, utc
from ledger.domain.messages import Event
from ledger.domain.methodology import Reduction
from ledger.domain.quality import HOLD, REJECT, assess
from ledger.domain.registers import EntryKey
from ledger.domain.rules import ScenarioPublished
from ledger.domain.standing import standings_read

# --- Decide -------------------------------------------------------------------------------------


def record_activity(command: RecordActivity, grounds: Grounds, recorded_at: datetime) -> tuple[Event, ...]:
    """Decide what an activity avoided and earned; a frozen participant goes on earning.

    Raises, in this order:
        ScenarioNotFound, ScenarioNotValid, AccountClosed, IntervalUnsuitable, SubjectMissing,
        whatever `CompiledFormula.reduction` or `credits_for` refuses
    """
    occurred_at = utc(command.occurred_at)
    scenario = grounds.rulebook.scenario_at(command.scenario_id, occurred_at)
    address = addresses.participant(command.participant_id)
    if grounds.accounts[address].status == "closed":
        raise AccountClosed(account=address)
    require_interval(command.began_at, command.ended_at)
    claimed = claims_of(command, scenario, grounds.programme.time_zone)
    methodology = grounds.rulebook.methodology(scenario.methodology_id, scenario.methodology_version)
    found = assess(
        command.flags,
        command.evidence,
        treatments=methodology.event.quality,
        shares=scenario.evidence,
    )
    if found.verdict == REJECT:
        return (_rejected(command, scenario, found.reasons, None, recorded_at),)
    if claimed and (standing := blocking_claim(claimed, grounds.registers, grounds.programme.id)):
        return (_rejected(command, scenario, (CLAIMED,), standing, recorded_at),)
    reduction = methodology.formula.reduction(command.measured, share=found.share)
    reasons = found.reasons if found.verdict == HOLD else ()
    if grounds.rulebook.policy.partners and any(own.rule.shared for own in claimed):
        reasons = (*reasons, CROSS_CHECK)
    if reasons:
        return (_held(command, scenario, reasons, found.share, recorded_at),)
    return credited(command, scenario, reduction, found.share, grounds, recorded_at)


def claims_of(reported: Any, scenario: ScenarioPublished, time_zone: str) -> list[Claimed]:
    """Give what an activity claims by its scenario; `reported` has the fields of `RecordActivity`.

    Raises:
        SubjectMissing
    """
    if not scenario.exclusion:
        return []
    return claimed_by(
        scenario.exclusion,
        subjects=reported.subjects,
        occurred_at=reported.occurred_at,
        began_at=reported.began_at,
        ended_at=reported.ended_at,
        time_zone=time_zone,
    )


def credited(
    reported: Any,
    scenario: ScenarioPublished,
    reduction: Reduction,
    share: str,
    grounds: Grounds,
    recorded_at: datetime,
) -> tuple[Event, ...]:
    """Give the reduction of an accepted activity and what it earns.

    Args:
        reported: has the fields of `RecordActivity`.
        scenario: by which it counts.
        reduction: with `share` in it.
        share: the part that evidence and quality leave.
        grounds: of the decision.
        recorded_at: of the events.
    """
    earner = earner_of(reported.participant_id, utc(reported.occurred_at), grounds)
    recorded = _reduction(reported, scenario, reduction, share, earner, recorded_at)
    desired = credits_for(scenario.rule, amount_g=reduction.grams, measured=reported.measured, share=share)
    campaigns = (
        counted_in(earner, scenario.id, reduction.grams, grounds) if grounds.rulebook.campaigns else ()
    )
    issued = earn(earner, desired, scenario, grounds, recorded_at, campaigns, share=share)
    if issued is None:
        return (recorded,)
    if not campaigns:
        return recorded, issued
    return recorded, issued, *issue_bonuses(issued, reported.source, reported.id, earner, grounds)


def _reduction(
    reported: Any,
    scenario: ScenarioPublished,
    reduction: Reduction,
    share: str,
    earner: Earner,
    recorded_at: datetime,
) -> ReductionRecorded:
    return ReductionRecorded(
        occurred_at=earner.occurred_at,
        recorded_at=recorded_at,
        legs=gram_legs(earner.participant_id, reduction.grams),
        id=reported.id,
        source=reported.source,
        participant_id=reported.participant_id,
        scenario_id=reported.scenario_id,
        measured=reported.measured,
        scenario_version=scenario.version,
        methodology_id=scenario.methodology_id,
        methodology_version=scenario.methodology_version,
        exact_g=reduction.exact,
        amount_g=reduction.grams,
        flags=reported.flags,
        evidence=reported.evidence,
        began_at=_utc(reported.began_at),
        ended_at=_utc(reported.ended_at),
        subjects=reported.subjects,
        share=share,
    )


def _held(
    command: RecordActivity,
    scenario: ScenarioPublished,
    reasons: tuple[str, ...],
    share: str,
    recorded_at: datetime,
) -> ActivityHeld:
    said = _said(command, scenario, reasons, recorded_at)
    return ActivityHeld(**said, share=share)


def _rejected(
    command: RecordActivity,
    scenario: ScenarioPublished,
    reasons: tuple[str, ...],
    standing: BlockingClaim | None,
    recorded_at: datetime,
) -> ActivityRejected:
    said = _said(command, scenario, reasons, recorded_at)
    return ActivityRejected(**said, standing=standing)


def _said(
    command: RecordActivity, scenario: ScenarioPublished, reasons: tuple[str, ...], recorded_at: datetime
) -> dict[str, Any]:
    """Give what the source has said, and why it does not count, or not yet."""
    content = {name: getattr(command, name) for name in command.__struct_fields__}
    content |= {
        "occurred_at": utc(command.occurred_at),
        "began_at": _utc(command.began_at),
        "ended_at": _utc(command.ended_at),
    }
    return {
        **content,
        "recorded_at": recorded_at,
        "reasons": reasons,
        "scenario_version": scenario.version,
    }


def _utc(instant: datetime | None) -> datetime | None:
    return None if instant is None else utc(instant)


def gram_legs(participant_id: str, amount_g: int) -> tuple[Leg, ...]:
    """Give the legs of grams avoided, or of grams taken back (below zero)."""
    if not amount_g:
        return ()
    address = addresses.participant(participant_id)
    return Leg(NATURE, GRAMS, None, -amount_g), Leg(address, GRAMS, None, amount_g)


# --- what must be loaded before ----------------------------------------------------------------


def accounts_read(
    participant_id: str, scenario: ScenarioPublished | None, campaigns: Sequence[CampaignPublished] = ()
) -> list[str]:
    """Name the accounts that earning in a scenario, or taking back, is decided on.

    Args:
        participant_id: whose act.
        scenario: by which it counts; None where nobody knows it.
        campaigns: in which it counts.
    """
    holder = addresses.participant(participant_id)
    read = [holder, addresses.debt(holder)]
    if scenario is not None and scenario.budget is not None:
        read.append(addresses.available(scenario.budget.fund_id))
    read += [addresses.available(each.budget.fund_id) for each in campaigns if each.budget is not None]
    return read


def entries_read(
    reported: Any,
    scenario: ScenarioPublished,
    grounds: Grounds,
    *,
    in_year_cap: bool,
    campaigns: Sequence[CampaignPublished] = (),
) -> list[EntryKey]:
    """Name the entries of registers that crediting an activity is decided on.

    Args:
        reported: has the fields of `RecordActivity`.
        scenario: by which it counts.
        grounds: of the decision.
        in_year_cap: whether it counts, or counted, towards the cap on the year.
        campaigns: in which it counts, or counted.

    Raises:
        SubjectMissing: nothing can be decided on the activity.
    """
    read: list[EntryKey] = []
    is_counted = scenario.caps is not None and scenario.caps.is_counted()
    if is_counted or in_year_cap:
        on = local_date(utc(reported.occurred_at), grounds.programme.time_zone)
        if is_counted:
            read.append((MonthUsed, month_key(reported.participant_id, on)))
        if in_year_cap:
            read.append((YearUsed, year_key(reported.participant_id, on)))
    if campaigns:
        read += standings_read(reported.participant_id, [campaign.id for campaign in campaigns])
    for own in claims_of(reported, scenario, grounds.programme.time_zone):
        read += [(ClaimsOfDay, key) for key in own.keys]
    return read
