"""Alarms of funds: raised when available money falls below a threshold, cleared when it rises again."""

from typing import Any

import msgspec
import pytest

from ledger.domain import limits
from ledger.domain.errors import AccountNotFound, ThresholdNamedTwice
from ledger.domain.fund_alarms import FundAlarmCleared, FundAlarmRaised, FundAlarmsSet
from ledger.domain.fund_registers import Fund
from tests.unit.builders import (
    CANCEL,
    CITY,
    COMMIT_MONEY,
    HOLD,
    NOW,
    OPEN_FUND,
    World,
    but,
    converted,
    with_shop,
)
from tests.unit.money_commands import SET_ALARMS as SET


def raised(*told: tuple[int, int]) -> list[Any]:
    return [
        FundAlarmRaised(
            occurred_at=NOW, recorded_at=NOW, fund_id="city", threshold_fen=threshold, available_fen=available
        )
        for threshold, available in told
    ]


def cleared(*told: tuple[int, int]) -> list[Any]:
    return [
        FundAlarmCleared(
            occurred_at=NOW, recorded_at=NOW, fund_id="city", threshold_fen=threshold, available_fen=available
        )
        for threshold, available in told
    ]


@pytest.fixture
def shop() -> World:
    """A fund with 10,000 分, of which a hold takes 600."""
    return with_shop()


def test_thresholds_are_kept_the_highest_first(shop: World) -> None:
    (event,) = shop.do(SET)
    assert isinstance(event, FundAlarmsSet)
    assert event.thresholds_fen == (5_000, 9_500)
    assert shop.alarms == []
    assert shop.entries(Fund)["city"] == Fund(thresholds_fen=(9_500, 5_000))


def test_an_alarm_is_raised_by_what_takes_money_below_its_threshold_and_not_at_it(shop: World) -> None:
    shop.do(but(SET, thresholds_fen=(9_400,)), HOLD)
    assert shop.fen(f"{CITY}:available") == 9_400
    assert shop.alarms == []
    shop.do(but(HOLD, id="coffee-2", credits=1, face_value_fen=1, funds=(HOLD.funds[0],)))
    assert shop.alarms == raised((9_400, 9_399))


def test_an_alarm_is_raised_once_and_cleared_by_what_brings_the_money_back(shop: World) -> None:
    shop.do(SET, HOLD)
    assert shop.alarms == raised((9_500, 9_400))
    shop.do(but(HOLD, id="coffee-2", credits=1, face_value_fen=30))
    assert shop.alarms == []
    shop.do(CANCEL)
    assert shop.alarms == cleared((9_500, 9_980))
    assert shop.entries(Fund)["city"] == Fund(thresholds_fen=(9_500, 5_000), alarms=2)


def test_with_a_margin_an_alarm_is_cleared_only_so_far_above_its_threshold(shop: World) -> None:
    shop.do(but(SET, thresholds_fen=(9_500,), margin_fen=500), HOLD, CANCEL)
    assert shop.alarms == cleared((9_500, 10_000))
    shop.do(but(SET, id="alarms-2", thresholds_fen=(9_500,), margin_fen=501))
    shop.do(but(HOLD, id="coffee-2"), but(CANCEL, redemption_id="coffee-2"))
    assert shop.alarms == []
    assert shop.entries(Fund)["city"].raised_fen == (9_500,)


def test_one_event_raises_every_threshold_it_falls_through_the_highest_first(shop: World) -> None:
    shop.do(but(SET, thresholds_fen=(9_600, 9_700, 100)), HOLD)
    assert shop.alarms == raised((9_700, 9_400), (9_600, 9_400))
    shop.do(but(COMMIT_MONEY, value_fen=10_000))
    assert shop.alarms == cleared((9_600, 19_400), (9_700, 19_400))


def test_a_threshold_above_what_there_is_raises_its_alarm_at_once(shop: World) -> None:
    shop.do(but(SET, thresholds_fen=(10_001, 10_000)))
    assert shop.alarms == raised((10_001, 10_000))


def test_setting_thresholds_again_keeps_the_alarms_of_those_that_stay(shop: World) -> None:
    shop.do(but(SET, thresholds_fen=(10_001, 10_002)))
    shop.do(but(SET, id="alarms-2", thresholds_fen=(10_001, 10_003)))
    assert shop.alarms == raised((10_003, 10_000))
    assert shop.entries(Fund)["city"].raised_fen == (10_003, 10_001)
    shop.do(but(SET, id="alarms-3", thresholds_fen=()))
    assert shop.alarms == []
    assert shop.entries(Fund)["city"] == Fund(alarms=3)


def test_a_fund_that_never_had_an_alarm_has_no_entry_once_its_thresholds_are_gone() -> None:
    world = World()
    world.do(but(OPEN_FUND), but(SET, thresholds_fen=()))
    assert world.entries(Fund) == {}


def test_a_threshold_is_named_once(shop: World) -> None:
    refusal = shop.refusal(but(SET, thresholds_fen=(5, 6, 5)))
    assert isinstance(refusal, ThresholdNamedTwice)
    assert refusal.details() == {"field": "thresholds_fen", "thresholds_fen": [5, 6, 5]}


def test_alarms_are_set_for_a_fund_that_was_opened() -> None:
    assert type(World().refusal(SET)) is AccountNotFound


def test_thresholds_are_taken_at_their_bounds_and_refused_one_past_them() -> None:
    most = tuple(range(1, limits.FUND_THRESHOLDS_MAX + 1))
    assert converted(SET, thresholds_fen=most).thresholds_fen == most
    assert converted(SET, margin_fen=limits.VALUE_FEN_MAX).margin_fen == limits.VALUE_FEN_MAX
    wrong: dict[str, Any]
    for wrong in (
        {"thresholds_fen": (*most, 99)},
        {"thresholds_fen": (0,)},
        {"thresholds_fen": (limits.VALUE_FEN_MAX + 1,)},
        {"margin_fen": -1},
        {"margin_fen": limits.VALUE_FEN_MAX + 1},
    ):
        with pytest.raises(msgspec.ValidationError):
            converted(SET, **wrong)
