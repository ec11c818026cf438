"""Sponsors' money: committing it to a fund, and promising no more than is free."""

from typing import Any

import msgspec
import pytest

from ledger.domain import limits
from ledger.domain.book import Accounts, Leg
from ledger.domain.errors import AccountClosed, AccountNotFound, InsufficientFund, LedgerError
from ledger.domain.fund import MoneyCommitted, require_available
from tests.unit.builders import CITY, COMMIT_MONEY, NOW, OPEN_FUND, World, but, converted, holding


def test_committed_money_comes_from_the_sponsor_and_is_available() -> None:
    world = World()
    world.do(OPEN_FUND)
    (event,) = world.do(COMMIT_MONEY)
    assert event == MoneyCommitted(
        occurred_at=NOW,
        recorded_at=NOW,
        legs=(
            Leg("sponsor:council:external", "CNY", None, -10_000),
            Leg("fund:city:available", "CNY", None, 10_000),
        ),
        id="grant-1",
        fund_id="city",
        sponsor_id="council",
        value_fen=10_000,
    )
    world.do(but(COMMIT_MONEY, id="grant-2", value_fen=1))
    assert world.fen(f"{CITY}:available") == 10_001


@pytest.mark.parametrize(("status", "expected"), [(None, AccountNotFound), ("closed", AccountClosed)])
def test_money_is_committed_only_to_a_fund_that_is_open(status: Any, expected: type[LedgerError]) -> None:
    refusal = World().put({CITY: holding(status=status)}).refusal(COMMIT_MONEY)
    assert type(refusal) is expected
    assert refusal.details() == {"account": CITY}


def test_an_amount_of_money_is_taken_at_its_bounds_and_refused_one_past_them() -> None:
    for value_fen in (1, limits.VALUE_FEN_MAX):
        assert converted(COMMIT_MONEY, value_fen=value_fen).value_fen == value_fen
    for wrong in (0, -1, limits.VALUE_FEN_MAX + 1, 0.5, "1"):
        with pytest.raises(msgspec.ValidationError):
            converted(COMMIT_MONEY, value_fen=wrong)


def test_all_of_a_funds_free_money_can_be_promised_and_not_one_fen_more() -> None:
    accounts = Accounts()
    accounts.load({CITY: holding(), f"{CITY}:available": holding(status=None, fen=900)})
    require_available(accounts, "city", 900)
    with pytest.raises(InsufficientFund) as caught:
        require_available(accounts, "city", 901)
    assert caught.value.details() == {"fund_id": "city", "needed_fen": 901, "available_fen": 900}


def test_a_fund_that_nobody_opened_is_told_before_its_money() -> None:
    accounts = Accounts()
    accounts.load({CITY: holding(status=None), f"{CITY}:available": holding(status=None)})
    with pytest.raises(AccountNotFound) as caught:
        require_available(accounts, "city", 1)
    assert caught.value.details() == {"account": CITY}
