"""Offers and vouchers: what is refused in which order, what is counted, and until when a voucher is good."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ledger.domain import limits
from ledger.domain.errors import (
    AccountNotFound,
    DiscountTooHigh,
    FeeAboveFaceValue,
    FundNamedTwice,
    InsufficientCredits,
    OfferChanged,
    OfferLimitReached,
    OfferMonthSoldOut,
    OfferNotFound,
    OfferNotValid,
    OfferOfAnother,
    OfferSoldOut,
    OfferWithdrawn,
    RedemptionNotFound,
    StoreClosedAlready,
    StoreNotFound,
    StoreWrong,
    ValidityEmpty,
    VersionOutOfSequence,
    VoucherCancelled,
    VoucherCodeNeeded,
    VoucherCodeTaken,
    VoucherDayWrong,
    VoucherExpired,
    VoucherUnknown,
    VoucherUsed,
)
from ledger.domain.merchant_store import Store
from ledger.domain.offer import OfferPublished
from ledger.domain.offer_use import OfferTaken, OfferUsed
from ledger.domain.redemption import FundWeight
from ledger.domain.voucher import Voucher, deadline_of
from tests.unit.builders import (
    ADA,
    CAFE,
    HOLD,
    LATER,
    MICROSECOND,
    NOW,
    REFUND,
    RELEASE,
    World,
    but,
    converted,
    holding,
    with_shop,
)
from tests.unit.offer_commands import (
    CLOSE_STORE,
    DIGEST,
    GATE,
    GIVE_UP,
    OFFER,
    TAKE,
    USE,
    take,
    with_offer,
)

DAY = timedelta(days=1)


def offer(**changes: Any) -> OfferPublished:
    """The offer's first version, as it is published."""
    (event,) = with_offer(**changes).told[-1][1]
    assert isinstance(event, OfferPublished)
    return event


# ── Stores ───────────────────────────────────────────────────────────────────────────────────


def test_a_store_is_opened_for_a_merchant_and_closed_for_good() -> None:
    world = with_shop()
    assert isinstance(world.refusal(but(GATE, merchant_id="nobody")), AccountNotFound)
    world.do(GATE, but(GATE, id="park"))
    assert isinstance(world.refusal(but(CLOSE_STORE, merchant_id="tea")), StoreNotFound)
    world.do(CLOSE_STORE)
    assert world.entries(Store) == {"cafe\ngate": Store(), "cafe\npark": Store(is_open=False)}
    assert isinstance(world.refusal(CLOSE_STORE), StoreClosedAlready)


# ── Publishing ───────────────────────────────────────────────────────────────────────────────

TWICE = (FundWeight(fund_id="city", weight=1),) * 2
FAULTS: list[tuple[dict[str, Any], type[Exception]]] = [
    ({"version": 3}, VersionOutOfSequence),
    ({"merchant_id": "nobody"}, OfferOfAnother),
    ({"valid_to": OFFER.valid_from}, ValidityEmpty),
    ({"discount_fen": OFFER.list_price_fen}, DiscountTooHigh),
    ({"fee_fen": 901}, FeeAboveFaceValue),
    ({"funds": TWICE}, FundNamedTwice),
    ({"store_ids": ("gate", "nowhere")}, StoreNotFound),
]


@pytest.mark.parametrize("first", range(len(FAULTS)))
def test_of_several_faults_of_an_offer_the_first_is_told(first: int) -> None:
    world = with_offer()
    changes: dict[str, Any] = {"version": 2}
    for fault, _ in reversed(FAULTS[first:]):
        changes |= fault
    assert type(world.refusal(but(OFFER, **changes))) is FAULTS[first][1]


def test_an_offer_s_merchant_and_funds_are_known_and_its_stores_open() -> None:
    world = with_shop()
    for changes in ({"merchant_id": "nobody"}, {"funds": (FundWeight(fund_id="none", weight=1),)}):
        assert isinstance(world.refusal(but(OFFER, **changes)), AccountNotFound)
    world.do(GATE, but(GATE, id="park"), CLOSE_STORE)
    assert isinstance(world.refusal(but(OFFER, store_ids=("gate", "park"))), StoreClosedAlready)
    world.do(but(OFFER, store_ids=("gate",)))


def test_what_is_borne_may_be_one_fen_and_all_of_it_a_fee() -> None:
    published = offer(list_price_fen=1_000, discount_fen=999, fee_fen=1)
    assert published.face_value_fen == 1


def test_the_latest_version_takes_the_place_of_the_one_before_and_counts_go_on() -> None:
    world = with_offer(stock=5)
    world.do(TAKE, but(OFFER, version=2, stock=1))
    assert world.entries(OfferUsed)["latte"] == OfferUsed(
        merchant_id="cafe", version=2, vouchers=1, months={"2026-11": 1}
    )
    assert isinstance(world.refusal(take(2)), OfferChanged)
    assert isinstance(world.refusal(take(2, offer_version=2)), OfferSoldOut)
    world.do(but(OFFER, version=3))
    world.do(take(2, offer_version=3))


# ── Taking ───────────────────────────────────────────────────────────────────────────────────


def test_a_voucher_s_terms_are_those_of_the_offer() -> None:
    world = with_offer(weekdays=(7,), store_ids=("gate",))
    (held,) = world.do(TAKE)
    assert (held.credits, held.merchant_id, held.offer_id, held.offer_version) == (10, "cafe", "latte", 1)
    assert (held.list_price_fen, held.discount_fen, held.face_value_fen, held.fee_fen) == (
        1_200,
        300,
        900,
        20,
    )
    assert [(share.fund_id, share.value_fen) for share in held.shares] == [("city", 600), ("bank", 300)]
    assert (held.weekdays, held.store_ids, held.code_digest) == ((7,), ("gate",), DIGEST)
    assert held.deadline_at == datetime(2026, 11, 29, 16, tzinfo=UTC) - MICROSECOND
    assert world.entries(Voucher) == {DIGEST: Voucher(redemption_id="voucher-1")}


TAKING_FAULTS: list[tuple[dict[str, Any], dict[str, Any], type[Exception]]] = [
    # what is wrong with the offer, with the taking, and what is told
    ({}, {"offer_id": "none"}, OfferNotFound),
    ({}, {"offer_version": 2}, OfferChanged),
    ({"is_open": False}, {}, OfferWithdrawn),
    ({"valid_from": NOW + MICROSECOND}, {}, OfferNotValid),
    ({"stock": 1}, {}, OfferSoldOut),
    ({"month_quota": 1}, {}, OfferMonthSoldOut),
    ({"per_participant": 1}, {}, OfferLimitReached),
    ({}, {"code_digest": DIGEST}, VoucherCodeTaken),
    ({"credits": 1_000}, {}, InsufficientCredits),
]


@pytest.mark.parametrize("first", range(len(TAKING_FAULTS)))
def test_of_several_faults_of_a_taking_the_first_is_told(first: int) -> None:
    world = with_offer()
    world.do(TAKE)
    terms: dict[str, Any] = {}
    fields: dict[str, Any] = {"offer_version": 2}
    for of_offer, of_taking, _ in reversed(TAKING_FAULTS[first:]):
        terms |= of_offer
        fields |= {"offer_version": 3} if "offer_version" in of_taking else of_taking
    world.do(but(OFFER, version=2, **terms))
    assert type(world.refusal(take(2, **fields))) is TAKING_FAULTS[first][2]


@pytest.mark.parametrize(
    ("limit", "refused"),
    [
        ("stock", OfferSoldOut),
        ("month_quota", OfferMonthSoldOut),
        ("per_participant", OfferLimitReached),
        ("per_participant_month", OfferLimitReached),
    ],
)
def test_a_limit_is_kept_at_it_and_one_past(limit: str, refused: type[Exception]) -> None:
    world = with_offer(**{limit: 3})
    world.do(take(1), take(2), take(3))
    assert type(world.refusal(take(4))) is refused
    world.do(but(GIVE_UP, redemption_id="voucher-2"), take(4))
    assert type(world.refusal(take(5))) is refused


def test_a_direct_hold_counts_for_no_offer_whatever_it_calls_it() -> None:
    world = with_offer(stock=1)
    world.do(but(HOLD, offer_id="latte"))
    assert world.entries(OfferUsed)["latte"].vouchers == 0
    assert world.entries(OfferTaken) == {}
    world.do(TAKE)


def test_whatever_ends_a_voucher_but_its_use_gives_it_back_to_the_month_of_its_taking() -> None:
    world = with_offer()
    december = datetime(2026, 12, 5, 4, tzinfo=UTC)
    world.do(take(1), take(2), take(3), take(4), but(USE, redemption_id="voucher-1"))
    assert world.entries(OfferUsed)["latte"].months == {"2026-11": 4}
    world.do(but(USE, redemption_id="voucher-2", code_digest=f"{2:032x}"))
    world.do(take(5), at=december)
    assert world.entries(OfferTaken) == {
        "latte\nada": OfferTaken(vouchers=5, months={"2026-11": 4, "2026-12": 1})
    }
    world.do(but(REFUND, redemption_id="voucher-2"), at=december)
    world.do(but(GIVE_UP, redemption_id="voucher-3"), at=december)
    world.do(but(RELEASE, redemption_id="voucher-4"), at=december)
    used = world.entries(OfferUsed)["latte"]
    assert (used.vouchers, used.months) == (2, {"2026-11": 1, "2026-12": 1})
    assert world.entries(OfferTaken) == {
        "latte\nada": OfferTaken(vouchers=2, months={"2026-11": 1, "2026-12": 1})
    }


def test_who_has_given_everything_back_has_no_entry() -> None:
    world = with_offer()
    world.do(TAKE, GIVE_UP)
    assert world.entries(OfferTaken) == {}
    assert world.entries(OfferUsed)["latte"].months == {}


# ── Until when ───────────────────────────────────────────────────────────────────────────────


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("time_zone", "taken_at", "days", "ends_at"),
    [
        # The last instant of a local day in Shanghai, and the first of the next.
        ("Asia/Shanghai", "2026-11-30 15:59:59.999999", 0, "2026-11-30 16:00"),
        ("Asia/Shanghai", "2026-11-30 16:00", 0, "2026-12-01 16:00"),
        # Over a month's end, and to 29 February and beyond it.
        ("Asia/Shanghai", "2026-01-30 16:00", 1, "2026-02-01 16:00"),
        ("Asia/Shanghai", "2024-02-28 04:00", 1, "2024-02-29 16:00"),
        ("Asia/Shanghai", "2024-02-28 16:00", 365 - 1, "2025-02-27 16:00"),
        ("Asia/Shanghai", "2023-02-28 04:00", 1, "2023-03-01 16:00"),
        # Clocks go forward, and back.
        ("Europe/Berlin", "2025-03-29 12:00", 0, "2025-03-29 23:00"),
        ("Europe/Berlin", "2025-03-29 12:00", 1, "2025-03-30 22:00"),
        ("Europe/Berlin", "2025-10-26 12:00", 0, "2025-10-26 23:00"),
        ("America/New_York", "2025-11-01 12:00", 1, "2025-11-03 05:00"),
        # Midnight itself is skipped: the day begins at one.
        ("Asia/Beirut", "2025-03-29 12:00", 0, "2025-03-29 22:00"),
        # A whole calendar day is skipped.
        ("Pacific/Apia", "2011-12-29 12:00", 0, "2011-12-30 10:00"),
    ],
)
def test_a_voucher_is_good_to_the_end_of_a_local_day(
    time_zone: str, taken_at: str, days: int, ends_at: str
) -> None:
    published = msgspec.structs.replace(offer(), voucher_valid_days=days)
    assert deadline_of(published, utc(taken_at), time_zone) == utc(ends_at) - MICROSECOND


def test_no_voucher_is_good_beyond_its_offer() -> None:
    published = offer(valid_to=NOW + DAY)
    assert deadline_of(published, NOW, "Asia/Shanghai") == NOW + DAY - MICROSECOND


@pytest.mark.parametrize("time_zone", ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Pacific/Apia"])
def test_the_longest_voucher_is_never_longer_than_a_hold_may_last(time_zone: str) -> None:
    published = msgspec.structs.replace(offer(), voucher_valid_days=limits.VOUCHER_VALID_DAYS_MAX)
    for day in range(366 * 4):
        taken_at = utc("2023-12-30 22:00") + day * DAY
        for at in (taken_at, taken_at + timedelta(hours=1), taken_at + timedelta(hours=2)):
            assert deadline_of(published, at, time_zone) <= at + limits.HOLD_LASTS_MAX


def test_a_year_s_voucher_is_taken_at_the_first_instant_of_a_day() -> None:
    world = with_offer(voucher_valid_days=limits.VOUCHER_VALID_DAYS_MAX)
    world.put({ADA: holding({"2028-01-01": 100})})
    world.do(TAKE, at=datetime(2026, 11, 22, 16, tzinfo=UTC))


# ── Using ────────────────────────────────────────────────────────────────────────────────────


def used_world(**terms: Any) -> World:
    world = with_offer(**terms)
    world.do(TAKE)
    return world


def test_a_voucher_is_used_with_its_code_in_a_store() -> None:
    world = used_world()
    (event,) = world.do(USE)
    assert (event.store_id, event.code_digest) == ("gate", DIGEST)
    assert world.fen(f"{CAFE}:payable") == 880


def test_of_several_reasons_against_a_use_the_first_is_told() -> None:
    world = used_world(weekdays=(1,), store_ids=("gate",))
    late = NOW + 9 * DAY
    wrong = but(USE, code_digest=None, store_id="park")
    assert isinstance(world.refusal(wrong, late), VoucherCodeNeeded)
    assert isinstance(world.refusal(but(wrong, code_digest=f"{2:032x}"), late), VoucherUnknown)
    for store_id in ("park", "nowhere", None):
        assert isinstance(world.refusal(but(USE, store_id=store_id), late), StoreWrong)
    expired = world.refusal(USE, late)
    assert isinstance(expired, VoucherExpired)
    assert isinstance(world.refusal(USE, expired.deadline_at + MICROSECOND), VoucherExpired)
    wrong_day = world.refusal(USE, expired.deadline_at)
    assert isinstance(wrong_day, VoucherDayWrong)
    assert (wrong_day.weekday, wrong_day.weekdays) == (7, [1])
    assert isinstance(world.refusal(USE), VoucherDayWrong)
    world.do(USE, at=NOW + DAY)
    told = world.refusal(USE, late)
    assert isinstance(told, VoucherUsed)
    assert (told.used_at, told.store_id) == (NOW + DAY, "gate")


def test_a_cancelled_and_a_released_voucher_are_told_apart() -> None:
    world = used_world()
    world.do(take(2), GIVE_UP)
    assert isinstance(world.refusal(USE), VoucherCancelled)
    late = NOW + 9 * DAY
    world.do(but(RELEASE, redemption_id="voucher-2"), at=late)
    assert isinstance(
        world.refusal(but(USE, redemption_id="voucher-2", code_digest=f"{2:032x}"), late), VoucherExpired
    )


def test_a_closed_store_takes_no_voucher() -> None:
    world = used_world()
    world.do(CLOSE_STORE)
    assert isinstance(world.refusal(but(USE, store_id="park")), StoreWrong)
    world.do(USE)


def test_a_code_opens_no_direct_hold_and_a_direct_hold_needs_none() -> None:
    world = with_offer()
    world.do(HOLD)
    direct = but(USE, redemption_id=HOLD.id)
    assert isinstance(world.refusal(direct), VoucherUnknown)
    assert isinstance(world.refusal(but(USE, redemption_id="none", code_digest=None)), RedemptionNotFound)
    world.do(but(direct, code_digest=None, store_id="anywhere"))


def test_a_frozen_holder_s_voucher_waits() -> None:
    world = used_world()
    world.put({ADA: holding({LATER: 90}, status="frozen")})
    assert world.refusal(USE).code == "account_frozen"


# ── Bounds ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("field", "least", "most"),
    [
        ("version", 1, limits.VERSION_MAX),
        ("credits", 1, limits.CREDITS_MAX),
        ("list_price_fen", 1, limits.VALUE_FEN_MAX),
        ("discount_fen", 0, limits.VALUE_FEN_MAX),
        ("fee_fen", 0, limits.VALUE_FEN_MAX),
        ("stock", 1, limits.VOUCHERS_MAX),
        ("month_quota", 1, limits.VOUCHERS_MAX),
        ("per_participant", 1, limits.VOUCHERS_MAX),
        ("per_participant_month", 1, limits.VOUCHERS_MAX),
        ("voucher_valid_days", 0, limits.VOUCHER_VALID_DAYS_MAX),
    ],
)
def test_a_number_is_taken_at_its_bounds_and_refused_one_past_them(field: str, least: int, most: int) -> None:
    for value in (least, most):
        assert getattr(converted(OFFER, **{field: value}), field) == value
    for wrong in (least - 1, most + 1, 1.5, "1", True):
        with pytest.raises(msgspec.ValidationError):
            converted(OFFER, **{field: wrong})


@pytest.mark.parametrize(
    ("field", "one", "most"),
    [
        ("weekdays", 7, limits.WEEKDAYS),
        ("store_ids", "gate", limits.OFFER_STORES_MAX),
    ],
)
def test_a_list_is_as_long_as_it_may_be_and_no_longer(field: str, one: Any, most: int) -> None:
    assert len(getattr(converted(OFFER, **{field: [one] * most}), field)) == most
    with pytest.raises(msgspec.ValidationError):
        converted(OFFER, **{field: [one] * (most + 1)})


@pytest.mark.parametrize("weekday", [0, 8, "1"])
def test_a_weekday_is_one_of_seven(weekday: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        converted(OFFER, weekdays=[weekday])


@pytest.mark.parametrize("digest", ["", "0" * 31, "0" * 33, "A" * 32, "g" * 32])
def test_a_digest_is_32_hexadecimal_digits(digest: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        converted(TAKE, code_digest=digest)


@pytest.mark.parametrize(
    ("time_zone", "month_begins_at", "month"),
    [
        ("Asia/Shanghai", "2026-11-30 16:00", "2026-12"),
        ("Asia/Shanghai", "2026-12-31 16:00", "2027-01"),
        ("Asia/Shanghai", "2028-02-29 16:00", "2028-03"),
        ("Europe/Berlin", "2027-03-31 22:00", "2027-04"),
        ("America/New_York", "2027-11-01 04:00", "2027-11"),
        ("Pacific/Kiritimati", "2026-11-30 10:00", "2026-12"),
    ],
)
def test_a_month_begins_with_the_programme_s_own_midnight(
    time_zone: str, month_begins_at: str, month: str
) -> None:
    begins_at = utc(month_begins_at)
    world = World(time_zone=time_zone).put(
        {address: holding() for address in (CAFE, "fund:city", "fund:bank")}
        | {ADA: holding({"2030-01-01": 100})}
        | {f"fund:{own_id}:available": holding(status=None, fen=10_000) for own_id in ("city", "bank")}
    )
    world.do(but(OFFER, month_quota=1), take(1), at=begins_at - MICROSECOND)
    refused = world.refusal(take(2), begins_at - MICROSECOND)
    assert isinstance(refused, OfferMonthSoldOut)
    assert refused.month < month
    world.do(take(2), at=begins_at)
    told = world.refusal(take(3), begins_at)
    assert isinstance(told, OfferMonthSoldOut)
    assert told.month == month
