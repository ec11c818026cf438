"""Checking a statement that somebody has as JSON, with nothing but the file.

Rule of the room: as of `digests.py`. What is compared at last is the digest that the ledger recorded
with the statement; everything before it only says where to look.
"""

from collections.abc import Iterator
from datetime import date
from typing import BinaryIO, Final
from zoneinfo import ZoneInfoNotFoundError

import msgspec

from ledger.documents.amounts import local
from ledger.documents.digests import LinesDigest, digest_of_numbers
from ledger.documents.statement import Statement, StatementLine
from ledger.documents.summary import LinesDifferError, Tally


class LineInFile(StatementLine, frozen=True, kw_only=True):
    """A line with the digest of its day so far."""

    digest: str


class StatementFile(msgspec.Struct, frozen=True, kw_only=True):
    """A statement as JSON."""

    statement: Statement
    lines: tuple[LineInFile, ...]


class WrongLine(msgspec.Struct, frozen=True, kw_only=True):
    """The first line that is not as it was recorded."""

    line: int
    """Counted from 1."""
    position: int
    redemption_id: str
    reason: str


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a file."""

    statement_id: str
    number: str
    lines: int
    wrong_line: WrongLine | None
    differing: tuple[str, ...]
    """Numbers of the statement that its lines do not come to, and digests that are others."""
    lines_digest: str
    """Of the lines in the file."""
    digest: str
    """Of the statement in the file: the ledger recorded it with `statement.issued`, or another one."""

    @property
    def is_right(self) -> bool:
        """Whether the file holds together, from its first line to the digest it names."""
        return self.wrong_line is None and not self.differing


OTHER_LINE: Final = "the digest of its day up to this line is another"


def check_json(file: BinaryIO) -> Checked:
    """Check a statement's file.

    Raises:
        msgspec.MsgspecError: it is no statement as JSON.
    """
    found = msgspec.json.decode(file.read(), type=StatementFile)
    of = found.statement
    digest = LinesDigest()
    wrong = _first_wrong(found, digest)
    lines_digest = digest.value()
    numbers_digest = digest_of_numbers(of, lines_digest)
    differing = list(_differing(found))
    if numbers_digest != of.digest:
        differing.append("digest")
    return Checked(
        statement_id=of.statement_id,
        number=of.number,
        lines=len(found.lines),
        wrong_line=wrong,
        differing=tuple(differing),
        lines_digest=lines_digest,
        digest=numbers_digest,
    )


def _first_wrong(file: StatementFile, digest: LinesDigest) -> WrongLine | None:
    """Give the first line that is wrong; every line is taken into the digest."""
    first, before = None, None
    for number, line in enumerate(file.lines, 1):
        # A line that was changed makes all digests after it others; those of the file go on from it.
        is_other = digest.add(line) != line.digest
        reason = OTHER_LINE if is_other else _unsuitable(file.statement, line, before)
        if first is None and reason is not None:
            first = WrongLine(
                line=number, position=line.position, redemption_id=line.redemption_id, reason=reason
            )
        before = line
    return first


def _unsuitable(of: Statement, line: StatementLine, before: StatementLine | None) -> str | None:
    """Say why a line cannot be one of the statement, whatever its digest says."""
    if not of.starts_on <= line.local_day < of.ends_on:
        return "its day is not in the period"
    if line.local_day != _day_of(of, line):
        return "it was not recorded on its day"
    if line.earned_fen != line.face_value_fen - line.fee_fen:
        return "what is earned is not its face value less its fee"
    if before is not None and line.position <= before.position:
        return "its position is not after that of the line before"
    return None


def _day_of(of: Statement, line: StatementLine) -> date | None:
    """Give the day on which a line was recorded; None where the file's zone or instant are of no calendar."""
    try:
        return local(line.recorded_at, of.time_zone).date()
    except (ZoneInfoNotFoundError, OverflowError):
        return None


def _differing(file: StatementFile) -> Iterator[str]:
    """Name the numbers of the statement that the lines do not come to."""
    try:
        for _ in Tally(file.statement).through(file.lines):
            pass
    except LinesDifferError as differs:
        yield from differs.args[0]
