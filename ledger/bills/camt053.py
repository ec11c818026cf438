"""A bank's statements in ISO 20022 camt.053, of any version: entries by local names, balances held together.

Source: ISO 20022, BankToCustomerStatement, versions 001 to 013.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Final

from ledger.bills.bill import Reading
from ledger.bills.camt_entries import (
    ENTRY_FIELDS,
    PART_FIELDS,
    TOO_LONG,
    is_booked,
    rows_of_entry,
    signed_fen,
)
from ledger.bills.camt_statements import BALANCE_FIELDS, STATEMENT_FIELDS, Statement
from ledger.bills.files import Source
from ledger.bills.rows import Balance, Difference, Ending, Outcome, unreadable
from ledger.bills.values import Broken, Fault
from ledger.bills.xml_elements import hear
from ledger.domain.errors import BillFileUnsuitable
from ledger.domain.limits import BILL_BATCH_PARTS_MAX, BILL_FIELD_CHARS_MAX, BILL_STATEMENTS_MAX

_STATEMENTS: Final = "Document/BkToCstmrStmt"
_JOINED: Final = frozenset({"TxDtls/RmtInf/Ustrd"})
_DIFFERENCES_MAX: Final = 1_000
"""Differences that are told one by one; a file with more is wrong as a whole."""


class _Hearer:
    """Puts the elements of a document together to rows."""

    anchors: Mapping[str, str] = {
        _STATEMENTS: _STATEMENTS,
        f"{_STATEMENTS}/Stmt": "Stmt",
        "Stmt/Bal": "Bal",
        "Stmt/Ntry": "Ntry",
        "Ntry/NtryDtls/TxDtls": "TxDtls",
        "Ntry/TxDtls": "TxDtls",
    }
    wanted = ENTRY_FIELDS | PART_FIELDS | BALANCE_FIELDS | STATEMENT_FIELDS

    def __init__(self) -> None:
        self.is_statements = False
        self.outcomes: list[Outcome] = []
        self.balances: list[Balance] = []
        self.differences: list[Difference] = []
        self.passed_over = 0
        self.is_sound = True
        self.statements = 0
        self._statement = Statement(0)
        self._line = 0
        self._into: dict[str, str] = {}
        self._entry: dict[str, str] = {}
        self._parts: list[dict[str, str]] = []
        self._parts_count = 0

    def begin(self, path: str, line: int, attributes: Mapping[str, str]) -> None:
        """Take the begin of something."""
        if path in self.wanted:
            if "Ccy" in attributes:
                self._into.setdefault(f"{path}@", attributes["Ccy"])
        elif path == "TxDtls":
            self._into = {}
        elif path == "Ntry":
            self._line = line
            self._into = self._entry = {}
            self._parts, self._parts_count = [], 0
        elif path == "Bal":
            self._line = line
            self._into = {}
        elif path == "Stmt":
            self.statements += 1
            if self.statements > BILL_STATEMENTS_MAX:
                raise Broken("statements_too_many", f"{BILL_STATEMENTS_MAX:,}", line)
            self._statement = Statement(line)
            self._into = self._statement.fields
        elif path == _STATEMENTS:
            self.is_statements = True

    def text(self, path: str, text: str | None) -> None:
        """Take a text; of several of one element the first counts, but remarks belong together."""
        if text is None:
            self._into.setdefault(TOO_LONG, path)
        elif path in _JOINED and path in self._into:
            if len(self._into[path]) + len(text) < BILL_FIELD_CHARS_MAX:
                self._into[path] += f" {text}"
        elif text:
            self._into.setdefault(path, text)

    def end(self, path: str) -> None:
        """Take the end of something, and make of it what it was."""
        if path == "TxDtls":
            self._parts_count += 1
            if self._parts_count <= BILL_BATCH_PARTS_MAX:
                self._parts.append(self._into)
            else:
                self._parts.clear()
            self._into = self._entry
        elif path in {"Ntry", "Bal", "Stmt"}:
            try:
                self._ended(path)
            except Fault as fault:
                self.outcomes.append(unreadable(self._line, fault.reason, fault.text))
                self.is_sound = self.is_sound and path == "Ntry"
            self._into = self._statement.fields

    def _ended(self, path: str) -> None:
        if path == "Ntry":
            self._end_entry()
        elif path == "Bal":
            self._statement.take_balance(self._into)
        else:
            self._end_statement()

    def _end_entry(self) -> None:
        if not is_booked(self._entry):
            self.passed_over += 1
            self._statement.passed_over += 1
            return
        self.outcomes += rows_of_entry(
            self._line, self._statement.account, self._entry, self._parts, self._parts_count
        )
        self._statement.count(signed_fen(self._entry, "Ntry/Amt", "Ntry/CdtDbtInd"))

    def _end_statement(self) -> None:
        statement = self._statement
        lacking = list(statement.lacking())
        self.outcomes += lacking
        self.is_sound = self.is_sound and not lacking
        self._line = statement.line
        self.balances += statement.balances()
        self.differences += islice(statement.differences(), _DIFFERENCES_MAX - len(self.differences))


def read_camt053(source: Source) -> Reading:
    """Read the statements of a bank.

    Raises:
        BillFileUnsuitable: it is another file; before the first outcome.
        Broken: the rest cannot be read.
    """
    hearer = _Hearer()
    for _ in hear(source, hearer):
        yield from hearer.outcomes
        hearer.outcomes.clear()
    if not hearer.is_statements:
        reason = "it is XML, but no Document with BkToCstmrStmt (camt.053)"
        raise BillFileUnsuitable(kind="camt053", reason=reason, found="")
    yield Ending(
        is_agreed=hearer.is_sound and not hearer.differences if hearer.statements else None,
        differences=tuple(hearer.differences),
        balances=tuple(hearer.balances),
        passed_over=hearer.passed_over,
    )
