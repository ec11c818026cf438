"""Corrections: what was recorded stays, and the difference is recorded beside it.

Rule of the room: Events → State → Decide → Evolve; all pure. An activity corrected any number of
times stands as if its last value had been recorded at first, in grams and, unless something was
spent in between, in credits. Too many credits are taken back from the act's own pending ones, from
what is spendable, and at last from the debt lane, which later credits pay first.
"""

from typing import ClassVar

from ledger.domain.campaign import CountedIn
from ledger.domain.caps import CapName
from ledger.domain.identifiers import CommandId, EntityId, Name, Text
from ledger.domain.instants import Instant
from ledger.domain.messages import Command, Event
from ledger.domain.methodology import WHOLE_SHARE, Measured
from ledger.domain.rules import Version


class CorrectActivity(Command, frozen=True, kw_only=True, tag_field="kind", tag="activity.correct"):
    """Put other measurements in the place of an activity's, or void it; `id` is the correction's own."""

    id: CommandId
    source: EntityId
    activity_id: CommandId
    measured: Measured | None = None
    """What the source says now."""
    is_void: bool = False
    """Whether the act did not happen at all, or is not to count."""
    reason: Text
    approver: Name | None = None
    """Who has looked at it; None where the source restated it by itself."""


class RecomputeActivity(Command, frozen=True, kw_only=True, tag_field="kind", tag="activity.recompute"):
    """Compute an activity by another version of its methodology, as part of a run."""

    run_id: CommandId
    source: EntityId
    activity_id: CommandId
    methodology_version: Version
    reason: Text
    approver: Name


# --- Events -------------------------------------------------------------------------------------


class _Corrected(Event, frozen=True, kw_only=True, omit_defaults=True):
    """What a correction does to the grams."""

    source: str
    activity_id: str
    participant_id: str
    scenario_id: str
    exact_g: str
    """The result before the one floor, as exact text."""
    amount_g: int
    """What the activity avoids from now on."""
    delta_g: int
    """That, less what it avoided before."""
    act_occurred_at: Instant
    """When the act happened: what it avoids is corrected there, whenever the correction is told."""
    share: str = WHOLE_SHARE
    """The part of the reduction that evidence and quality leave; it is in `exact_g` already."""


class ReductionCorrected(_Corrected, frozen=True, kw_only=True, omit_defaults=True):
    """An activity was measured differently, or did not happen."""

    topic: ClassVar[str] = "reduction.corrected"

    id: str
    measured: Measured | None = None
    is_void: bool = False
    reason: str
    approver: str | None = None


class ReductionRecomputed(_Corrected, frozen=True, kw_only=True, omit_defaults=True):
    """An activity was computed by another version of its methodology."""

    topic: ClassVar[str] = "reduction.recomputed"

    run_id: str
    methodology_version: int
    reason: str
    approver: str


class CreditsCorrected(Event, frozen=True, kw_only=True, omit_defaults=True):
    """What the correction that stands before this event in its stream does to the credits."""

    topic: ClassVar[str] = "credits.corrected"

    participant_id: str
    scenario_id: str
    scenario_version: int
    desired_credits: int
    awarded_credits: int
    """What the activity has earned from now on."""
    delta_credits: int
    """That, less what it had earned before."""
    clipped_by: CapName | None = None
    pending_credits: int = 0
    """How many of them still wait to be claimed."""
    owed_credits: int = 0
    """How many could not be taken back, and are owed."""
    debt_credits: int = 0
    """How many of those given paid what was owed."""
    lot: str
    """Last local day of the activity's credits."""
    ripens_at: Instant | None = None
    """From when they can be claimed, where these are its first and must be."""
    claim_by: Instant | None = None
    in_year_cap: bool = False
    """Whether the activity's credits count towards the cap on the participant's year."""
    campaigns: tuple[CountedIn, ...] = ()
    """The campaigns in which the activity counts, where these are its first credits."""
    act_occurred_at: Instant
    """When the act happened."""
    share: str = WHOLE_SHARE
    """The part of the reduction that evidence and quality leave."""
