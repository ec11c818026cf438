"""Campaigns: more credits for a while, as published rules, version by version.

Rule of the room: Events → State → Decide → Evolve; all pure. The latest version of a campaign alone
holds, whatever those before it said: a campaign is ended, moved or changed by its next version. What
was issued by an earlier version stays, and is corrected by the version that stands on it.
"""

from collections.abc import Container, Mapping
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, ClassVar, Final

import msgspec

from ledger.domain import addresses
from ledger.domain.book import Accounts
from ledger.domain.budget import Budget
from ledger.domain.errors import (
    CampaignUnfunded,
    DecimalMalformed,
    MultiplierOutOfBounds,
    ScenarioNotFound,
    TierLevelsUnordered,
    TooManyCampaigns,
    ValidityEmpty,
    VersionOutOfSequence,
)
from ledger.domain.identifiers import EntityId, Name
from ledger.domain.instants import Instant, utc
from ledger.domain.limits import (
    CAMPAIGN_SCENARIOS_MAX,
    CAMPAIGNS_AT_ONCE_MAX,
    CREDITS_MAX,
    ECHO_CHARS_MAX,
    GRAMS_PER_YEAR_MAX,
    MULTIPLIER_CHARS_MAX,
    MULTIPLIER_MAX,
    RULE_CREDITS_MAX,
    STREAK_DAYS_MAX,
    TIER_LEVELS_MAX,
    VERSION_MAX,
)
from ledger.domain.messages import Command, Event
from ledger.domain.owners import require_known
from ledger.domain.quantities import exact

BonusCredits = Annotated[int, msgspec.Meta(ge=1, le=RULE_CREDITS_MAX)]

MultiplierText = Annotated[str, msgspec.Meta(min_length=1, max_length=MULTIPLIER_CHARS_MAX)]

WHOLE: Final = "1"
"""The multiplier that adds nothing."""


class Multiplier(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="multiplier"
):
    """Every act earns so many times its credits: the bonus is `awarded * (multiplier - 1)`, floored."""

    multiplier: MultiplierText
    """Decimal text above 1, such as `1.5`."""


class FirstTime(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="first_time"
):
    """The first act of a participant that is awarded something earns more."""

    credits: BonusCredits


class Streak(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="streak"
):
    """Every full run of so many local days in a row, each with an act that is awarded something."""

    days: Annotated[int, msgspec.Meta(ge=2, le=STREAK_DAYS_MAX)]
    credits: BonusCredits
    """For each full run; a day counts in one run only."""


class TierLevel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What acts earn from a number of grams on."""

    from_g: Annotated[int, msgspec.Meta(ge=0, le=GRAMS_PER_YEAR_MAX)]
    """Grams of the participant's local year, before the act, in the campaign."""
    multiplier: MultiplierText


class Tier(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="tier"
):
    """Who has avoided more in the year earns more by each act."""

    levels: Annotated[tuple[TierLevel, ...], msgspec.Meta(min_length=1, max_length=TIER_LEVELS_MAX)]
    """By grams, the lowest first."""

    def multiplier_at(self, amount_g: int) -> str:
        """Give the multiplier of who has avoided so many grams."""
        reached = [level.multiplier for level in self.levels if level.from_g <= amount_g]
        return reached[-1] if reached else WHOLE


BonusRule = Multiplier | FirstTime | Streak | Tier


class PublishCampaign(Command, frozen=True, kw_only=True, tag_field="kind", tag="campaign.publish"):
    """Publish the next version of a campaign; it takes the place of the one before."""

    id: EntityId
    version: Annotated[int, msgspec.Meta(ge=1, le=VERSION_MAX)]
    name_zh: Name
    name_en: Name
    scenario_ids: Annotated[tuple[EntityId, ...], msgspec.Meta(max_length=CAMPAIGN_SCENARIOS_MAX)] = ()
    """Whose acts count; of all scenarios when empty."""
    valid_from: Instant
    """First instant at which an act counts."""
    valid_to: Instant | None = None
    """First instant at which it no longer does; None for no end."""
    merchant_id: EntityId | None = None
    """Who pays for it, from the fund of its budget."""
    budget: Budget | None = None
    """The fund that stands behind its credits."""
    credits_max: Annotated[int, msgspec.Meta(ge=1, le=CREDITS_MAX)] | None = None
    """Credits that one participant may get by it, all versions together."""
    bonus: BonusRule


# --- Events -------------------------------------------------------------------------------------


class CampaignPublished(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A version of a campaign was published."""

    topic: ClassVar[str] = "campaign.published"

    id: str
    version: int
    name_zh: str
    name_en: str
    scenario_ids: tuple[str, ...] = ()
    valid_from: Instant
    valid_to: Instant | None = None
    merchant_id: str | None = None
    budget: Budget | None = None
    credits_max: int | None = None
    bonus: BonusRule

    def is_valid_at(self, occurred_at: datetime) -> bool:
        """Whether an act at this instant may count (half-open)."""
        return self.valid_from <= occurred_at and (self.valid_to is None or occurred_at < self.valid_to)

    def counts(self, scenario_id: str, occurred_at: datetime) -> bool:
        """Whether an act of a scenario at this instant counts."""
        return self.is_valid_at(occurred_at) and (not self.scenario_ids or scenario_id in self.scenario_ids)

    def meets(self, other: "CampaignPublished | PublishCampaign") -> bool:
        """Whether an act may count in both."""
        return (
            (other.valid_to is None or self.valid_from < other.valid_to)
            and (self.valid_to is None or other.valid_from < self.valid_to)
            and (
                not self.scenario_ids
                or not other.scenario_ids
                or not set(self.scenario_ids).isdisjoint(other.scenario_ids)
            )
        )


class CountedIn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A campaign in which an act counts; it stands on the act's first credits, for its corrections."""

    id: str
    version: int
    multiplier: str = WHOLE
    """Of the campaign, or of the tier that the participant had reached before the act."""
    amount_g: int = 0
    """Grams of the act, where they count towards the tiers."""


Campaigns = Mapping[str, tuple[CampaignPublished, ...]]
"""Every published version, by the campaign's id."""


# --- Decide -------------------------------------------------------------------------------------


def publish_campaign(
    command: PublishCampaign,
    campaigns: Campaigns,
    scenario_ids: Container[str],
    accounts: Accounts,
    recorded_at: datetime,
) -> CampaignPublished:
    """Publish the next version of a campaign.

    Raises, in this order:
        VersionOutOfSequence, ValidityEmpty, ScenarioNotFound,
        MultiplierOutOfBounds, TierLevelsUnordered,
        CampaignUnfunded: a merchant pays for it, and no fund is named
        AccountNotFound, AccountClosed: of the merchant, then of the budget's fund
        TooManyCampaigns: acts could count in more than `CAMPAIGNS_AT_ONCE_MAX` of them
    """
    expected = len(campaigns.get(command.id, ())) + 1
    if command.version != expected:
        raise VersionOutOfSequence(id=command.id, version=command.version, expected=expected)
    if command.valid_to is not None and command.valid_to <= command.valid_from:
        raise ValidityEmpty(field="valid_to", valid_from=command.valid_from, valid_to=command.valid_to)
    for scenario_id in command.scenario_ids:
        if scenario_id not in scenario_ids:
            raise ScenarioNotFound(scenario_id=scenario_id)
    _check_bonus(command.bonus)
    _check_payers(command, accounts)
    others = sum(
        versions[-1].meets(command) for own_id, versions in campaigns.items() if own_id != command.id
    )
    if others >= CAMPAIGNS_AT_ONCE_MAX:
        raise TooManyCampaigns(campaigns_max=CAMPAIGNS_AT_ONCE_MAX)
    return CampaignPublished(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        id=command.id,
        version=command.version,
        name_zh=command.name_zh,
        name_en=command.name_en,
        scenario_ids=command.scenario_ids,
        valid_from=utc(command.valid_from),
        valid_to=utc(command.valid_to) if command.valid_to else None,
        merchant_id=command.merchant_id,
        budget=command.budget,
        credits_max=command.credits_max,
        bonus=command.bonus,
    )


def _check_bonus(bonus: BonusRule) -> None:
    if isinstance(bonus, Multiplier):
        _require_multiplier(bonus.multiplier, "bonus.multiplier")
    elif isinstance(bonus, Tier):
        for number, level in enumerate(bonus.levels):
            _require_multiplier(level.multiplier, f"bonus.levels.{number}.multiplier")
        thresholds = [level.from_g for level in bonus.levels]
        if thresholds != sorted(set(thresholds)):
            raise TierLevelsUnordered(field="bonus.levels")


def _require_multiplier(text: str, field: str) -> None:
    try:
        is_one = 1 < read_multiplier(text) <= MULTIPLIER_MAX
    except DecimalMalformed:
        is_one = False
    if not is_one:
        raise MultiplierOutOfBounds(field=field, value=text[:ECHO_CHARS_MAX], multiplier_max=MULTIPLIER_MAX)


def _check_payers(command: PublishCampaign, accounts: Accounts) -> None:
    if command.merchant_id is not None:
        if command.budget is None:
            raise CampaignUnfunded(field="budget", merchant_id=command.merchant_id)
        merchant = addresses.merchant(command.merchant_id)
        require_known(accounts[merchant], merchant)
    if command.budget is not None:
        fund = addresses.fund(command.budget.fund_id)
        require_known(accounts[fund], fund)


def payers_read(command: PublishCampaign) -> tuple[str, ...]:
    """Name the accounts that publishing a campaign is decided on."""
    merchant = () if command.merchant_id is None else (addresses.merchant(command.merchant_id),)
    fund = () if command.budget is None else (addresses.fund(command.budget.fund_id),)
    return merchant + fund


@lru_cache(maxsize=256)
def read_multiplier(text: str) -> Fraction:
    """Read a multiplier.

    Raises:
        DecimalMalformed: no plain decimal.
    """
    return exact(text)
