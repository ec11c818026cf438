"""Caps cut credits and never grams: each at it and one past it, by the programme's own calendar."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from ledger.domain import limits
from ledger.domain.budget import Budget
from ledger.domain.caps import Caps, MonthUsed, YearUsed
from ledger.domain.errors import AccountNotFound
from tests.unit.builders import MICROSECOND, NOW, World, but, converted, holding
from tests.unit.carbon_commands import (
    DEBT,
    DORA,
    PUBLISH_DRIVE,
    PUBLISH_POLICY,
    RELEASE_ACTIVITY,
    VOID,
    corrected,
    drive,
    with_drives,
)

SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
DAY = timedelta(days=1)


def capped(**caps: int) -> World:
    return with_drives(caps=Caps(**caps))


def earned(world: World, *kms: str, **changes: Any) -> list[tuple[int, str | None]]:
    """Record drives, and give what each was awarded and by which cap it was clipped."""
    given = []
    for km in kms:
        own_id = f"{len(world.told)}"
        at = max(NOW, changes.get("occurred_at", NOW))
        reduction, issued = world.do(drive(own_id, km, **changes), at=at)
        assert reduction.amount_g == 100 * issued.desired_credits, "no cap cuts grams"
        given.append((issued.awarded_credits, issued.clipped_by))
    return given


# ── Each cap at it and one past it ───────────────────────────────────────────────────────────


def test_one_act_earns_no_more_than_its_cap() -> None:
    assert earned(capped(event_credits=10), "9", "10", "11", "11") == [
        (9, None),
        (10, None),
        (10, "event_credits"),
        (10, "event_credits"),
    ]


def test_acts_beyond_those_that_earn_in_a_day_avoid_grams_only() -> None:
    world = capped(day_acts=2)
    assert earned(world, "3", "4", "5", "6") == [(3, None), (4, None), (0, "day_acts"), (0, "day_acts")]
    assert world.account(DORA).total("gCO2e") == 1_800
    assert earned(world, "7", occurred_at=NOW - DAY) == [(7, None)]


def test_a_day_earns_no_more_than_its_cap() -> None:
    assert earned(capped(day_credits=10), "6", "4", "1") == [(6, None), (4, None), (0, "day_credits")]
    assert earned(capped(day_credits=10), "6", "5") == [(6, None), (4, "day_credits")]


def test_a_month_earns_no_more_than_its_cap() -> None:
    world = capped(month_credits=10)
    assert earned(world, "6", occurred_at=NOW - 5 * DAY) == [(6, None)]
    assert earned(world, "4", "1") == [(4, None), (0, "month_credits")]
    assert earned(world, "11", occurred_at=NOW - 30 * DAY) == [(10, "month_credits")]


def test_a_year_earns_no_more_than_its_cap_in_all_scenarios_together() -> None:
    world = with_drives()
    world.do(but(PUBLISH_DRIVE, id="other"), but(PUBLISH_POLICY, year_credits=10))
    assert earned(world, "6") == [(6, None)]
    assert earned(world, "4", scenario_id="other") == [(4, None)]
    assert earned(world, "1") == [(0, "year_credits")]
    assert earned(world, "1", participant_id="eve") == [(1, None)]


def test_a_budget_issues_no_more_than_it_can_pay_for() -> None:
    world = with_drives(budget=Budget(fund_id="city", fen_per_credit=999))
    assert earned(world, "6", "5", "1") == [(6, None), (4, "budget"), (0, "budget")]
    assert (world.fen("fund:city:available"), world.fen("fund:city:backing")) == (10, 9_990)


def test_scenarios_have_caps_of_their_own() -> None:
    world = capped(day_credits=5)
    world.do(but(PUBLISH_DRIVE, id="other", caps=Caps(day_credits=5)))
    assert earned(world, "9") == [(5, "day_credits")]
    assert earned(world, "9", scenario_id="other") == [(5, "day_credits")]
    assert earned(world, "9", participant_id="eve") == [(5, "day_credits")]


# ── Which cap clipped ────────────────────────────────────────────────────────────────────────

ALIKE: dict[str, int] = {"event_credits": 5, "day_credits": 5, "month_credits": 5}


@pytest.mark.parametrize(
    ("caps", "year_credits", "budget_credits", "clipped_by"),
    [
        (ALIKE, 5, 5, "event_credits"),
        (ALIKE | {"event_credits": 6}, 5, 5, "day_credits"),
        (ALIKE | {"event_credits": 6, "day_credits": 6}, 5, 5, "month_credits"),
        ({"event_credits": 6}, 5, 5, "year_credits"),
        ({"event_credits": 6}, 6, 5, "budget"),
        (ALIKE, 4, 5, "year_credits"),  # what leaves least is named, wherever it stands in the order
        (ALIKE, 5, 4, "budget"),
    ],
)
def test_of_several_caps_the_tightest_is_named_and_of_equal_ones_the_first(
    caps: dict[str, int], year_credits: int, budget_credits: int, clipped_by: str
) -> None:
    world = with_drives(
        caps=Caps(**caps), budget=Budget(fund_id="city", fen_per_credit=10_000 // budget_credits)
    )
    world.do(but(PUBLISH_POLICY, year_credits=year_credits))
    [(awarded, named)] = earned(world, "9")
    assert (awarded, named) == (min(*caps.values(), year_credits, budget_credits), clipped_by)


def test_nothing_clips_what_fits() -> None:
    world = with_drives(caps=Caps(day_acts=1, **ALIKE), budget=Budget(fund_id="city", fen_per_credit=2_000))
    world.do(but(PUBLISH_POLICY, year_credits=5))
    assert earned(world, "5") == [(5, None)]


def test_once_no_more_acts_earn_that_is_what_is_told() -> None:
    world = capped(day_acts=1, day_credits=5)
    assert earned(world, "5", "5") == [(5, None), (0, "day_acts")]


# ── Whose day, month and year ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("zone", "midnight"),
    [
        ("Asia/Shanghai", datetime(2026, 11, 1, tzinfo=SHANGHAI)),
        ("Asia/Shanghai", datetime(2026, 1, 1, tzinfo=SHANGHAI)),
        ("Asia/Shanghai", datetime(2024, 2, 29, tzinfo=SHANGHAI)),
        ("Asia/Shanghai", datetime(2024, 3, 1, tzinfo=SHANGHAI)),
        ("America/New_York", datetime(2026, 3, 8, tzinfo=NEW_YORK)),
        ("America/New_York", datetime(2026, 3, 9, tzinfo=NEW_YORK)),
        ("America/New_York", datetime(2026, 11, 1, tzinfo=NEW_YORK)),
        ("America/New_York", datetime(2026, 11, 2, tzinfo=NEW_YORK)),
    ],
)
def test_a_day_begins_at_the_programmes_own_midnight(zone: str, midnight: datetime) -> None:
    world = with_drives(caps=Caps(day_credits=5), terms={"time_zone": zone})
    begin = midnight.astimezone(UTC)
    assert earned(world, "9", "1", occurred_at=begin - MICROSECOND) == [
        (5, "day_credits"),
        (0, "day_credits"),
    ]
    assert earned(world, "9", "1", occurred_at=begin) == [(5, "day_credits"), (0, "day_credits")]
    hours = {datetime(2026, 3, 8): 23, datetime(2026, 11, 1): 25}  # noqa: DTZ001 - of New York alone
    last_h = hours.get(midnight.replace(tzinfo=None), 24) if zone == "America/New_York" else 24
    assert earned(world, "1", occurred_at=begin + timedelta(hours=last_h) - MICROSECOND)[0][0] == 0
    if begin + timedelta(hours=last_h) <= NOW:
        assert earned(world, "1", occurred_at=begin + timedelta(hours=last_h))[0][0] == 1


@pytest.mark.parametrize(
    "first",
    [datetime(2026, 11, 1), datetime(2026, 1, 1), datetime(2024, 3, 1), datetime(2024, 2, 1)],  # noqa: DTZ001
)
def test_a_month_begins_at_midnight_of_its_first(first: datetime) -> None:
    world = capped(month_credits=5)
    begin = first.replace(tzinfo=SHANGHAI).astimezone(UTC)
    assert earned(world, "5", "1", occurred_at=begin - MICROSECOND) == [(5, None), (0, "month_credits")]
    assert earned(world, "5", "1", occurred_at=begin) == [(5, None), (0, "month_credits")]


def test_a_year_begins_at_midnight_of_new_years_day() -> None:
    world = with_drives()
    world.do(but(PUBLISH_POLICY, year_credits=5))
    begin = datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert earned(world, "5", "1", occurred_at=begin - MICROSECOND) == [(5, None), (0, "year_credits")]
    assert earned(world, "5", "1", occurred_at=begin) == [(5, None), (0, "year_credits")]
    assert {key.split("\n")[1] for key in world.entries(YearUsed)} == {"2025", "2026"}


def test_an_act_counts_when_it_occurred_and_not_when_it_was_recorded() -> None:
    world = capped(day_credits=5)
    world.do(drive("late", "5", occurred_at=NOW - 3 * DAY))
    assert earned(world, "5") == [(5, None)]
    assert earned(world, "1", occurred_at=NOW - 3 * DAY) == [(0, "day_credits")]


def test_a_held_act_counts_on_its_own_day_once_it_is_released() -> None:
    world = capped(day_credits=5)
    world.do(drive("d1", "9", flags=("jump",), occurred_at=NOW - DAY))
    assert earned(world, "3", occurred_at=NOW - DAY) == [(3, None)], "what is held uses nothing"
    _, _, issued = world.do(RELEASE_ACTIVITY, at=NOW)
    assert (issued.awarded_credits, issued.clipped_by) == (2, "day_credits")
    assert earned(world, "5") == [(5, None)]


# ── What is counted ──────────────────────────────────────────────────────────────────────────


def test_an_act_that_earns_nothing_is_not_counted_as_one() -> None:
    world = capped(day_acts=1)
    world.do(drive("short", "0.5"))
    assert earned(world, "3", "3") == [(3, None), (0, "day_acts")]


def test_what_an_act_gives_back_is_free_for_others() -> None:
    world = capped(day_acts=1, day_credits=10, month_credits=10)
    world.do(drive("d1"))
    assert earned(world, "10") == [(0, "day_acts")]
    world.do(VOID)
    assert world.entries(MonthUsed) == {}
    assert earned(world, "10") == [(10, None)]


def test_an_act_does_not_stand_in_its_own_way_when_it_is_corrected() -> None:
    world = with_drives(
        caps=Caps(event_credits=10, day_acts=1, day_credits=10, month_credits=10),
        budget=Budget(fund_id="city", fen_per_credit=1_000),
    )
    world.do(but(PUBLISH_POLICY, year_credits=10), drive("d1", "8"))
    _, more = world.do(corrected("10"))
    assert (more.awarded_credits, more.delta_credits, more.clipped_by) == (10, 2, None)
    _, most = world.do(corrected("12", "restated-2"))
    assert (most.awarded_credits, most.delta_credits, most.clipped_by) == (10, 0, "event_credits")


def test_an_act_that_earned_nothing_is_counted_when_a_correction_makes_it_earn() -> None:
    world = capped(day_acts=1)
    world.do(drive("d1", "0.5"))
    assert earned(world, "3") == [(3, None)]
    _, given = world.do(corrected("9"))
    assert (given.awarded_credits, given.clipped_by) == (0, "day_acts")


def test_what_is_used_is_counted_from_when_a_cap_was_published() -> None:
    world = with_drives()
    world.do(drive("d1", "9"), but(PUBLISH_DRIVE, version=2, caps=Caps(day_credits=5)))
    world.do(but(PUBLISH_POLICY, year_credits=7))
    assert earned(world, "9") == [(5, "day_credits")]
    assert world.entries(YearUsed)["dora\n2026"].awarded_credits == 5


def test_a_lower_cap_leaves_what_was_given_and_gives_no_more() -> None:
    world = with_drives()
    world.do(but(PUBLISH_POLICY, year_credits=9))
    assert earned(world, "9") == [(9, None)]
    world.do(but(PUBLISH_POLICY, version=2, year_credits=5))
    assert earned(world, "9") == [(0, "year_credits")]
    assert world.account(DORA).total("CREDIT") == 9


def test_what_pays_a_debt_counts_as_earned() -> None:
    world = capped(day_credits=5).put({DEBT: holding({"2027-11-22": -3}, status=None)})
    assert earned(world, "9", "1") == [(5, "day_credits"), (0, "day_credits")]
    assert world.account(DORA).total("CREDIT") == 2


def test_registers_say_what_was_used_by_day_and_scenario() -> None:
    world = capped(day_credits=50)
    world.do(but(PUBLISH_DRIVE, id="other", caps=Caps(day_acts=9)))
    earned(world, "3", "4")
    earned(world, "5", scenario_id="other", occurred_at=NOW - DAY)
    [(key, month)] = world.entries(MonthUsed).items()
    assert key == "dora\n2026-11"
    assert month.days == {"22 drive": (2, 7), "21 other": (1, 5)}


# ── Bounds ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "cap_max"),
    [
        ("event_credits", limits.CREDITS_MAX),
        ("day_credits", limits.CREDITS_MAX),
        ("month_credits", limits.CREDITS_MAX),
        ("day_acts", limits.DAY_ACTS_MAX),
    ],
)
def test_a_cap_has_its_bounds(name: str, cap_max: int) -> None:
    for cap in (1, cap_max):
        assert getattr(converted(PUBLISH_DRIVE, caps={name: cap}).caps, name) == cap
    for cap in (0, -1, cap_max + 1):
        with pytest.raises(msgspec.ValidationError):
            converted(PUBLISH_DRIVE, caps={name: cap})


@pytest.mark.parametrize("year_credits", [0, limits.CREDITS_MAX + 1])
def test_a_cap_on_the_year_has_its_bounds(year_credits: int) -> None:
    assert converted(PUBLISH_POLICY, year_credits=limits.CREDITS_MAX).year_credits == limits.CREDITS_MAX
    with pytest.raises(msgspec.ValidationError):
        converted(PUBLISH_POLICY, year_credits=year_credits)


def test_a_budget_has_a_price_within_bounds_and_a_fund_that_somebody_opened() -> None:
    for price in (1, limits.FEN_PER_CREDIT_MAX):
        converted(PUBLISH_DRIVE, budget={"fund_id": "city", "fen_per_credit": price})
    for price in (0, limits.FEN_PER_CREDIT_MAX + 1):
        with pytest.raises(msgspec.ValidationError):
            converted(PUBLISH_DRIVE, budget={"fund_id": "city", "fen_per_credit": price})
    unknown = but(PUBLISH_DRIVE, version=2, budget=Budget(fund_id="nobody", fen_per_credit=1))
    refusal = with_drives().refusal(unknown)
    assert isinstance(refusal, AccountNotFound)
    assert refusal.account == "fund:nobody"
