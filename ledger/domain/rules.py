"""Published rules: methodologies and scenarios, version by version.

Rule of the room: Events → State → Decide → Evolve; all pure. A published version never changes and
stays readable; what a version says is data.
"""

from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

from ledger.domain.budget import Budget
from ledger.domain.caps import Caps
from ledger.domain.conversion import ConversionRule
from ledger.domain.exclusion import ExclusionRule
from ledger.domain.identifiers import EntityId, Name
from ledger.domain.instants import Instant
from ledger.domain.limits import (
    EXCLUSIONS_MAX,
    FACTORS_MAX,
    PARAMETERS_MAX,
    VERSION_MAX,
    WINDOW_H_MAX,
)
from ledger.domain.messages import Command, Event
from ledger.domain.methodology import (
    Factor,
    FormulaKind,
)
from ledger.domain.quality import EvidenceTier, QualityFlag

WindowHours = Annotated[int, msgspec.Meta(ge=1, le=WINDOW_H_MAX)]
Version = Annotated[int, msgspec.Meta(ge=1, le=VERSION_MAX)]


class PublishMethodology(Command, frozen=True, kw_only=True, tag_field="kind", tag="methodology.publish"):
    """Publish the next version of a methodology: formula, parameters and factors with sources."""

    id: EntityId
    version: Version
    name_zh: Name
    name_en: Name
    formula: FormulaKind
    parameters: Annotated[dict[str, str], msgspec.Meta(max_length=PARAMETERS_MAX)] = {}  # noqa: RUF012
    factors: Annotated[tuple[Factor, ...], msgspec.Meta(max_length=FACTORS_MAX)]
    quality: dict[QualityFlag, str] = {}  # noqa: RUF012
    """What each flag of an activity's data leads to: `accept`, `hold`, `reject`, or a share such as
    `0.8` that still counts. A flag that is not named holds the activity."""


class PublishScenario(Command, frozen=True, kw_only=True, tag_field="kind", tag="scenario.publish"):
    """Publish the next version of a scenario: which methodology measures it and what it earns."""

    id: EntityId
    version: Version
    name_zh: Name
    name_en: Name
    methodology_id: EntityId
    methodology_version: Version
    rule: ConversionRule
    valid_from: Instant
    """First instant at which an act counts by this version."""
    valid_to: Instant | None = None
    """First instant at which it no longer does; None for no end."""
    evidence: dict[EvidenceTier, str] = {}  # noqa: RUF012
    """The share that each tier of evidence earns; by default all, and half for what is self-declared."""
    exclusion: Annotated[tuple[ExclusionRule, ...], msgspec.Meta(max_length=EXCLUSIONS_MAX)] = ()
    """Groups in which the same subject is credited once for the same time."""
    caps: Caps | None = None
    """What one participant may earn in the scenario."""
    budget: Budget | None = None
    """The fund that stands behind the credits."""
    ripens_after_h: WindowHours | None = None
    """Hours from recording for which credits are pending; None where they are spendable at once."""
    claim_within_h: WindowHours | None = None
    """Hours after that within which they must be claimed, or they lapse; None for no end."""


# --- Events -------------------------------------------------------------------------------------


class MethodologyPublished(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A methodology version was published."""

    topic: ClassVar[str] = "methodology.published"

    id: str
    version: int
    name_zh: str
    name_en: str
    formula: FormulaKind
    parameters: dict[str, str] = {}  # noqa: RUF012
    factors: tuple[Factor, ...]
    quality: dict[QualityFlag, str] = {}  # noqa: RUF012


class ScenarioPublished(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A scenario version was published."""

    topic: ClassVar[str] = "scenario.published"

    id: str
    version: int
    name_zh: str
    name_en: str
    methodology_id: str
    methodology_version: int
    rule: ConversionRule
    valid_from: Instant
    valid_to: Instant | None = None
    evidence: dict[EvidenceTier, str] = {}  # noqa: RUF012
    exclusion: tuple[ExclusionRule, ...] = ()
    caps: Caps | None = None
    budget: Budget | None = None
    ripens_after_h: int | None = None
    claim_within_h: int | None = None

    def is_valid_at(self, occurred_at: datetime) -> bool:
        """Whether an act at this instant counts by this version (half-open)."""
        return self.valid_from <= occurred_at and (self.valid_to is None or occurred_at < self.valid_to)
