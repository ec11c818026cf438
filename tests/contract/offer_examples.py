"""Examples of stores, offers and vouchers.

Rule of the room: as in `examples.py`, of which this is a part.
"""

from datetime import UTC, datetime

import msgspec

from ledger.domain.merchant_store import StoreClosed, StoreOpened
from ledger.domain.messages import Event
from ledger.domain.offer import OfferPublished
from ledger.domain.redemption import FundWeight

OCCURRED = datetime(2026, 11, 22, 3, 59, 30, tzinfo=UTC)
RECORDED = datetime(2026, 11, 22, 4, 0, 0, 123_456, tzinfo=UTC)
DIGEST = "5f0c1d2e3a4b59687786a5b4c3d2e1f0"

OFFER_EVENTS: tuple[Event, ...] = (
    StoreOpened(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="store-03",
        merchant_id="kuanzhai-cafe",
        name_zh="宽窄巷子咖啡馆井巷子店",
        name_en="Café in Kuanzhai Alley, Jing Alley",
    ),
    StoreClosed(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        store_id="store-03",
        merchant_id="kuanzhai-cafe",
        reason="租约到期",
    ),
    OfferPublished(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="latte-2026",
        version=2,
        name_zh="拿铁一杯",
        name_en="A latte",
        merchant_id="kuanzhai-cafe",
        credits=30,
        list_price_fen=1_200,
        discount_fen=200,
        fee_fen=30,
        funds=(FundWeight(fund_id="bank-2026", weight=2), FundWeight(fund_id="city-2026", weight=1)),
        stock=5_000,
        month_quota=500,
        per_participant=12,
        per_participant_month=2,
        valid_from=datetime(2026, 11, 15, 16, tzinfo=UTC),
        valid_to=datetime(2026, 12, 31, 16, tzinfo=UTC),
        voucher_valid_days=7,
        weekdays=(1, 2, 3, 4, 5),
        store_ids=("store-03", "store-07"),
        is_open=False,
    ),
)


def voucher_fields(examples: dict[str, Event]) -> dict[str, Event]:
    """Give examples of fields that redemptions were given for vouchers."""
    replace = msgspec.structs.replace
    voucher = replace(
        examples["redemption.held"],
        offer_id="latte-2026",
        fee_fen=30,
        offer_version=2,
        list_price_fen=1_200,
        discount_fen=200,
        weekdays=(1, 2, 3, 4, 5),
        store_ids=("store-03", "store-07"),
        code_digest=DIGEST,
    )
    used = replace(examples["redemption.fulfilled"], code_digest=DIGEST)
    return {"redemption.held+voucher": voucher, "redemption.fulfilled+voucher": used}
