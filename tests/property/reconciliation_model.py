"""What a run over one merchant's file must find, written plainly from docs/reconciliation.md.

It shares nothing with the ledger's rules: lists and loops, one row and one line at a time.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

Found = tuple[str, str, int | None]
"""Code, item or reference, and the row's place in the file."""
Matched = tuple[str, str, int]
"""Rule, item and row of what agrees."""


@dataclass(frozen=True)
class Line:
    """A line of the ledger."""

    item: str
    kind: str
    day: date
    value: int
    fee: int
    store: str | None


@dataclass(frozen=True)
class Row:
    """A row of the file."""

    place: int
    reference: str
    value: int
    day: date
    fee: int | None = None
    own: str = ""
    store: str | None = None

    @property
    def kind(self) -> str:
        """What the sign of the amount says."""
        return "refund" if self.value < 0 else "use"


@dataclass
class Model:
    """The ledger's side, and what a run over a period finds."""

    faces: dict[str, tuple[int, int]]
    """Face value and fee of every redemption of the merchant, used or not."""
    lines: Sequence[Line]
    begin: date
    end: date
    near_days: int = 3
    found: list[Found] = field(default_factory=list)
    matched: list[Matched] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    """Rows of the period that are left."""
    left: list[Line] = field(default_factory=list)
    """Lines of the period that are left."""

    def compare(self, rows: Sequence[Row]) -> "Model":
        """Go through the rules."""
        self.rows, self.left = [], [line for line in self.lines if self._is_in(line.day)]
        if not self._tells(rows):
            self.left = []
        self._references(self._concerned(rows))
        for is_named, by_store, days in (
            (False, True, 0),
            (False, False, 0),
            (False, False, self.near_days),
            (True, True, 0),
            (True, False, 0),
        ):
            self._amounts(is_named=is_named, by_store=by_store, days=days)
        self._sums("store_sum", lambda line: (line.kind, line.store), lambda row: (row.kind, row.store))
        self._sums("day_sum", lambda line: line.kind, lambda row: row.kind)
        self._sums("day_net", lambda _line: "", lambda _row: "")
        for row in self.rows:
            code = "refund_unmatched" if row.kind == "refund" else "missing_in_ledger"
            self.found.append(("unknown_reference" if row.reference else code, _label(row), row.place))
        for line in self.left:
            code = "missing_at_merchant" if line.kind == "use" else "refund_unmatched"
            self.found.append((code, line.item, None))
        return self

    def _is_in(self, day: date) -> bool:
        return self.begin <= day < self.end

    def _tells(self, rows: Sequence[Row]) -> bool:
        if not rows:
            return False
        first, last = min(row.day for row in rows), max(row.day for row in rows)
        common = [day for day in _days(first, last) if self._is_in(day)]
        shorter = min(len(_days(first, last)), (self.end - self.begin).days)
        return len(common) > 0 and 2 * len(common) >= shorter

    def _concerned(self, rows: Sequence[Row]) -> list[Row]:
        reach = timedelta(days=31)
        near = [row for row in rows if self.begin - reach <= row.day < self.end + reach]
        named = {line.item for line in self.left}
        named |= {row.reference for row in near if self._is_in(row.day) and row.reference}
        return [row for row in near if self._is_in(row.day) or row.reference in named]

    # --- rule 1 ---------------------------------------------------------------------------------

    def _references(self, rows: Sequence[Row]) -> None:
        groups: dict[tuple[str, str], list[Row]] = {}
        for row in rows:
            if (item := self._named(row)) is None:
                if self._is_in(row.day):
                    self.rows.append(row)
            else:
                groups.setdefault((item, row.kind), []).append(row)
        for (item, kind), group in groups.items():
            self._group(item, kind, group)

    def _named(self, row: Row) -> str | None:
        return next((name for name in (row.reference, row.own) if name in self.faces), None)

    def _group(self, item: str, kind: str, group: list[Row]) -> None:
        line = next((one for one in self.lines if (one.item, one.kind) == (item, kind)), None)
        face, fee = self.faces[item]
        value = -face if kind == "refund" else face
        group = sorted(
            group,
            key=lambda row: (
                row.value != value,
                abs((row.day - line.day).days) if line else 0,
                row.day,
                row.place,
            ),
        )
        if line is None:
            alone = "missing_in_ledger" if kind == "use" else "refund_unmatched"
            for number, row in enumerate(group):
                self._tell("duplicate" if number else alone, item, row)
            return
        amounts = [row.value for row in group]
        is_parts = len(group) > 1 and sum(amounts) == value and value not in amounts
        for number, row in enumerate(group):
            if number and not is_parts:
                self._tell("duplicate", item, row)
                continue
            if not (self._is_in(row.day) or self._is_in(line.day)):
                continue
            fees = (None, -fee if kind == "refund" else fee)
            code = None if is_parts else self._wrong(row, value, fees)
            if code is None and self._is_in(row.day) != self._is_in(line.day):
                code = "out_of_period"
            if code:
                self.found.append((code, item, row.place))
            else:
                rule = "parts" if is_parts else "reference" if row.reference == item else "own_reference"
                self.matched.append((rule, item, row.place))
            if line in self.left:
                self.left.remove(line)

    @staticmethod
    def _wrong(row: Row, value: int, fees: tuple[int | None, ...]) -> str | None:
        if row.value != value:
            return "amount_differs"
        return "fee_differs" if row.fee not in fees else None

    def _tell(self, code: str, item: str, row: Row) -> None:
        if self._is_in(row.day):
            self.found.append((code, item, row.place))

    # --- rules 2 and 3 --------------------------------------------------------------------------

    def _amounts(self, *, is_named: bool, by_store: bool, days: int) -> None:
        def fit(row: Row, line: Line) -> bool:
            return (
                (row.kind, row.value) == (line.kind, line.value)
                and abs((row.day - line.day).days) <= days
                and (not by_store or (row.store is not None and row.store == line.store))
            )

        rows = [row for row in self.rows if bool(row.reference) == is_named]
        pairs = [
            (row, line)
            for row in rows
            for line in self.left
            if fit(row, line)
            and sum(fit(row, other) for other in self.left) == 1
            and sum(fit(other, line) for other in rows) == 1
        ]
        for row, line in pairs:
            self.rows.remove(row)
            self.left.remove(line)
            if is_named:
                self.found.append(("unknown_reference", line.item, row.place))
            elif row.fee not in (None, line.fee):
                self.found.append(("fee_differs", line.item, row.place))
            else:
                self.matched.append(("amount_and_day", line.item, row.place))

    def _sums(
        self, rule: str, part_of_line: Callable[[Line], object], part_of_row: Callable[[Row], object]
    ) -> None:
        sums: dict[tuple[date, object], list[Line]] = {}
        for line in self.left:
            if rule != "store_sum" or line.store is not None:
                sums.setdefault((line.day, part_of_line(line)), []).append(line)
        fits = [
            (row, key)
            for row in self.rows
            for key, lines in sums.items()
            if key == (row.day, part_of_row(row))
            and len(lines) > 1
            and sum(line.value for line in lines) == row.value
        ]
        of_key = Counter(key for _, key in fits)
        of_row = Counter(row for row, _ in fits)
        for row, key in fits:
            if of_key[key] == 1 and of_row[row] == 1:
                self.rows.remove(row)
                for line in sums[key]:
                    self.left.remove(line)
                    self.matched.append((rule, line.item, row.place))


def _days(first: date, last: date) -> Sequence[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _label(row: Row) -> str:
    return row.reference or row.own


def as_told(found: Iterable[Found]) -> list[Found]:
    """The same, in an order of its own."""
    return sorted(found, key=lambda one: (one[0], one[1], one[2] or 0))
