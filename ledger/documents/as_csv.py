"""A statement as CSV: its lines, and below them what they come to.

Rule of the room: RFC 4180 in UTF-8, after a byte order mark so that Excel reads Chinese; money in yuan
with two decimals. Every row names its statement, so that files of several can be put together. The
last row is the last of the summary: a file without it is incomplete.
"""

import codecs
import csv
from collections.abc import Iterable
from typing import BinaryIO, Final

from ledger.documents.amounts import clock, plain
from ledger.documents.statement import Statement, StatementLine
from ledger.documents.summary import SummaryRow, Tally, summary_of
from ledger.documents.words import Language, Words

COLUMNS: Final = (
    *("number", "line", "kind", "local_day", "recorded_at", "position"),
    *("redemption_id", "offer_id", "store_id"),
    *("face_value", "fee", "earned", "is_held_back"),
)
MONEY: Final = frozenset({"face_value", "fee", "earned"})
IN_LINES: Final = frozenset({"uses", "refunds", "amendments"})
"""Rows of the summary that are sums of lines, and so stand in the file already."""
EXACT_DIGITS_MAX: Final = 15
"""Digits of a number that Excel keeps."""

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


def to_csv(statement: Statement, lines: Iterable[StatementLine], language: Language, out: BinaryIO) -> None:
    """Write a statement's lines, line by line, and then the rows of its summary that are no sum of these.

    Raises:
        LinesDifferError: the lines are not the statement's; the rows of its summary are missing then.
    """
    words = Words(language)
    out.write(codecs.BOM_UTF8)
    writer = csv.writer(_Encoding(out))
    writer.writerow(_header(statement, words))
    for number, line in enumerate(Tally(statement).through(lines), 1):
        writer.writerow(_line(statement, number, line, words))
    for row in summary_of(statement):
        if row.name not in IN_LINES:
            writer.writerow(_sum(statement, row, words))


def harmless(text: str) -> str:
    """Keep a spreadsheet from reading a text as a formula, or as a number that it would round.

    Such a text begins with an apostrophe, the sign by which spreadsheets know texts.
    """
    is_rounded = len(text) > EXACT_DIGITS_MAX and text.isdecimal()
    return f"'{text}" if is_rounded or text.startswith(_FORMULA_STARTS) else text


class _Encoding:
    """What the CSV writer writes texts to."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        return self._out.write(text.encode())


def _header(statement: Statement, words: Words) -> list[str]:
    names = {name: words[name] for name in COLUMNS}
    for name in MONEY:
        names[name] = words["column_in_yuan"].format(name=words[name])
    names["recorded_at"] = words["column_in_zone"].format(name=words["recorded_at"], zone=statement.time_zone)
    return list(names.values())


def _line(statement: Statement, number: int, line: StatementLine, words: Words) -> list[str | int]:
    return [
        harmless(statement.number),
        number,
        words.of("kind", line.kind),
        line.local_day.isoformat(),
        clock(line.recorded_at, statement.time_zone),
        line.position,
        harmless(line.redemption_id),
        harmless(line.offer_id or ""),
        harmless(line.store_id or ""),
        plain(line.face_value_fen),
        plain(line.fee_fen),
        plain(line.earned_fen),
        words["yes"] if line.is_held_back else "",
    ]


def _sum(statement: Statement, row: SummaryRow, words: Words) -> list[str | int]:
    count = "" if row.lines is None else row.lines
    return [harmless(statement.number), count, words[row.name], *[""] * 8, plain(row.earned_fen), ""]
