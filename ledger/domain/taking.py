"""Giving more credits for an act, or taking some back, after its first ones.

Rule of the room: pure. Too many credits are taken from what of them is still pending, from what is
spendable (their own lot first, then the earliest), and at last from the debt lane, which later
credits pay first.
"""

from typing import NamedTuple

from ledger.domain import addresses
from ledger.domain.addresses import CREDIT, ISSUANCE
from ledger.domain.book import Account, Accounts, Leg, take_earliest
from ledger.domain.earning import debts_paid, issue_legs


class Change(NamedTuple):
    """What happens to credits."""

    legs: tuple[Leg, ...]
    pending_credits: int = 0
    """Added to those pending; below zero where taken from them."""
    owed_credits: int = 0
    debt_credits: int = 0


def change_by(
    delta: int, *, holder: str, lot: str, pending_credits: int, accounts: Accounts, is_pending: bool
) -> Change:
    """Give more credits, or take some back when `delta` is below zero.

    Args:
        delta: how many.
        holder: address of the participant.
        lot: of the credits.
        pending_credits: how many of those that stand are pending.
        accounts: with the holder's own and the debt.
        is_pending: whether more would be pending too.
    """
    if delta > 0:
        return _given(holder, lot, delta, accounts, is_pending=is_pending)
    return _taken(holder, lot, -delta, pending_credits, accounts)


def _given(holder: str, lot: str, credits_given: int, accounts: Accounts, *, is_pending: bool) -> Change:
    """Issue more, where the credits are already."""
    if is_pending:
        legs = issue_legs(holder, addresses.pending(holder), lot, credits_given, [])
        return Change(legs, pending_credits=credits_given)
    debts = debts_paid(accounts[addresses.debt(holder)], credits_given)
    legs = issue_legs(holder, holder, lot, credits_given, debts)
    return Change(legs, debt_credits=sum(paid for _, paid in debts))


def _taken(holder: str, lot: str, credits_taken: int, pending_credits: int, accounts: Accounts) -> Change:
    from_pending = min(credits_taken, pending_credits)
    spendable = _take(accounts[holder], lot, credits_taken - from_pending)
    owed = credits_taken - from_pending - sum(amount for _, amount in spendable)
    taken: list[tuple[str, str, int]] = [(holder, of, amount) for of, amount in spendable]
    if from_pending:
        taken.insert(0, (addresses.pending(holder), lot, from_pending))
    if owed:
        taken.append((addresses.debt(holder), lot, owed))
    legs = (
        *(Leg(address, CREDIT, of, -amount) for address, of, amount in taken),
        *(Leg(ISSUANCE, CREDIT, of, amount) for _, of, amount in taken),
    )
    return Change(legs, pending_credits=-from_pending, owed_credits=owed)


def _take(account: Account, own_lot: str, credits_wanted: int) -> list[tuple[str, int]]:
    """Choose what there is of the credits wanted, their own lot first, then the earliest."""
    if not credits_wanted:
        return []
    lots = sorted(account.lots_in_order(), key=lambda held: (held[0] != own_lot, held[0]))
    there = sum(amount for _, amount in lots)
    return take_earliest(lots, min(credits_wanted, there)) or [] if there else []
