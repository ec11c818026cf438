"""Credits that run out: what is due in an account, and what a run records of itself."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ledger.domain import limits
from ledger.domain.book import Leg
from ledger.domain.errors import ExpiryNotDue
from ledger.domain.expiry import CreditsExpired, ExpiryCompleted, ExpiryStarted, require_due
from tests.unit.builders import (
    ADA,
    COMPLETE_EXPIRY,
    EXPIRE,
    HOLD,
    LATER,
    MICROSECOND,
    NOW,
    SCHOOL,
    START_EXPIRY,
    TODAY,
    YESTERDAY,
    World,
    but,
    converted,
    holding,
    with_shop,
)

LONG_AGO = "2024-02-29"


def test_every_due_lot_runs_out_and_no_other() -> None:
    world = World().put({ADA: holding({LATER: 50, YESTERDAY: 6, TODAY: 4, LONG_AGO: 1})})
    (event,) = world.do(EXPIRE)
    assert event == CreditsExpired(
        occurred_at=NOW,
        recorded_at=NOW,
        legs=(
            Leg(ADA, "CREDIT", LONG_AGO, -1),
            Leg(ADA, "CREDIT", YESTERDAY, -6),
            Leg("expired", "CREDIT", LONG_AGO, 1),
            Leg("expired", "CREDIT", YESTERDAY, 6),
        ),
        run_id="night-1",
        account=ADA,
        up_to=date(2026, 11, 21),
        credits=7,
    )
    assert world.lots(ADA) == {LATER: 50, TODAY: 4}


@pytest.mark.parametrize("lots", [{}, {TODAY: 4}, {YESTERDAY: 0, LATER: 5}])
def test_where_nothing_is_due_nothing_is_recorded(lots: dict[str, int]) -> None:
    assert World().put({ADA: holding(lots)}).do(EXPIRE) == ()


def test_what_has_run_out_does_not_run_out_again() -> None:
    world = World().put({ADA: holding({YESTERDAY: 6})})
    assert len(world.do(EXPIRE)) == 1
    assert world.do(but(EXPIRE, run_id="night-2")) == ()


@pytest.mark.parametrize("status", ["open", "frozen", "closed"])
def test_the_credits_of_anybody_run_out(status: Any) -> None:
    world = World().put({ADA: holding({YESTERDAY: 6}, status=status)})
    (event,) = world.do(EXPIRE)
    assert (event.credits, world.account(ADA).status) == (6, status)


def test_an_organisations_credits_run_out_too() -> None:
    world = World().put({SCHOOL: holding({YESTERDAY: 6})})
    (event,) = world.do(but(EXPIRE, account=SCHOOL))
    assert event.account == SCHOOL


def test_credits_set_aside_run_out_only_when_they_are_given_back() -> None:
    world = with_shop().put({ADA: holding({TODAY: 10})})
    world.do(HOLD)
    tomorrow = NOW + timedelta(days=1)
    due = but(EXPIRE, up_to=NOW.date())
    assert world.do(due, at=tomorrow) == ()
    assert world.lots(f"{ADA}:held") == {TODAY: 10}


@pytest.mark.parametrize("command", [EXPIRE, START_EXPIRY])
@pytest.mark.parametrize("up_to", [date(2026, 11, 22), date(2026, 11, 23), date(9999, 12, 31)])
def test_credits_cannot_run_out_before_their_last_day_is_over(command: Any, up_to: date) -> None:
    world = World().put({ADA: holding({YESTERDAY: 6})})
    refusal = world.refusal(but(command, up_to=up_to))
    assert isinstance(refusal, ExpiryNotDue)
    assert refusal.details() == {"field": "up_to", "value": up_to, "today": date(2026, 11, 22)}


@pytest.mark.parametrize("command", [EXPIRE, START_EXPIRY])
def test_a_day_is_over_at_midnight_of_the_programmes_zone(command: Any) -> None:
    midnight = datetime(2026, 11, 30, 16, tzinfo=UTC)
    world = World().put({ADA: holding({"2026-11-30": 6})})
    run = but(command, up_to=date(2026, 11, 30))
    assert isinstance(world.refusal(run, at=midnight - MICROSECOND), ExpiryNotDue)
    assert len(world.do(run, at=midnight)) == 1


def test_a_day_is_due_when_it_lies_before_today() -> None:
    require_due(date(2026, 11, 21), TODAY)
    with pytest.raises(ExpiryNotDue):
        require_due(date(2026, 11, 22), TODAY)


def test_a_run_records_its_beginning_and_what_it_did() -> None:
    world = World()
    (started,) = world.do(START_EXPIRY)
    (completed,) = world.do(COMPLETE_EXPIRY)
    assert started == ExpiryStarted(occurred_at=NOW, recorded_at=NOW, id="night-1", up_to=date(2026, 11, 21))
    assert completed == ExpiryCompleted(
        occurred_at=NOW,
        recorded_at=NOW,
        id="night-1",
        up_to=date(2026, 11, 21),
        credits=10,
        accounts=1,
        holds_released=1,
    )


def test_an_address_is_taken_at_its_bound_and_refused_one_past_it() -> None:
    longest = "a" * limits.ACCOUNT_CHARS_MAX
    assert converted(EXPIRE, account=longest).account == longest
    with pytest.raises(msgspec.ValidationError):
        converted(EXPIRE, account=longest + "a")
    assert len(f"participant:{'a' * limits.ENTITY_ID_CHARS_MAX}:pending") <= limits.ACCOUNT_CHARS_MAX
