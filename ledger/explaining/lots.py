"""The credits of an account lot by lot: what came in by which events, what went out to whom, what is left."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from ledger.domain.addresses import CREDIT
from ledger.domain.redemption import Redemption, RedemptionHeld, evolve
from ledger.explaining.steps import Step, Told, checked


class LotStory(msgspec.Struct, frozen=True, kw_only=True):
    """One lot of an account."""

    lot: str
    """Last day of validity."""
    came_in_credits: int
    went_out_credits: int
    left_credits: int
    steps: tuple[Step, ...]
    """A line for every event, and what is left."""


def lot_stories(
    account: str,
    told: Iterable[Told],
    redemptions: Mapping[str, Sequence[Told]],
    balance_credits: int,
    erased: frozenset[str] = frozenset(),
) -> list[LotStory]:
    """Tell what became of every lot that an account ever held.

    Args:
        account: whose lots.
        told: every event that moved credits of the account, in order.
        redemptions: the streams of the redemptions among them, by id.
        balance_credits: what the account holds in all lots together, as its statement says.
        erased: participants of whom nothing is said.
    """
    steps: dict[str, list[Step]] = {}
    moved: dict[str, list[int]] = {}
    for one in told:
        for lot, amount in _moved(account, one).items():
            steps.setdefault(lot, []).append(_line(account, lot, amount, one, redemptions, erased))
            moved.setdefault(lot, []).append(amount)
    left = {lot: sum(amounts) for lot, amounts in moved.items()}
    total = checked(balance_credits, sum(left.values()))
    return [
        LotStory(
            lot=lot,
            came_in_credits=sum(amount for amount in moved[lot] if amount > 0),
            went_out_credits=-sum(amount for amount in moved[lot] if amount < 0),
            left_credits=left[lot],
            steps=(
                *steps[lot],
                Step(
                    kind="lot.left",
                    position=steps[lot][-1].position,
                    topic=steps[lot][-1].topic,
                    facts={"lot": lot, "credits": left[lot], "balance_credits": balance_credits},
                    check=total,
                ),
            ),
        )
        for lot in sorted(moved)
    ]


def _moved(account: str, told: Told) -> dict[str, int]:
    """Credits by lot that an event brings into the account, or takes out (below zero)."""
    moved: dict[str, int] = {}
    for leg in told.event.legs:
        if leg.account == account and leg.lot is not None:
            moved[leg.lot] = moved.get(leg.lot, 0) + leg.amount
    return {lot: amount for lot, amount in moved.items() if amount}


def _line(
    account: str,
    lot: str,
    amount: int,
    told: Told,
    redemptions: Mapping[str, Sequence[Told]],
    erased: frozenset[str],
) -> Step:
    event = told.event
    named = {
        leg.account
        for leg in event.legs
        if leg.asset == CREDIT and leg.account != account and leg.amount * amount < 0
    }
    others = sorted(other for other in named if not _is_of(other, erased))
    facts: dict[str, Any] = {"lot": lot, "credits": abs(amount), "accounts": others, "at": event.occurred_at}
    kind = "lot.came_in" if amount > 0 else "lot.went_out"
    if amount < 0 and isinstance(event, RedemptionHeld):
        kind = "lot.went_out.redemption"
        facts |= {
            "redemption_id": event.id,
            "merchant_id": event.merchant_id,
            "status": _status(redemptions.get(event.id, ())),
        }
    return Step(kind=kind, position=told.position, topic=event.topic, facts=facts)


def _is_of(account: str, participant_ids: frozenset[str]) -> bool:
    """Whether an account belongs to one of some participants."""
    kind, _, rest = account.partition(":")
    return kind == "participant" and rest.partition(":")[0] in participant_ids


def _status(stream: Sequence[Told]) -> str:
    redemption: Redemption | None = None
    for told in stream:
        redemption = evolve(redemption, told.event)
    return "held" if redemption is None else redemption.status
