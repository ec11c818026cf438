"""An activity: what somebody did, what it avoided, what it earned.

Rule of the room: Events → State → Decide → Evolve; all pure. Grams and credits are two events of
one stream, written in one commit; the versions of the rules stay on them. An activity that is not
believed, or that somebody has to look at first, is recorded all the same, with the reasons.
"""

from datetime import datetime
from typing import Annotated, ClassVar, Final, Literal

import msgspec

from ledger.domain.campaign import CountedIn
from ledger.domain.exclusion import (
    BlockingClaim,
    Subjects,
)
from ledger.domain.identifiers import CommandId, EntityId
from ledger.domain.instants import Instant
from ledger.domain.limits import FLAGS_MAX
from ledger.domain.messages import Command, Event
from ledger.domain.methodology import WHOLE_SHARE, Measured
from ledger.domain.quality import EvidenceTier, QualityFlag
from ledger.domain.standing import Bonus

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
