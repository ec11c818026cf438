"""Published rules: methodologies and scenarios, version by version.

Rule of the room: Events → State → Decide → Evolve; all pure. A published version never changes and
stays readable; what a version says is data.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

from ledger.domain import addresses
from ledger.domain.book import Accounts
from ledger.domain.budget import Budget
from ledger.domain.campaign import CampaignPublished, Campaigns
from ledger.domain.caps import Caps
from ledger.domain.conversion import ConversionRule, check_rule
from ledger.domain.errors import (
    CampaignNotFound,
    ExclusionRepeated,
    MethodologyNotFound,
    ScenarioNotFound,
    ScenarioNotValid,
    ValidityEmpty,
    VersionOutOfSequence,
    WindowWithoutRipening,
)
from ledger.domain.exclusion import ExclusionRule
from ledger.domain.identifiers import EntityId, Name
from ledger.domain.instants import Instant, utc
from ledger.domain.limits import (
    EXCLUSIONS_MAX,
    FACTORS_MAX,
    OCCURRED_AT_MIN,
    PARAMETERS_MAX,
    VERSION_MAX,
    WINDOW_H_MAX,
)
from ledger.domain.messages import Command, Event
from ledger.domain.methodology import (
    CompiledFormula,
    Factor,
    FormulaKind,
    check_methodology,
    compile_formula,
)
from ledger.domain.owners import require_known
from ledger.domain.policy import PolicyPublished
from ledger.domain.quality import EvidenceTier, QualityFlag, check_shares, check_treatments

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


# --- State --------------------------------------------------------------------------------------


class PublishedMethodology(msgspec.Struct, frozen=True, kw_only=True):
    """A methodology version and its formula, prepared for calculating."""

    event: MethodologyPublished
    formula: CompiledFormula


NO_POLICY = PolicyPublished(occurred_at=OCCURRED_AT_MIN, recorded_at=OCCURRED_AT_MIN, version=0)


class Rulebook:
    """Every version that a programme has published; never changed, only succeeded by a larger one."""

    __slots__ = ("_latest_campaigns", "campaigns", "methodologies", "policies", "scenarios")

    def __init__(
        self,
        methodologies: Mapping[str, tuple[PublishedMethodology, ...]] | None = None,
        scenarios: Mapping[str, tuple[ScenarioPublished, ...]] | None = None,
        policies: tuple[PolicyPublished, ...] = (),
        campaigns: Campaigns | None = None,
    ) -> None:
        self.methodologies = methodologies or {}
        self.scenarios = scenarios or {}
        self.policies = policies
        self.campaigns = campaigns or {}
        self._latest_campaigns = [versions[-1] for _, versions in sorted(self.campaigns.items())]

    @property
    def policy(self) -> PolicyPublished:
        """The programme's policy; without caps and partners before one was published."""
        return self.policies[-1] if self.policies else NO_POLICY

    def methodology(self, methodology_id: str, version: int) -> PublishedMethodology:
        """Give one published version.

        Raises:
            MethodologyNotFound
        """
        versions = self.methodologies.get(methodology_id, ())
        if not 1 <= version <= len(versions):
            raise MethodologyNotFound(methodology_id=methodology_id, version=version)
        return versions[version - 1]

    def scenario(self, scenario_id: str, version: int) -> ScenarioPublished:
        """Give one published version.

        Raises:
            ScenarioNotFound
        """
        versions = self.scenarios.get(scenario_id, ())
        if not 1 <= version <= len(versions):
            raise ScenarioNotFound(scenario_id=scenario_id)
        return versions[version - 1]

    def scenario_at(self, scenario_id: str, occurred_at: datetime) -> ScenarioPublished:
        """Give the version by which an act at `occurred_at` counts: of several, the latest published.

        Raises:
            ScenarioNotFound, ScenarioNotValid
        """
        versions = self.scenarios.get(scenario_id)
        if versions is None:
            raise ScenarioNotFound(scenario_id=scenario_id)
        for scenario in reversed(versions):
            if scenario.is_valid_at(occurred_at):
                return scenario
        raise ScenarioNotValid(scenario_id=scenario_id, occurred_at=occurred_at)

    def campaign(self, campaign_id: str, version: int) -> CampaignPublished:
        """Give one published version.

        Raises:
            CampaignNotFound
        """
        versions = self.campaigns.get(campaign_id, ())
        if not 1 <= version <= len(versions):
            raise CampaignNotFound(campaign_id=campaign_id)
        return versions[version - 1]

    def campaigns_at(self, scenario_id: str, occurred_at: datetime) -> list[CampaignPublished]:
        """Give the campaigns in which an act counts, in order of their ids."""
        return [each for each in self._latest_campaigns if each.counts(scenario_id, occurred_at)]


# --- Decide -------------------------------------------------------------------------------------


def publish_methodology(
    command: PublishMethodology, rulebook: Rulebook, recorded_at: datetime
) -> MethodologyPublished:
    """Publish the next version of a methodology.

    Raises, in this order:
        VersionOutOfSequence: it is not the version after the last one,
        whatever `check_methodology` and `check_treatments` refuse
    """
    _require_next(command.id, command.version, len(rulebook.methodologies.get(command.id, ())))
    check_methodology(formula=command.formula, parameters=command.parameters, factors=command.factors)
    check_treatments(command.quality, "quality")
    return MethodologyPublished(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        id=command.id,
        version=command.version,
        name_zh=command.name_zh,
        name_en=command.name_en,
        formula=command.formula,
        parameters=command.parameters,
        factors=command.factors,
        quality=command.quality,
    )


def publish_scenario(
    command: PublishScenario, rulebook: Rulebook, accounts: Accounts, recorded_at: datetime
) -> ScenarioPublished:
    """Publish the next version of a scenario.

    Raises, in this order:
        VersionOutOfSequence, ValidityEmpty, MethodologyNotFound,
        whatever `check_rule` and `check_shares` refuse,
        WindowWithoutRipening, ExclusionRepeated,
        AccountNotFound: nobody opened the fund of its budget
    """
    _require_next(command.id, command.version, len(rulebook.scenarios.get(command.id, ())))
    if command.valid_to is not None and command.valid_to <= command.valid_from:
        raise ValidityEmpty(field="valid_to", valid_from=command.valid_from, valid_to=command.valid_to)
    methodology = rulebook.methodology(command.methodology_id, command.methodology_version)
    check_rule(command.rule, formula=methodology.event.formula)
    check_shares(command.evidence, "evidence")
    if command.claim_within_h is not None and command.ripens_after_h is None:
        raise WindowWithoutRipening(field="claim_within_h")
    groups = [rule.group for rule in command.exclusion]
    for group in groups:
        if groups.count(group) > 1:
            raise ExclusionRepeated(field="exclusion", group=group)
    if command.budget is not None:
        fund = addresses.fund(command.budget.fund_id)
        require_known(accounts[fund], fund)
    return ScenarioPublished(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        id=command.id,
        version=command.version,
        name_zh=command.name_zh,
        name_en=command.name_en,
        methodology_id=command.methodology_id,
        methodology_version=command.methodology_version,
        rule=command.rule,
        valid_from=utc(command.valid_from),
        valid_to=utc(command.valid_to) if command.valid_to else None,
        evidence=command.evidence,
        exclusion=command.exclusion,
        caps=command.caps,
        budget=command.budget,
        ripens_after_h=command.ripens_after_h,
        claim_within_h=command.claim_within_h,
    )


def _require_next(own_id: str, version: int, versions_published: int) -> None:
    if version != versions_published + 1:
        raise VersionOutOfSequence(id=own_id, version=version, expected=versions_published + 1)


# --- Evolve -------------------------------------------------------------------------------------


def with_published(
    rulebook: Rulebook,
    event: MethodologyPublished | ScenarioPublished | PolicyPublished | CampaignPublished,
) -> Rulebook:
    """Give the rulebook that also knows this version."""
    methodologies, scenarios = rulebook.methodologies, rulebook.scenarios
    policies, campaigns = rulebook.policies, rulebook.campaigns
    if isinstance(event, PolicyPublished):
        policies = (*policies, event)
    elif isinstance(event, ScenarioPublished):
        scenarios = {**scenarios, event.id: (*scenarios.get(event.id, ()), event)}
    elif isinstance(event, CampaignPublished):
        campaigns = {**campaigns, event.id: (*campaigns.get(event.id, ()), event)}
    else:
        formula = compile_formula(event.formula, event.parameters, event.factors)
        published = PublishedMethodology(event=event, formula=formula)
        methodologies = {**methodologies, event.id: (*methodologies.get(event.id, ()), published)}
    return Rulebook(methodologies, scenarios, policies, campaigns)
