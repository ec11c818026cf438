"""Writing what a page of events adds to the settlement view, and reading what it goes on from.

Rule of the room: everything in the page's transaction. A row about a statement changes a handful of
times in its life, so it is taken out and written anew whole.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from ledger.domain.redemption import RedemptionHeld
from ledger.projections.settlement_fold import HeldRow, SettlementFold, Step, Terms
from ledger.projections.settlement_standing import Known, Named
from ledger.projections.settlement_statement_rows import (
    DisputeRow,
    PayoutRow,
    StatementFundRow,
    StatementRow,
)
from ledger.projections.settlement_statements_fold import StatementsFold
from ledger.projections.settlement_sums import Amounts, Line, Share
from ledger.projections.summing import add_sums
from ledger.store.arrays import Int8Array, PackedArray, TextArray, TimestampArray
from ledger.store.queries import load

Key = TypeVar("Key", bound=tuple[str, ...])

_SQL: Final = Path(__file__).parent / "sql"
QUERIES: Final = load(_SQL / "settlement.sql")
STATEMENT_QUERIES: Final = load(_SQL / "settlement_statements.sql")

_REDEMPTION_TYPES: Final = (
    *["text"] * 7,
    *["int8"] * 3,
    *["text[]", "int8[]", "int8[]", "timestamptz"],
    *["int8", "timestamptz", "timestamptz"] * 3,
    "int8",
)
_LINE_TYPES: Final = (
    *("text", "text", "date", "int8", "text", "text", "int8", "int8"),
    *("text[]", "int8[]", "int8[]", "timestamptz", "timestamptz"),
)
_STATEMENT_TYPES: Final = (
    *["text"] * 4,
    *("date", "date", "text"),
    *["int8"] * 16,
    *("text", "text", "int8", "date", "timestamptz", "text", "timestamptz", "text", "bool", "timestamptz"),
    "int8",
)
_FUND_TYPES: Final = (*["text"] * 3, "bool", *["int8"] * 7)
_DISPUTE_TYPES: Final = (
    *["text"] * 6,
    *("int8", "int8", "text[]", "int8[]", "int8", "timestamptz", "text"),
    *("text", "text", "int8", "int8", "timestamptz", "text", "int8"),
)
_PAYOUT_TYPES: Final = (
    *["text"] * 4,
    *("int8", "text", "text[]", "int8[]", "timestamptz", "text", "timestamptz", "text"),
    *("timestamptz", "text", "text", "int8"),
)
_ARRAYS: Final[Mapping[str, Callable[[Any], PackedArray]]] = {
    "text[]": TextArray.of_texts,
    "int8[]": Int8Array.of,
}
_NO_STEP: Final = (None, None, None)
_NO_SHARES: Final = (None, None, None)


# --- What stood before --------------------------------------------------------------------------


def terms_of(connection: Any, programme_id: str, redemption_ids: set[str]) -> dict[str, Terms]:
    """Read what was fixed at the hold of redemptions."""
    if not redemption_ids:
        return {}
    parameters = {"programme_id": programme_id, "redemption_ids": TextArray.of_texts(sorted(redemption_ids))}
    rows = connection.execute(QUERIES["terms"], parameters, binary=True)
    return {
        redemption_id: Terms(merchant_id, face_value_fen, fee_fen, tuple(map(Share, *shares)))
        for redemption_id, merchant_id, face_value_fen, fee_fen, *shares in rows
    }


def known_of(connection: Any, programme_id: str, named: Named) -> Known:
    """Read the statements that a page names, with everything about them."""

    def rows(query: str, **ids: list[str]) -> list[tuple[Any, ...]]:
        """None are asked for where none are named, as on nearly every page."""
        if not any(ids.values()):
            return []
        arrays = {name: TextArray.of_texts(texts) for name, texts in ids.items()}
        parameters = {"programme_id": programme_id, **arrays}
        found: list[tuple[Any, ...]] = connection.execute(STATEMENT_QUERIES[query], parameters).fetchall()
        return found

    ids = {"statement_ids": named.statement_ids}
    return Known(
        map(StatementRow._make, rows("statements", **ids)),
        map(StatementFundRow._make, rows("funds", **ids)),
        map(DisputeRow._make, rows("disputes", **ids)),
        map(PayoutRow._make, rows("payouts", **ids)),
        rows("carried", merchant_ids=named.merchant_ids),
    )


# --- What is written ----------------------------------------------------------------------------


class Writing:
    """The statements of SQL that write a page, in one transaction."""

    def __init__(self, connection: Any, programme_id: str) -> None:
        """Write for one programme, on the connection of the page."""
        self._connection = connection
        self._programme_id = programme_id

    def redemptions(self, fold: SettlementFold) -> None:
        """Write the redemptions that were held, and how others went on."""
        self._copy(
            QUERIES["copy_redemptions"],
            _REDEMPTION_TYPES,
            [_redemption_row(fold.held[own_id]) for own_id in sorted(fold.held)],
        )
        if fold.uses:
            stores = [step.store_id or "" for step in fold.uses]
            self._run("use", **_steps(fold.uses), store_ids=TextArray.of_texts(stores))
        if fold.reversals:
            statuses = [step.status for step in fold.reversals]
            self._run("reverse", **_steps(fold.reversals), statuses=TextArray.of_texts(statuses))

    def lines(self, lines: Sequence[Line]) -> None:
        """Write lines."""
        self._copy(QUERIES["copy_lines"], _LINE_TYPES, [_line_row(line) for line in sorted(lines)])

    def sums(self, fold: SettlementFold) -> None:
        """Add what the lines and the funds' money come to."""
        self._add("add_days", ("merchant_ids", "local_days"), fold.sums.days)
        self._add("add_fund_days", ("merchant_ids", "local_days", "fund_ids"), fold.sums.fund_days)
        funds = {(fund_id,): row for fund_id, row in fold.sums.funds.items()}
        self._add("add_funds", ("fund_ids",), funds)

    def statements(self, fold: StatementsFold) -> None:
        """Write everything about statements that began or changed."""
        self._anew("statements", _STATEMENT_TYPES, {(key,): row for key, row in fold.statements.items()})
        self._anew("funds", _FUND_TYPES, fold.funds)
        self._anew("disputes", _DISPUTE_TYPES, fold.disputes)
        self._anew("payouts", _PAYOUT_TYPES, {(key,): row for key, row in fold.payouts.items()})

    def forget(self, erased: Mapping[str, int]) -> None:
        """Take erased participants off their redemptions."""
        if erased:
            ids = sorted(erased)
            positions = Int8Array.of([erased[own_id] for own_id in ids])
            self._run("forget", participant_ids=TextArray.of_texts(ids), positions=positions)

    def _anew(self, table: str, types: Sequence[str], rows: Mapping[Key, tuple[Any, ...]]) -> None:
        if not rows:
            return
        keys = sorted(rows)
        columns = zip(_KEYS[table], zip(*keys, strict=True), strict=True)
        ids = {name: TextArray.of_texts(column) for name, column in columns}
        parameters = {"programme_id": self._programme_id, **ids}
        self._connection.execute(STATEMENT_QUERIES[f"drop_{table}"], parameters)
        self._copy(STATEMENT_QUERIES[f"copy_{table}"], types, [_packed(rows[key], types) for key in keys])

    def _add(self, query: str, keys: Sequence[str], sums: Mapping[Any, Amounts]) -> None:
        add_sums(self._connection, QUERIES[query], self._programme_id, keys, sums)

    def _run(self, query: str, **parameters: Any) -> None:
        self._connection.execute(QUERIES[query], {"programme_id": self._programme_id, **parameters})

    def _copy(self, query: str, types: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        if not rows:
            return
        with self._connection.cursor() as cursor, cursor.copy(query) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row((self._programme_id, *row))


_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "statements": ("statement_ids",),
    "funds": ("statement_ids", "fund_ids"),
    "disputes": ("statement_ids", "kinds", "redemption_ids"),
    "payouts": ("payout_ids",),
}
"""What the queries that take rows out call the columns of the keys."""


def _packed(row: tuple[Any, ...], types: Sequence[str]) -> tuple[Any, ...]:
    """Pack the lists of a row; the first type is that of the programme's id."""
    return tuple(
        _ARRAYS[of_type](value) if of_type in _ARRAYS else value
        for value, of_type in zip(row, types[1:], strict=True)
    )


def _steps(steps: Sequence[Step]) -> dict[str, Any]:
    return {
        "redemption_ids": TextArray.of_texts([step.redemption_id for step in steps]),
        "occurred_at": TimestampArray.of_instants([step.occurred_at for step in steps]),
        "recorded_at": TimestampArray.of_instants([step.recorded_at for step in steps]),
        "positions": Int8Array.of([step.position for step in steps]),
    }


def _line_row(line: Line) -> tuple[Any, ...]:
    """The columns in the order of the query copy_lines."""
    *whole, shares, occurred_at, recorded_at = line
    return (*whole, *(_NO_SHARES if shares is None else _arrays(shares)), occurred_at, recorded_at)


def _arrays(shares: Sequence[Share]) -> tuple[Any, ...]:
    return (
        TextArray.of_texts([share.fund_id for share in shares]),
        Int8Array.of([share.value_fen for share in shares]),
        Int8Array.of([share.fee_fen for share in shares]),
    )


def _redemption_row(row: HeldRow) -> tuple[Any, ...]:
    """The columns in the order of the query copy_redemptions."""
    held, use, reversal = row.held.event, row.use, row.reversal
    if not isinstance(held, RedemptionHeld):
        raise TypeError(held)
    last = reversal or use
    return (
        held.id,
        held.merchant_id,
        use.store_id if use else None,
        held.offer_id,
        held.participant_id,
        last.status if last else "held",
        held.credits,
        held.face_value_fen,
        held.fee_fen,
        *_arrays(row.shares),
        held.deadline_at,
        *(row.held.position, held.occurred_at, held.recorded_at),
        *((use.position, use.occurred_at, use.recorded_at) if use else _NO_STEP),
        *((reversal.position, reversal.occurred_at, reversal.recorded_at) if reversal else _NO_STEP),
        last.position if last else row.held.position,
    )
