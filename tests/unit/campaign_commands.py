"""Commands about campaigns: one good one of every kind, to vary."""

from datetime import timedelta
from typing import Any

from ledger.domain.activity import RecordActivity
from ledger.domain.budget import Budget
from ledger.domain.campaign import (
    BonusRule,
    FirstTime,
    Multiplier,
    PublishCampaign,
    Streak,
    Tier,
    TierLevel,
)
from ledger.domain.methodology import Measured
from tests.unit.builders import NOW, OPEN_MERCHANT, World, but
from tests.unit.carbon_commands import PUBLISH_DRIVE, corrected, drive, with_drives

DAY = timedelta(days=1)

HALF_MORE = Multiplier(multiplier="1.5")
WELCOME = FirstTime(credits=7)
THREE_DAYS = Streak(days=3, credits=20)
TIERS = Tier(levels=(TierLevel(from_g=1_000, multiplier="1.5"), TierLevel(from_g=2_000, multiplier="2")))

PUBLISH_CAMPAIGN = PublishCampaign(
    occurred_at=NOW,
    id="green-week",
    version=1,
    name_zh="绿色出行周",
    name_en="Green week",
    scenario_ids=("drive",),
    valid_from=NOW - 30 * DAY,
    valid_to=NOW + 30 * DAY,
    merchant_id="cafe",
    budget=Budget(fund_id="city", fen_per_credit=2),
    credits_max=1_000,
    bonus=HALF_MORE,
)
PLAIN = but(PUBLISH_CAMPAIGN, scenario_ids=(), merchant_id=None, budget=None, credits_max=None)


def campaign(bonus: BonusRule, own_id: str = "green-week", **changes: Any) -> PublishCampaign:
    """Give a campaign without bounds that nobody pays for."""
    return but(PLAIN, id=own_id, bonus=bonus, **changes)


def on_day(number: int, own_id: str | None = None, km: str = "10", **changes: Any) -> RecordActivity:
    """Give a drive so many days before now (below zero) or on the day itself."""
    return drive(own_id or f"day{number}", km, occurred_at=NOW + number * DAY, **changes)


def with_campaigns(*campaigns: PublishCampaign, **rules: Any) -> World:
    """A programme in which driving earns, with these campaigns; a kilometre is a credit and 100 g."""
    world = with_drives(**rules)
    world.do(OPEN_MERCHANT, *campaigns)
    return world


def measured(km: str) -> Measured:
    """Give the measurement of a drive."""
    return Measured(distance_km=km)


def tell_of_campaigns(world: World) -> None:
    """Let everything happen that can happen by campaigns."""
    world.do(
        but(PUBLISH_CAMPAIGN, valid_from=NOW + DAY, valid_to=None),
        but(PUBLISH_DRIVE, id="coach"),
        campaign(HALF_MORE, "coach-week", scenario_ids=("coach",)),
        drive("d6", scenario_id="coach"),
        corrected("8", activity_id="d6"),
    )
