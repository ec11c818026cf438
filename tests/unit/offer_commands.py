"""A café with two stores, and an offer of it: one good command of every kind to vary."""

from datetime import UTC, datetime, timedelta

from ledger.domain.merchant_store import CloseStore, OpenStore
from ledger.domain.offer import PublishOffer
from ledger.domain.redemption import CancelRedemption, FulfilRedemption, FundWeight
from ledger.domain.voucher import TakeOffer
from tests.unit.builders import NOW, World, but, with_shop

GATE = OpenStore(occurred_at=NOW, id="gate", merchant_id="cafe", name_zh="东门店", name_en="East gate")
PARK = but(GATE, id="park", name_zh="公园店", name_en="Park")
CLOSE_STORE = CloseStore(occurred_at=NOW, store_id="park", merchant_id="cafe", reason="租约到期")
OFFER = PublishOffer(
    occurred_at=NOW,
    id="latte",
    version=1,
    name_zh="拿铁一杯",
    name_en="A latte",
    merchant_id="cafe",
    credits=10,
    list_price_fen=1_200,
    discount_fen=300,
    fee_fen=20,
    funds=(FundWeight(fund_id="city", weight=2), FundWeight(fund_id="bank", weight=1)),
    valid_from=datetime(2026, 1, 1, tzinfo=UTC),
    voucher_valid_days=7,
)
DIGEST = f"{1:032x}"
TAKE = TakeOffer(
    occurred_at=NOW,
    id="voucher-1",
    participant_id="ada",
    offer_id="latte",
    offer_version=1,
    code_digest=DIGEST,
)
USE = FulfilRedemption(occurred_at=NOW, redemption_id="voucher-1", store_id="gate", code_digest=DIGEST)
GIVE_UP = CancelRedemption(occurred_at=NOW, redemption_id="voucher-1", reason="改主意了")


def take(number: int, **changes: object) -> TakeOffer:
    """Take the offer under another id, with another code."""
    return but(but(TAKE, id=f"voucher-{number}", code_digest=f"{number:032x}"), **changes)


def with_offer(**terms: object) -> World:
    """A shop with two stores and an offer, in which Ada and Bo hold credits."""
    world = with_shop()
    world.do(GATE, PARK, but(OFFER, **terms))
    return world


def tell_of_offers(world: World) -> None:
    """Open stores, publish and withdraw an offer, and take it with every end that a voucher may have."""
    limits = {"stock": 9, "month_quota": 8, "per_participant": 7, "per_participant_month": 6}
    terms = {**limits, "valid_to": NOW + timedelta(days=40), "weekdays": (7,), "store_ids": ("gate",)}
    world.do(GATE, PARK, but(OFFER, **terms), TAKE, USE, take(2), but(GIVE_UP, redemption_id="voucher-2"))
    world.do(but(OFFER, version=2, is_open=False), CLOSE_STORE)
