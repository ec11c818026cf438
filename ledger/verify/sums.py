"""Adding up legs, and what must hold after every event.

Rule of the room: what is added up are the legs as stored, whatever the event should have been; the
invariants are those of the book, and know nothing of the rules of the business.
"""

from collections import defaultdict
from collections.abc import Iterable

from ledger.domain.addresses import ADJUSTED, CNY, ISSUANCE, NATURE, RECOVERABLE
from ledger.domain.book import Account, Accounts, BalanceKey, Leg
from ledger.verify.findings import Finding, Findings

_COUNTER_ACCOUNTS = frozenset((NATURE, ISSUANCE, ADJUSTED))
_PAYABLE = ":payable"
_ENDINGS_BELOW_ZERO = {"sponsor": ":external", "participant": ":debt", "merchant": _PAYABLE}


def may_be_below_zero(account: str) -> bool:
    """Whether an account is a counter-account (what it lacks others have) or what somebody owes."""
    if account in _COUNTER_ACCOUNTS:
        return True
    return account.endswith(_ENDINGS_BELOW_ZERO.get(account.partition(":")[0], "\n"))


class Sums:
    """Every balance of a programme, as the sum of legs.

    The legs of one event sum to zero for each asset and, of credits, for each lot. So after every
    event all grams together are nothing, credits issued are those that stand somewhere, in the
    programme and lot by lot, and money committed is money that stands somewhere. What merchants owe
    (their payable money below zero) is never more than funds have to claim, so that no more is ever
    paid or promised than was committed.
    """

    def __init__(self) -> None:
        self.balances: dict[BalanceKey, int] = {}
        self._owed_fen = 0
        self._claims_fen = 0

    def add(self, position: int, topic: str, legs: Iterable[Leg], findings: Findings) -> None:
        """Add an event's legs, and look at what must hold after it."""
        balances = self.balances
        sums: dict[tuple[str, str | None], int] = {}
        touched: list[BalanceKey] = []
        for account, asset, lot, amount in legs:
            key = (account, asset, lot)
            before = balances.get(key, 0)
            balances[key] = before + amount
            if asset == CNY:
                self._count(account, before, before + amount)
            sums[asset, lot] = sums.get((asset, lot), 0) + amount
            if amount < 0:
                touched.append(key)
        for (asset, lot), total in sums.items():
            if total:
                subject = f"legs of {' '.join(filter(None, (asset, lot)))}"
                findings.add(
                    Finding(
                        code="legs_unbalanced",
                        subject=subject,
                        position=position,
                        topic=topic,
                        expected=0,
                        found=total,
                    )
                )
        if self._owed_fen > self._claims_fen and (CNY, None) in sums:
            findings.add(
                Finding(
                    code="owed_uncovered",
                    subject="what merchants owe, and what funds have to claim",
                    position=position,
                    topic=topic,
                    expected=self._claims_fen,
                    found=self._owed_fen,
                )
            )
        for key in touched:
            if balances[key] < 0 and not may_be_below_zero(key[0]):
                findings.add(
                    Finding(
                        code="below_zero",
                        subject=" ".join(filter(None, key)),
                        position=position,
                        topic=topic,
                        found=balances[key],
                    )
                )

    def _count(self, account: str, before_fen: int, after_fen: int) -> None:
        """Count what merchants owe and what funds have to claim."""
        if account.endswith(RECOVERABLE):
            self._claims_fen += after_fen - before_fen
        elif (before_fen < 0 or after_fen < 0) and account.endswith(_PAYABLE):
            self._owed_fen += max(0, -after_fen) - max(0, -before_fen)


class EveryAccount(Accounts):
    """All accounts of a programme, followed from the first event; none is ever loaded from a table."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__()
        self._loaded = defaultdict(Account)

    def post(self, legs: Iterable[Leg]) -> None:
        """Apply an event's legs; an account comes to be with its first one."""
        loaded = self._loaded
        for address, asset, lot, amount in legs:
            loaded[address].add(asset, lot, amount)
