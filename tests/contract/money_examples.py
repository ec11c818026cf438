"""Examples of money on its way in and out of funds, and of funds' alarms.

Rule of the room: as in `examples.py`, of which this is a part.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from ledger.domain.book import Leg
from ledger.domain.fund_alarms import FundAlarmCleared, FundAlarmRaised, FundAlarmsSet
from ledger.domain.messages import Event
from ledger.domain.money import (
    MoneyProposed,
    MoneyTransferred,
    MoneyWithdrawn,
    ProposalApproved,
    ProposalRejected,
)
from ledger.domain.sponsor import SponsorOpened

OCCURRED = datetime(2026, 12, 1, 1, 29, 30, tzinfo=UTC)
RECORDED = datetime(2026, 12, 1, 1, 30, 0, 123_456, tzinfo=UTC)
MAKER, CHECKER = "key_0123456789abcdef", "key_fedcba9876543210"
HUIMIN = "fund:huimin-2026:available"

MONEY_EVENTS: tuple[Event, ...] = (
    SponsorOpened(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="chengdu-finance",
        name_zh="成都市财政局",
        name_en="Chengdu Finance Bureau",
    ),
    MoneyProposed(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="2026-12-1",
        movement="transfer",
        fund_id="huimin-2026",
        sponsor_id="chengdu-finance",
        value_fen=2_500_000,
        lapses_at=datetime(2026, 12, 8, 1, 30, 0, 123_456, tzinfo=UTC),
        by=MAKER,
        to_fund_id="green-travel-2027",
        reference="成财〔2026〕118 号",
        valid_days=7,
    ),
    ProposalApproved(occurred_at=OCCURRED, recorded_at=RECORDED, proposal_id="2026-12-1", by=CHECKER),
    ProposalRejected(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        proposal_id="2026-12-2",
        reason="金额与批文不符",
        by=CHECKER,
    ),
    MoneyWithdrawn(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        legs=(
            Leg(HUIMIN, "CNY", None, -1_200_000),
            Leg("sponsor:chengdu-finance:external", "CNY", None, 1_200_000),
        ),
        proposal_id="2026-12-3",
        fund_id="huimin-2026",
        sponsor_id="chengdu-finance",
        value_fen=1_200_000,
        proposed_by=MAKER,
        approved_by=CHECKER,
    ),
    MoneyTransferred(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        legs=(
            Leg(HUIMIN, "CNY", None, -2_500_000),
            Leg("fund:green-travel-2027:available", "CNY", None, 2_500_000),
        ),
        proposal_id="2026-12-1",
        fund_id="huimin-2026",
        to_fund_id="green-travel-2027",
        sponsor_id="chengdu-finance",
        value_fen=2_500_000,
        proposed_by=MAKER,
        approved_by=CHECKER,
    ),
    FundAlarmsSet(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="alarms 2026-12",
        fund_id="huimin-2026",
        thresholds_fen=(5_000_000, 1_000_000),
        by=MAKER,
        margin_fen=100_000,
    ),
    FundAlarmRaised(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        fund_id="huimin-2026",
        threshold_fen=1_000_000,
        available_fen=999_100,
    ),
    FundAlarmCleared(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        fund_id="huimin-2026",
        threshold_fen=1_000_000,
        available_fen=1_100_000,
    ),
)


def approved_fields(examples: Mapping[str, Event]) -> dict[str, Event]:
    """Give the events that got fields when money came to be approved."""
    return {
        "fund.opened+approval": msgspec.structs.replace(examples["fund.opened"], needs_approval=True),
        "fund.committed+approval": msgspec.structs.replace(
            examples["fund.committed"], proposal_id="2026-12-4", proposed_by=MAKER, approved_by=CHECKER
        ),
    }
