"""Going over every line of every merchant once, with the statements that should hold it.

Rule of the room: lines are read as a stream, by merchant, day and position, which is the order in
which a statement's digest takes them in; memory holds the statements of one merchant.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final, NamedTuple

import msgspec

from ledger.domain.settling import NONE, Line, Lines, Unsettled, UnsettledDay, lines_digest, with_line
from ledger.domain.statement import FundBears, StatementIssued
from ledger.domain.statement_digest import digest_of
from ledger.verify.findings import Code

Tell = Callable[[Code, str, int | None, Any, Any], None]
"""Takes a code, a subject, the position of an event, what was expected, and what was found."""

_NUMBERS: Final = (
    *("uses", "used_face_value_fen", "used_fee_fen"),
    *("refunds", "refunded_face_value_fen", "refunded_fee_fen", "amendments", "amended_fen", "total_fen"),
    "lines_digest",
)
_unsettled: Final = msgspec.json.Decoder(Unsettled).decode
_unsettled_day: Final = msgspec.json.Decoder(UnsettledDay).decode


class Stream:
    """Rows of several merchants, the merchant first, in order of the merchants."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Stand before the first row."""
        self._rows = iter(rows)
        self._next: tuple[Any, ...] | None = next(self._rows, None)

    @property
    def merchant_id(self) -> str | None:
        """Whose the next row is; None at the end."""
        return None if self._next is None else self._next[0]

    def of(self, merchant_id: str) -> Iterator[tuple[Any, ...]]:
        """Give the rows of the next merchant, if this is it."""
        while (row := self._next) is not None and row[0] == merchant_id:
            self._next = next(self._rows, None)
            yield row[1:]


class StatementToHold(NamedTuple):
    """A statement, as far as its lines say what must stand in it."""

    statement_id: str
    number: str
    starts_on: date
    ends_on: date
    objection_days: int
    uses: int
    used_face_value_fen: int
    used_fee_fen: int
    refunds: int
    refunded_face_value_fen: int
    refunded_fee_fen: int
    amendments: int
    amended_fen: int
    carried_in_fen: int
    total_fen: int
    due_fen: int
    carried_out_fen: int
    lines_digest: str
    digest: str
    position: int
    fund_ids: list[str]
    fund_face_value_fen: list[int]
    fund_fee_fen: list[int]

    def digest_of(self, merchant_id: str) -> str:
        """Give the digest of the numbers as they stand."""
        same = {
            name: getattr(self, name) for name in self._fields if name in StatementIssued.__struct_fields__
        }
        funds = zip(self.fund_ids, self.fund_face_value_fen, self.fund_fee_fen, strict=True)
        never = date.min
        issued = StatementIssued(
            **same,
            occurred_at=never,  # type: ignore[arg-type]  # no number: the digest leaves it out
            recorded_at=never,  # type: ignore[arg-type]
            merchant_id=merchant_id,
            funds=tuple(
                FundBears(fund_id=fund_id, face_value_fen=face_value_fen, fee_fen=fee_fen)
                for fund_id, face_value_fen, fee_fen in funds
            ),
            by="",
        )
        return digest_of(issued)


class Streams(NamedTuple):
    """What is gone over, each by merchant."""

    lines: Stream
    statements: Stream
    unsettled: Stream
    unsettled_days: Stream

    def merchants(self) -> Iterator[str]:
        """Give every merchant of any stream in order; the rows of each must be taken before the next."""
        while left := [stream.merchant_id for stream in self if stream.merchant_id is not None]:
            yield min(left)


class MerchantCheck:
    """One merchant's lines, statements and what decisions know of it."""

    def __init__(self, merchant_id: str, streams: Streams, tell: Tell) -> None:
        """Take the merchant's rows, but for its lines, which are many."""
        self._merchant_id = merchant_id
        self._tell = tell
        self._statements = [StatementToHold._make(row) for row in streams.statements.of(merchant_id)]
        self._unsettled = next(
            (_unsettled(value) for (value,) in streams.unsettled.of(merchant_id)), Unsettled()
        )
        self._filed = {
            day: _unsettled_day(value).lines for day, value in streams.unsettled_days.of(merchant_id)
        }
        self._open: dict[str, Lines] = {}
        """By day, lines that are in no statement."""
        self._outside: defaultdict[str, int] = defaultdict(int)

    def hold(self, lines: Iterable[tuple[Any, ...]]) -> None:
        """Go over the lines, in order, and hold everything against them."""
        self._periods()
        statements = iter([*self._statements, None])
        statement = next(statements)
        days: dict[str, Lines] = {}
        for day, position, kind, redemption_id, face_value_fen, fee_fen in lines:
            line = Line(kind, redemption_id, face_value_fen, fee_fen, ())
            while statement is not None and day >= statement.ends_on:
                self._lines(statement, days)
                statement, days = next(statements), {}
            if statement is None:
                self._open[str(day)] = with_line(self._open.get(str(day), Lines()), position, line)
            elif day >= statement.starts_on:
                days[str(day)] = with_line(days.get(str(day), Lines()), position, line)
            else:
                subject = (
                    f"the line of {kind} {redemption_id} on {day} is in no statement of {self._merchant_id}"
                )
                self._tell("line_outside_statements", subject, position, 1, 0)
        while statement is not None:
            self._lines(statement, days)
            statement, days = next(statements), {}

    def hold_registers(self, payable_fen: int) -> None:
        """Hold what decisions and the account say against the lines that are in no statement."""
        entry, last = self._unsettled, self._statements[-1] if self._statements else None
        carried_fen = last.carried_out_fen if last else 0
        earned_fen = sum(lines.earned_fen for lines in self._open.values())
        expected = {
            "statements": len(self._statements),
            "closed_until": str(last.ends_on) if last else "",
            "carried_fen": carried_fen,
            "balance_fen": carried_fen + earned_fen,
            "payable_fen": carried_fen + earned_fen,
            "days": {day: lines.digest for day, lines in self._open.items()},
        }
        found = {
            "statements": entry.statements,
            "closed_until": entry.closed_until,
            "carried_fen": entry.carried_fen,
            "balance_fen": entry.balance_fen,
            "payable_fen": payable_fen,
            "days": {day: lines.digest for day, lines in self._days_of_register()},
        }
        differing = [name for name, value in expected.items() if value != found[name]]
        if differing:
            self._tell(
                "settled_money_differs",
                f"what is not settled with {self._merchant_id}",
                None,
                {name: found[name] for name in differing},
                {name: expected[name] for name in differing},
            )

    def _days_of_register(self) -> Iterator[tuple[str, Lines]]:
        yield from sorted(self._filed.items())
        if self._unsettled.day:
            yield self._unsettled.day, self._unsettled.lines

    def _periods(self) -> None:
        """Each statement must go on where the one before ended, with what that one carried out."""
        befores = [None, *self._statements]
        for before, after in zip(befores, self._statements, strict=False):
            if before is not None and before.ends_on != after.starts_on:
                subject = f"settlement_statements {after.statement_id} starts_on"
                self._tell(
                    "line_outside_statements", subject, after.position, before.ends_on, after.starts_on
                )
            carried_fen = before.carried_out_fen if before is not None else 0
            if carried_fen != after.carried_in_fen:
                subject = f"settlement_statements {after.statement_id} carried_in_fen"
                self._tell(
                    "statement_lines_differ", subject, after.position, carried_fen, after.carried_in_fen
                )

    def _lines(self, statement: StatementToHold, days: Mapping[str, Lines]) -> None:
        """Hold a statement against the lines of its period, day by day."""
        sums = {
            kind: [
                sum(column)
                for column in zip(NONE, *(lines.sum_of(kind) for lines in days.values()), strict=True)
            ]
            for kind in ("use", "refund", "amendment")
        }
        (uses, used, used_fee), (refunds, refunded, refunded_fee) = sums["use"], sums["refund"]
        amendments, amended, amended_fee = sums["amendment"]
        earned_fen = sum(lines.earned_fen for lines in days.values())
        digest = lines_digest((day, lines.digest) for day, lines in days.items())
        found = (uses, used, used_fee, refunds, -refunded, -refunded_fee, amendments, amended - amended_fee)
        expected = dict(zip(_NUMBERS, (*found, statement.carried_in_fen + earned_fen, digest), strict=True))
        differing = [name for name, value in expected.items() if value != getattr(statement, name)]
        if differing:
            self._tell(
                "statement_lines_differ",
                f"settlement_statements {statement.statement_id}, and the lines of its period",
                statement.position,
                {name: expected[name] for name in differing},
                {name: getattr(statement, name) for name in differing},
            )
        if (digest := statement.digest_of(self._merchant_id)) != statement.digest:
            subject = f"settlement_statements {statement.statement_id} digest"
            self._tell("statement_digest_differs", subject, statement.position, digest, statement.digest)
