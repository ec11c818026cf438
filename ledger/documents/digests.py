"""The digests of a statement and of its lines, taken from what a document shows.

Rule of the room: written from docs/statements.md alone, as anybody can who holds the file, and not with
the code that made the digest; so each proves the other.
"""

import json
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Final

from ledger.documents.statement import Statement, StatementLine

_NUMBERS: Final = (
    *("statement_id", "number", "merchant_id", "objection_days"),
    *("uses", "used_face_value_fen", "used_fee_fen"),
    *("refunds", "refunded_face_value_fen", "refunded_fee_fen", "amendments", "amended_fen"),
    *("carried_in_fen", "total_fen", "carried_out_fen"),
)


class LinesDigest:
    """Takes lines in by position, and gives what a statement over them says as ``lines_digest``."""

    def __init__(self) -> None:
        self._days = sha256()
        self._day = ""
        self._digest = ""

    def add(self, line: StatementLine) -> str:
        """Take the next line in, and give the digest of its day so far; each day is a chain of its own."""
        if (day := line.local_day.isoformat()) != self._day:
            self._end_day()
            self._day = day
        facts = f"{line.position}\t{line.kind}\t{line.redemption_id}\t{line.face_value_fen}\t{line.fee_fen}\n"
        self._digest = sha256((self._digest + facts).encode()).hexdigest()
        return self._digest

    def value(self) -> str:
        """Give the digest of all lines; none can be added any more."""
        self._end_day()
        return self._days.hexdigest()

    def _end_day(self) -> None:
        if self._digest:
            self._days.update(f"{self._day}\t{self._digest}\n".encode())
        self._digest = ""


def digest_of(lines: Iterable[StatementLine]) -> str:
    """Give the digest of lines in the order of their positions."""
    digest = LinesDigest()
    for line in lines:
        digest.add(line)
    return digest.value()


def digest_of_numbers(statement: Statement, lines_digest: str) -> str:
    """Give the digest of a statement's numbers, over lines of a digest."""
    numbers: dict[str, Any] = {name: getattr(statement, name) for name in _NUMBERS}
    numbers |= {
        "starts_on": statement.starts_on.isoformat(),
        "ends_on": statement.ends_on.isoformat(),
        "due_fen": statement.total_fen - statement.carried_out_fen,
        "lines_digest": lines_digest,
        "funds": [
            {"fund_id": fund.fund_id, "face_value_fen": fund.face_value_fen, "fee_fen": fund.fee_fen}
            for fund in sorted(statement.funds, key=lambda fund: fund.fund_id)
        ],
    }
    return sha256(json.dumps(numbers, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
