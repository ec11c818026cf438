"""From grams to credits: the conversion rule, what every cap leaves, and what is awarded."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from ledger.domain import addresses
from ledger.domain.addresses import CNY
from ledger.domain.budget import Budget
from ledger.domain.caps import (
    NOTHING_OWN,
    Award,
    Bounds,
    Caps,
    Earned,
    MonthUsed,
    Own,
    YearUsed,
    award,
    month_key,
    year_key,
)
from ledger.domain.conversion import CreditsPerAct, CreditsPerBlock, CreditsPerGrams, credits_for, remainder_g
from ledger.domain.earning import budget_credits
from ledger.domain.grounds import Grounds
from ledger.domain.instants import local_date
from ledger.domain.methodologies.measured import Measured
from ledger.domain.methodology import WHOLE_SHARE
from ledger.domain.registers import Registers
from ledger.domain.rules import ScenarioPublished
from ledger.explaining.steps import Place, Step, checked

NO_CAPS = Caps()


class Converted(NamedTuple):
    """What a conversion rule is applied to."""

    scenario: ScenarioPublished
    measured: Measured
    amount_g: int
    share: str

    def desired(self) -> int:
        """Give the credits that the rule gives."""
        return credits_for(
            self.scenario.rule, amount_g=self.amount_g, measured=self.measured, share=self.share
        )


def explain_conversion(place: Place, given: Converted, recorded_credits: int) -> Step:
    """Say the rule in words, and what it gives."""
    rule, desired = given.scenario.rule, given.desired()
    facts: dict[str, Any] = {
        "scenario_id": given.scenario.id,
        "scenario_version": given.scenario.version,
        "credits": rule.credits,
        "desired_credits": recorded_credits,
        "share": given.share,
    }
    match rule:
        case CreditsPerGrams():
            facts |= {
                "per_g": rule.per_g,
                "amount_g": given.amount_g,
                "remainder_g": remainder_g(rule, amount_g=given.amount_g),
            }
        case CreditsPerBlock():
            value = str(getattr(given.measured, rule.field))
            measured = [{"field": rule.field, "value": value}]
            facts |= {"block": rule.block, "field": rule.field, "measured": measured}
        case CreditsPerAct():
            count = given.measured.count
            facts["count"] = 1 if count is None else count
    kind = "rule." + str(rule.__struct_config__.tag)
    kind += ".shared" if given.share != WHOLE_SHARE and not isinstance(rule, CreditsPerGrams) else ""
    return place.step(kind, checked(recorded_credits, desired), **facts)


class Asked(NamedTuple):
    """Whose award is cut by which caps."""

    scenario: ScenarioPublished
    earned: Earned
    desired_credits: int
    awarded_credits: int
    clipped_by: str | None
    in_year_cap: bool
    own: Own = NOTHING_OWN
    """What the act itself had used before."""


def earned_by(place: Place, participant_id: str, scenario_id: str) -> Earned:
    """Give whose act it is, on its local day."""
    activity = place.activity()
    acted = place.event if activity is None else activity.reported
    return Earned(participant_id, scenario_id, local_date(acted.occurred_at, place.case.programme.time_zone))


def explain_award(place: Place, asked: Asked) -> Iterator[Step]:
    """Say what every cap left before, and what was awarded; and decide it again."""
    scenario = asked.scenario
    caps, budget = scenario.caps or NO_CAPS, scenario.budget
    grounds = place.case.grounds.get(place.told.position)
    if caps.event_credits is not None:
        yield place.step("cap.event_credits", limit=caps.event_credits)
    again: Award | None = None
    if grounds is None and (caps.is_counted() or asked.in_year_cap or budget is not None):
        yield place.step("cap.not_counted")
    elif grounds is None:
        again = award(asked.desired_credits, asked.earned, Bounds(caps, None, None), Registers())
    else:
        year_credits = grounds.rulebook.policy.year_credits if asked.in_year_cap else None
        room_credits = room_of(budget, grounds, asked.own.awarded_credits)
        yield from _explain_month(place, caps, asked, grounds.registers)
        if year_credits is not None:
            own_credits = asked.own.awarded_credits + asked.own.bonus_credits
            yield explain_year(place, asked.earned, year_credits, own_credits, grounds.registers)
        if budget is not None:
            yield explain_budget(place, budget, grounds, room_credits)
        bounds = Bounds(caps, year_credits, room_credits)
        again = award(asked.desired_credits, asked.earned, bounds, grounds.registers, asked.own)
    yield place.step(
        "award.whole" if asked.clipped_by is None else "award.clipped",
        again
        and checked([asked.awarded_credits, asked.clipped_by], [again.awarded_credits, again.clipped_by]),
        desired_credits=asked.desired_credits,
        awarded_credits=asked.awarded_credits,
        clipped_by=asked.clipped_by,
    )


def _explain_month(place: Place, caps: Caps, asked: Asked, used: Registers) -> Iterator[Step]:
    if not caps.is_counted():
        return
    earned, own = asked.earned, asked.own
    month = used.get(MonthUsed, month_key(earned.participant_id, earned.on)) or MonthUsed()
    acts, day_credits = month.of_day(earned.on, earned.scenario_id)
    month_credits = month.credits_of(earned.scenario_id)
    for name, limit, before in (
        ("day_acts", caps.day_acts, acts - own.acts),
        ("day_credits", caps.day_credits, day_credits - own.awarded_credits),
        ("month_credits", caps.month_credits, month_credits - own.awarded_credits),
    ):
        if limit is not None:
            yield place.step(
                f"cap.{name}",
                limit=limit,
                used=before,
                room=max(limit - before, 0),
                day=earned.on.isoformat(),
            )


def explain_year(place: Place, earned: Earned, year_credits: int, own_credits: int, used: Registers) -> Step:
    """Say what the cap on the participant's year left, beside what is decided anew."""
    year = used.get(YearUsed, year_key(earned.participant_id, earned.on)) or YearUsed()
    before = year.awarded_credits - own_credits
    return place.step(
        "cap.year_credits",
        limit=year_credits,
        used=before,
        room=max(year_credits - before, 0),
        day=earned.on.isoformat(),
    )


def room_of(budget: Budget | None, grounds: Grounds, own_credits: int) -> int | None:
    """Give how many credits a fund could pay for, beside what is decided anew."""
    there = budget_credits(budget, grounds)
    return None if there is None else there + own_credits


def explain_budget(place: Place, budget: Budget, grounds: Grounds, room_credits: int | None) -> Step:
    """Say what the fund behind credits had free before."""
    return place.step(
        "cap.budget",
        fund_id=budget.fund_id,
        available_fen=grounds.accounts[addresses.available(budget.fund_id)].total(CNY),
        fen_per_credit=budget.fen_per_credit,
        room_credits=room_credits,
    )
