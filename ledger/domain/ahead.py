"""Grounds as the events of a decision leave them that is still being made.

Rule of the room: what is changed here is a copy; the grounds of the decision stay as they are until
its events are applied. Only what is touched is copied.
"""

from collections.abc import Iterable

from ledger.domain.book import Account, Accounts, Leg
from ledger.domain.grounds import Grounds
from ledger.domain.registers import EntryKey, Kept, Registers


class AccountsAhead(Accounts):
    """Accounts with legs posted that are not in the book yet."""

    __slots__ = ("_base",)

    def __init__(self, base: Accounts) -> None:
        super().__init__()
        self._base = base

    def __getitem__(self, address: str) -> Account:
        """The account at `address`, a copy of the one that was loaded."""
        if address not in self._loaded:
            account = self._base[address]
            self._loaded[address] = Account(
                status=account.status, lots=dict(account.lots), others=dict(account.others)
            )
        return self._loaded[address]

    def post(self, legs: Iterable[Leg]) -> None:
        """Apply an event's legs to those accounts that are loaded."""
        for account, asset, lot, amount in legs:
            if account in self._base:
                self[account].add(asset, lot, amount)


class RegistersAhead(Registers):
    """Registers with changes that are not in them yet."""

    __slots__ = ("_base",)

    def __init__(self, base: Registers) -> None:
        super().__init__()
        self._base = base

    def get(self, register: type[Kept], key: str) -> Kept | None:
        """Give the entry under a key, None when there is none."""
        own: EntryKey = register, key
        if own in self._loaded:
            return self._loaded[own]  # type: ignore[return-value]
        return self._base.get(register, key)


def ahead_of(grounds: Grounds) -> Grounds:
    """Give grounds that can be changed."""
    return grounds._replace(
        accounts=AccountsAhead(grounds.accounts), registers=RegistersAhead(grounds.registers)
    )
