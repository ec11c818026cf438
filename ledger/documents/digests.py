"""The digest of a statement's lines, taken from the lines themselves.

Rule of the room: written from docs/statements.md alone, as anybody can who holds the file, and not with
the code that made the digest; so each proves the other.
"""

from collections.abc import Iterable
from hashlib import sha256

from ledger.documents.statement import StatementLine


class LinesDigest:
    """Takes lines in by position, and gives what a statement over them says as ``lines_digest``."""

    def __init__(self) -> None:
        self._days = sha256()
        self._day = ""
        self._digest = ""

    def add(self, line: StatementLine) -> None:
        """Take the next line in; each day is a chain of its own."""
        if (day := line.local_day.isoformat()) != self._day:
            self._end_day()
            self._day = day
        facts = f"{line.position}\t{line.kind}\t{line.redemption_id}\t{line.face_value_fen}\t{line.fee_fen}\n"
        self._digest = sha256((self._digest + facts).encode()).hexdigest()

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
