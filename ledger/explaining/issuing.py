"""Credits of an activity: issued, waiting, claimed or lapsed."""

from collections.abc import Iterator

from ledger.domain import addresses
from ledger.domain.activity import Activity
from ledger.domain.addresses import CNY, CREDIT, LAPSED
from ledger.domain.budget import Budget
from ledger.domain.earning import window_of
from ledger.domain.rules import ScenarioPublished
from ledger.explaining.awards import Asked, Converted, earned_by, explain_award, explain_conversion
from ledger.explaining.steps import Place, Step, checked, checked_fen


def explain_issued(place: Place) -> Iterator[Step]:
    """Explain the credits of the reduction that stands before them."""
    event, activity = place.event, place.activity()
    scenario = place.case.rulebook.scenario(event.scenario_id, event.scenario_version)
    if activity is not None:
        given = Converted(scenario, activity.measured, activity.amount_g, activity.share)
        yield explain_conversion(place, given, event.desired_credits)
    yield from explain_award(
        place,
        Asked(
            scenario=scenario,
            earned=earned_by(place, event.participant_id, event.scenario_id),
            desired_credits=event.desired_credits,
            awarded_credits=event.awarded_credits,
            clipped_by=event.clipped_by,
            in_year_cap=event.in_year_cap,
        ),
    )
    yield from explain_entered(place, event.awarded_credits)
    yield from explain_backing(place, scenario.budget, event.awarded_credits)
    if event.awarded_credits:
        yield from explain_window(place, scenario)
        yield explain_lot(place)


def explain_entered(place: Place, credits_given: int) -> Iterator[Step]:
    """Say where credits that were given went: spendable, pending, or paying what was owed."""
    event = place.event
    if not credits_given:
        return
    holder = addresses.participant(event.participant_id)
    there = [holder, addresses.pending(holder), addresses.debt(holder)]
    yield place.step(
        "credits.entered",
        checked(credits_given, place.into(CREDIT, there)),
        credits=credits_given,
        account=holder,
    )
    if event.debt_credits:
        yield place.step(
            "debt.paid",
            checked(event.debt_credits, place.into(CREDIT, addresses.debt(holder))),
            credits=event.debt_credits,
            account=addresses.debt(holder),
        )


def explain_backing(place: Place, budget: Budget | None, credits_given: int) -> Iterator[Step]:
    """Say what a fund sets aside for credits, or gets back for credits taken back."""
    if budget is None or not credits_given:
        return
    backing = addresses.backing(budget.fund_id)
    yield place.step(
        "budget.set_aside" if credits_given > 0 else "budget.given_back",
        checked_fen(abs(place.into(CNY, backing)), abs(credits_given) * budget.fen_per_credit),
        fund_id=budget.fund_id,
        value_fen=abs(credits_given) * budget.fen_per_credit,
        fen_per_credit=budget.fen_per_credit,
    )


def explain_window(place: Place, scenario: ScenarioPublished) -> Iterator[Step]:
    """Say whether credits are spendable at once, or from when and until when they can be claimed."""
    event = place.event
    ripens_at, claim_by = window_of(scenario, event.recorded_at)
    if event.ripens_at is None:
        yield place.step("credits.spendable")
        return
    yield place.step(
        "credits.pending",
        checked(event.ripens_at, ripens_at),
        ripens_at=event.ripens_at,
        ripens_after_h=scenario.ripens_after_h,
    )
    if event.claim_by is not None:
        yield place.step(
            "credits.claim_by",
            checked(event.claim_by, claim_by),
            claim_by=event.claim_by,
            claim_within_h=scenario.claim_within_h,
        )


def explain_lot(place: Place) -> Step:
    """Say until when credits can be spent, by the programme's terms."""
    programme, event = place.case.programme, place.event
    return place.step(
        f"lot.{programme.expiry.kind}",
        checked(event.lot, programme.lot_issued(event.recorded_at)),
        lot=event.lot,
        months=programme.expiry.months,
        issued_on=programme.today(event.recorded_at).isoformat(),
    )


def explain_claimed(place: Place) -> Iterator[Step]:
    """Explain pending credits becoming spendable."""
    event, activity = place.event, place.activity()
    holder = addresses.participant(event.participant_id)
    yield place.step(
        "credits.claimed",
        checked(event.credits, _pending_credits(activity)),
        credits=event.credits,
        account=holder,
        at=event.recorded_at,
    )
    if event.debt_credits:
        debt = addresses.debt(holder)
        yield place.step(
            "debt.paid",
            checked(event.debt_credits, place.into(CREDIT, debt)),
            credits=event.debt_credits,
            account=debt,
        )


def explain_lapsed(place: Place) -> Iterator[Step]:
    """Explain pending credits that nobody claimed in time."""
    event, activity = place.event, place.activity()
    yield place.step(
        "credits.lapsed",
        checked(event.credits, place.into(CREDIT, LAPSED)),
        credits=event.credits,
        run_id=event.run_id,
        claim_by=activity.claim_by if activity else None,
    )
    if activity is not None:
        yield from _explain_given_back(place, activity)


def _pending_credits(activity: Activity | None) -> int:
    """Give what waits to be claimed, by campaigns too."""
    return 0 if activity is None else activity.pending_credits + sum(activity.bonuses_pending.values())


def _explain_given_back(place: Place, activity: Activity) -> Iterator[Step]:
    """Say what funds get back for credits that lapse; a fund may stand behind several."""
    rulebook = place.case.rulebook
    scenario = rulebook.scenario(activity.reported.scenario_id, activity.scenario_version)
    lapsed = [(scenario.budget, activity.pending_credits)]
    for campaign_id, amount in activity.bonuses_pending.items():
        version = activity.bonuses[campaign_id].campaign_version
        lapsed.append((rulebook.campaign(campaign_id, version).budget, amount))
    given_back: dict[str, int] = {}
    for budget, amount in lapsed:
        if budget is not None and amount:
            value_fen = amount * budget.fen_per_credit
            given_back[budget.fund_id] = given_back.get(budget.fund_id, 0) + value_fen
    for fund_id, value_fen in given_back.items():
        yield place.step(
            "budget.given_back",
            checked_fen(-place.into(CNY, addresses.backing(fund_id)), value_fen),
            fund_id=fund_id,
            value_fen=value_fen,
        )
