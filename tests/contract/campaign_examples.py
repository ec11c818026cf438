"""Examples of campaigns, and of what acts earn by them.

Rule of the room: as in `examples.py`, of which this is a part.
"""

from datetime import UTC, datetime

import msgspec

from ledger.domain.bonus import BonusIssued
from ledger.domain.bonus_correction import BonusCorrected
from ledger.domain.book import Leg
from ledger.domain.budget import Budget
from ledger.domain.campaign import (
    CampaignPublished,
    CountedIn,
    FirstTime,
    Multiplier,
    Streak,
    Tier,
    TierLevel,
)
from ledger.domain.claiming import CreditsClaimed, CreditsLapsed
from ledger.domain.correction import CreditsCorrected
from ledger.domain.earning import CreditsIssued
from ledger.domain.messages import Event
from tests.contract.carbon_examples import (
    CLAIM_BY,
    LOT,
    OCCURRED,
    OWN_ID,
    PARTICIPANT,
    PENDING,
    RECORDED,
    RIPENS,
)

_FUNDED = (
    Leg("fund:huimin-2026:available", "CNY", None, -60),
    Leg("fund:huimin-2026:backing", "CNY", None, 60),
)

CAMPAIGN_EVENTS: tuple[Event, ...] = (
    CampaignPublished(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="green-week-2026",
        version=2,
        name_zh="绿色出行周",
        name_en="Green travel week",
        scenario_ids=("nev-trip", "bus"),
        valid_from=datetime(2026, 11, 15, 16, tzinfo=UTC),
        valid_to=datetime(2026, 11, 30, 16, tzinfo=UTC),
        merchant_id="huimin-market",
        budget=Budget(fund_id="huimin-2026", fen_per_credit=2),
        credits_max=500,
        bonus=Streak(days=7, credits=30),
    ),
    BonusIssued(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        legs=(Leg("issuance", "CREDIT", LOT, -30), Leg(PENDING, "CREDIT", LOT, 30), *_FUNDED),
        source="gbt32960",
        activity_id="LSVXX0001/2026-11-22/1",
        participant_id=OWN_ID,
        scenario_id="nev-trip",
        campaign_id="green-week-2026",
        campaign_version=2,
        desired_credits=60,
        awarded_credits=30,
        clipped_by="budget",
        lot=LOT,
        runs=("2026-11-02", "2026-11-09", "2026-11-16"),
        set_off_runs=1,
        ripens_at=RIPENS,
        claim_by=CLAIM_BY,
        debt_credits=3,
        in_year_cap=True,
    ),
    BonusCorrected(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        legs=(
            Leg(PENDING, "CREDIT", LOT, -20),
            Leg(PARTICIPANT, "CREDIT", LOT, -6),
            Leg(f"{PARTICIPANT}:debt", "CREDIT", LOT, -4),
            Leg("issuance", "CREDIT", LOT, 30),
        ),
        source="gbt32960",
        activity_id="LSVXX0001/2026-11-22/1",
        participant_id=OWN_ID,
        scenario_id="nev-trip",
        campaign_id="green-week-2026",
        campaign_version=2,
        desired_credits=60,
        awarded_credits=30,
        delta_credits=-30,
        clipped_by="campaign_credits",
        pending_credits=10,
        owed_credits=4,
        debt_credits=2,
        lot=LOT,
        runs=("2026-11-02", "2026-11-09", "2026-11-16"),
        set_off_runs=1,
        ripens_at=RIPENS,
        claim_by=CLAIM_BY,
        in_year_cap=True,
        act_occurred_at=OCCURRED,
    ),
)

_COUNTED = (
    CountedIn(id="green-week-2026", version=2),
    CountedIn(id="gold-members", version=1, multiplier="1.2", amount_g=3532),
)


def bonus_fields(examples: dict[str, Event]) -> dict[str, Event]:
    """Give examples of fields that older topics were given for campaigns, and of every kind of bonus."""
    published = examples["campaign.published"]
    issued, corrected = examples["credits.issued"], examples["credits.corrected"]
    claimed, lapsed = examples["credits.claimed"], examples["credits.lapsed"]
    assert isinstance(published, CampaignPublished)
    assert isinstance(issued, CreditsIssued)
    assert isinstance(corrected, CreditsCorrected)
    assert isinstance(claimed, CreditsClaimed)
    assert isinstance(lapsed, CreditsLapsed)
    replace = msgspec.structs.replace
    levels = (TierLevel(from_g=100_000, multiplier="1.2"), TierLevel(from_g=500_000, multiplier="2"))
    return {
        "campaign.published+multiplier": replace(published, bonus=Multiplier(multiplier="1.5")),
        "campaign.published+first_time": replace(published, bonus=FirstTime(credits=20)),
        "campaign.published+tier": replace(published, bonus=Tier(levels=levels)),
        "credits.issued+campaigns": replace(issued, campaigns=_COUNTED),
        "credits.corrected+campaigns": replace(corrected, campaigns=_COUNTED),
        "credits.claimed+bonus": replace(claimed, bonus_credits={"gold-members": 5}),
        "credits.lapsed+bonus": replace(lapsed, bonus_credits={"gold-members": 5}),
    }
