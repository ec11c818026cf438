"""An activity: what somebody did, what it avoided, what it earned.

Rule of the room: Events → State → Decide → Evolve; all pure. Grams and credits are two events of
one stream, written in one commit; the versions of the rules stay on them. An activity that is not
believed, or that somebody has to look at first, is recorded all the same, with the reasons.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec

from ledger.domain import addresses
from ledger.domain.addresses import GRAMS, NATURE
from ledger.domain.bonus import counted_in, issue_bonuses
from ledger.domain.book import Leg
from ledger.domain.campaign import CampaignPublished, CountedIn
from ledger.domain.caps import MonthUsed, YearUsed, month_key, year_key
from ledger.domain.conversion import credits_for
from ledger.domain.earning import Earner, earn, earner_of
from ledger.domain.errors import AccountClosed
from ledger.domain.exclusion import (
    BlockingClaim,
    Claimed,
    ClaimsOfDay,
    Subjects,
    blocking_claim,
    claimed_by,
    require_interval,
)
from ledger.domain.grounds import Grounds
from ledger.domain.identifiers import CommandId, EntityId
from ledger.domain.instants import Instant, utc
from ledger.domain.limits import FLAGS_MAX
from ledger.domain.messages import Command, Event
from ledger.domain.methodology import WHOLE_SHARE, Measured, Reduction
from ledger.domain.quality import HOLD, REJECT, EvidenceTier, QualityFlag, assess
from ledger.domain.registers import EntryKey
from ledger.domain.rules import ScenarioPublished
from ledger.domain.standing import Bonus, standings_read

CLAIMED: Final = "claimed"
"""Why an activity is rejected whose subject is claimed for the same time."""
CROSS_CHECK: Final = "cross_check"
"""Why an activity is held until partners' programmes were asked."""


class RecordActivity(Command, frozen=True, kw_only=True, tag_field="kind", tag="activity.record"):
    """Record one act as its source reported it; `id` is the source's own."""

    id: CommandId
    source: EntityId
    """The system that reports it; ids are unique per source."""
    participant_id: EntityId
    scenario_id: EntityId
    measured: Measured
    flags: Annotated[tuple[QualityFlag, ...], msgspec.Meta(max_length=FLAGS_MAX)] = ()
    """What is not quite right with the data; the methodology says what each leads to."""
    evidence: EvidenceTier = "platform"
    began_at: Instant | None = None
    ended_at: Instant | None = None
    """Instant after the act; with `began_at` the time that it claims where double counting is excluded."""
    subjects: Subjects = {}  # noqa: RUF012
    """HMACs of the vehicle, the person and so on, where double counting is excluded by them."""


# --- Events -------------------------------------------------------------------------------------


class _Reported(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The content of `RecordActivity`, in whatever becomes of it."""

    id: str
    source: str
    participant_id: str
    scenario_id: str
    measured: Measured


class ReductionRecorded(_Reported, frozen=True, kw_only=True, omit_defaults=True):
    """Grams that were not emitted."""

    topic: ClassVar[str] = "reduction.recorded"

    scenario_version: int
    methodology_id: str
    methodology_version: int
    exact_g: str
    """The result before the one floor, as exact text: a decimal or a fraction."""
    amount_g: int
    flags: tuple[QualityFlag, ...] = ()
    evidence: EvidenceTier = "platform"
    began_at: Instant | None = None
    ended_at: Instant | None = None
    subjects: Subjects = {}  # noqa: RUF012
    share: str = WHOLE_SHARE
    """The part of the reduction that evidence and quality leave; it is in `exact_g` already."""


class ActivityHeld(_Reported, frozen=True, kw_only=True, omit_defaults=True):
    """An activity waits: for somebody to look at its data, or for partners to be asked."""

    topic: ClassVar[str] = "activity.held"

    flags: tuple[QualityFlag, ...] = ()
    evidence: EvidenceTier = "platform"
    began_at: Instant | None = None
    ended_at: Instant | None = None
    subjects: Subjects = {}  # noqa: RUF012
    reasons: tuple[str, ...]
    """The flags that hold it, and `cross_check`."""
    share: str = WHOLE_SHARE
    scenario_version: int


class ActivityRejected(_Reported, frozen=True, kw_only=True, omit_defaults=True):
    """An activity counts for nothing."""

    topic: ClassVar[str] = "activity.rejected"

    flags: tuple[QualityFlag, ...] = ()
    evidence: EvidenceTier = "platform"
    began_at: Instant | None = None
    ended_at: Instant | None = None
    subjects: Subjects = {}  # noqa: RUF012
    reasons: tuple[str, ...]
    """The flags that reject it, or `claimed`."""
    standing: BlockingClaim | None = None
    """The claim that stands."""
    scenario_version: int


# --- State --------------------------------------------------------------------------------------

ActivityStatus = Literal["accepted", "held", "rejected", "dismissed", "void"]

CreditsState = Literal["none", "pending", "spendable", "lapsed"]


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """What has become of an activity, as far as decisions ask."""

    reported: ReductionRecorded | ActivityHeld | ActivityRejected
    """The first event, with all that the source reported."""
    version: int
    """Events in its stream."""
    status: ActivityStatus
    scenario_version: int
    share: str
    waits_for: tuple[str, ...] = ()
    """Reasons for which it is held that nobody has cleared yet."""
    measured: Measured
    """As corrected."""
    methodology_version: int = 0
    amount_g: int = 0
    desired_credits: int = 0
    awarded_credits: int = 0
    credits_state: CreditsState = "none"
    pending_credits: int = 0
    corrected_by: tuple[str, ...] = ()
    """Ids of its corrections."""
    recomputed_by: tuple[str, ...] = ()
    """Ids of the runs that computed it anew, which nobody keeps apart from ids of corrections."""
    lot: str = ""
    """Last day of its credits; empty before any were issued."""
    in_year_cap: bool = False
    ripens_at: datetime | None = None
    claim_by: datetime | None = None
    counted: tuple[CountedIn, ...] = ()
    """The campaigns in which it counts."""
    bonuses: dict[str, Bonus] = {}
    """What it has earned by them."""

    @property
    def bonus_credits(self) -> int:
        """Credits that it has earned by campaigns."""
        return sum(bonus.awarded_credits for bonus in self.bonuses.values())

    @property
    def bonuses_pending(self) -> dict[str, int]:
        """How many of them still wait to be claimed, by campaign."""
        pending = {own_id: bonus.pending_credits for own_id, bonus in self.bonuses.items()}
        return {own_id: amount for own_id, amount in pending.items() if amount}

    def bonus_of(self, counted: CountedIn) -> Bonus:
        """Give what it has earned by one of its campaigns."""
        nothing = Bonus(campaign_id=counted.id, campaign_version=counted.version)
        return self.bonuses.get(counted.id, nothing)

    @property
    def source(self) -> str:
        """The system that reported it."""
        return self.reported.source

    @property
    def id(self) -> str:
        """The source's own id."""
        return self.reported.id

    @property
    def participant_id(self) -> str:
        """Whose it is."""
        return self.reported.participant_id


def activity_key(source: str, own_id: str) -> str:
    """Name the fact: callers know an activity by its source and the source's own id.

    Frozen: streams are found by it. A source holds no colon, so that no two pairs give one key.
    """
    return f"{source}:{own_id}"


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
    issued = earn(earner, desired, scenario, grounds, recorded_at, campaigns)
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
    return ActivityHeld(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        id=command.id,
        source=command.source,
        participant_id=command.participant_id,
        scenario_id=command.scenario_id,
        measured=command.measured,
        flags=command.flags,
        evidence=command.evidence,
        began_at=_utc(command.began_at),
        ended_at=_utc(command.ended_at),
        subjects=command.subjects,
        reasons=reasons,
        share=share,
        scenario_version=scenario.version,
    )


def _rejected(
    command: RecordActivity,
    scenario: ScenarioPublished,
    reasons: tuple[str, ...],
    standing: BlockingClaim | None,
    recorded_at: datetime,
) -> ActivityRejected:
    return ActivityRejected(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        id=command.id,
        source=command.source,
        participant_id=command.participant_id,
        scenario_id=command.scenario_id,
        measured=command.measured,
        flags=command.flags,
        evidence=command.evidence,
        began_at=_utc(command.began_at),
        ended_at=_utc(command.ended_at),
        subjects=command.subjects,
        reasons=reasons,
        standing=standing,
        scenario_version=scenario.version,
    )


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
    participant_id: str, scenario: ScenarioPublished | None, campaigns: Iterable[CampaignPublished] = ()
) -> Iterator[str]:
    """Name the accounts that earning in a scenario, or taking back, is decided on.

    Args:
        participant_id: whose act.
        scenario: by which it counts; None where nobody knows it.
        campaigns: in which it counts.
    """
    holder = addresses.participant(participant_id)
    yield holder
    yield addresses.debt(holder)
    for payer in (scenario, *campaigns):
        if payer is not None and payer.budget is not None:
            yield addresses.available(payer.budget.fund_id)


def entries_read(
    reported: Any,
    scenario: ScenarioPublished,
    grounds: Grounds,
    *,
    in_year_cap: bool,
    campaigns: Iterable[CampaignPublished] = (),
) -> Iterator[EntryKey]:
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
    is_counted = scenario.caps is not None and scenario.caps.is_counted()
    if is_counted or in_year_cap:
        earner = earner_of(reported.participant_id, utc(reported.occurred_at), grounds)
        if is_counted:
            yield MonthUsed, month_key(earner.participant_id, earner.on)
        if in_year_cap:
            yield YearUsed, year_key(earner.participant_id, earner.on)
    yield from standings_read(reported.participant_id, (campaign.id for campaign in campaigns))
    for own in claims_of(reported, scenario, grounds.programme.time_zone):
        for key in own.keys:
            yield ClaimsOfDay, key
