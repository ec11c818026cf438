"""From grams to credits: the conversion rule, what every cap leaves, and what is awarded."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from ledger.domain.caps import (
    NOTHING_OWN,
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
from ledger.domain.instants import local_date
from ledger.domain.methodologies.measured import Measured
from ledger.domain.methodology import WHOLE_SHARE
from ledger.domain.registers import Registers
from ledger.domain.rules import ScenarioPublished
from ledger.explaining.steps import Check, Place, Step, checked

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
    """Say what every cap left before, and what was awarded."""
    caps = asked.scenario.caps or NO_CAPS
    year_credits = place.case.year_credits_at(place.told.position) if asked.in_year_cap else None
    used = place.case.used.get(place.told.position)
    budget = asked.scenario.budget
    available_fen = place.case.available_fen.get(place.told.position)
    budget_credits: int | None = None
    if budget is not None and available_fen is not None:
        budget_credits = max(available_fen, 0) // budget.fen_per_credit + asked.own.awarded_credits
    if caps.event_credits is not None:
        yield place.step("cap.event_credits", limit=caps.event_credits)
    yield from _explain_used(place, caps, year_credits, asked, used)
    if budget is not None and available_fen is not None:
        yield place.step(
            "cap.budget",
            fund_id=budget.fund_id,
            available_fen=available_fen,
            fen_per_credit=budget.fen_per_credit,
            room_credits=budget_credits,
        )
    check: Check | None = None
    needs_used = caps.is_counted() or year_credits is not None
    if (used is not None or not needs_used) and (budget is None or budget_credits is not None):
        again = award(
            asked.desired_credits,
            asked.earned,
            Bounds(caps, year_credits, budget_credits),
            used or Registers(),
            asked.own,
        )
        check = checked([asked.awarded_credits, asked.clipped_by], [again.awarded_credits, again.clipped_by])
    elif needs_used:
        yield place.step("cap.not_counted")
    yield place.step(
        "award.whole" if asked.clipped_by is None else "award.clipped",
        check,
        desired_credits=asked.desired_credits,
        awarded_credits=asked.awarded_credits,
        clipped_by=asked.clipped_by,
    )


def _explain_used(
    place: Place, caps: Caps, year_credits: int | None, asked: Asked, used: Registers | None
) -> Iterator[Step]:
    if used is None:
        return
    earned, own = asked.earned, asked.own
    day = earned.on.isoformat()
    if caps.is_counted():
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
                    f"cap.{name}", limit=limit, used=before, room=max(limit - before, 0), day=day
                )
    if year_credits is not None:
        year = used.get(YearUsed, year_key(earned.participant_id, earned.on)) or YearUsed()
        before = year.awarded_credits - own.awarded_credits
        yield place.step(
            "cap.year_credits",
            limit=year_credits,
            used=before,
            room=max(year_credits - before, 0),
            day=day,
        )
