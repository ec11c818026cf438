"""Parquet files written piece by piece, in little memory.

Rule of the room: where a row group ends depends on the rows in it alone, so the same rows give the
same bytes however they come.
"""

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa  # type: ignore[import-untyped]
from pyarrow import parquet

ROW_GROUP_ROWS: Final = 50_000
"""Rows after which a Parquet row group ends: some megabytes of narrow rows."""
ROW_GROUP_BYTES: Final = 8 * 1024 * 1024
"""Size in memory with which it ends before that, so that it takes the same memory however wide rows are."""


class RowGroups:
    """The row groups of a Parquet file, made of pieces; every piece but the last one is whole."""

    def __init__(self, writer: parquet.ParquetWriter, schema: pa.Schema) -> None:
        self._writer = writer
        self._schema = schema
        self._pieces: list[pa.RecordBatch] = []

    def add(self, values: Sequence[Sequence[Any]]) -> None:
        """Add a piece by its columns, and write the group if it is full with it."""
        arrays = [pa.array(one, field.type) for one, field in zip(values, self._schema, strict=True)]
        self._pieces.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        rows = sum(piece.num_rows for piece in self._pieces)
        if rows >= ROW_GROUP_ROWS or sum(piece.nbytes for piece in self._pieces) >= ROW_GROUP_BYTES:
            self.end()

    def end(self) -> None:
        """Write what has come together."""
        if self._pieces:
            # In one stretch: how values lie in pages must not depend on the pieces either.
            table = pa.Table.from_batches(self._pieces).combine_chunks()
            self._writer.write_table(table, row_group_size=table.num_rows)
            self._pieces = []
