"""Adding sums to rows: how a page's totals reach their table in one statement.

Rule of the room: rows go in the order of their keys, so that what is written does not depend on the
order in which a page met them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

from ledger.store.arrays import Int8Array, TextArray


def add_sums(
    connection: Any,
    query: LiteralString,
    programme_id: str,
    keys: Sequence[str],
    sums: Mapping[tuple[Any, ...], Sequence[int]],
) -> None:
    """Run a query that adds sums to a table's rows; without sums it is not run.

    Args:
        connection: inside the page's transaction.
        query: takes `programme_id`, an array of text by each name of `keys`, and arrays of whole
            numbers `sums_1`, `sums_2` …
        programme_id: whose rows.
        keys: names of the key's other columns, as the query calls their arrays.
        sums: the numbers by key; days and all else in a key are sent as text.
    """
    if not sums:
        return
    rows = sorted((tuple(map(str, key)), amounts) for key, amounts in sums.items())
    key_columns = zip(*(key for key, _ in rows), strict=True)
    texts = {name: TextArray.of_texts(column) for name, column in zip(keys, key_columns, strict=True)}
    columns = zip(*(amounts for _, amounts in rows), strict=True)
    numbers = {f"sums_{place}": Int8Array.of(column) for place, column in enumerate(columns, start=1)}
    connection.execute(query, {"programme_id": programme_id, **texts, **numbers})
