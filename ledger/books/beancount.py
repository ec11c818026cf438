"""Journals for Beancount.

Rule of the room: nothing is left to a tolerance. Beancount lets a balance be wrong by 1 分 where
none is given, so each says that it has none.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import ClassVar, Final

from ledger.books.accounts import CAPITALISED, Spelling
from ledger.books.book import Entry, Wanted
from ledger.books.notation import Line, Notation, about
from ledger.domain.addresses import CNY, CREDIT, GRAMS, Asset

_EXACTLY: Final = " ~ 0"
_DAY: Final = timedelta(days=1)


class Beancount(Notation):
    """As Beancount has it."""

    spelling: ClassVar[Spelling] = CAPITALISED
    units: ClassVar[Mapping[Asset, str]] = {CNY: "CNY", CREDIT: "CREDIT", GRAMS: "GCO2E"}

    def head(self, wanted: Wanted, time_zone: str) -> str:
        """Give comments and the title."""
        comments = "".join(f"; {line}\n" for line in about(wanted, time_zone))
        return f'{comments}\noption "title" "{wanted.programme_id}"\noption "operating_currency" "CNY"\n\n'

    def account(self, name: str, day: date) -> str:
        """Open an account."""
        return f"{day} open {name}\n"

    def entry(self, entry: Entry, lines: Iterable[Line]) -> str:
        """Give an entry with topic and id as payee and narration, position and lots as metadata."""
        own_id = entry.own_id.replace("\\", "\\\\").replace('"', '\\"')
        written = [
            f"  {self.columns(line)}\n"
            if line.lot is None
            else f"  {self.columns(line)}\n    lot: {line.lot}\n"
            for line in lines
        ]
        heading = f'{entry.day} * "{entry.topic}" "{own_id}"\n  position: {entry.position}\n'
        return f"{heading}{''.join(written)}\n"

    def closing(self, day: date, position: int, balances: Iterable[Line]) -> str:  # noqa: ARG002 — no place for it
        """Assert the balance of each account: as of the beginning of the day after, as Beancount has it."""
        after = day + _DAY
        return "".join(f"{after} balance {self.columns(line, _EXACTLY)}\n" for line in balances)
