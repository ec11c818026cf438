"""From an activity to its credits: what it desires, what caps leave, where they go.

Rule of the room: pure. Credits of an act go to the participant at once, or wait as pending until
they are claimed; what a participant owes is paid first, in the lot in which it is owed, so that
what was issued of a lot is always what stands somewhere of it.
"""

from datetime import date, datetime, timedelta
from typing import ClassVar, NamedTuple

from ledger.domain import addresses
from ledger.domain.addresses import CNY, CREDIT, ISSUANCE
from ledger.domain.book import Account, Leg, take_earliest
from ledger.domain.budget import Budget
from ledger.domain.campaign import CountedIn
from ledger.domain.caps import Bounds, CapName, Caps, Earned, award
from ledger.domain.grounds import Grounds
from ledger.domain.instants import Instant, local_date
from ledger.domain.messages import Event
from ledger.domain.methodology import WHOLE_SHARE
from ledger.domain.rules import ScenarioPublished

NO_CAPS = Caps()


class CreditsIssued(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Credits earned by the reduction that stands before this event in its stream."""

    topic: ClassVar[str] = "credits.issued"

    participant_id: str
    scenario_id: str
    scenario_version: int
    desired_credits: int
    """What the conversion rule gives."""
    awarded_credits: int
    """What was issued."""
    lot: str
    """Last local day on which they can be spent."""
    clipped_by: CapName | None = None
    """The cap by which less was issued than desired."""
    ripens_at: Instant | None = None
    """From when pending credits can be claimed; None where they were spendable at once."""
    claim_by: Instant | None = None
    """First instant at which pending credits can no longer be claimed; None for no end."""
    debt_credits: int = 0
    """How many of them paid what the participant owed."""
    in_year_cap: bool = False
    """Whether they count towards the cap on the participant's year."""
    campaigns: tuple[CountedIn, ...] = ()
    """The campaigns in which the act counts; what it earns by them follows."""
    share: str = WHOLE_SHARE
    """The part of the reduction that evidence and quality leave."""


class Earner(NamedTuple):
    """Whose activity earns, and when it occurred."""

    participant_id: str
    occurred_at: datetime
    on: date
    """The local day of the act."""


def earner_of(participant_id: str, occurred_at: datetime, grounds: Grounds) -> Earner:
    """Give the earner of an activity."""
    return Earner(participant_id, occurred_at, local_date(occurred_at, grounds.programme.time_zone))


def earn(
    earner: Earner,
    desired_credits: int,
    scenario: ScenarioPublished,
    grounds: Grounds,
    recorded_at: datetime,
    campaigns: tuple[CountedIn, ...] = (),
    *,
    share: str = WHOLE_SHARE,
) -> CreditsIssued | None:
    """Decide what an activity is awarded; None where it desires nothing."""
    if not desired_credits:
        return None
    year_credits = grounds.rulebook.policy.year_credits
    given = award(
        desired_credits,
        Earned(earner.participant_id, scenario.id, earner.on),
        Bounds(scenario.caps or NO_CAPS, year_credits, budget_credits(scenario.budget, grounds)),
        grounds.registers,
    )
    lot = grounds.programme.lot_issued(recorded_at)
    ripens_at, claim_by = window_of(scenario, recorded_at)
    holder = addresses.participant(earner.participant_id)
    if ripens_at is None:
        debts = debts_paid(grounds.accounts[addresses.debt(holder)], given.awarded_credits)
        legs = issue_legs(holder, holder, lot, given.awarded_credits, debts)
    else:
        debts = []
        legs = issue_legs(holder, addresses.pending(holder), lot, given.awarded_credits, debts)
    return CreditsIssued(
        occurred_at=earner.occurred_at,
        recorded_at=recorded_at,
        legs=legs + budget_legs(scenario.budget, given.awarded_credits),
        participant_id=earner.participant_id,
        scenario_id=scenario.id,
        scenario_version=scenario.version,
        desired_credits=desired_credits,
        awarded_credits=given.awarded_credits,
        lot=lot,
        clipped_by=given.clipped_by,
        ripens_at=ripens_at if given.awarded_credits else None,
        claim_by=claim_by if given.awarded_credits else None,
        debt_credits=sum(paid for _, paid in debts),
        in_year_cap=year_credits is not None,
        campaigns=campaigns,
        share=share,
    )


def window_of(scenario: ScenarioPublished, recorded_at: datetime) -> tuple[datetime | None, datetime | None]:
    """Give from when and until when credits can be claimed; None where they need not be."""
    if scenario.ripens_after_h is None:
        return None, None
    ripens_at = recorded_at + timedelta(hours=scenario.ripens_after_h)
    if scenario.claim_within_h is None:
        return ripens_at, None
    return ripens_at, ripens_at + timedelta(hours=scenario.claim_within_h)


# --- budgets ------------------------------------------------------------------------------------


def budget_credits(budget: Budget | None, grounds: Grounds) -> int | None:
    """Give how many credits the fund behind a scenario can still pay for; None where there is none."""
    if budget is None:
        return None
    available_fen = grounds.accounts[addresses.available(budget.fund_id)].total(CNY)
    return max(available_fen, 0) // budget.fen_per_credit


def budget_legs(budget: Budget | None, credits_issued: int) -> tuple[Leg, ...]:
    """Give the legs that set money aside for credits, or give it back for credits taken back (below zero)."""
    if budget is None or not credits_issued:
        return ()
    value_fen = credits_issued * budget.fen_per_credit
    return (
        Leg(addresses.available(budget.fund_id), CNY, None, -value_fen),
        Leg(addresses.backing(budget.fund_id), CNY, None, value_fen),
    )


# --- the debt lane ------------------------------------------------------------------------------


def debts_paid(debt: Account, credits_there: int) -> list[tuple[str, int]]:
    """Give how much of what is owed so many credits pay, by lot, the earliest first."""
    if not debt.lots:  # as good as always
        return []
    owed = [(lot, -amount) for lot, amount in debt.lots_in_order()]
    paid = min(credits_there, sum(amount for _, amount in owed))
    return take_earliest(owed, paid) or [] if paid else []


def issue_legs(
    holder: str, target: str, lot: str, credits_issued: int, debts: list[tuple[str, int]]
) -> tuple[Leg, ...]:
    """Give the legs of an issue: debts are paid in their own lots, the rest goes to `target`.

    Args:
        holder: the participant's address.
        target: of the rest: spendable, or pending.
        lot: of the rest.
        credits_issued: in all.
        debts: credits by lot that pay what the holder owes.
    """
    if credits_issued and not debts:
        return Leg(ISSUANCE, CREDIT, lot, -credits_issued), Leg(target, CREDIT, lot, credits_issued)
    rest = credits_issued - sum(paid for _, paid in debts)
    issued = [*debts, *([(lot, rest)] if rest else [])]
    debt = addresses.debt(holder)
    return (
        *(Leg(ISSUANCE, CREDIT, of, -amount) for of, amount in issued),
        *(Leg(debt, CREDIT, of, amount) for of, amount in debts),
        *([Leg(target, CREDIT, lot, rest)] if rest else ()),
    )
