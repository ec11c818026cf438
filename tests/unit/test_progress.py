"""How far participants are in campaigns, after real acts decided one by one."""

from datetime import date
from typing import Any

from ledger.domain.campaign import BonusRule, Streak, TierLevel
from ledger.domain.correction import CorrectActivity
from ledger.domain.progress import (
    CampaignProgress,
    FirstTimeProgress,
    MultiplierProgress,
    NextLevel,
    StreakProgress,
    TierProgress,
    open_run,
    progress_in,
)
from ledger.domain.standing import NO_STANDING, Standing, standing_key
from tests.unit.builders import NOW, World, but
from tests.unit.campaign_commands import (
    DAY,
    HALF_MORE,
    THREE_DAYS,
    TIERS,
    WELCOME,
    campaign,
    on_day,
    with_campaigns,
)
from tests.unit.carbon_commands import VOID

TODAY = NOW.date()


def progress(world: World, today: date = TODAY) -> CampaignProgress:
    """Dora's in the one campaign."""
    (versions,) = world.state.rulebook.campaigns.values()
    entry = Standing, standing_key("dora", versions[-1].id)
    standing = world.state.registers.entries().get(entry) or NO_STANDING
    assert isinstance(standing, Standing)
    return progress_in(versions[-1], standing, today)


def under(bonus: BonusRule, **terms: Any) -> World:
    return with_campaigns(campaign(bonus, **terms))


def voided(own_id: str) -> CorrectActivity:
    return but(VOID, id=f"void-{own_id}", activity_id=own_id)


def run_of(world: World, today: date = TODAY) -> tuple[int, int, date | None, bool]:
    """Days done and missing, the first of them, and whether today counts."""
    found = progress(world, today).bonus
    assert isinstance(found, StreakProgress)
    return found.days_done, found.days_missing, found.begun_on, found.is_counted_today


def test_a_multiplier_is_told_with_what_was_given_and_what_the_cap_leaves() -> None:
    world = under(HALF_MORE, credits_max=12)
    told = progress(world)
    assert (told.awarded_credits, told.credits_max, told.credits_left) == (0, 12, 12)
    assert told.bonus == MultiplierProgress(multiplier="1.5")
    world.do(on_day(-1, km="20"))
    assert (progress(world).awarded_credits, progress(world).credits_left) == (10, 2)
    world.do(on_day(0, km="20"))
    assert (progress(world).awarded_credits, progress(world).credits_left) == (12, 0)


def test_without_a_cap_nothing_is_left_of_one() -> None:
    told = progress(under(HALF_MORE))
    assert (told.credits_max, told.credits_left) == (None, None)


def test_a_first_act_is_named_once_it_is_done_and_forgotten_when_it_was_none() -> None:
    world = under(WELCOME)
    none = FirstTimeProgress(credits=7, is_done=False, source=None, activity_id=None)
    assert progress(world).bonus == none
    world.do(on_day(0, "a:1"))
    done = FirstTimeProgress(credits=7, is_done=True, source="cars", activity_id="a:1")
    assert progress(world).bonus == done
    world.do(voided("a:1"))
    assert progress(world).bonus == none


def test_a_streak_goes_on_until_a_whole_day_has_passed_without_an_act() -> None:
    world = under(THREE_DAYS)
    assert run_of(world) == (0, 3, None, False)
    world.do(on_day(-2), on_day(-1))
    first = TODAY - 2 * DAY
    assert run_of(world) == (2, 1, first, False)
    assert run_of(world, TODAY + DAY) == (0, 3, None, False), "today was left out"
    world.do(on_day(0))
    assert run_of(world) == (0, 3, None, True), "the full run was paid, and the next one begins"
    assert progress(world).awarded_credits == 20


def test_days_after_a_paid_run_begin_the_next_one() -> None:
    world = under(THREE_DAYS)
    world.do(*(on_day(number) for number in range(-3, 1)))
    assert run_of(world) == (1, 2, TODAY, True)


def test_a_full_run_that_the_next_act_will_pay_has_no_day_missing() -> None:
    world = under(Streak(days=10, credits=20))
    world.do(on_day(-1), on_day(0), campaign(Streak(days=2, credits=5), version=2))
    assert run_of(world) == (2, 0, TODAY - DAY, True)


def test_runs_that_were_broken_are_told_as_set_off() -> None:
    world = under(THREE_DAYS)
    world.do(on_day(-2), on_day(-1), on_day(0), voided("day-1"))
    found = progress(world).bonus
    assert isinstance(found, StreakProgress)
    assert (found.set_off_runs, found.days_done, found.begun_on) == (1, 1, TODAY)


def test_a_tier_is_told_by_the_grams_of_the_year_with_what_is_missing() -> None:
    world = under(TIERS)
    low, high = TIERS.levels
    assert progress(world).bonus == _tier(0, "1", low)
    world.do(on_day(0, km="9"))
    assert progress(world).bonus == _tier(900, "1", low)
    world.do(on_day(0, "b", km="1"))
    assert progress(world).bonus == _tier(1_000, "1.5", high), "the level begins at its grams"
    world.do(on_day(0, "c", km="10"))
    assert progress(world).bonus == _tier(2_000, "2", None)
    next_year = progress(world, TODAY.replace(year=TODAY.year + 1)).bonus
    assert next_year == _tier(0, "1", low, TODAY.year + 1)


def _tier(amount_g: int, multiplier: str, above: TierLevel | None, year: int = TODAY.year) -> TierProgress:
    level = None
    if above is not None:
        missing_g = above.from_g - amount_g
        level = NextLevel(from_g=above.from_g, multiplier=above.multiplier, missing_g=missing_g)
    return TierProgress(year=year, amount_g=amount_g, multiplier=multiplier, next_level=level)


def test_the_run_that_goes_on_is_cut_where_runs_are_paid() -> None:
    days = {(TODAY - number * DAY).isoformat(): (1, "") for number in range(5)}
    assert open_run(days, 3, TODAY) == (TODAY - DAY, 2)
    assert open_run(days, 5, TODAY) == (TODAY - 4 * DAY, 5)
    assert open_run({}, 3, TODAY) == (None, 0)
