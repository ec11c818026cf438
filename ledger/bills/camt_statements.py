"""Balances of a bank's statements, and whether its entries lead from the one to the other."""

from collections.abc import Iterator
from typing import Final

from ledger.bills.camt_entries import TOO_LONG, Fields, day_of, signed_fen
from ledger.bills.rows import Balance, Difference, Unreadable, unreadable
from ledger.bills.values import Fault, fen_of

BALANCE_FIELDS: Final = frozenset(
    f"Bal/{path}" for path in ("Tp/CdOrPrtry/Cd", "Amt", "CdtDbtInd", "Dt/Dt", "Dt/DtTm")
)
_SUMMARY: Final = "Stmt/TxsSummry/"
STATEMENT_FIELDS: Final = frozenset(
    {
        "Stmt/Id",
        "Stmt/Acct/Id/IBAN",
        "Stmt/Acct/Id/Othr/Id",
        f"{_SUMMARY}TtlNtries/NbOfNtries",
        f"{_SUMMARY}TtlCdtNtries/NbOfNtries",
        f"{_SUMMARY}TtlCdtNtries/Sum",
        f"{_SUMMARY}TtlDbtNtries/NbOfNtries",
        f"{_SUMMARY}TtlDbtNtries/Sum",
    }
)
_COUNT_DIGITS_MAX: Final = 15


class Statement:
    """One statement while it is read."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.fields: dict[str, str] = {}
        self.passed_over = 0
        self._balances: dict[str, Balance] = {}
        self._later_interim: Balance | None = None
        self._in_rows = self._in_fen = self._out_rows = self._out_fen = 0

    @property
    def name(self) -> str:
        """The bank's id of it."""
        return self.fields.get("Stmt/Id", "")

    @property
    def account(self) -> str:
        """The account's number."""
        return self.fields.get("Stmt/Acct/Id/IBAN") or self.fields.get("Stmt/Acct/Id/Othr/Id", "")

    def count(self, value_fen: int) -> None:
        """Count a booked entry."""
        if value_fen >= 0:
            self._in_rows += 1
            self._in_fen += value_fen
        else:
            self._out_rows += 1
            self._out_fen -= value_fen

    def take_balance(self, fields: Fields) -> None:
        """Take a balance; of one code the first counts, and of interim ones the last as well.

        Raises:
            Fault
        """
        code = fields.get("Bal/Tp/CdOrPrtry/Cd", "")
        if code not in {"OPBD", "PRCD", "CLBD", "ITBD"}:
            return
        if TOO_LONG in fields:
            raise Fault("field_too_long", fields[TOO_LONG])
        day = fields.get("Bal/Dt/Dt") or fields.get("Bal/Dt/DtTm", "")[:10]
        value_fen = signed_fen(fields, "Bal/Amt", "Bal/CdtDbtInd")
        balance = Balance(self.name, code, value_fen, day_of(day) if day else None)
        if code not in self._balances:
            self._balances[code] = balance
        elif code == "ITBD":
            self._later_interim = balance

    def balances(self) -> list[Balance]:
        """Give those that count."""
        return [*self._balances.values(), *([self._later_interim] if self._later_interim else [])]

    def lacking(self) -> Iterator[Unreadable]:
        """Tell of a balance that is not there."""
        for balance, name in ((self._opening(), "OPBD"), (self._closing(), "CLBD")):
            if balance is None:
                yield unreadable(self.line, "balance_missing", f"{self.name} {name}")

    def differences(self) -> Iterator[Difference]:
        """Give the balances and sums that the entries do not come to.

        Raises:
            Fault: its summary cannot be read.
        """
        opening, closing, before = self._opening(), self._closing(), self._balances.get("PRCD")
        if opening is not None and before is not None and before.value_fen != opening.value_fen:
            yield Difference(f"{self.name} PRCD", "fen", before.value_fen, opening.value_fen)
        if opening is not None and closing is not None:
            found = opening.value_fen + self._in_fen - self._out_fen
            if found != closing.value_fen:
                yield Difference(f"{self.name} {closing.code}", "fen", closing.value_fen, found)
        # The sums of some banks count the entries that are still pending.
        if not self.passed_over:
            yield from self._summed()

    def _opening(self) -> Balance | None:
        """What it begins with: an interim balance where it goes on from another page."""
        found = self._balances.get("OPBD") or self._balances.get("PRCD")
        is_middle = "CLBD" in self._balances or self._later_interim is not None
        return found or (self._balances.get("ITBD") if is_middle else None)

    def _closing(self) -> Balance | None:
        """What it ends with: an interim balance where it goes on to another page."""
        is_middle = "OPBD" in self._balances or "PRCD" in self._balances
        interim = self._later_interim or (self._balances.get("ITBD") if is_middle else None)
        return self._balances.get("CLBD") or interim

    def _summed(self) -> Iterator[Difference]:
        for path, found in (
            ("TtlNtries/NbOfNtries", self._in_rows + self._out_rows),
            ("TtlCdtNtries/NbOfNtries", self._in_rows),
            ("TtlDbtNtries/NbOfNtries", self._out_rows),
        ):
            text = self.fields.get(_SUMMARY + path)
            if text is not None:
                if not (text.isascii() and text.isdecimal() and len(text) <= _COUNT_DIGITS_MAX):
                    raise Fault("summary_malformed", text)
                if int(text) != found:
                    yield Difference(f"{self.name} {path}", "rows", int(text), found)
        for path, found in (("TtlCdtNtries/Sum", self._in_fen), ("TtlDbtNtries/Sum", self._out_fen)):
            text = self.fields.get(_SUMMARY + path)
            if text is not None and (stated := fen_of(text)) != found:
                yield Difference(f"{self.name} {path}", "fen", stated, found)
