"""Reading a table of a view whole, batch by batch, in the order of its key.

Rule of the room: the order and the values depend on nothing but the rows: text is ordered by its
bytes, and a type that has no plain value of its own is given as the text that PostgreSQL writes.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, cast

from psycopg import Connection
from psycopg.sql import SQL, Composable, Identifier

from ledger.store.queries import load
from ledger.store.shadow import TablePair, columns_of

_QUERIES: Final = load(Path(__file__).parent / "sql" / "exporting.sql")

Kind = Literal[
    "text", "bigint", "integer", "smallint", "boolean", "date", "timestamp with time zone", "bytea"
]

_KINDS: Final = frozenset(Kind.__args__)  # type: ignore[attr-defined]  # how a Literal keeps its values


class Column(NamedTuple):
    """A column as it is given out."""

    name: str
    kind: Kind
    """Of the values; everything without a kind of its own is text."""
    may_be_null: bool


class TableReader:
    """The rows of one programme in one shadow table."""

    def __init__(self, connection: Connection[Any], table: TablePair, programme_id: str) -> None:
        """Look at the table; inside a transaction.

        Args:
            connection: whose transaction the reading is part of.
            table: its shadow is read.
            programme_id: whose rows.
        """
        self._connection = connection
        self._table = table
        self._programme_id = programme_id
        self._types = columns_of(connection, table.schema, table.table)

    @property
    def columns(self) -> list[Column]:
        """The table's columns, in order."""
        return [
            Column(name, cast("Kind", kind if kind in _KINDS else "text"), not is_required)
            for name, kind, is_required in self._types
        ]

    def batches(self, rows_max: int) -> Iterator[Sequence[tuple[Any, ...]]]:
        """Give all rows by their key, `rows_max` at a time; the last batch may be smaller."""
        types = {name: kind for name, kind, _ in self._types}
        query = SQL(_QUERIES["rows"]).format(
            columns=SQL(", ").join(_value(name, kind) for name, kind in types.items()),
            table=Identifier(self._table.schema, self._table.table),
            key=SQL(", ").join(_order(name, types[name]) for name in self._table.key),
        )
        with self._connection.cursor(name="export", binary=True) as cursor:
            cursor.execute(query, {"programme_id": self._programme_id})
            while rows := cursor.fetchmany(rows_max):
                yield rows


def _value(name: str, kind: str) -> Composable:
    column = Identifier(name)
    return column if kind in _KINDS else SQL("{0}::text AS {0}").format(column)


def _order(name: str, kind: str) -> Composable:
    column = Identifier(name)
    return SQL('{} COLLATE "C"').format(column) if kind == "text" else column
