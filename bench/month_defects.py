"""Ways in which a merchant's file or a trade bill can be wrong, and ways in which it is only untidy.

Rule of the room: every defect is one break, under the code that docs/reconciliation.md gives it; what
is untidy is none. Whoever makes one writes down what must be found.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Final, Literal

from bench.month_plan import ENDS_ON, Line
from bench.month_sides import Injected, Row, Side

Defect = Callable[[Side], bool]
"""Makes one thing wrong; false when there is nothing left that it could be done to."""


def _tell(side: Side, code: str, row: Row, difference_fen: int, name: str | None = None) -> bool:
    told = name if name is not None else row.reference or row.own
    side.injected.append(Injected(code, side.relation, row.kind, side.merchant.id, told, difference_fen))
    return True


def amount_differs(side: Side) -> bool:
    """Another amount; now and then another day and another fee besides, which are not told again."""
    if (row := side.pick()) is None:
        return False
    added_fen = side.chance.choice([-150, -10, -1, 1, 30, 9_000]) * (1 if row.kind == "use" else -1)
    row.value_fen += added_fen
    if side.chance.random() < 0.3:
        row.fee_fen = 0
        side.move(row, ENDS_ON)
        # The row is of the month after: the ledger's side alone counts in this one.
        return _tell(side, "amount_differs", row, added_fen - row.value_fen)
    return _tell(side, "amount_differs", row, added_fen)


def fee_differs(side: Side) -> bool:
    """Another fee."""
    if not side.tells_fees or (row := side.pick()) is None:
        return False
    sign = 1 if row.kind == "use" else -1
    row.fee_fen += sign * side.chance.choice([1, 5, 100])
    return _tell(side, "fee_differs", row, 0)


def told_after_the_month(side: Side) -> bool:
    """A line of the month, told of the next."""
    if (row := side.pick()) is None:
        return False
    side.move(row, ENDS_ON + timedelta(days=side.chance.randrange(3)))
    return _tell(side, "out_of_period", row, -row.value_fen)


def told_before_its_month(side: Side) -> bool:
    """A use of the next month, told of this one."""
    if not side.after:
        return False
    row = side.row_of(side.after.pop(), ENDS_ON - timedelta(days=1))
    side.rows.append(row)
    return _tell(side, "out_of_period", row, row.value_fen)


def never_used(side: Side) -> bool:
    """A use of a redemption that was cancelled, or is held to this day."""
    if not side.unused:
        return False
    one = side.unused.pop()
    row = side.made_up("use", one.id, one.face_fen)
    side.rows.append(row)
    return _tell(side, "missing_in_ledger", row, row.value_fen)


def nameless_use(side: Side) -> bool:
    """A use without a reference that nothing in the ledger is like."""
    row = side.made_up("use", "", side.apart())
    side.rows.append(row)
    return _tell(side, "missing_in_ledger", row, row.value_fen)


def left_out(side: Side) -> bool:
    """A use that is not told."""
    if (row := side.pick(refund=False, alone=True)) is None:
        return False
    row.is_gone = True
    return _tell(side, "missing_at_merchant", row, -row.value_fen, row.reference)


def told_twice(side: Side) -> bool:
    """The very same row twice."""
    if (row := side.pick()) is None:
        return False
    own = row.own if side.chance.random() < 0.5 or side.relation == "merchant" else f"{row.own}7"
    side.rows.append(row.copy(own=own))
    return _tell(side, "duplicate", row, row.value_fen)


def told_again(side: Side) -> bool:
    """A second row of another day and perhaps of another amount."""
    if (row := side.pick()) is None:
        return False
    again = row.copy(
        value_fen=row.value_fen + side.chance.choice([0, 200]), own=f"{row.own}8" * bool(row.own)
    )
    side.move(again, side.other_day(row))
    side.rows.append(again)
    return _tell(side, "duplicate", row, again.value_fen)


def refund_left_out(side: Side) -> bool:
    """A refund that is not told."""
    if (row := side.pick(refund=True, alone=True)) is None:
        return False
    row.is_gone = True
    return _tell(side, "refund_unmatched", row, -row.value_fen, row.reference)


def refund_at_the_till(side: Side) -> bool:
    """A refund that nobody told the ledger."""
    if (used := side.pick(refund=False)) is None:
        return False
    row = side.row_of(
        Line(side.merchant.id, "refund", used.reference, -used.value_fen, -used.fee_fen, used.on, used.store)
    )
    side.rows.append(row)
    return _tell(side, "refund_unmatched", row, row.value_fen)


def nameless_refund(side: Side) -> bool:
    """A refund without a reference that nothing in the ledger is like."""
    row = side.made_up("refund", "", -side.apart())
    side.rows.append(row)
    return _tell(side, "refund_unmatched", row, row.value_fen)


def misspelt(side: Side) -> bool:
    """A reference written wrongly, of the right day and amount."""
    if (row := side.pick(refund=False, alone=True)) is None:
        return False
    redemption_id, row.reference = row.reference, row.reference.replace("R", "P")
    return _tell(side, "unknown_reference", row, 0, redemption_id)


def unheard_of(side: Side) -> bool:
    """A reference that names nothing."""
    kind: Literal["use", "refund"] = "refund" if side.chance.random() < 0.25 else "use"
    value_fen = side.apart()
    row = side.made_up(kind, f"X{side.apart()}", value_fen if kind == "use" else -value_fen)
    side.rows.append(row)
    return _tell(side, "unknown_reference", row, row.value_fen)


DEFECTS: Final[tuple[Defect, ...]] = (
    amount_differs,
    fee_differs,
    told_after_the_month,
    told_before_its_month,
    never_used,
    nameless_use,
    left_out,
    told_twice,
    told_again,
    refund_left_out,
    refund_at_the_till,
    nameless_refund,
    misspelt,
    unheard_of,
)


# --- Untidy, and no break -------------------------------------------------------------------------


def nameless_but_right(side: Side) -> bool:
    """No reference; the day and the amount say what it is."""
    if (row := side.pick(alone=True)) is None:
        return False
    row.reference = ""
    return True


def nameless_some_days_off(side: Side) -> bool:
    """No reference, and a day near the right one."""
    if (row := side.pick(alone=True)) is None:
        return False
    row.reference = ""
    side.move(row, side.other_day(row, days_max=3))
    return True


def under_its_own_number(side: Side) -> bool:
    """The reference stands where the merchant's own number should, and the other way round."""
    if side.relation != "merchant" or not side.has_own or (row := side.pick()) is None:
        return False
    row.reference, row.own = row.own, row.reference
    return True


def in_two_parts(side: Side) -> bool:
    """Two rows that are one line together."""
    if (row := side.pick(refund=False)) is None:
        return False
    part_fen = row.value_fen // 3
    side.rows.append(row.copy(value_fen=part_fen, own=f"{row.own}9" * bool(row.own)))
    row.value_fen -= part_fen
    return True


def another_day(side: Side) -> bool:
    """A day of the month that is not the ledger's."""
    if (row := side.pick()) is None:
        return False
    side.move(row, side.other_day(row))
    return True


UNTIDY: Final[tuple[Defect, ...]] = (
    nameless_but_right,
    nameless_some_days_off,
    under_its_own_number,
    in_two_parts,
    another_day,
    another_day,
)


def make_wrong(sides: Sequence[Side], times: int, seed: str) -> Iterator[Injected]:
    """Do each defect so many times, each at a merchant chosen anew, and a few untidy things everywhere."""
    chance = random.Random(seed)
    for defect in DEFECTS:
        done = 0
        # Some have no fees, some nothing that was used late: most of them have what is needed.
        for _ in range(times * 20):
            done += done < times and defect(chance.choice(sides))
    for side in sides:
        for untidy in UNTIDY:
            untidy(side)
        yield from side.injected


def with_others_references(sides: Sequence[Side], times: int, seed: str) -> None:
    """Let merchants tell redemptions of others, which are none of theirs."""
    chance = random.Random(seed)
    for _ in range(times):
        side, other = chance.sample(sides, 2)
        theirs = other.chance.choice(other.rows)
        row = side.made_up("use", theirs.reference or "X-none", abs(theirs.value_fen))
        if theirs.reference and side.is_free("use", row.value_fen):
            side.rows.append(row)
            _tell(side, "unknown_reference", row, row.value_fen)
