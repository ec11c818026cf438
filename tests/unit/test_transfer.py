"""Giving credits away: which lots go, to whom they may go, and how many a month."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from ledger.domain import limits
from ledger.domain.book import Leg
from ledger.domain.errors import (
    AccountClosed,
    AccountFrozen,
    AccountNotFound,
    InsufficientCredits,
    LedgerError,
    LotsExpired,
    SameAccount,
    TransferNotAllowed,
    TransferQuotaExceeded,
)
from ledger.domain.transfer import CreditsTransferred, take_spendable
from tests.unit.builders import (
    ADA,
    BO,
    CAFE,
    LATER,
    MICROSECOND,
    NOW,
    SCHOOL,
    TODAY,
    TOMORROW,
    TRANSFER,
    YESTERDAY,
    World,
    but,
    converted,
    holding,
    one_fault,
    two_faults,
)


def pair(lots: dict[str, int], **terms: Any) -> World:
    return World(**terms).put({ADA: holding(lots), BO: holding()})


def test_a_gift_moves_credits_and_keeps_their_lot() -> None:
    world = pair({LATER: 100})
    (event,) = world.do(TRANSFER)
    assert event == CreditsTransferred(
        occurred_at=NOW,
        recorded_at=NOW,
        legs=(Leg(ADA, "CREDIT", LATER, -10), Leg(BO, "CREDIT", LATER, 10)),
        id="gift-1",
        from_account=ADA,
        to_account=BO,
        credits=10,
    )
    assert (world.lots(ADA), world.lots(BO)) == ({LATER: 90}, {LATER: 10})


# ── Refusals ─────────────────────────────────────────────────────────────────────────────────


def refused(
    *,
    to_account: str = BO,
    transferable: bool = True,
    giver: Any = "open",
    receiver: Any = "open",
    lots: Any = None,
    quota: int | None = None,
) -> LedgerError:
    world = World(transferable=transferable, transfer_quota_credits=quota).put(
        {
            ADA: holding({LATER: 10} if lots is None else lots, status=giver),
            BO: holding(status=receiver),
        }
    )
    return world.refusal(but(TRANSFER, to_account=to_account))


FAULTS: list[Any] = [
    ({"to_account": ADA}, SameAccount),
    ({"transferable": False}, TransferNotAllowed),
    ({"giver": None}, AccountNotFound),
    ({"giver": "closed"}, AccountClosed),
    ({"giver": "frozen"}, AccountFrozen),
    ({"receiver": None}, AccountNotFound),
    ({"receiver": "closed"}, AccountClosed),
    ({"receiver": "frozen"}, AccountFrozen),
    ({"lots": {YESTERDAY: 10}}, LotsExpired),
    ({"lots": {}}, InsufficientCredits),
    ({"quota": 9}, TransferQuotaExceeded),
]


@pytest.mark.parametrize(("settings", "expected"), one_fault(FAULTS))
def test_a_gift_is_refused_for_each_fault(settings: dict[str, Any], expected: type[LedgerError]) -> None:
    assert type(refused(**settings)) is expected


@pytest.mark.parametrize(("earlier", "later"), two_faults(FAULTS))
def test_of_two_faults_of_a_gift_the_first_documented_is_told(
    earlier: dict[str, Any], later: dict[str, Any]
) -> None:
    alone, both = refused(**earlier), refused(**later, **earlier)
    assert (type(both), both.details()) == (type(alone), alone.details())


@pytest.mark.parametrize(
    ("settings", "details"),
    [
        ({"to_account": ADA}, {"account": ADA}),
        ({"transferable": False}, {"programme_id": "green-city"}),
        ({"giver": "frozen"}, {"account": ADA}),
        ({"receiver": "frozen"}, {"account": BO}),
        (
            {"lots": {YESTERDAY: 6, TODAY: 4}},
            {"account": ADA, "needed_credits": 10, "spendable_credits": 4, "expired_credits": 6},
        ),
        (
            {"lots": {YESTERDAY: 5, TODAY: 4}},
            {"account": ADA, "needed_credits": 10, "spendable_credits": 4},
        ),
        (
            {"quota": 9},
            {"account": ADA, "quota_credits": 9, "given_credits": 0, "asked_credits": 10},
        ),
    ],
)
def test_a_refusal_says_which_account_and_how_much(settings: dict[str, Any], details: dict[str, Any]) -> None:
    assert refused(**settings).details() == details


def test_an_amount_is_taken_at_its_bounds_and_refused_one_past_them() -> None:
    for amount in (1, limits.CREDITS_MAX):
        assert converted(TRANSFER, credits=amount).credits == amount
    for wrong in (0, -1, limits.CREDITS_MAX + 1, 1.5, "1", True):
        with pytest.raises(msgspec.ValidationError):
            converted(TRANSFER, credits=wrong)


@pytest.mark.parametrize("holder", [SCHOOL, CAFE])
def test_organisations_and_merchants_give_and_receive_like_anybody(holder: str) -> None:
    world = World().put({ADA: holding({LATER: 10}), holder: holding()})
    world.do(but(TRANSFER, to_account=holder))
    world.do(but(TRANSFER, id="gift-2", from_account=holder, to_account=ADA))
    assert (world.lots(ADA), world.lots(holder)) == ({LATER: 10}, {})


# ── Lots ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("lots", "taken"),
    [
        ({LATER: 10}, {LATER: 10}),
        ({LATER: 50, TODAY: 50}, {TODAY: 10}),
        ({LATER: 50, TODAY: 4}, {TODAY: 4, LATER: 6}),
        ({LATER: 1, TOMORROW: 5, TODAY: 4}, {TODAY: 4, TOMORROW: 5, LATER: 1}),
        ({YESTERDAY: 50, LATER: 50}, {LATER: 10}),
        ({YESTERDAY: 50, TODAY: 3, LATER: 50}, {TODAY: 3, LATER: 7}),
        ({TODAY: 0, LATER: 10}, {LATER: 10}),
    ],
)
def test_the_earliest_spendable_lots_go_first(lots: dict[str, int], taken: dict[str, int]) -> None:
    world = pair(lots)
    (event,) = world.do(TRANSFER)
    assert {leg.lot: leg.amount for leg in event.legs if leg.account == BO} == taken
    assert world.lots(BO) == taken
    left = {lot: amount - taken.get(lot, 0) for lot, amount in lots.items()}
    assert world.lots(ADA) == {lot: amount for lot, amount in left.items() if amount}


@pytest.mark.parametrize(
    ("time_zone", "lot", "last_instant"),
    [
        ("Asia/Shanghai", TODAY, "2026-11-22T15:59:59.999999+00:00"),
        ("Asia/Shanghai", "2026-12-31", "2026-12-31T15:59:59.999999+00:00"),
        # Summer time ends on this day, which has 25 hours, and begins on the next one, which has 23.
        ("America/New_York", "2026-11-01", "2026-11-02T04:59:59.999999+00:00"),
        ("America/New_York", "2026-03-08", "2026-03-09T03:59:59.999999+00:00"),
        # Summer time begins at midnight, so that the next day has no first hour.
        ("Africa/Cairo", "2026-04-23", "2026-04-23T21:59:59.999999+00:00"),
        ("Pacific/Kiritimati", "2026-11-22", "2026-11-22T09:59:59.999999+00:00"),
    ],
)
def test_a_lot_is_spendable_until_the_local_end_of_its_last_day(
    time_zone: str, lot: str, last_instant: str
) -> None:
    last = datetime.fromisoformat(last_instant)
    world = pair({lot: 20}, time_zone=time_zone)
    gift = but(TRANSFER, occurred_at=last)
    world.do(gift, at=last)
    refusal = world.refusal(but(gift, id="gift-2"), at=last + MICROSECOND)
    assert isinstance(refusal, LotsExpired)


def test_expired_credits_are_told_apart_from_credits_never_had() -> None:
    account = holding({YESTERDAY: 6, TODAY: 4})
    assert take_spendable(account, ADA, 4, TODAY) == [(TODAY, 4)]
    for needed in (5, 10):
        with pytest.raises(LotsExpired):
            take_spendable(account, ADA, needed, TODAY)
    with pytest.raises(InsufficientCredits):
        take_spendable(account, ADA, 11, TODAY)


# ── The monthly quota ────────────────────────────────────────────────────────────────────────

LAST_INSTANT = datetime(2026, 11, 30, 15, 59, 59, 999_999, tzinfo=UTC)
NEXT_MONTH = datetime(2026, 11, 30, 16, tzinfo=UTC)


def test_the_quota_can_be_used_up_to_the_last_credit() -> None:
    world = pair({LATER: 100}, transfer_quota_credits=25)
    world.do(TRANSFER, but(TRANSFER, id="gift-2"), but(TRANSFER, id="gift-3", credits=5))
    refusal = world.refusal(but(TRANSFER, id="gift-4", credits=1))
    assert isinstance(refusal, TransferQuotaExceeded)
    assert refusal.details() == {
        "account": ADA,
        "quota_credits": 25,
        "given_credits": 25,
        "asked_credits": 1,
    }


def test_a_gift_one_past_the_quota_is_refused_and_a_smaller_one_is_not() -> None:
    world = pair({LATER: 100}, transfer_quota_credits=25)
    world.do(but(TRANSFER, credits=20))
    assert isinstance(world.refusal(but(TRANSFER, id="gift-2", credits=6)), TransferQuotaExceeded)
    world.do(but(TRANSFER, id="gift-3", credits=5))


def test_a_new_quota_begins_with_the_local_month() -> None:
    world = pair({LATER: 100}, transfer_quota_credits=10)
    world.do(TRANSFER, at=LAST_INSTANT)
    again = but(TRANSFER, id="gift-2", credits=1)
    assert isinstance(world.refusal(again, at=LAST_INSTANT), TransferQuotaExceeded)
    world.do(but(again, credits=10), at=NEXT_MONTH)
    refusal = world.refusal(but(again, id="gift-3"), at=NEXT_MONTH)
    assert refusal.details()["given_credits"] == 10


def test_the_quota_counts_by_the_month_of_recording_whatever_the_caller_says_when_it_was() -> None:
    world = pair({LATER: 100}, transfer_quota_credits=10)
    world.do(TRANSFER, at=NEXT_MONTH)
    late = but(TRANSFER, id="gift-2", occurred_at=datetime(2026, 10, 1, tzinfo=UTC))
    assert isinstance(world.refusal(late, at=NEXT_MONTH), TransferQuotaExceeded)


def test_receiving_does_not_count_and_each_giver_has_a_quota_of_their_own() -> None:
    world = pair({LATER: 100}, transfer_quota_credits=10)
    world.do(TRANSFER, but(TRANSFER, id="gift-2", from_account=BO, to_account=ADA))
    assert isinstance(world.refusal(but(TRANSFER, id="gift-3", credits=1)), TransferQuotaExceeded)


@pytest.mark.parametrize("holder", [SCHOOL, CAFE])
def test_the_gifts_of_organisations_and_merchants_are_not_counted(holder: str) -> None:
    world = World(transfer_quota_credits=1).put({holder: holding({LATER: 100}), ADA: holding()})
    for number in range(3):
        world.do(but(TRANSFER, id=f"gift-{number}", from_account=holder, to_account=ADA))
    assert world.account(holder).given_credits == 0


def test_without_a_quota_nothing_is_counted() -> None:
    world = pair({LATER: 100})
    world.do(but(TRANSFER, credits=100))
    assert world.account(ADA).given_credits == 0
