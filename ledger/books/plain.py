"""Journals for hledger and for ledger-cli, which read the same entries and differ in what is declared.

Rule of the room: declarations are exact enough for the strictest reading of either tool
(`hledger check --strict`, `ledger --pedantic`).
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import ClassVar, Final

from ledger.books.accounts import PLAIN, Spelling
from ledger.books.book import Entry, Wanted
from ledger.books.notation import Line, Notation, about, amount_text
from ledger.domain.addresses import CNY, CREDIT, GRAMS, Asset

_ASSERTED_LINES_MAX: Final = 100
"""In one entry: ledger-cli looks through all lines of an entry for each that asserts a balance."""

_COMMENT_BEGINS = re.compile("[%;]")


class _Plain(Notation):
    """What both read."""

    spelling: ClassVar[Spelling] = PLAIN
    units: ClassVar[Mapping[Asset, str]] = {CNY: "CNY", CREDIT: "CREDIT", GRAMS: '"gCO2e"'}
    declarations: ClassVar[str]

    def head(self, wanted: Wanted, time_zone: str) -> str:
        """Give comments, and the units with their decimals."""
        comments = "".join(f"; {line}\n" for line in about(wanted, time_zone))
        return f"{comments}\n{self.declarations}\n"

    def entry(self, entry: Entry, lines: Iterable[Line]) -> str:
        """Give an entry with its position as its code, and the lots as tags."""
        own_id = _COMMENT_BEGINS.sub(lambda sign: f"%{ord(sign[0]):02X}", entry.own_id)
        written = [
            f"    {self.columns(line)}\n"
            if line.lot is None
            else f"    {self.columns(line)}  ; lot: {line.lot}\n"
            for line in lines
        ]
        return f"{entry.day} ({entry.position}) {entry.topic} {own_id}\n{''.join(written)}\n"

    def closing(self, day: date, position: int, balances: Iterable[Line]) -> str:
        """Give entries that move nothing and assert the balance of each account."""
        written = [f"    {self._asserted(line)}\n" for line in balances]
        return "".join(
            f"{day} ({position}) balances\n{''.join(written[at : at + _ASSERTED_LINES_MAX])}\n"
            for at in range(0, len(written), _ASSERTED_LINES_MAX)
        )

    def _asserted(self, line: Line) -> str:
        nothing = self.columns(line._replace(amount=0))
        # An amount must stand before the sign: without it the tool would book what is missing.
        return f"{nothing} = {amount_text(line.asset, line.amount)} {self.units[line.asset]}"  # type: ignore[index]


class Hledger(_Plain):
    """As hledger has it."""

    declarations = 'decimal-mark .\ncommodity 1000.00 CNY\ncommodity 1000. CREDIT\ncommodity 1000. "gCO2e"\n'

    def account(self, name: str, day: date) -> str:  # noqa: ARG002 — declared at the end
        """Give nothing: hledger shows accounts in the order in which they are declared."""
        return ""

    def names(self, names: Iterable[str]) -> str:
        """Declare the accounts, in the order in which reports are to have them."""
        return "".join(f"account {name}\n" for name in names)


class LedgerCli(_Plain):
    """As ledger-cli has it."""

    declarations = (
        "commodity CNY\n    format 1000.00 CNY\n"
        "commodity CREDIT\n    format 1000 CREDIT\n"
        'commodity "gCO2e"\n    format 1000 "gCO2e"\n'
        "tag lot\n"
    )

    def account(self, name: str, day: date) -> str:  # noqa: ARG002 — it is for all days
        """Declare an account."""
        return f"account {name}\n"
