"""A second ledger of what is settled with merchants, kept as lists of lines and nothing cleverer.

Rule of the room: nothing of the ledger's own arithmetic is called here. What is owed is the sum of
lines; a statement is a list of lines; a digest is made of the text that the documents describe.
"""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from typing import Any


@dataclass
class Line:
    """A line of a statement, or of one to come."""

    kind: str
    redemption_id: str
    day: date
    position: int
    face_fen: int
    fee_fen: int
    by_fund: dict[str, int]
    """Of the face value."""
    statement_id: str | None = None

    @property
    def earned_fen(self) -> int:
        return self.face_fen - self.fee_fen

    @property
    def text(self) -> str:
        return f"{self.position}\t{self.kind}\t{self.redemption_id}\t{self.face_fen}\t{self.fee_fen}\n"


@dataclass
class Spent:
    """A redemption that was used."""

    merchant_id: str
    shares: dict[str, int]
    fee_fen: int
    earned_fen: int
    """By its use, as it stands now."""
    is_refunded: bool = False
    open_dispute: bool = False


@dataclass
class Objection:
    earned_fen: int
    held_fen: int
    outcome: str | None = None


@dataclass
class Issued:
    """A statement."""

    merchant_id: str
    starts_on: date
    ends_on: date
    issued_on: date
    objection_days: int
    due_fen: int
    closed_by: str
    approved_by: str | None = None
    objections: dict[tuple[str, str], Objection] = field(default_factory=dict)
    payouts: dict[str, tuple[int, str]] = field(default_factory=dict)

    def sum_of(self, status: str) -> int:
        return sum(value for value, now in self.payouts.values() if now == status)

    @property
    def held_fen(self) -> int:
        return sum(one.held_fen for one in self.objections.values() if one.outcome is None)

    @property
    def moved_fen(self) -> int:
        return sum(one.held_fen for one in self.objections.values() if one.outcome == "amended")

    @property
    def left_fen(self) -> int:
        paid_fen = self.sum_of("confirmed") + self.sum_of("instructed")
        return self.due_fen - self.held_fen - self.moved_fen - paid_fen

    @property
    def is_settled(self) -> bool:
        is_open = any(one.outcome is None for one in self.objections.values())
        return self.approved_by is not None and not (is_open or self.left_fen or self.sum_of("instructed"))

    @property
    def status(self) -> str:
        return "settled" if self.is_settled else "issued" if self.approved_by is None else "approved"


class Model:
    """Merchants, funds and statements."""

    def __init__(self) -> None:
        self.lines: dict[str, list[Line]] = defaultdict(list)
        self.spent: dict[str, Spent] = {}
        self.statements: dict[str, Issued] = {}
        self.carried: dict[str, int] = defaultdict(int)
        self.closed_until: dict[str, date] = {}
        self.claims: dict[str, int] = defaultdict(int)
        """分 that funds have to claim of each merchant."""
        self.payouts: dict[str, str] = {}

    def open_lines(self, merchant_id: str) -> list[Line]:
        return [line for line in self.lines[merchant_id] if line.statement_id is None]

    def payable_fen(self, merchant_id: str) -> int:
        return self.carried[merchant_id] + sum(line.earned_fen for line in self.open_lines(merchant_id))

    def add(self, merchant_id: str, line: Line) -> None:
        self.lines[merchant_id].append(line)

    def claim(self, merchant_id: str, taken_fen: int) -> int:
        """Take from a merchant; give what funds have to claim for it."""
        claimed = max(0, taken_fen - max(0, self.payable_fen(merchant_id)))
        self.claims[merchant_id] += claimed
        return claimed

    # --- what is refused

    def closing_refused(self, merchant_id: str, ends_on: date, today: date) -> str | None:
        if f"{merchant_id}:{ends_on}" in self.statements:
            return "already_recorded"
        if ends_on > today:
            return "period_not_over"
        if merchant_id in self.closed_until and ends_on <= self.closed_until[merchant_id]:
            return "period_settled"
        days = [line.day for line in self.open_lines(merchant_id) if line.day < ends_on]
        if not days:
            return "nothing_to_settle"
        return "period_too_long" if ends_on - min(days) > timedelta(days=400) else None

    def disputing_refused(self, statement_id: str, kind: str, redemption_id: str, today: date) -> str | None:
        issued = self.statements[statement_id]
        if (kind, redemption_id) in issued.objections:
            return "already_recorded"
        if issued.approved_by is not None:
            return "statement_status_unsuitable"
        if today >= issued.issued_on + timedelta(days=issued.objection_days):
            return "objections_closed"
        if self.line(statement_id, kind, redemption_id) is None:
            return "line_not_found"
        is_refunded = self.spent[redemption_id].is_refunded
        return "redemption_status_unsuitable" if is_refunded is (kind == "use") else None

    def line(self, statement_id: str, kind: str, redemption_id: str) -> Line | None:
        lines = self.lines[self.statements[statement_id].merchant_id]
        found = [
            one
            for one in lines
            if (one.statement_id, one.kind, one.redemption_id) == (statement_id, kind, redemption_id)
        ]
        assert len(found) <= 1
        return found[0] if found else None

    # --- closing

    def close(self, event: Any, today: date) -> None:
        """Take a statement's lines, and hold every number that the event tells against them."""
        merchant_id, ends_on = event.merchant_id, event.ends_on
        taken = [line for line in self.open_lines(merchant_id) if line.day < ends_on]
        starts_on = self.closed_until.get(merchant_id, min(line.day for line in taken))
        carried_fen, payable_fen = self.carried[merchant_id], self.payable_fen(merchant_id)
        total_fen = carried_fen + sum(line.earned_fen for line in taken)
        due_fen = max(0, min(total_fen, payable_fen))
        of = {kind: [line for line in taken if line.kind == kind] for kind in ("use", "refund", "amendment")}
        funds: dict[str, int] = defaultdict(int)
        for line in taken:
            for fund_id, value_fen in line.by_fund.items():
                funds[fund_id] += value_fen
        told = json.loads(json.dumps({name: getattr(event, name) for name in NUMBERS}, default=str))
        assert told == {
            "statement_id": f"{merchant_id}:{ends_on}",
            "starts_on": str(starts_on),
            "uses": len(of["use"]),
            "used_face_value_fen": sum(line.face_fen for line in of["use"]),
            "used_fee_fen": sum(line.fee_fen for line in of["use"]),
            "refunds": len(of["refund"]),
            "refunded_face_value_fen": -sum(line.face_fen for line in of["refund"]),
            "refunded_fee_fen": -sum(line.fee_fen for line in of["refund"]),
            "amendments": len(of["amendment"]),
            "amended_fen": sum(line.earned_fen for line in of["amendment"]),
            "carried_in_fen": carried_fen,
            "total_fen": total_fen,
            "due_fen": due_fen,
            "carried_out_fen": total_fen - due_fen,
            "lines_digest": digest_of_lines(taken),
        }
        assert {fund.fund_id: fund.face_value_fen for fund in event.funds} == dict(funds)
        assert sum(fund.face_value_fen - fund.fee_fen for fund in event.funds) == total_fen - carried_fen
        for line in taken:
            line.statement_id = event.statement_id
        self.carried[merchant_id] = total_fen - due_fen
        self.closed_until[merchant_id] = ends_on
        self.claims[merchant_id] = max(0, -self.payable_fen(merchant_id))
        self.statements[event.statement_id] = Issued(
            merchant_id, starts_on, ends_on, today, event.objection_days, due_fen, event.by
        )


NUMBERS = (
    *("statement_id", "starts_on", "uses", "used_face_value_fen", "used_fee_fen"),
    *("refunds", "refunded_face_value_fen", "refunded_fee_fen", "amendments", "amended_fen"),
    *("carried_in_fen", "total_fen", "due_fen", "carried_out_fen", "lines_digest"),
)


def digest_of_lines(lines: list[Line]) -> str:
    """As docs/events.md describes it: a chain for each day, and the days together."""
    days: dict[date, str] = {}
    for line in sorted(lines, key=lambda one: one.position):
        days[line.day] = sha256((days.get(line.day, "") + line.text).encode()).hexdigest()
    return sha256("".join(f"{day}\t{digest}\n" for day, digest in sorted(days.items())).encode()).hexdigest()
