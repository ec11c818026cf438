"""Moving credits by hand: up, down, within bounds, and by somebody with a name."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from ledger.domain import limits
from ledger.domain.adjustment import CreditsAdjusted
from ledger.domain.book import Leg
from ledger.domain.errors import (
    AccountClosed,
    AccountNotFound,
    AdjustmentZero,
    InsufficientCredits,
    LedgerError,
    LotOutOfBounds,
    LotsExpired,
)
from tests.unit.builders import (
    ADA,
    ADJUST,
    LATER,
    NOW,
    SCHOOL,
    TODAY,
    YESTERDAY,
    World,
    but,
    converted,
    holding,
    one_fault,
    two_faults,
)


def test_credits_given_come_from_the_counter_account_and_live_as_long_as_the_policy_says() -> None:
    world = World().put({ADA: holding()})
    (event,) = world.do(ADJUST)
    assert event == CreditsAdjusted(
        occurred_at=NOW,
        recorded_at=NOW,
        legs=(Leg("adjusted", "CREDIT", LATER, -10), Leg(ADA, "CREDIT", LATER, 10)),
        id="fix-1",
        account=ADA,
        credits=10,
        lot=None,
        approver="王芳",
        reason="the platform was down",
    )


def test_credits_taken_are_the_earliest_spendable_ones() -> None:
    world = World().put({ADA: holding({YESTERDAY: 50, TODAY: 4, LATER: 50})})
    (event,) = world.do(but(ADJUST, credits=-10))
    assert event.legs == (
        Leg("adjusted", "CREDIT", TODAY, 4),
        Leg("adjusted", "CREDIT", LATER, 6),
        Leg(ADA, "CREDIT", TODAY, -4),
        Leg(ADA, "CREDIT", LATER, -6),
    )
    assert (event.credits, world.lots(ADA)) == (-10, {YESTERDAY: 50, LATER: 44})


def refused(
    *, amount: int = -10, lot: date | None = None, status: Any = "open", lots: Any = None
) -> LedgerError:
    held = {LATER: 10} if lots is None else lots
    world = World().put({ADA: holding(held, status=status)})
    return world.refusal(but(ADJUST, credits=amount, lot=lot))


FAULTS: list[Any] = [
    ({"amount": 0}, AdjustmentZero),
    ({"lot": date(2026, 11, 21)}, LotOutOfBounds),
    ({"status": None}, AccountNotFound),
    ({"status": "closed"}, AccountClosed),
    ({"lots": {YESTERDAY: 10}}, LotsExpired),
    ({"lots": {}}, InsufficientCredits),
]


@pytest.mark.parametrize(("settings", "expected"), one_fault(FAULTS))
def test_an_adjustment_is_refused_for_each_fault(
    settings: dict[str, Any], expected: type[LedgerError]
) -> None:
    assert type(refused(**settings)) is expected


@pytest.mark.parametrize(("earlier", "later"), two_faults(FAULTS))
def test_of_two_faults_of_an_adjustment_the_first_documented_is_told(
    earlier: dict[str, Any], later: dict[str, Any]
) -> None:
    alone, both = refused(**earlier), refused(**later, **earlier)
    assert (type(both), both.details()) == (type(alone), alone.details())


@pytest.mark.parametrize("amount", [10, -10])
def test_a_frozen_holder_can_be_adjusted(amount: int) -> None:
    world = World().put({ADA: holding({LATER: 10}, status="frozen")})
    world.do(but(ADJUST, credits=amount))
    assert world.account(ADA).total("CREDIT") == 10 + amount


def test_an_organisation_can_be_adjusted() -> None:
    world = World().put({SCHOOL: holding()})
    world.do(but(ADJUST, account=SCHOOL))
    assert world.lots(SCHOOL) == {LATER: 10}


@pytest.mark.parametrize("lot", [date(2026, 11, 22), date(2036, 11, 22)])
def test_credits_are_given_until_a_day_from_today_to_ten_years_on(lot: date) -> None:
    world = World().put({ADA: holding()})
    (event,) = world.do(but(ADJUST, lot=lot))
    assert (event.lot, world.lots(ADA)) == (lot, {lot.isoformat(): 10})


@pytest.mark.parametrize("lot", [date(2026, 11, 21), date(2036, 11, 23), date(1, 1, 1), date(9999, 12, 31)])
def test_a_lot_that_has_passed_or_lies_too_far_ahead_is_refused(lot: date) -> None:
    assert refused(amount=10, lot=lot).details() == {
        "field": "lot",
        "value": lot,
        "earliest": date(2026, 11, 22),
        "latest": date(2036, 11, 22),
    }


def test_credits_taken_name_no_lot() -> None:
    assert isinstance(refused(lot=date(2026, 11, 22)), LotOutOfBounds)


def test_the_bounds_of_a_lot_follow_the_local_day() -> None:
    world = World().put({ADA: holding()})
    given = but(ADJUST, lot=NOW.date())
    world.do(given, at=datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC))
    refusal = world.refusal(but(given, id="fix-2"), at=datetime(2026, 11, 22, 16, tzinfo=UTC))
    assert isinstance(refusal, LotOutOfBounds)


def test_an_amount_is_taken_at_its_bounds_and_refused_one_past_them() -> None:
    for amount in (-limits.CREDITS_MAX, 0, limits.CREDITS_MAX):
        assert converted(ADJUST, credits=amount).credits == amount
    for wrong in (-limits.CREDITS_MAX - 1, limits.CREDITS_MAX + 1, 0.5):
        with pytest.raises(msgspec.ValidationError):
            converted(ADJUST, credits=wrong)


@pytest.mark.parametrize("field", ["approver", "reason"])
def test_nobody_adjusts_without_a_name_and_a_reason(field: str) -> None:
    for wrong in ("", None, "\n"):
        with pytest.raises(msgspec.ValidationError):
            converted(ADJUST, **{field: wrong})
    fields = msgspec.to_builtins(ADJUST)
    del fields[field]
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(fields, type(ADJUST))
