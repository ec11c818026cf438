"""A merchant's own file, CSV or XLSX, read as its mapping says."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from ledger.bills.bill import Reading
from ledger.bills.delimited import delimited_rows
from ledger.bills.files import opened
from ledger.bills.headers import Cell
from ledger.bills.mapping import KindBySign, KindByWords, Mapping
from ledger.bills.rows import BillRow, Difference, Ending, RowKind, Unreadable, unreadable
from ledger.bills.values import Amounts, Fault, Moment, Moments, reference_of, text_of

_PASSED_OVER: Final = None


def read_merchant(path: Path, mapping: Mapping) -> Reading:
    """Read a merchant's own file.

    Raises:
        BillFileUnsuitable: it is another file; before the first outcome.
        Broken: the rest cannot be read.
    """
    merchant = _Merchant(mapping)
    if mapping.format == "xlsx":
        # Its library takes a tenth of a second to load, and most bills are no sheets.
        from ledger.bills.sheets import sheet_rows  # noqa: PLC0415

        yield from merchant.outcomes(sheet_rows(path, mapping, merchant.columns))
        return
    with opened(path, "merchant") as source:
        yield from merchant.outcomes(delimited_rows(source, mapping, merchant.columns))


class _Merchant:
    """Makes rows of the cells of the columns that a mapping names."""

    def __init__(self, mapping: Mapping) -> None:
        self._summary = mapping.summary
        self._moments = Moments(mapping.happened.form, ZoneInfo(mapping.happened.zone))
        self._values = Amounts(mapping.value.unit, is_grouped=mapping.value.is_grouped)
        fee = mapping.fee
        self._fees = Amounts(fee.unit, is_grouped=fee.is_grouped) if fee else None
        self._kinds = None if isinstance(mapping.kind, KindBySign) else _kinds_of(mapping.kind)
        # In the order in which `_row` takes their cells.
        self.columns = (
            mapping.reference,
            mapping.value.column,
            mapping.happened.column,
            None if isinstance(mapping.kind, KindBySign) else mapping.kind.column,
            fee.column if fee else None,
            mapping.own_reference,
            mapping.store,
            mapping.counterparty,
            mapping.note,
            mapping.summary.column if mapping.summary else None,
        )
        self._value_fen = self._fee_fen = self._passed_over = 0
        self._differences: list[Difference] = []
        self._is_agreed: bool | None = None

    def outcomes(self, rows: Iterator[tuple[int, Sequence[Cell]] | Unreadable]) -> Reading:
        """Give what the rows are, and at last how the row of sums stands against them."""
        number = 0
        for found in rows:
            if isinstance(found, Unreadable):
                yield found
                continue
            number, cells = found
            try:
                row = self._row(number, cells)
            except Fault as fault:
                yield unreadable(number, fault.reason, fault.text)
                continue
            if row is not None:
                self._value_fen += row.value_fen
                self._fee_fen += row.fee_fen or 0
                yield row
        if self._summary and self._is_agreed is None:
            self._is_agreed = False
            yield unreadable(number, "summary_missing", self._summary.word)
        yield Ending(
            is_agreed=self._is_agreed,
            differences=tuple(self._differences),
            passed_over=self._passed_over,
        )

    def _row(self, line: int, cells: Sequence[Cell]) -> BillRow | None:
        reference, value, happened, word, fee, own_reference, store, counterparty, note, total = cells
        if self._summary and _text(total) == self._summary.word:
            self._compare(_text(value), _text(fee))
            return None
        kind: RowKind | None = None
        if self._kinds is not None:
            try:
                kind = self._kinds[_text(word)]
            except KeyError:
                raise Fault("kind_unknown", _text(word)) from None
            if kind is _PASSED_OVER:
                self._passed_over += 1
                return None
        value_fen = self._values[_text(value)]
        fee_fen = self._fees[_text(fee)] if self._fees is not None and fee else None
        if kind is None:
            kind = "refund" if value_fen < 0 else "use"
        elif kind == "refund" and value_fen > 0:
            # A file that writes refunds without a sign writes their fees so, too.
            value_fen = -value_fen
            fee_fen = None if fee_fen is None else -fee_fen
        elif kind == "use" and value_fen < 0:
            raise Fault("sign_unsuitable", _text(value))
        happened_on, happened_at = self._moment(happened)
        return BillRow(
            line=line,
            kind=kind,
            reference=reference_of(_text(reference)),
            own_reference=reference_of(_text(own_reference)),
            value_fen=value_fen,
            fee_fen=fee_fen,
            happened_on=happened_on,
            happened_at=happened_at,
            store_id=reference_of(_text(store)) or None,
            counterparty=text_of(_text(counterparty)) or None,
            part_of=None,
            note=text_of(_text(note)),
        )

    def _moment(self, cell: Cell) -> Moment:
        return self._moments.of(cell) if isinstance(cell, datetime) else self._moments[cell.strip()]

    def _compare(self, value: str, fee: str) -> None:
        """Hold a row of sums against the rows above it."""
        self._is_agreed = False
        stated = [("value", self._values[value], self._value_fen)]
        if self._fees is not None and fee:
            stated.append(("fee", self._fees[fee], self._fee_fen))
        self._differences += [
            Difference(name, "fen", said, found) for name, said, found in stated if said != found
        ]
        self._is_agreed = not self._differences


def _kinds_of(words: KindByWords) -> dict[str, RowKind | None]:
    kinds: dict[str, RowKind | None] = dict.fromkeys(words.passed_over, _PASSED_OVER)
    kinds.update(dict.fromkeys(words.use, "use"))
    kinds.update(dict.fromkeys(words.refund, "refund"))
    kinds.update(dict.fromkeys(words.other, "other"))
    return kinds


def _text(cell: Cell) -> str:
    return cell.strip() if isinstance(cell, str) else cell.isoformat(" ")
