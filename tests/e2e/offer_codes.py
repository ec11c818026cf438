"""Requests about stores, offers and vouchers that deserve a refusal, each by its code."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.e2e.cafe import KEY, Cafe, Clock, with_keys
from tests.e2e.town import Answer, Town, in_days

Produce = Callable[[Town], Answer]


def _cafe(then: Callable[[Cafe], Answer], **terms: Any) -> Produce:
    """What happens in the tea house of a town, once its offer is published."""
    return lambda town: then(Cafe(with_keys(town.ledger, KEY), town.programme_id).furnish(**terms))


def _taken(then: Callable[[Cafe, str], Answer], **terms: Any) -> Produce:
    """What happens once somebody holds a voucher, with its code."""
    return _cafe(lambda cafe: then(cafe, cafe.code()), **terms)


def _used(cafe: Cafe, code: str) -> Answer:
    assert cafe.use(code).status_code == 201
    return cafe.use(code, "west")


def _cancelled(cafe: Cafe, code: str) -> Answer:
    assert cafe.post("poster", "/redemptions/v-1/cancel", reason="r").status_code == 201
    return cafe.use(code)


def _expired(cafe: Cafe, code: str) -> Answer:
    later = Clock(datetime.now(UTC) + timedelta(days=9))
    return Cafe(with_keys(cafe.ledger, KEY, clock=later), cafe.programme_id).use(code)


def _another_weekday() -> int:
    """The day after tomorrow, so that a midnight while the test runs changes nothing."""
    return (datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(days=2)).isoweekday()


def _with_closed_store(cafe: Cafe) -> Answer:
    assert cafe.post("finance", "/merchants/tea/stores/west/close", reason="r").status_code == 201
    return cafe.publish(version=2, store_ids=["west"])


def _second(**terms: Any) -> Produce:
    """One voucher more than there are."""
    return _taken(lambda cafe, _: cafe.take("v-2"), **terms)


OFFER_PRODUCERS: Final[dict[str, Produce]] = {
    "store_not_found": _cafe(lambda cafe: cafe.publish(version=2, store_ids=["shelf"])),
    "store_closed": _cafe(_with_closed_store),
    "offer_not_found": _cafe(lambda cafe: cafe.take(offer_id="none")),
    "offer_of_another": _cafe(lambda cafe: cafe.publish(version=2, merchant_id="books")),
    "discount_too_high": _cafe(lambda cafe: cafe.publish(version=2, discount_fen=800)),
    "offer_changed": _cafe(lambda cafe: cafe.take(offer_version=2)),
    "offer_withdrawn": _cafe(lambda cafe: cafe.take(), is_open=False),
    "offer_not_valid": _cafe(lambda cafe: cafe.take(), valid_from=in_days(1)),
    "offer_sold_out": _second(stock=1),
    "offer_month_sold_out": _second(month_quota=1),
    "offer_limit_reached": _second(per_participant=1),
    "voucher_unknown": _taken(lambda cafe, code: cafe.use(code[1:])),
    "voucher_code_needed": _taken(lambda cafe, _: cafe.post("poster", "/redemptions/v-1/fulfil")),
    "store_wrong": _taken(lambda cafe, code: cafe.use(code, "shelf")),
    "voucher_used": _taken(_used),
    "voucher_cancelled": _taken(_cancelled),
    "voucher_expired": _taken(_expired),
    "voucher_day_wrong": _taken(lambda cafe, code: cafe.use(code), weekdays=[_another_weekday()]),
    "voucher_key_missing": lambda town: Cafe(with_keys(town.ledger), town.programme_id).take(),
}
