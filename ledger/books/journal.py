"""A journal as text, from entries and a tool's notation.

Rule of the room: text is given as it is made; only the balances are kept to the end.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Final, Literal

from ledger.books.accounts import OPENING as OPENING_ACCOUNT
from ledger.books.accounts import name_of
from ledger.books.beancount import Beancount
from ledger.books.book import OPENING, Entry, Wanted
from ledger.books.notation import Line, Notation
from ledger.books.plain import Hledger, LedgerCli

TextFormat = Literal["hledger", "beancount", "ledger"]

NOTATIONS: Final[Mapping[TextFormat, Callable[[], Notation]]] = {
    "hledger": Hledger,
    "beancount": Beancount,
    "ledger": LedgerCli,
}

_PIECE_CHARS: Final = 65_536
"""Text that is given at a time, about."""
_DAY: Final = timedelta(days=1)


class Journal:
    """A journal that is being written; what it came to is known when all text was taken."""

    def __init__(self, notation: Notation, wanted: Wanted, time_zone: str) -> None:
        self._notation = notation
        self._wanted = wanted
        self._time_zone = time_zone
        self._names: dict[str, str] = {}
        self._balances: dict[tuple[str, str], int] = {}
        self.entries = 0
        self.legs = 0

    @property
    def accounts(self) -> int:
        """How many accounts stand in it."""
        return len(self._names)

    def text(self, entries: Iterable[Entry]) -> Iterator[str]:
        """Give the journal in pieces."""
        pieces, chars = [self._notation.head(self._wanted, self._time_zone)], 0
        day, position = self._wanted.begin, 0
        for entry in entries:
            day, position = entry.day, entry.position
            pieces.append(self._entry(entry))
            chars += len(pieces[-1])
            if chars >= _PIECE_CHARS:
                yield "".join(pieces)
                pieces, chars = [], 0
        if day is not None:
            pieces.append(self._closing(day, position))
        pieces.append(
            f"; The end: {self.entries:,} entries, {self.legs:,} legs, {self.accounts:,} accounts.\n"
        )
        yield "".join(pieces)

    def _entry(self, entry: Entry) -> str:
        names, balances = self._names, self._balances
        opened, lines = [], []
        for account, asset, lot, amount in entry.legs:
            name = names.get(account)
            if name is None:
                name = names[account] = name_of(account, self._notation.spelling)
                opened.append(self._notation.account(name, entry.day))
            lines.append(Line(name, asset, lot, amount))
            key = (name, asset)
            balances[key] = balances.get(key, 0) + amount
        if entry.topic == OPENING:
            opened.append(self._notation.account(OPENING_ACCOUNT, entry.day))
            against = [Line(OPENING_ACCOUNT, asset, None, 0) for asset in self._wanted.assets]
            balances.update(dict.fromkeys(((line.name, line.asset) for line in against), 0))
            lines += against
        self.entries += 1
        self.legs += len(entry.legs)
        return f"{''.join(opened)}{self._notation.entry(entry, lines)}"

    def _closing(self, day: date, position: int) -> str:
        if self._wanted.end is not None:
            day = self._wanted.end - _DAY
        keys = sorted(self._balances)
        balances = [Line(name, asset, None, self._balances[name, asset]) for name, asset in keys]
        names = dict.fromkeys(name for name, _ in keys)
        return f"{self._notation.closing(day, position, balances)}{self._notation.names(names)}"
