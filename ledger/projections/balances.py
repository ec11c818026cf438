"""The balances view: what stands in each account, as the sum of legs.

Rule of the room: the table is written with the events (it is never behind); the fold here is the
independent second way to the same numbers, from the log alone.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from ledger.domain.book import BalanceKey, Leg
from ledger.domain.errors import AccountNotFound, ProgrammeNotFound
from ledger.store.database import Database
from ledger.store.queries import load

_QUERIES: Final = load(Path(__file__).parent / "sql" / "balances.sql")


class Balance(NamedTuple):
    """Units of one asset and lot."""

    asset: str
    lot: str | None
    """Last day of validity of credits, None for grams and money."""
    amount: int
    """Whole grams, whole credits or 分."""


class AccountView(NamedTuple):
    """What is known of one account."""

    account: str
    status: str | None
    """Of an owner's own address; None for sub-accounts and counter-accounts."""
    position: int
    """Position of the log at which this was read."""
    balances: list[Balance]
    """By asset and lot; empty lots are left out."""


class EventLegs(msgspec.Struct):
    """The only part of an event that balances are made of."""

    legs: tuple[Leg, ...] = ()


_decode_legs = msgspec.json.Decoder(EventLegs).decode


class Unbalanced(NamedTuple):
    """An event whose legs do not sum to zero for an asset."""

    position: int
    asset: str
    sum: int


class BalanceFold:
    """Adds up a log."""

    def __init__(self) -> None:
        self.position = 0
        self.balances: dict[BalanceKey, int] = {}
        self.unbalanced: list[Unbalanced] = []

    def add(self, state: bytes) -> None:
        """Add the next event of the log, given as its stored bytes."""
        self.position += 1
        balances = self.balances
        sums: dict[str, int] = {}
        for account, asset, lot, amount in _decode_legs(state).legs:
            key = (account, asset, lot)
            balances[key] = balances.get(key, 0) + amount
            sums[asset] = sums.get(asset, 0) + amount
        for asset, total in sums.items():
            if total:
                self.unbalanced.append(Unbalanced(self.position, asset, total))

    def nonzero(self) -> dict[BalanceKey, int]:
        """Give every balance that is not nothing."""
        return {key: amount for key, amount in self.balances.items() if amount}


def read_account(database: Database, programme_id: str, account: str) -> AccountView:
    """Read one account, with the position at which it stood so.

    Raises:
        ProgrammeNotFound: nobody opened the programme.
        AccountNotFound: nobody opened the account and nothing was ever posted to it.
    """
    parameters = {"programme_id": programme_id, "account": account}
    with database.connection() as connection:
        rows = connection.execute(_QUERIES["account"], parameters).fetchall()
    if not rows:
        raise ProgrammeNotFound(programme_id=programme_id)
    position, status = rows[0][:2]
    balances = [Balance(asset, lot or None, amount) for _, _, asset, lot, amount in rows if asset is not None]
    if status is None and not balances:
        raise AccountNotFound(account=account)
    return AccountView(account, status, position, [balance for balance in balances if balance.amount])


def table_balances(database: Database, programme_id: str) -> tuple[int, dict[BalanceKey, int]]:
    """Read all balances of a programme that are not nothing, and the position they stand at."""
    with database.connection() as connection, connection.transaction():
        connection.execute(_QUERIES["one_snapshot"])
        head = connection.execute(_QUERIES["position"], {"programme_id": programme_id}).fetchone()
        rows: Iterable[tuple[str, str, str, int]] = connection.execute(
            _QUERIES["programme"], {"programme_id": programme_id}
        )
        balances = {(account, asset, lot or None): amount for account, asset, lot, amount in rows}
    return (head[0] if head else 0), balances
