"""What merchants and WeChat Pay say of the month, before and after it is made wrong.

Rule of the room: made of what the ledger was told, never of what it answers.
"""

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final, Literal, NamedTuple

import msgspec

from bench.month_plan import ENDS_ON, STARTS_ON, Line, Merchant, Used

Relation = Literal["merchant", "trades", "flows", "bank"]

APART_FEN: Final = 10_000_000
"""Amounts of what never was are above this, so that they are like nothing that was."""


class Injected(NamedTuple):
    """A break that must be found: by code, and by the reference under which both sides know it."""

    code: str
    relation: Relation
    kind: str
    merchant_id: str | None
    name: str
    """The redemption, payout or trade; where there is none, the reference on the other side."""
    difference_fen: int
    """The other side less the ledger's, as both count in the month."""


class Row(msgspec.Struct, gc=False):
    """A row of a merchant's file or of a trade bill."""

    kind: Literal["use", "refund"]
    reference: str
    own: str
    value_fen: int
    fee_fen: int
    at: datetime
    store: str
    payment: str = ""
    """Of a refund in a trade bill: the trade that it gives back."""
    is_gone: bool = False

    @property
    def on(self) -> date:
        """Its day."""
        return self.at.date()

    def copy(self, **changes: object) -> "Row":
        """Give another row like it."""
        return msgspec.structs.replace(self, **changes)


class Side:
    """One merchant's month, as its own file or its trade bill has it."""

    def __init__(
        self, relation: Relation, merchant: Merchant, lines: list[Line], unused: list[Used], seed: str
    ) -> None:
        """Tell every line of the month rightly.

        Args:
            relation: `merchant` or `trades`.
            merchant: whose.
            lines: of the ledger, those of the days after the month as well.
            unused: redemptions that were cancelled, or that nobody used.
            seed: of everything random about it.
        """
        self.relation: Relation = relation
        self.merchant = merchant
        self.chance = random.Random(seed)
        self.tells_fees = relation == "merchant" and merchant.tells_fees
        self.has_own = relation == "trades" or merchant.shape in {"words", "grouped", "sheet"}
        self.injected: list[Injected] = []
        self.amounts: set[tuple[str, int]] = set()
        """Kinds and amounts of what will stand alone: no two alike, or none could be told from the other."""
        self.apart_fen = APART_FEN
        self._numbers = 0
        within = [line for line in lines if line.on < ENDS_ON]
        self._trades: dict[str, str] = {}
        self.rows = [self.row_of(line) for line in within]
        self.lines = {(line.kind, line.redemption_id): line for line in within}
        refunded = {line.redemption_id for line in lines if line.kind == "refund"}
        self.uses = [row for row in self.rows if row.kind == "use" and row.reference not in refunded]
        self.refunds = [row for row in self.rows if row.kind == "refund"]
        self.after = [line for line in lines if line.on >= ENDS_ON and line.kind == "use"]
        self.unused = list(unused)
        for pool in (self.uses, self.refunds, self.after, self.unused):
            self.chance.shuffle(pool)

    # --- rows -----------------------------------------------------------------------------------

    def row_of(self, line: Line, on: date | None = None) -> Row:
        """Tell a line, of its own day or of another."""
        own, payment = self._own(line.kind), ""
        if self.relation == "trades":
            if line.kind == "use":
                self._trades[line.redemption_id] = own
            else:
                payment = self._trades.get(line.redemption_id) or self._own("use")
        fee_fen = line.fee_fen if self.relation == "merchant" else service_fee_fen(line.value_fen)
        at = self.moment(on or line.on)
        return Row(line.kind, line.redemption_id, own, line.value_fen, fee_fen, at, line.store, payment)

    def made_up(self, kind: Literal["use", "refund"], reference: str, value_fen: int) -> Row:
        """Tell something that never was."""
        on = STARTS_ON + timedelta(days=self.chance.randrange((ENDS_ON - STARTS_ON).days))
        line = Line(
            self.merchant.id, kind, reference, value_fen, 0, on, self.chance.choice(self.merchant.stores)
        )
        return self.row_of(line)

    def moment(self, on: date) -> datetime:
        """Give a second of a day; now and then its first or its last."""
        second = self.chance.randrange(-400, 86_800)
        return datetime.combine(on, time()) + timedelta(seconds=min(86_399, max(0, second)))

    def other_day(self, row: Row, days_max: int = 27) -> date:
        """Give another day of the month, at most so far away."""
        days = [row.on + timedelta(days=n) for n in range(-days_max, days_max + 1) if n]
        return self.chance.choice([on for on in days if STARTS_ON <= on < ENDS_ON])

    def move(self, row: Row, on: date) -> None:
        """Tell a row of another day."""
        row.at = self.moment(on)

    def _own(self, kind: str) -> str:
        self._numbers += 1
        if self.relation == "trades":
            return f"{'42' if kind == 'use' else '50'}{self.merchant.id[1:]:0>6}{self._numbers:010}"
        return f"{self.merchant.id}/{self._numbers}" if self.has_own else ""

    # --- what is taken for a defect, each for one at most ----------------------------------------

    def pick(self, *, refund: bool | None = None, alone: bool = False) -> Row | None:
        """Take a row that is right so far; None when there is none left.

        Args:
            refund: of a refund, or of a use; of either when None.
            alone: whether it, or its line, will stand alone.
        """
        if refund is None:
            refund = bool(self.refunds) and self.chance.random() < 0.25
        pool = self.refunds if refund else self.uses
        for number in range(len(pool) - 1, -1, -1):
            if not alone or self.is_free(pool[number].kind, pool[number].value_fen):
                return pool.pop(number)
        return None

    def is_free(self, kind: str, value_fen: int) -> bool:
        """Whether nothing of this amount stands alone yet; from now on something does."""
        if (kind, value_fen) in self.amounts:
            return False
        self.amounts.add((kind, value_fen))
        return True

    def apart(self) -> int:
        """Give an amount that nothing has."""
        self.apart_fen += 1 + self.chance.randrange(1_000)
        return self.apart_fen

    def told(self) -> Iterator[Row]:
        """Give the rows that the file will have, as they come."""
        return iter(sorted((row for row in self.rows if not row.is_gone), key=lambda row: row.at))


def service_fee_fen(value_fen: int) -> int:
    """Give what WeChat Pay takes of a trade, or gives back of a refund: 0.6 %, rounded to the 分."""
    fee_fen = (abs(value_fen) * 6 + 500) // 1_000
    return fee_fen if value_fen > 0 else -fee_fen
