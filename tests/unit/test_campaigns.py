"""Campaigns: which may be published, in which an act counts, and what is left of them after corrections."""

from datetime import timedelta
from typing import Any

import pytest

from ledger.domain import limits
from ledger.domain.bonus import BonusIssued
from ledger.domain.bonus_correction import BonusCorrected
from ledger.domain.budget import Budget
from ledger.domain.campaign import FirstTime, Multiplier, Streak, Tier, TierLevel
from ledger.domain.claiming import CreditsClaimed, CreditsLapsed, Pending, pending_key
from ledger.domain.errors import (
    AccountNotFound,
    CampaignUnfunded,
    LedgerError,
    MultiplierOutOfBounds,
    ScenarioNotFound,
    TierLevelsUnordered,
    TooManyCampaigns,
    ValidityEmpty,
    VersionOutOfSequence,
)
from ledger.domain.standing import Standing, full_runs, standing_key
from tests.unit.builders import NOW, World, but, one_fault, two_faults
from tests.unit.campaign_commands import (
    DAY,
    HALF_MORE,
    PLAIN,
    PUBLISH_CAMPAIGN,
    THREE_DAYS,
    TIERS,
    WELCOME,
    campaign,
    on_day,
    with_campaigns,
)
from tests.unit.carbon_commands import CLAIM, DORA, LAPSE, PENDING, PUBLISH_POLICY, VOID, corrected, drive

HOUR = timedelta(hours=1)
ONE_MORE = Streak(days=2, credits=10)

FAULTS = (
    ({"version": 2}, VersionOutOfSequence),
    ({"valid_to": PUBLISH_CAMPAIGN.valid_from}, ValidityEmpty),
    ({"scenario_ids": ("drive", "fly")}, ScenarioNotFound),
    ({"bonus": Multiplier(multiplier="1")}, MultiplierOutOfBounds),
    ({"budget": None}, CampaignUnfunded),
    ({"merchant_id": "nobody"}, AccountNotFound),
)


def bonuses(events: Any) -> dict[str, int]:
    """What was issued by campaign."""
    return {event.campaign_id: event.awarded_credits for event in events if isinstance(event, BonusIssued)}


def corrections(events: Any) -> dict[str, int]:
    """What was given or taken by campaign."""
    return {event.campaign_id: event.delta_credits for event in events if isinstance(event, BonusCorrected)}


def standing(world: World, campaign_id: str = "green-week") -> Standing:
    return world.state.registers.get(Standing, standing_key("dora", campaign_id)) or Standing()


def spendable(world: World) -> int:
    return sum(world.lots(DORA).values())


# ── Publishing ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("settings", "expected"), one_fault(FAULTS))
def test_a_campaign_with_a_fault_is_refused(settings: dict[str, Any], expected: type[LedgerError]) -> None:
    assert isinstance(with_campaigns().refusal(but(PUBLISH_CAMPAIGN, **settings)), expected)


@pytest.mark.parametrize(("earlier", "later"), two_faults(FAULTS))
def test_of_two_faults_of_a_campaign_the_earlier_is_told(
    earlier: dict[str, Any], later: dict[str, Any]
) -> None:
    expected = next(told for settings, told in FAULTS if settings == earlier)
    assert isinstance(with_campaigns().refusal(but(PUBLISH_CAMPAIGN, **(earlier | later))), expected)


@pytest.mark.parametrize("text", ["1", "0.5", "10.0001", "1,5", "x", "-2", "1e1"])
def test_a_multiplier_lies_above_1_and_not_above_its_bound(text: str) -> None:
    refusal = with_campaigns().refusal(campaign(Multiplier(multiplier=text)))
    assert isinstance(refusal, MultiplierOutOfBounds)
    assert refusal.field == "bonus.multiplier"
    with_campaigns().do(campaign(Multiplier(multiplier=f"{limits.MULTIPLIER_MAX}.0000")))


@pytest.mark.parametrize("thresholds", [(2, 1), (1, 1)])
def test_levels_stand_in_order_each_once(thresholds: tuple[int, ...]) -> None:
    levels = tuple(TierLevel(from_g=from_g, multiplier="2") for from_g in thresholds)
    assert isinstance(with_campaigns().refusal(campaign(Tier(levels=levels))), TierLevelsUnordered)


def test_an_act_may_count_in_so_many_campaigns_and_no_more() -> None:
    world = with_campaigns(
        *(campaign(WELCOME, f"c{number}") for number in range(limits.CAMPAIGNS_AT_ONCE_MAX - 1))
    )
    world.do(campaign(WELCOME, "next"))
    assert isinstance(world.refusal(campaign(WELCOME, "more")), TooManyCampaigns)
    world.do(campaign(WELCOME, "later", valid_from=NOW + 30 * DAY, valid_to=None))
    world.do(campaign(WELCOME, "next", version=2))


# ── Counting ─────────────────────────────────────────────────────────────────────────────────


def test_without_a_campaign_nothing_is_added_to_what_is_stored() -> None:
    events = with_campaigns().do(on_day(0))
    assert [event.topic for event in events] == ["reduction.recorded", "credits.issued"]
    assert not events[1].campaigns


def test_a_campaign_holds_from_its_first_instant_to_just_before_its_last() -> None:
    begins, ends = NOW - 2 * DAY, NOW - DAY
    world = with_campaigns(campaign(HALF_MORE, valid_from=begins, valid_to=ends))
    just = timedelta(microseconds=1)
    moments = [begins - just, begins, ends - just, ends]
    found = [bool(bonuses(world.do(drive(f"d{at}", occurred_at=at)))) for at in moments]
    assert found == [False, True, True, False]


def test_the_next_version_ends_what_the_one_before_said() -> None:
    world = with_campaigns(campaign(HALF_MORE))
    assert bonuses(world.do(on_day(-2))) == {"green-week": 5}
    world.do(campaign(HALF_MORE, version=2, valid_to=NOW - DAY))
    assert bonuses(world.do(on_day(-1))) == {}
    assert bonuses(world.do(on_day(-3))) == {"green-week": 5}, "what comes late was done in time"


def test_campaigns_come_in_order_of_their_ids_and_each_counts_the_act_s_own_credits() -> None:
    world = with_campaigns(campaign(HALF_MORE, "b"), campaign(HALF_MORE, "a"), campaign(WELCOME, "c"))
    events = world.do(on_day(0))
    assert list(bonuses(events).items()) == [("a", 5), ("b", 5), ("c", 7)]
    assert spendable(world) == 27


def test_a_multiplier_is_exact_and_floored_once() -> None:
    world = with_campaigns(campaign(Multiplier(multiplier="1.2999")))
    assert bonuses(world.do(on_day(0, km="10"))) == {"green-week": 2}
    assert bonuses(world.do(on_day(0, "d2", km="3"))) == {}


def test_the_first_act_that_earns_is_the_first() -> None:
    world = with_campaigns(campaign(WELCOME))
    assert bonuses(world.do(on_day(0, "d0", km="0.5"))) == {}
    assert bonuses(world.do(on_day(0, "d1"))) == {"green-week": 7}
    assert bonuses(world.do(on_day(0, "d2"))) == {}
    assert bonuses(world.do(on_day(0, "d3", participant_id="eve"))) == {"green-week": 7}


def test_a_tier_is_that_which_was_reached_before_the_act() -> None:
    world = with_campaigns(campaign(TIERS))
    given = [bonuses(world.do(on_day(0, f"d{number}"))) for number in range(4)]
    assert given == [{}, {"green-week": 5}, {"green-week": 10}, {"green-week": 10}]
    assert standing(world).grams == {"2026": 4_000}


def test_every_full_run_of_days_is_paid_once_whatever_the_order_of_arrival() -> None:
    world = with_campaigns(campaign(THREE_DAYS))
    assert [bonuses(world.do(on_day(day))) for day in (-6, -4, -3)] == [{}, {}, {}]
    late = world.do(on_day(-5))
    assert (bonuses(late), late[-1].runs) == ({"green-week": 20}, ("2026-11-16",))
    assert bonuses(world.do(on_day(-5, "again"))) == {}
    assert bonuses(world.do(on_day(-2))) == {}
    assert bonuses(world.do(on_day(-1))) == {"green-week": 20}


def test_a_local_day_ends_at_local_midnight() -> None:
    world = with_campaigns(campaign(ONE_MORE))
    midnight = NOW.replace(hour=16) - DAY
    world.do(drive("d1", occurred_at=midnight - HOUR))
    assert bonuses(world.do(drive("d2", occurred_at=midnight - HOUR / 2))) == {}
    assert bonuses(world.do(drive("d3", occurred_at=midnight))) == {"green-week": 10}


def test_days_that_lie_far_back_are_forgotten() -> None:
    world = with_campaigns(campaign(ONE_MORE, valid_from=NOW - 300 * DAY))
    world.do(on_day(-200), on_day(0))
    assert list(standing(world).days) == ["2026-11-22"]
    assert bonuses(world.do(on_day(-200, "d2"))) == {}


@pytest.mark.parametrize(
    ("days", "runs"),
    [("", []), ("1 2", []), ("1 2 3", ["1"]), ("1 2 4 5 6", ["4"]), ("1 2 3 4 5 6 7", ["1", "4"])],
)
def test_runs_are_full_from_the_earliest_day_on(days: str, runs: list[str]) -> None:
    found = {f"2026-11-0{day}": (1, "") for day in days.split()}
    assert full_runs(found, 3) == [f"2026-11-0{run}" for run in runs]


# ── Caps and money ───────────────────────────────────────────────────────────────────────────


def test_a_bonus_is_cut_to_what_is_left_for_the_participant() -> None:
    world = with_campaigns(campaign(HALF_MORE, credits_max=8))
    world.do(on_day(0, "d1"))
    event = world.do(on_day(0, "d2"))[-1]
    assert (event.desired_credits, event.awarded_credits, event.clipped_by) == (5, 3, "campaign_credits")


def test_a_bonus_is_cut_to_what_the_year_leaves_after_the_act_s_own_credits() -> None:
    world = with_campaigns(campaign(HALF_MORE, "a"), campaign(HALF_MORE, "b"))
    world.do(but(PUBLISH_POLICY, year_credits=17))
    a, b = world.do(on_day(0))[-2:]
    assert (a.awarded_credits, a.clipped_by) == (5, None)
    assert (b.awarded_credits, b.clipped_by) == (2, "year_credits")
    assert not bonuses(world.do(on_day(0, "d2")))


def test_a_merchant_pays_from_its_fund_until_that_runs_out() -> None:
    budget = Budget(fund_id="city", fen_per_credit=2_000)
    world = with_campaigns(but(PUBLISH_CAMPAIGN, budget=budget, bonus=FirstTime(credits=7)))
    event = world.do(on_day(0))[-1]
    assert (event.awarded_credits, event.clipped_by) == (5, "budget")
    assert (world.fen("fund:city:available"), world.fen("fund:city:backing")) == (0, 10_000)


def test_credits_and_bonuses_of_one_act_never_promise_more_than_a_fund_they_share() -> None:
    budget = Budget(fund_id="city", fen_per_credit=1_000)
    world = with_campaigns(campaign(HALF_MORE, budget=budget), budget=budget)
    issued, bonus = world.do(on_day(0, km="8"))[1:]
    assert (issued.awarded_credits, bonus.awarded_credits, bonus.clipped_by) == (8, 2, "budget")


def test_bonuses_wait_with_the_act_s_credits_and_are_claimed_with_them() -> None:
    world = with_campaigns(campaign(HALF_MORE), campaign(WELCOME, "hello"), ripens_after_h=1)
    world.do(on_day(0, "d1"))
    entry = world.state.registers.get(Pending, pending_key("dora", "cars", "d1"))
    assert entry is not None
    assert (entry.credits, entry.bonus_credits) == (10, 12)
    assert (sum(world.lots(PENDING).values()), spendable(world)) == (22, 0)
    (claimed,) = world.do(CLAIM, at=NOW + 2 * HOUR)
    assert isinstance(claimed, CreditsClaimed)
    assert (claimed.credits, claimed.bonus_credits) == (22, {"green-week": 5, "hello": 7})
    assert (world.lots(PENDING), spendable(world)) == ({}, 22)


def test_bonuses_lapse_with_the_act_s_credits_and_give_their_budgets_back() -> None:
    mine, theirs = Budget(fund_id="city", fen_per_credit=2), Budget(fund_id="bank", fen_per_credit=3)
    world = with_campaigns(
        campaign(HALF_MORE, budget=theirs), budget=mine, ripens_after_h=1, claim_within_h=1
    )
    world.do(on_day(0, "d1"))
    assert (world.fen("fund:city:backing"), world.fen("fund:bank:backing")) == (20, 15)
    (lapsed,) = world.do(LAPSE, at=NOW + DAY)
    assert isinstance(lapsed, CreditsLapsed)
    assert (lapsed.credits, lapsed.bonus_credits) == (15, {"green-week": 5})
    assert (world.fen("fund:city:backing"), world.fen("fund:bank:backing")) == (0, 0)


# ── Corrections ──────────────────────────────────────────────────────────────────────────────


def test_a_multiplier_follows_the_credits_through_every_correction() -> None:
    world = with_campaigns(campaign(HALF_MORE))
    world.do(on_day(0, "d1"))
    assert corrections(world.do(corrected("20", "c1"))) == {"green-week": 5}
    assert corrections(world.do(corrected("4", "c2"))) == {"green-week": -8}
    assert spendable(world) == 6
    assert corrections(world.do(but(VOID, id="c3"))) == {"green-week": -2}
    assert (spendable(world), standing(world)) == (0, Standing())


def test_a_tier_stays_that_which_was_reached_before_the_act_and_later_grams_count_anew() -> None:
    world = with_campaigns(campaign(TIERS))
    world.do(on_day(0, "d1"), on_day(0, "d2"))
    assert corrections(world.do(corrected("20", "c1", "d2"))) == {"green-week": 5}
    assert standing(world).grams == {"2026": 3_000}
    world.do(corrected("1", "c2", "d1"))
    assert standing(world).grams == {"2026": 2_100}


def test_a_void_takes_the_bonus_for_the_first_act_back_and_the_next_one_is_the_first() -> None:
    world = with_campaigns(campaign(WELCOME))
    world.do(on_day(0, "d1"), on_day(0, "d2"))
    assert corrections(world.do(VOID)) == {"green-week": -7}
    assert bonuses(world.do(on_day(0, "d3"))) == {"green-week": 7}
    assert standing(world).first == "cars:d3"


def test_a_first_act_corrected_stays_the_first_as_long_as_it_earns() -> None:
    world = with_campaigns(campaign(WELCOME))
    world.do(on_day(0, "d1"))
    assert corrections(world.do(corrected("3", "c1"))) == {}
    assert corrections(world.do(corrected("0.5", "c2"))) == {"green-week": -7}
    assert corrections(world.do(corrected("30", "c3"))) == {"green-week": 7}


def test_an_act_that_earns_only_by_its_correction_counts_from_then_on() -> None:
    world = with_campaigns(campaign(WELCOME), campaign(HALF_MORE, "half"), campaign(TIERS, "tiers"))
    world.do(on_day(0, "d1", km="0.5"))
    assert corrections(world.do(corrected("10"))) == {"green-week": 7, "half": 5}
    assert standing(world, "tiers").grams == {"2026": 1_000}


def test_a_void_of_the_act_that_a_run_was_paid_with_takes_it_back() -> None:
    world = with_campaigns(campaign(ONE_MORE))
    world.do(on_day(-2), on_day(-1))
    assert corrections(world.do(but(VOID, activity_id="day-1"))) == {"green-week": -10}
    assert standing(world).days == {"2026-11-20": (1, "")}
    assert bonuses(world.do(on_day(-1, "instead"))) == {"green-week": 10}


def test_a_void_of_another_act_of_a_paid_run_is_set_off_against_the_next() -> None:
    world = with_campaigns(campaign(ONE_MORE))
    world.do(on_day(-5), on_day(-4))
    assert corrections(world.do(but(VOID, activity_id="day-5"))) == {}
    assert (spendable(world), standing(world).set_off_runs) == (20, 1)
    world.do(on_day(-2))
    event = world.do(on_day(-1))[-1]
    assert (event.desired_credits, event.runs, event.set_off_runs) == (0, ("2026-11-20",), 1)
    assert standing(world).set_off_runs == 0
    world.do(on_day(0))
    assert bonuses(world.do(on_day(-3))) == {"green-week": 10}, "the day after the void counts again"


def test_a_run_that_was_broken_is_not_taken_back_twice() -> None:
    world = with_campaigns(campaign(ONE_MORE))
    world.do(on_day(-5), on_day(-4))
    world.do(but(VOID, id="v1", activity_id="day-5"))
    assert corrections(world.do(but(VOID, id="v2", activity_id="day-4"))) == {"green-week": -10}
    assert (spendable(world), standing(world)) == (0, Standing())


def test_a_day_holds_as_long_as_one_of_its_acts_earns() -> None:
    world = with_campaigns(campaign(ONE_MORE))
    world.do(on_day(-2), on_day(-2, "other"), on_day(-1))
    assert corrections(world.do(but(VOID, activity_id="day-2"))) == {}
    assert standing(world).set_off_runs == 0


def test_a_correction_of_pending_credits_takes_bonuses_where_they_wait() -> None:
    world = with_campaigns(campaign(HALF_MORE), campaign(WELCOME, "hello"), ripens_after_h=1)
    world.do(on_day(0, "d1"), corrected("4"))
    entry = world.state.registers.get(Pending, pending_key("dora", "cars", "d1"))
    assert entry is not None
    assert (entry.credits, entry.bonus_credits) == (4, 9)
    world.do(VOID)
    assert world.lots(PENDING) == {}
    assert world.state.registers.get(Pending, pending_key("dora", "cars", "d1")) is None


def test_a_correction_uses_the_version_by_which_the_act_counted() -> None:
    world = with_campaigns(campaign(HALF_MORE))
    world.do(on_day(0, "d1"), campaign(Multiplier(multiplier="3"), version=2))
    event = world.do(corrected("20"))[-1]
    assert (event.campaign_version, event.awarded_credits) == (1, 10)


def test_a_correction_divides_the_year_as_if_its_last_value_had_been_recorded() -> None:
    world = with_campaigns(campaign(Multiplier(multiplier="2")))
    world.do(but(PUBLISH_POLICY, year_credits=25))
    world.do(on_day(0, "d1"))
    _, credits_corrected, bonus = world.do(corrected("20"))
    assert (credits_corrected.awarded_credits, bonus.awarded_credits) == (20, 5)
    assert PLAIN.budget is None
