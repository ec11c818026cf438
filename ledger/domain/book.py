"""The double-entry book of one programme, as far as decisions need it in memory.

Rule of the room: `Book` never refuses; deciding comes first, elsewhere. Balances change by legs
alone, and every change since the last commit is kept so that the store can write the sums.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

import msgspec

from ledger.domain.addresses import CREDIT

Status = Literal["open", "frozen", "closed"]


class Leg(NamedTuple):
    """One line of an entry: `amount` units of `asset` enter (or, below zero, leave) `account`."""

    account: str
    asset: str
    lot: str | None
    """Last day of validity (ISO date) for credits, None for grams and money."""
    amount: int
    """Whole grams, whole credits or 分."""


BalanceKey = tuple[str, str, str | None]


class Account(msgspec.Struct):
    """What a decision may ask about one address."""

    status: Status | None = None
    """None when nobody opened this address."""
    given_month: str = ""
    given_credits: int = 0
    """Credits given away in `given_month` (local, `YYYY-MM`), for the monthly quota."""
    lots: dict[str, int] = {}
    """Whole credits by lot."""
    others: dict[str, int] = {}
    """Whole grams and 分 by asset."""

    def add(self, asset: str, lot: str | None, amount: int) -> None:
        """Post one leg."""
        if lot is not None:
            self.lots[lot] = self.lots.get(lot, 0) + amount
        else:
            self.others[asset] = self.others.get(asset, 0) + amount

    def total(self, asset: str) -> int:
        """All units of one asset, every lot together."""
        return sum(self.lots.values()) if asset == CREDIT else self.others.get(asset, 0)

    def lots_in_order(self) -> list[tuple[str, int]]:
        """Credits by lot, the earliest to expire first, empty lots left out."""
        return sorted([held for held in self.lots.items() if held[1]])


def take_earliest(lots: Iterable[tuple[str, int]], credits_needed: int) -> list[tuple[str, int]] | None:
    """Choose lots, the earliest first, until `credits_needed` is covered; None when they fall short."""
    taken: list[tuple[str, int]] = []
    for lot, amount in lots:
        if amount >= credits_needed:
            taken.append((lot, credits_needed))
            return taken
        taken.append((lot, amount))
        credits_needed -= amount
    return None


class Accounts:
    """The addresses that have been loaded, with every change since the last `drain`."""

    __slots__ = ("_loaded", "changed_balances", "changed_owners")

    def __init__(self) -> None:
        self._loaded: dict[str, Account] = {}
        self.changed_balances: dict[BalanceKey, int] = {}
        self.changed_owners: set[str] = set()

    def __len__(self) -> int:
        return len(self._loaded)

    def __contains__(self, address: str) -> bool:
        return address in self._loaded

    def __getitem__(self, address: str) -> Account:
        """The account at `address`.

        Raises:
            KeyError: it was not loaded, which is a fault of the caller: a decision must name
                every address it reads before it is made.
        """
        return self._loaded[address]

    def missing(self, addresses: Iterable[str]) -> set[str]:
        """Give those of the addresses that are not loaded."""
        return set(addresses).difference(self._loaded)

    def load(self, stored: Mapping[str, Account]) -> None:
        """Put the stored state of addresses in place, with what was posted to them since."""
        for (address, asset, lot), amount in self.changed_balances.items():
            if (account := stored.get(address)) is not None:
                account.add(asset, lot, amount)
        self._loaded.update(stored)

    def post(self, legs: Iterable[Leg]) -> None:
        """Apply an event's legs.

        Counter-accounts (nature, issuance, …) are not loaded: nothing is decided on them, the
        store adds the sums of their legs all the same.
        """
        changed, loaded = self.changed_balances, self._loaded
        for leg in legs:
            address, asset, lot, amount = leg
            key = (address, asset, lot)
            changed[key] = changed.get(key, 0) + amount
            account = loaded.get(address)
            if account is None:
                continue
            # As `Account.add`, without the call: this is where a group spends its time.
            if lot is not None:
                lots = account.lots
                lots[lot] = lots.get(lot, 0) + amount
            else:
                account.add(asset, lot, amount)

    def set_status(self, address: str, status: Status) -> None:
        """Open, freeze, unfreeze or close an owner."""
        self._loaded[address].status = status
        self.changed_owners.add(address)

    def add_given(self, address: str, month: str, given_credits: int) -> None:
        """Count credits given away against the quota of a local month."""
        account = self._loaded[address]
        if account.given_month == month:
            account.given_credits += given_credits
        elif account.given_month < month:
            account.given_month, account.given_credits = month, given_credits
        self.changed_owners.add(address)

    def drain(self) -> tuple[dict[BalanceKey, int], set[str]]:
        """Hand over what changed since the last call, and start counting anew."""
        changed = self.changed_balances, self.changed_owners
        self.changed_balances, self.changed_owners = {}, set()
        return changed
