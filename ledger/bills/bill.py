"""One bill being read: its rows as a stream, then its totals."""

from collections.abc import Generator, Iterator
from datetime import date
from pathlib import Path
from typing import Self

from ledger.bills.rows import (
    REASONS,
    BillKind,
    BillRow,
    BillTotals,
    Ending,
    KindTotal,
    Outcome,
    RowKind,
    shown,
    unreadable,
)
from ledger.bills.values import Broken
from ledger.domain.errors import BillFileUnsuitable


class Tally:
    """What the rows of a bill come to."""

    def __init__(self) -> None:
        self._of_kind: dict[RowKind, list[int]] = {}
        self._unreadable = 0
        self._first_on = date.max
        self._last_on = date.min

    def add(self, outcome: Outcome) -> None:
        """Count one."""
        if type(outcome) is not BillRow:
            self._unreadable += 1
            return
        sums = self._of_kind.get(outcome.kind)
        if sums is None:
            sums = self._of_kind[outcome.kind] = [0, 0, 0]
        sums[0] += 1
        sums[1] += outcome.value_fen
        sums[2] += outcome.fee_fen or 0
        self._first_on = min(self._first_on, outcome.happened_on)
        self._last_on = max(self._last_on, outcome.happened_on)

    def totals(self, ending: Ending) -> BillTotals:
        """Give them, with what the end of the file said."""
        of_kind = {kind: KindTotal(*sums) for kind, sums in self._of_kind.items()}
        return BillTotals(
            rows=sum(total.rows for total in of_kind.values()),
            unreadable=self._unreadable,
            value_fen=sum(total.value_fen for total in of_kind.values()),
            fee_fen=sum(total.fee_fen for total in of_kind.values()),
            of_kind=of_kind,
            first_on=self._first_on if of_kind else None,
            last_on=self._last_on if of_kind else None,
            is_agreed=ending.is_agreed,
            differences=ending.differences,
            balances=ending.balances,
            passed_over=ending.passed_over,
        )


Reading = Generator[Outcome | Ending, None, None]
"""What a reader gives: outcomes, and last an ending."""


class Bill:
    """A bill: iterate over it once, then read its `totals`; close it when you stop before the end.

    Attributes:
        path: of the file.
        kind: of the bill.
    """

    def __init__(self, path: Path, kind: BillKind, reading: Reading) -> None:
        """Take a reading, and read as far as its first outcome: what is no bill is told at once.

        Raises:
            BillFileUnsuitable
        """
        self.path = path
        self.kind = kind
        self._totals: BillTotals | None = None
        self._reading = reading
        try:
            first = next(reading)
        except Broken as broken:
            raise BillFileUnsuitable(
                kind=kind, reason=REASONS[broken.reason], found=shown(broken.text)
            ) from None
        self._outcomes = self._read(first)

    def __iter__(self) -> Iterator[Outcome]:
        return self._outcomes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def totals(self) -> BillTotals:
        """What it came to.

        Raises:
            ValueError: it was not read to its end.
        """
        if self._totals is None:
            raise ValueError("the totals of a bill are known when its last row was taken")
        return self._totals

    def close(self) -> None:
        """Close the file."""
        self._outcomes.close()
        self._reading.close()

    def _read(self, first: Outcome | Ending) -> Generator[Outcome, None, None]:
        tally = Tally()
        outcome = first
        try:
            while not isinstance(outcome, Ending):
                tally.add(outcome)
                yield outcome
                outcome = next(self._reading)
            ending = outcome
        except Broken as broken:
            last = unreadable(broken.line, broken.reason, broken.text)
            tally.add(last)
            yield last
            ending = Ending(is_agreed=False)
        self._totals = tally.totals(ending)
