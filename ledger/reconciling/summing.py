"""What a run found, in sum: both sides of every relation, and the breaks that stand between them."""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.reconciling.queries import FINDING
from ledger.reconciling.sums import LedgerTotals, RelationSummary, Summary

Pairs = dict[str, dict[str, tuple[int, int]]]


def summary_of(connection: Any, parameters: Mapping[str, Any], unreadable_lines: int) -> Summary:
    """Sum a run up, in the transaction in which it was made."""
    totals = _rows(connection, "totals", parameters)
    rules = _named(_rows(connection, "totals_by_rule", parameters))
    codes = _named(_rows(connection, "totals_by_code", parameters))
    aside = {
        relation: (int(rows), int(fen))
        for relation, rows, fen in _rows(connection, "totals_aside", parameters)
    }
    ledger = {
        is_told: LedgerTotals(**dict(zip(LedgerTotals.__struct_fields__, map(int, sums), strict=True)))
        for is_told, *sums in _rows(connection, "totals_ledger", parameters)
    }
    [not_due] = _rows(connection, "totals_not_due", parameters)
    return Summary(
        relations=[
            RelationSummary(
                relation=relation,
                ledger_items=int(items),
                ledger_fen=int(items_fen),
                other_rows=int(rows),
                other_fen=int(rows_fen),
                difference_fen=int(rows_fen - items_fen),
                matched=rules.get(relation, {}),
                breaks=codes.get(relation, {}),
                set_aside=aside.get(relation, (0, 0)),
            )
            for relation, items, items_fen, rows, rows_fen in totals
        ],
        told=ledger.get(True, LedgerTotals()),
        untold=ledger.get(False, LedgerTotals()),
        payouts_not_due=(int(not_due[0]), int(not_due[1])),
        unreadable_lines=unreadable_lines,
    )


def _rows(connection: Any, name: str, parameters: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
    return connection.execute(FINDING[name], parameters).fetchall()  # type: ignore[no-any-return]  # the driver's rows


def _named(rows: Sequence[tuple[Any, ...]]) -> Pairs:
    found: Pairs = {}
    for relation, name, count, fen in rows:
        found.setdefault(relation, {})[name] = int(count), int(fen)
    return found
