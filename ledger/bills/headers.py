"""The columns of a merchant's own file, found by the names that its mapping gives them."""

from collections.abc import Sequence
from datetime import datetime

from ledger.bills.rows import shown
from ledger.domain.errors import BillFileUnsuitable
from ledger.domain.limits import BILL_COLUMNS_MAX

Cell = str | datetime
"""A value of a row; a time only where a sheet has one."""


def places_of(header: Sequence[str], columns: Sequence[str | None]) -> list[int | None]:
    """Give the place of each column in a header; None for one that is not asked for.

    Raises:
        BillFileUnsuitable: one is not there, or stands there twice, or there are too many.
    """
    names = [name.strip() for name in header]
    found = shown(" ".join(filter(None, names)))
    if len(names) > BILL_COLUMNS_MAX:
        raise BillFileUnsuitable(kind="merchant", reason=f"more than {BILL_COLUMNS_MAX} columns", found=found)
    for column in columns:
        if column is not None and names.count(column) != 1:
            reason = f"its header {'has twice' if column in names else 'lacks'} {shown(column)}"
            raise BillFileUnsuitable(kind="merchant", reason=reason, found=found)
    return [None if column is None else names.index(column) for column in columns]
