"""How a tool writes a journal down: what each tool's own file in this room fills in.

Rule of the room: text out, nothing else; the sign and the exactness of an amount are the ledger's.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import date
from typing import ClassVar, Final, NamedTuple

from ledger.books.accounts import Spelling
from ledger.books.book import Entry, Wanted
from ledger.domain.addresses import CNY, Asset

_FEN_PER_YUAN: Final = 100


class Line(NamedTuple):
    """A line of an entry."""

    name: str
    """Of the account, as the tool knows it."""
    asset: str
    lot: str | None
    amount: int
    """Whole grams, whole credits or 分."""


class Notation(ABC):
    """A tool's way to write a journal."""

    spelling: ClassVar[Spelling]
    units: ClassVar[Mapping[Asset, str]]
    """What the tool calls the assets."""

    @abstractmethod
    def head(self, wanted: Wanted, time_zone: str) -> str:
        """Give what stands before everything: what the books are of, and what must be declared."""

    @abstractmethod
    def account(self, name: str, day: date) -> str:
        """Give what must stand before the first entry that has an account."""

    @abstractmethod
    def entry(self, entry: Entry, lines: Iterable[Line]) -> str:
        """Give an entry."""

    @abstractmethod
    def closing(self, day: date, position: int, balances: Iterable[Line]) -> str:
        """Give what has the tool itself hold every balance against ours.

        Args:
            day: the last of the books.
            position: of the last event in them.
            balances: of every account and asset in the books, lots together, also those that are 0.
        """

    def names(self, names: Iterable[str]) -> str:  # noqa: ARG002 — most tools need nothing
        """Give what stands at the very end about the accounts, by name."""
        return ""

    def columns(self, line: Line, exactly: str = "") -> str:
        """Give a line's name and amount, at least two blanks apart; and how exactly it is meant."""
        amount = amount_text(line.asset, line.amount)
        return f"{line.name:<52}  {amount:>12}{exactly} {self.units[line.asset]}"  # type: ignore[index]


def about(wanted: Wanted, time_zone: str) -> tuple[str, ...]:
    """Say in lines what the books are of."""
    begin = f"from {wanted.begin}" if wanted.begin else "from the first event"
    end = f"until before {wanted.end}" if wanted.end else "to the last event"
    return (
        f"The books of {wanted.programme_id} {begin} {end}; days are those of recording, in {time_zone}.",
        f"{', '.join(wanted.assets)}; one entry for each {wanted.detail}.",
        "What enters an account is above zero, what leaves it below: the ledger's own signs.",
    )


def amount_text(asset: str, amount: int) -> str:
    """Write an amount as a number: money in yuan with two decimals, all else whole."""
    if asset != CNY:
        return str(amount)
    yuan, fen = divmod(abs(amount), _FEN_PER_YUAN)
    return f"{'-' if amount < 0 else ''}{yuan}.{fen:02}"
