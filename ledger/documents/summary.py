"""What a statement comes to, row by row, and the proof that its lines add up to it.

Rule of the room: every document shows these rows, so that none can show other numbers.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final, Literal, NamedTuple

from ledger.documents.digests import LinesDigest
from ledger.documents.statement import LineKind, Statement, StatementLine

RowName = Literal[
    "uses",
    "refunds",
    "amendments",
    "carried_in",
    "total",
    "carried_out",
    "due",
    "held_back",
    "moved",
    "paid",
    "payable_now",
]

SUMS: Final[frozenset[RowName]] = frozenset({"total", "due", "payable_now"})
"""Rows that are sums of those before them."""

NOT_PAYABLE: Final[tuple[RowName, ...]] = ("held_back", "moved", "paid")
"""Rows that stand between what is due and what can be paid."""


class LinesDifferError(Exception):
    """The lines of a statement are not those that it was made of; what was written so far is no document."""


class SummaryRow(NamedTuple):
    """One row of a summary, signed as it counts towards what is paid."""

    name: RowName
    lines: int | None
    face_value_fen: int | None
    fee_fen: int | None
    earned_fen: int


def summary_of(statement: Statement) -> tuple[SummaryRow, ...]:
    """Give the rows of a summary in their order.

    Each amount is signed as it counts: ``total``, ``due`` and ``payable_now`` are what the rows before
    them come to that are no sums.
    """
    of = statement
    used = of.used_face_value_fen - of.used_fee_fen
    refunded = of.refunded_face_value_fen - of.refunded_fee_fen
    return (
        SummaryRow("uses", of.uses, of.used_face_value_fen, of.used_fee_fen, used),
        SummaryRow("refunds", of.refunds, -of.refunded_face_value_fen, -of.refunded_fee_fen, -refunded),
        SummaryRow("amendments", of.amendments, None, None, of.amended_fen),
        SummaryRow("carried_in", None, None, None, of.carried_in_fen),
        SummaryRow("total", lines_of(of), None, None, of.total_fen),
        SummaryRow("carried_out", None, None, None, -of.carried_out_fen),
        SummaryRow("due", None, None, None, of.total_fen - of.carried_out_fen),
        SummaryRow("held_back", None, None, None, -of.held_back_fen),
        SummaryRow("moved", None, None, None, -of.moved_fen),
        SummaryRow("paid", None, None, None, -paid_fen(of)),
        SummaryRow("payable_now", None, None, None, of.payable_now_fen),
    )


def lines_of(statement: Statement) -> int:
    """Give how many lines a statement has."""
    return statement.uses + statement.refunds + statement.amendments


def last_day(statement: Statement) -> date:
    """Give the last day of a statement's period, as people name it."""
    return statement.ends_on - timedelta(days=1)


def paid_fen(statement: Statement) -> int:
    """Give what was paid out or is under way: payouts that failed or came back do not count."""
    counts = {"instructed", "confirmed"}
    return sum(payout.value_fen for payout in statement.payouts if payout.status in counts)


Sums = tuple[int, int, int, int]
"""How many lines, their face values, their fees, and what they earn."""

NOTHING: Final[Sums] = (0, 0, 0, 0)


class Tally:
    """Counts lines as they go by, and holds them against their statement after the last one."""

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self._sums: dict[LineKind, Sums] = dict.fromkeys(("use", "refund", "amendment"), NOTHING)
        self._digest = LinesDigest()
        self.line_digest = ""
        """The digest of a day up to the line that was given last."""

    def through(self, lines: Iterable[StatementLine]) -> Iterator[StatementLine]:
        """Give the lines on, and prove them after the last.

        Raises:
            LinesDifferError: they are not the statement's; it names the numbers that differ.
        """
        sums = self._sums
        for line in lines:
            count, face, fee, earned = sums[line.kind]
            sums[line.kind] = (
                count + 1,
                face + line.face_value_fen,
                fee + line.fee_fen,
                earned + line.earned_fen,
            )
            self.line_digest = self._digest.add(line)
            yield line
        self._prove()

    def _prove(self) -> None:
        rows = {row.name: row for row in summary_of(self._statement)}
        uses, refunds, amendments = self._sums.values()
        total = rows["carried_in"].earned_fen + uses[3] + refunds[3] + amendments[3]
        payable = rows["due"].earned_fen + sum(rows[name].earned_fen for name in NOT_PAYABLE)
        found = {
            "uses": uses == rows["uses"][1:],
            "refunds": refunds == rows["refunds"][1:],
            "amendments": amendments[::3] == rows["amendments"][1::3],
            "total": total == rows["total"].earned_fen,
            "payable_now": payable == rows["payable_now"].earned_fen,
            "lines_digest": self._digest.value() == self._statement.lines_digest,
        }
        if not all(found.values()):
            raise LinesDifferError([name for name, agrees in found.items() if not agrees])
