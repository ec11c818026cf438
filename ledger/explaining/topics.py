"""Which function explains which topic: one row for each, and nothing else to add for another."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from ledger.domain.activity import ActivityHeld, ActivityRejected, ReductionRecorded
from ledger.domain.adjustment import CreditsAdjusted
from ledger.domain.bonus import BonusIssued
from ledger.domain.bonus_correction import BonusCorrected
from ledger.domain.claiming import CreditsClaimed, CreditsLapsed
from ledger.domain.correction import CreditsCorrected, ReductionCorrected, ReductionRecomputed
from ledger.domain.donation import CreditsDonated
from ledger.domain.earning import CreditsIssued
from ledger.domain.expiry import CreditsExpired
from ledger.domain.fund import MoneyCommitted
from ledger.domain.messages import Event
from ledger.domain.money import MoneyTransferred, MoneyWithdrawn
from ledger.domain.payout import PayoutConfirmed, PayoutReturned
from ledger.domain.redemption import (
    RedemptionCancelled,
    RedemptionFulfilled,
    RedemptionHeld,
    RedemptionRefunded,
    RedemptionReleased,
)
from ledger.domain.review import ActivityDismissed, ActivityReleased
from ledger.domain.statement import DisputeResolved, StatementIssued
from ledger.domain.transfer import CreditsTransferred
from ledger.explaining import activities, bonuses, corrections, issuing, money, settlement, spending
from ledger.explaining.steps import Case, Place, Step, Told

EXPLAINED: Final[dict[type[Event], Callable[[Place], Iterator[Step]]]] = {
    ReductionRecorded: activities.explain_recorded,
    ActivityHeld: activities.explain_held,
    ActivityRejected: activities.explain_rejected,
    ActivityReleased: activities.explain_released,
    ActivityDismissed: activities.explain_dismissed,
    CreditsIssued: issuing.explain_issued,
    CreditsClaimed: issuing.explain_claimed,
    CreditsLapsed: issuing.explain_lapsed,
    ReductionCorrected: corrections.explain_corrected,
    ReductionRecomputed: corrections.explain_recomputed,
    CreditsCorrected: corrections.explain_credits_corrected,
    BonusIssued: bonuses.explain_bonus_issued,
    BonusCorrected: bonuses.explain_bonus_corrected,
    RedemptionHeld: spending.explain_hold,
    RedemptionFulfilled: spending.explain_fulfilled,
    RedemptionCancelled: spending.explain_cancelled,
    RedemptionReleased: spending.explain_hold_released,
    RedemptionRefunded: spending.explain_refunded,
    CreditsTransferred: spending.explain_transferred,
    CreditsDonated: spending.explain_donated,
    CreditsAdjusted: spending.explain_adjusted,
    CreditsExpired: spending.explain_expired,
    MoneyCommitted: money.explain_committed,
    MoneyWithdrawn: money.explain_withdrawn,
    MoneyTransferred: money.explain_moved,
    StatementIssued: settlement.explain_issued,
    DisputeResolved: settlement.explain_resolved,
    PayoutConfirmed: settlement.explain_paid,
    PayoutReturned: settlement.explain_returned,
}


def explain_event(place: Place) -> Iterator[Step]:
    """Explain one event; of a topic without a row, what it moved."""
    explain = EXPLAINED.get(type(place.event), explain_other)
    yield from explain(place)


def explain_other(place: Place) -> Iterator[Step]:
    """Say what an event moved, of which nothing else is known here; nothing where it moved nothing."""
    legs = [
        {"account": leg.account, "asset": leg.asset, "lot": leg.lot, "amount": leg.amount}
        for leg in place.event.legs
    ]
    if legs:
        yield place.step("event", legs=legs, name=place.event.topic)


def explain_stream(case: Case, stream: Sequence[Told]) -> list[Step]:
    """Explain the events of one stream, in order, each from what stands before it."""
    steps: list[Step] = []
    for number, told in enumerate(stream):
        steps += explain_event(Place(case, tuple(stream[:number]), told))
    return steps
