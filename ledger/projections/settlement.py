"""The settlement view: every redemption, the lines of merchants' statements, and where funds' money is.

Rule of the room: a line never changes once it is written; a refund is a line of its own, in the
period of the refund (domain rule 13).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

from ledger.domain.redemption import RedemptionHeld
from ledger.projections.settlement_fold import (
    Amounts,
    HeldRow,
    SettlementFold,
    Share,
    Step,
    Terms,
    concerning,
    redemptions_named,
)
from ledger.projections.summing import add_sums
from ledger.projections.view import Page, Table
from ledger.store.arrays import Int8Array, TextArray, TimestampArray
from ledger.store.queries import load

QUERIES: Final = load(Path(__file__).parent / "sql" / "settlement.sql")

_REDEMPTION_TYPES: Final = (
    *["text"] * 7,
    *["int8"] * 3,
    *["text[]", "int8[]", "int8[]", "timestamptz"],
    *["int8", "timestamptz", "timestamptz"] * 3,
    "int8",
)
_LINE_TYPES: Final = ("text", "text", "date", "int8", "text", "text")
_NO_STEP: Final = (None, None, None)


class Settlement:
    """What merchants are owed, line by line, and which fund bears it."""

    name: ClassVar[str] = "settlement"
    tables: ClassVar[tuple[Table, ...]] = (
        Table("settlement_redemptions", ("programme_id", "redemption_id")),
        Table("settlement_lines", ("programme_id", "merchant_id", "local_day", "position")),
        Table("settlement_days", ("programme_id", "merchant_id", "local_day")),
        Table("settlement_fund_days", ("programme_id", "merchant_id", "local_day", "fund_id")),
        Table("settlement_funds", ("programme_id", "fund_id")),
    )

    def write(self, page: Page, connection: Any) -> None:
        """Add a page of events."""
        entries = concerning(page.entries)
        terms = _terms(connection, page.programme_id, redemptions_named(entries))
        fold = SettlementFold(page.programme.time_zone, terms)
        for entry in entries:
            fold.add(entry)
        writing = _Writing(connection, page.programme_id)
        writing.redemptions(fold)
        writing.lines(fold)
        writing.sums(fold)
        writing.forget(fold.erased)


def _terms(connection: Any, programme_id: str, redemption_ids: set[str]) -> dict[str, Terms]:
    if not redemption_ids:
        return {}
    parameters = {"programme_id": programme_id, "redemption_ids": TextArray.of_texts(sorted(redemption_ids))}
    rows = connection.execute(QUERIES["terms"], parameters, binary=True)
    return {
        redemption_id: Terms(merchant_id, face_value_fen, fee_fen, tuple(map(Share, *shares)))
        for redemption_id, merchant_id, face_value_fen, fee_fen, *shares in rows
    }


class _Writing:
    """The statements that write a page, in one transaction."""

    def __init__(self, connection: Any, programme_id: str) -> None:
        self._connection = connection
        self._programme_id = programme_id

    def redemptions(self, fold: SettlementFold) -> None:
        self._copy(
            "copy_redemptions",
            _REDEMPTION_TYPES,
            [_redemption_row(self._programme_id, fold.held[own_id]) for own_id in sorted(fold.held)],
        )
        if fold.uses:
            stores = [step.store_id or "" for step in fold.uses]
            self._run("use", **_steps(fold.uses), store_ids=TextArray.of_texts(stores))
        if fold.reversals:
            statuses = [step.status for step in fold.reversals]
            self._run("reverse", **_steps(fold.reversals), statuses=TextArray.of_texts(statuses))

    def lines(self, fold: SettlementFold) -> None:
        rows = [(self._programme_id, *line) for line in sorted(fold.lines)]
        self._copy("copy_lines", _LINE_TYPES, rows)

    def sums(self, fold: SettlementFold) -> None:
        self._add("add_days", ("merchant_ids", "local_days"), fold.days)
        self._add("add_fund_days", ("merchant_ids", "local_days", "fund_ids"), fold.fund_days)
        self._add("add_funds", ("fund_ids",), {(fund_id,): row for fund_id, row in fold.funds.items()})

    def forget(self, erased: Mapping[str, int]) -> None:
        if erased:
            ids = sorted(erased)
            positions = Int8Array.of([erased[own_id] for own_id in ids])
            self._run("forget", participant_ids=TextArray.of_texts(ids), positions=positions)

    def _add(self, query: str, keys: Sequence[str], sums: Mapping[Any, Amounts]) -> None:
        add_sums(self._connection, QUERIES[query], self._programme_id, keys, sums)

    def _run(self, query: str, **parameters: Any) -> None:
        self._connection.execute(QUERIES[query], {"programme_id": self._programme_id, **parameters})

    def _copy(self, query: str, types: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        if not rows:
            return
        with self._connection.cursor() as cursor, cursor.copy(QUERIES[query]) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)


def _steps(steps: Sequence[Step]) -> dict[str, Any]:
    return {
        "redemption_ids": TextArray.of_texts([step.redemption_id for step in steps]),
        "occurred_at": TimestampArray.of_instants([step.occurred_at for step in steps]),
        "recorded_at": TimestampArray.of_instants([step.recorded_at for step in steps]),
        "positions": Int8Array.of([step.position for step in steps]),
    }


def _redemption_row(programme_id: str, row: HeldRow) -> tuple[Any, ...]:
    """The columns in the order of the query copy_redemptions."""
    held, use, reversal = row.held.event, row.use, row.reversal
    if not isinstance(held, RedemptionHeld):
        raise TypeError(held)
    last = reversal or use
    return (
        programme_id,
        held.id,
        held.merchant_id,
        use.store_id if use else None,
        held.offer_id,
        held.participant_id,
        last.status if last else "held",
        held.credits,
        held.face_value_fen,
        held.fee_fen,
        TextArray.of_texts([share.fund_id for share in row.shares]),
        Int8Array.of([share.value_fen for share in row.shares]),
        Int8Array.of([share.fee_fen for share in row.shares]),
        held.deadline_at,
        *(row.held.position, held.occurred_at, held.recorded_at),
        *((use.position, use.occurred_at, use.recorded_at) if use else _NO_STEP),
        *((reversal.position, reversal.occurred_at, reversal.recorded_at) if reversal else _NO_STEP),
        last.position if last else row.held.position,
    )
