"""What merchants must be paid, how their payouts go, and what the bank says of it, rightly and wrongly.

Rule of the room: counted from what the ledger was told, by other means than its own. What is paid is
known before the ledger has said it.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final, Literal

import msgspec

from bench.month_plan import ENDS_ON, STARTS_ON, Line, Merchant, Plan
from bench.month_sides import APART_FEN, Injected

CLOSED_ON: Final = date(2026, 11, 16)
"""Refunds of the month after the one that is settled are recorded up to the days before."""
RESOLVED_ON: Final = CLOSED_ON + timedelta(days=2)
APPROVED_ON: Final = CLOSED_ON + timedelta(days=7)
"""The first day on which nobody can object any more."""
PAID_ON: Final = APPROVED_ON + timedelta(days=1)
"""By the bank; what was instructed the day before."""
AGAIN_ON: Final = APPROVED_ON + timedelta(days=2)
"""Payouts that failed or came back are instructed again."""
UNTIL_ON: Final = APPROVED_ON + timedelta(days=5)
"""Up to which the bank's statement goes."""

Course = Literal[
    "paid",
    "failed",
    "returned",
    "twice_and_back",
    "in_parts",
    "amount_differs",
    "missing_payment",
    "duplicate",
    "failed_but_paid",
    "came_back_unknown",
    "return_unseen",
    "misspelt",
]
"""How a payout goes. Up to `in_parts` the bank and the ledger agree."""

RIGHT: Final[tuple[Course, ...]] = ("failed", "returned", "twice_and_back", "in_parts")
WRONG: Final[tuple[Course, ...]] = (
    "amount_differs",
    "missing_payment",
    "duplicate",
    "failed_but_paid",
    "came_back_unknown",
    "return_unseen",
    "misspelt",
)
IN_LEDGER: Final[dict[Course, str]] = {
    "failed": "fails",
    "failed_but_paid": "fails",
    "returned": "returns",
    "return_unseen": "returns",
}
"""What the ledger is told of the first payout, before there is a second one."""


class Disputed(msgspec.Struct):
    """A line that its merchant objects to, and what becomes of it."""

    redemption_id: str
    earned_fen: int
    amended_fen: int | None
    """None when it is upheld."""


class Account(msgspec.Struct):
    """What one merchant is settled with."""

    merchant_id: str
    payable_fen: int = 0
    """Of all lines, whenever recorded."""
    due_fen: int = 0
    """By the statement of the month."""
    disputes: list[Disputed] = []
    course: Course = "paid"

    @property
    def statement_id(self) -> str:
        """Name the statement of the month."""
        return f"{self.merchant_id}:{ENDS_ON}"

    @property
    def moved_fen(self) -> int:
        """What amendments take out of the statement."""
        return sum(one.earned_fen for one in self.disputes if one.amended_fen is not None)

    @property
    def payout_fen(self) -> int:
        """What is paid."""
        return self.due_fen - self.moved_fen

    def payout_id(self, number: int = 1) -> str:
        """Name a payout as the bank is told to."""
        return f"P-{self.merchant_id}-{number}"


class Entry(msgspec.Struct):
    """An entry of the bank's statement."""

    on: date
    reference: str
    value_fen: int
    """Below zero where it leaves the account."""
    sort: Literal["payment", "fee", "income"] = "payment"
    is_reversal: bool = False


def accounts_of(plan: Plan, merchants: Sequence[Merchant], lines: Sequence[Line]) -> list[Account]:
    """Count what each merchant must be paid, and choose what happens to its payout."""
    by_merchant: defaultdict[str, list[Line]] = defaultdict(list)
    for line in lines:
        by_merchant[line.merchant_id].append(line)
    accounts = [_account(one.id, by_merchant[one.id]) for one in merchants]
    chance = random.Random(f"{plan.seed} bank")
    paying = [one for one in accounts if one.due_fen > 0]
    chance.shuffle(paying)
    for account in paying[: plan.disputes]:
        account.disputes = list(_disputes(chance, by_merchant[account.merchant_id]))
    courses: list[Course] = [one for one in WRONG for _ in range(plan.bank_defects)]
    courses += [one for one in RIGHT for _ in range(max(1, plan.bank_defects // 2))]
    chance.shuffle(paying)
    for account, course in zip(paying, courses, strict=False):
        account.course = course
    return accounts


def _account(merchant_id: str, lines: Sequence[Line]) -> Account:
    earned_fen = sum(line.value_fen - line.fee_fen for line in lines)
    of_month_fen = sum(line.value_fen - line.fee_fen for line in lines if line.on < ENDS_ON)
    return Account(merchant_id, earned_fen, max(0, min(of_month_fen, earned_fen)))


def _disputes(chance: random.Random, lines: Sequence[Line]) -> Iterator[Disputed]:
    """Object to two uses: one stands, one is worth less."""
    refunded = {line.redemption_id for line in lines if line.kind == "refund"}
    uses = [line for line in lines if line.on < ENDS_ON and line.redemption_id not in refunded]
    for number, line in enumerate(chance.sample(uses, 2)):
        earned_fen = line.value_fen - line.fee_fen
        yield Disputed(line.redemption_id, earned_fen, earned_fen // 2 if number else None)


# --- the bank --------------------------------------------------------------------------------------


class Bank:
    """The bank's entries, and the breaks that they must lead to."""

    def __init__(self, plan: Plan, accounts: Sequence[Account]) -> None:
        self.injected: list[Injected] = []
        self.entries: list[Entry] = []
        self._chance = random.Random(f"{plan.seed} entries")
        for account in accounts:
            if account.payout_fen:
                self._pay(account)
        for number in range(plan.bank_defects):
            self._unheard_of(number)
        for day in range((UNTIL_ON - STARTS_ON).days):
            on = STARTS_ON + timedelta(days=day)
            self.entries.append(Entry(on, "", -50, "fee"))
            self.entries.append(Entry(on, f"S{on:%Y%m%d}", 123_456, "income"))
        self.entries.sort(key=lambda one: (one.on, one.reference))

    def _pay(self, account: Account) -> None:
        first, second = account.payout_id(), account.payout_id(2)
        value_fen, course = account.payout_fen, account.course
        if course in IN_LEDGER:
            self._out(AGAIN_ON + timedelta(days=1), second, value_fen)
        if course in {"failed", "missing_payment"}:
            pass
        elif course == "amount_differs":
            self._out(PAID_ON, first, value_fen + 100)
        elif course == "misspelt":
            self._out(PAID_ON, first.replace("P-", "Q-"), value_fen)
        elif course == "in_parts":
            self._out(PAID_ON, first, value_fen // 3)
            self._out(PAID_ON, first, value_fen - value_fen // 3)
        else:
            self._out(PAID_ON, first, value_fen)
        if course in {"duplicate", "twice_and_back"}:
            self._out(AGAIN_ON, first, value_fen)
        if course in {"returned", "twice_and_back", "came_back_unknown"}:
            self.entries.append(Entry(AGAIN_ON, first, value_fen, is_reversal=True))
        self._expect(account, value_fen)

    def _out(self, on: date, reference: str, value_fen: int) -> None:
        self.entries.append(Entry(on, reference, -value_fen))

    def _expect(self, account: Account, value_fen: int) -> None:
        expected = {
            "amount_differs": ("amount_differs", "payment", -100),
            "missing_payment": ("missing_payment", "payment", value_fen),
            "duplicate": ("duplicate", "payment", -value_fen),
            "failed_but_paid": ("missing_in_ledger", "payment", -value_fen),
            "came_back_unknown": ("refund_unmatched", "return", value_fen),
            "return_unseen": ("refund_unmatched", "return", -value_fen),
            "misspelt": ("unknown_reference", "payment", 0),
        }.get(account.course)
        if expected is not None:
            code, kind, difference_fen = expected
            one = Injected(code, "bank", kind, account.merchant_id, account.payout_id(), difference_fen)
            self.injected.append(one)

    def _unheard_of(self, number: int) -> None:
        reference, value_fen = f"Z-{number}", APART_FEN * 100 + number
        self._out(STARTS_ON + timedelta(days=self._chance.randrange(31)), reference, value_fen)
        own = Injected("unknown_reference", "bank", "payment", None, reference, -value_fen)
        self.injected.append(own)
