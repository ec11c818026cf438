"""Breaks as lines of CSV (RFC 4180), for whoever works them off in a spreadsheet.

The last line is a total: how many breaks there are, and the sum of their differences. A file without it
is incomplete.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Final

from ledger.domain.limits import RECONCILIATION_PAGE_MAX
from ledger.reconciling.breaks import Breaks, Filter
from ledger.reconciling.shapes import Break

CSV_COLUMNS: Final = Break._fields


def csv_of(breaks: Breaks, programme_id: str, wanted: Filter) -> Iterator[bytes]:
    """Give breaks page by page, holding no connection in between, then their total."""
    count = difference_fen = 0
    after = ""
    yield _csv([CSV_COLUMNS])
    while page := breaks.page(programme_id, wanted, after=after, limit=RECONCILIATION_PAGE_MAX):
        yield _csv([_cell(value) for value in one] for one in page)
        count += len(page)
        difference_fen += sum(one.difference_fen for one in page)
        after = page[-1].break_id
    last = {"break_id": "total", "reference": str(count), "difference_fen": str(difference_fen)}
    yield _csv([[last.get(name, "") for name in CSV_COLUMNS]])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value.isoformat() if isinstance(value, date) else str(value)
    # What begins like this a spreadsheet would calculate, and references are other people's texts.
    return f"'{text}" if isinstance(value, str) and text[:1] in {"=", "+", "-", "@"} else text


def _csv(rows: Iterable[Iterable[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()
