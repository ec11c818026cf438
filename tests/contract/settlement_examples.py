"""One realistic event of every topic about statements and payouts.

Rule of the room: as of `tests.contract.examples`, of which this is a part.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime

import msgspec

from ledger.domain.book import Leg
from ledger.domain.messages import Event
from ledger.domain.payout import PayoutConfirmed, PayoutFailed, PayoutInstructed, PayoutReturned
from ledger.domain.redemption import FundShare
from ledger.domain.statement import (
    DisputeResolved,
    FundBears,
    LineWasDisputed,
    StatementApproved,
    StatementIssued,
    StatementSettled,
)

OCCURRED = datetime(2026, 12, 3, 1, 59, 30, tzinfo=UTC)
RECORDED = datetime(2026, 12, 3, 2, 0, 0, 123_456, tzinfo=UTC)
STATEMENT, MERCHANT = "teahouse:2026-12-01", "teahouse"
PAYABLE, SETTLING, PAID = (
    f"merchant:{MERCHANT}:payable",
    f"merchant:{MERCHANT}:settling",
    f"merchant:{MERCHANT}:paid",
)
MAKER, CHECKER = "key-0198c2f4", "key-0198c2f5"

SETTLEMENT_EVENTS: tuple[Event, ...] = (
    StatementIssued(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        legs=(
            Leg(PAYABLE, "CNY", None, -1_540),
            Leg(SETTLING, "CNY", None, 1_540),
            Leg("fund:city:recoverable", "CNY", None, -200),
            Leg("fund:city:available", "CNY", None, 200),
        ),
        statement_id=STATEMENT,
        number="teahouse-000002",
        merchant_id=MERCHANT,
        starts_on=date(2026, 11, 1),
        ends_on=date(2026, 12, 1),
        objection_days=10,
        uses=3,
        used_face_value_fen=2_700,
        used_fee_fen=90,
        refunds=1,
        refunded_face_value_fen=900,
        refunded_fee_fen=30,
        amendments=1,
        amended_fen=470,
        carried_in_fen=-600,
        total_fen=1_610,
        due_fen=1_540,
        carried_out_fen=70,
        funds=(
            FundBears(fund_id="bank", face_value_fen=757, fee_fen=20),
            FundBears(fund_id="city", face_value_fen=1_513, fee_fen=40),
        ),
        lines_digest="5f6a0d2b9c1e4a7788c3b6d5e4f302112233445566778899aabbccddeeff0011",
        digest="0c1d2e3f405162738495a6b7c8d9eafb0c1d2e3f405162738495a6b7c8d9eafb",
        by=MAKER,
    ),
    LineWasDisputed(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        statement_id=STATEMENT,
        merchant_id=MERCHANT,
        redemption_id="tea-0198c2f4",
        line="use",
        reason="顾客称未到店",
        earned_fen=870,
        held_back_fen=870,
        by=MAKER,
    ),
    DisputeResolved(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        legs=(
            Leg(SETTLING, "CNY", None, -870),
            Leg(PAYABLE, "CNY", None, 470),
            Leg("fund:city:available", "CNY", None, 267),
            Leg("fund:bank:available", "CNY", None, 133),
        ),
        statement_id=STATEMENT,
        merchant_id=MERCHANT,
        redemption_id="tea-0198c2f4",
        line="use",
        outcome="amended",
        reason="按实际消费调整",
        amended_fen=470,
        held_back_fen=870,
        amendment_fen=470,
        shares=(FundShare(fund_id="city", value_fen=313), FundShare(fund_id="bank", value_fen=157)),
        changes=(FundShare(fund_id="city", value_fen=-267), FundShare(fund_id="bank", value_fen=-133)),
        by=CHECKER,
    ),
    StatementApproved(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        statement_id=STATEMENT,
        merchant_id=MERCHANT,
        is_early=True,
        by=CHECKER,
    ),
    StatementSettled(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        statement_id=STATEMENT,
        merchant_id=MERCHANT,
        paid_fen=670,
        moved_fen=870,
    ),
    PayoutInstructed(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="TEAHOUSE-000002-1",
        statement_id=STATEMENT,
        merchant_id=MERCHANT,
        value_fen=670,
        by=MAKER,
    ),
    PayoutConfirmed(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        legs=(Leg(SETTLING, "CNY", None, -670), Leg(PAID, "CNY", None, 670)),
        statement_id=STATEMENT,
        payout_id="TEAHOUSE-000002-1",
        merchant_id=MERCHANT,
        value_fen=670,
        bank_reference="工行 2026120300017",
        by=MAKER,
    ),
    PayoutFailed(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        statement_id=STATEMENT,
        payout_id="TEAHOUSE-000002-1",
        merchant_id=MERCHANT,
        value_fen=670,
        reason="收款账号有误",
        by=MAKER,
    ),
    PayoutReturned(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        legs=(Leg(PAID, "CNY", None, -670), Leg(SETTLING, "CNY", None, 670)),
        statement_id=STATEMENT,
        payout_id="TEAHOUSE-000002-1",
        merchant_id=MERCHANT,
        value_fen=670,
        reason="收款行退回",
        by=MAKER,
    ),
)


def amended_fields(examples: Mapping[str, Event]) -> dict[str, Event]:
    """Examples of what a refund says where a dispute has changed what the use was worth."""
    refunded = examples["redemption.refunded"]
    amended = msgspec.structs.replace(
        refunded, face_value_fen=500, shares=(FundShare(fund_id="city", value_fen=500),)
    )
    return {"redemption.refunded+amended": amended}
