"""The fund flow of WeChat Pay: the movements that trades make, and ways in which they can be wrong."""

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Final

import msgspec

from bench.month_plan import ENDS_ON
from bench.month_sides import APART_FEN, Injected, Row, Side


class Movement(msgspec.Struct, gc=False):
    """A movement of the account."""

    own: str
    payment: str
    """The trade, or the refund, that it belongs to."""
    sort: str
    value_fen: int
    at: datetime
    voucher: str = ""


class _Moved(msgspec.Struct):
    """A trade with its movements: of its money, and of its fee where that is a movement of its own."""

    merchant_id: str
    trade: Row
    money: Movement
    fee: Movement | None

    @property
    def kind(self) -> str:
        return self.trade.kind


class Flows:
    """The fund flow of everybody who uses WeChat Pay."""

    def __init__(self, sides: Sequence[Side], seed: str) -> None:
        """Move what the trades say, wrong or not: the payment service knows no other."""
        self.chance = random.Random(seed)
        self.injected: list[Injected] = []
        self.movements: list[Movement] = []
        self._numbers = 0
        moved = [one for side in sides for one in self._moved_of(side)]
        # A trade that stands twice under one number is one trade; what is wrong with it is told elsewhere.
        self.uses = [one for one in moved if one.kind == "use" and one.trade.on < ENDS_ON]
        self.refunds = [one for one in moved if one.kind == "refund" and one.trade.on < ENDS_ON]
        self.chance.shuffle(self.uses)
        self.chance.shuffle(self.refunds)

    def _moved_of(self, side: Side) -> Iterator[_Moved]:
        known: set[str] = set()
        for row in side.told():
            if row.own not in known:
                known.add(row.own)
                yield self._move(side, row)

    def _move(self, side: Side, row: Row) -> _Moved:
        is_net = side.merchant.is_net and row.kind == "use"
        sort = "交易" if row.kind == "use" else "退款"
        voucher = row.own if row.kind == "use" else f"T{row.own}"
        money = self.add(row.own, sort, row.value_fen - row.fee_fen * is_net, row.at, voucher)
        fee = None
        if row.fee_fen and not is_net:
            fee = self.add(row.own, "扣除交易手续费", -row.fee_fen, row.at, voucher)
        return _Moved(side.merchant.id, row, money, fee)

    def add(self, payment: str, sort: str, value_fen: int, at: datetime, voucher: str = "") -> Movement:
        """Move money."""
        self._numbers += 1
        movement = Movement(f"F{self._numbers:09}", payment, sort, value_fen, at, voucher)
        self.movements.append(movement)
        return movement

    def take(self, *moved: Movement | None) -> None:
        """Let movements never have been."""
        for movement in moved:
            if movement is not None:
                movement.own = ""

    def told(self) -> list[Movement]:
        """Give what the file will have, as it comes."""
        return sorted((one for one in self.movements if one.own), key=lambda one: (one.at, one.own))

    def tell(self, code: str, of: _Moved, difference_fen: int, kind: str | None = None) -> None:
        """Write down what must be found."""
        own = Injected(code, "flows", kind or of.kind, of.merchant_id, of.trade.own, difference_fen)
        self.injected.append(own)


def amount_differs(flows: Flows) -> None:
    """Another amount than the trade's."""
    of = next(one for one in iter(flows.uses.pop, None) if one.fee is not None)
    of.money.value_fen += 37
    flows.tell("amount_differs", of, 37)


def fee_differs(flows: Flows) -> None:
    """Another fee than the trade's."""
    of = next(one for one in iter(flows.uses.pop, None) if one.fee is not None)
    assert of.fee is not None
    of.fee.value_fen -= 3
    flows.tell("fee_differs", of, 0)


def after_the_month(flows: Flows) -> None:
    """Money of a trade of the month that came in the next."""
    of = flows.uses.pop()
    of.money.at = datetime.combine(ENDS_ON, time(9)) + timedelta(minutes=flows.chance.randrange(3_000))
    # What the movement is held against is net of the fee where it is.
    flows.tell("out_of_period", of, -of.money.value_fen)


def missing_payment(flows: Flows) -> None:
    """A trade whose money never came."""
    of = flows.uses.pop()
    flows.take(of.money, of.fee)
    flows.tell("missing_payment", of, -of.trade.value_fen, "payment")


def refund_unmatched(flows: Flows) -> None:
    """A refund whose money never went."""
    of = flows.refunds.pop()
    flows.take(of.money, of.fee)
    flows.tell("refund_unmatched", of, -of.trade.value_fen)


def duplicate(flows: Flows) -> None:
    """Money that came, or went, twice."""
    of = flows.refunds.pop() if flows.refunds and flows.chance.random() < 0.2 else flows.uses.pop()
    again = flows.add(of.money.payment, of.money.sort, of.money.value_fen, of.money.at, of.money.voucher)
    flows.tell("duplicate", of, again.value_fen)


def unknown_reference(flows: Flows) -> None:
    """Money of no trade."""
    number = f"43{flows.chance.randrange(10**12):016}"
    value_fen = APART_FEN + flows.chance.randrange(APART_FEN)
    at = datetime.combine(ENDS_ON, time()) - timedelta(minutes=1 + flows.chance.randrange(40_000))
    flows.add(number, "交易", value_fen, at, number)
    flows.injected.append(Injected("unknown_reference", "flows", "use", None, number, value_fen))


DEFECTS: Final[tuple[Callable[[Flows], None], ...]] = (
    refund_unmatched,
    amount_differs,
    fee_differs,
    after_the_month,
    missing_payment,
    duplicate,
    unknown_reference,
)


def make_wrong(flows: Flows, times: int) -> None:
    """Do each defect so many times, as long as there are trades for it."""
    for defect in DEFECTS:
        for _ in range(times):
            if defect is refund_unmatched and len(flows.refunds) < 2:
                break
            defect(flows)
