"""The rulebook: every version that a programme has published, and whether the next one may be.

Rule of the room: State → Decide → Evolve; all pure. A published version never changes and stays
readable; a larger rulebook succeeds a smaller one.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from ledger.domain import addresses
from ledger.domain.book import Accounts
from ledger.domain.campaign import CampaignPublished, Campaigns
from ledger.domain.conversion import check_rule
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
from ledger.domain.instants import utc
from ledger.domain.limits import (
    OCCURRED_AT_MIN,
)
from ledger.domain.methodology import (
    CompiledFormula,
    check_methodology,
    compile_formula,
)
from ledger.domain.owners import require_known
from ledger.domain.policy import PolicyPublished
from ledger.domain.quality import check_shares, check_treatments
from ledger.domain.rules import MethodologyPublished, PublishMethodology, PublishScenario, ScenarioPublished

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
