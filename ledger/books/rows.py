"""A journal as a Parquet file: a row for each leg.

Rule of the room: rows are those of the journal, under the ledger's own addresses; the same rows are
the same bytes.
"""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any, BinaryIO, Final

import pyarrow as pa  # type: ignore[import-untyped]
from pyarrow import parquet

from ledger.books.book import Entry, Wanted
from ledger.row_groups import RowGroups

PIECE_ROWS: Final = 5_000
"""Rows that are brought together before they are turned into columns."""

SCHEMA: Final = pa.schema(
    [
        pa.field("position", pa.int64(), nullable=False),
        pa.field("recorded_at", pa.timestamp("us", tz="UTC")),
        pa.field("local_day", pa.date32(), nullable=False),
        pa.field("topic", pa.string(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("account", pa.string(), nullable=False),
        pa.field("asset", pa.string(), nullable=False),
        pa.field("lot", pa.date32()),
        pa.field("amount", pa.int64(), nullable=False),
    ]
)


class Rows:
    """A file that is being written."""

    def __init__(self, wanted: Wanted, time_zone: str) -> None:
        self._about = {
            "programme_id": wanted.programme_id,
            "from": str(wanted.begin or ""),
            "to": str(wanted.end or ""),
            "detail": wanted.detail,
            "assets": ",".join(wanted.assets),
            "time_zone": time_zone,
        }
        self._accounts: set[str] = set()
        self.entries = 0
        self.legs = 0

    @property
    def accounts(self) -> int:
        """How many accounts stand in it."""
        return len(self._accounts)

    def write(self, entries: Iterable[Entry], file: BinaryIO) -> None:
        """Write all rows."""
        schema = SCHEMA.with_metadata(self._about)
        with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
            groups = RowGroups(writer, schema)
            rows: list[tuple[Any, ...]] = []
            for entry in entries:
                rows += self._rows(entry)
                while len(rows) >= PIECE_ROWS:
                    groups.add(list(zip(*rows[:PIECE_ROWS], strict=True)))
                    del rows[:PIECE_ROWS]
            if rows:
                groups.add(list(zip(*rows, strict=True)))
            groups.end()

    def _rows(self, entry: Entry) -> list[tuple[Any, ...]]:
        begins = entry[: Entry._fields.index("legs")]
        self.entries += 1
        self.legs += len(entry.legs)
        self._accounts.update(leg.account for leg in entry.legs)
        return [
            (*begins, account, asset, lot and _day_of(lot), amount)
            for account, asset, lot, amount in entry.legs
        ]


@lru_cache(maxsize=4096)
def _day_of(lot: str) -> date:
    return date.fromisoformat(lot)
