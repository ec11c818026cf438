"""Shadow tables: of the shape of live ones, filled from the log, compared and put in their place.

Rule of the room: the live table is the pattern of its shadow; what a shadow says of a programme is
put into the live table row by row, in one transaction, so that readers see the old rows or the new
ones and need wait for neither.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from psycopg import Connection
from psycopg.sql import SQL, Composable, Composed, Identifier

from ledger.store.database import Database
from ledger.store.following import FOLLOWING, LIVE_SCHEMA
from ledger.store.queries import load

_QUERIES: Final = load(Path(__file__).parent / "sql" / "shadow.sql")

Row = dict[str, Any]
"""A row as JSON has it, numbers with a point as text."""


class RowPair(NamedTuple):
    """A row of a live table and the one of the same key in its shadow; None where there is none."""

    live: Row | None
    shadow: Row | None


class Stand(NamedTuple):
    """How far a view of a programme has come."""

    position: int
    stopped_position: int | None
    """Of the event that the view cannot take; None while it goes on."""
    stopped_topic: str | None
    stopped_error: str | None


class TablePair:
    """One live table and its shadow."""

    def __init__(self, schema: str, table: str, key: Sequence[str]) -> None:
        """Name them.

        Args:
            schema: of the shadow.
            table: name of both.
            key: columns of the primary key, `programme_id` first.
        """
        self.schema = schema
        self.table = table
        self.key = key

    def _query(self, name: str) -> Composed:
        same = [SQL("l.{0} = s.{0}").format(Identifier(column)) for column in self.key]
        names: dict[str, Composable] = {
            "schema": Identifier(self.schema),
            "live": Identifier(LIVE_SCHEMA, self.table),
            "shadow": Identifier(self.schema, self.table),
            "key": SQL(", ").join(map(Identifier, self.key)),
            "same_key": SQL(" AND ").join(same),
        }
        return SQL(_QUERIES[name]).format(**names)

    def make(self, connection: Connection[Any]) -> None:
        """Make the shadow where there is none.

        One that was left by an earlier release in another shape is made anew, empty; see `is_current`.
        """
        connection.execute(self._query("make_table"))

    def is_current(self, connection: Connection[Any]) -> bool:
        """Whether the shadow is there and has the columns of the live table."""
        live, shadow = (columns_of(connection, one, self.table) for one in (LIVE_SCHEMA, self.schema))
        return live == shadow

    def drop(self, connection: Connection[Any]) -> None:
        """Let go of the shadow."""
        connection.execute(self._query("drop_table"))

    def programmes(self, connection: Connection[Any]) -> list[str]:
        """Give every programme that has rows in the live table, known to the ledger or not."""
        return programmes_in(connection, LIVE_SCHEMA, self.table)

    def differences(
        self, connection: Connection[Any], programme_id: str, *, shown_max: int
    ) -> tuple[int, list[RowPair]]:
        """Compare a programme's rows to the byte.

        Returns:
            How many differ, and the first of them in the order of their key.
        """
        parameters = {"programme_id": programme_id, "limit": shown_max}
        rows = connection.execute(self._query("differences"), parameters).fetchall()
        count = len(rows)
        if count == shown_max:
            counted = connection.execute(self._query("differences_count"), parameters).fetchone()
            count = counted[0] if counted else count
        return count, [RowPair(*map(_row, row)) for row in rows]

    def put_in_place(self, connection: Connection[Any], programme_id: str) -> None:
        """Make a programme's live rows those of the shadow; belongs into the caller's transaction."""
        parameters = {"programme_id": programme_id}
        connection.execute(self._query("remove_differing"), parameters)
        connection.execute(self._query("add_missing"), parameters)


def _row(text: str | None) -> Row | None:
    return None if text is None else json.loads(text, parse_float=str)


class Shadow:
    """The shadow tables of some views, with how far each has come in each programme's log."""

    def __init__(self, database: Database, schema: str, views: Iterable[str]) -> None:
        """Name them; nothing is made yet.

        Args:
            database: where the live tables are.
            schema: of the shadows; also tells their positions from those of others.
            views: by name.
        """
        self.database = database
        self.schema = schema
        self.prefix = f"{schema}:"
        self._views = list(views)
        self._stored_names = [self.prefix + view for view in self._views]

    def stands(self, programme_id: str) -> dict[str, Stand]:
        """Give how far each shadow has come, by the name of its view."""
        found = stands(self.database, programme_id, self._stored_names)
        return {view: found[self.prefix + view] for view in self._views}

    def make(self, tables: Sequence[TablePair]) -> None:
        """Make what is missing; everything anew when a shape has changed since."""
        with self.database.connection() as connection, connection.transaction():
            connection.execute(SQL(_QUERIES["make_schema"]).format(schema=Identifier(self.schema)))
            for table in tables:
                table.make(connection)
            is_current = all(table.is_current(connection) for table in tables)
            connection.execute(_QUERIES["forget_stops"], {"views": self._stored_names})
        if not is_current:
            self.drop(tables)
            self.make(tables)

    def drop(self, tables: Sequence[TablePair]) -> None:
        """Let go of the tables and their positions."""
        with self.database.connection() as connection, connection.transaction():
            connection.execute(_QUERIES["forget"], {"views": self._stored_names})
            connection.execute(_QUERIES["forget_stops"], {"views": self._stored_names})
            for table in tables:
                table.drop(connection)
            if not connection.execute(_QUERIES["tables_in"], {"schema": self.schema}).fetchall():
                connection.execute(SQL(_QUERIES["drop_schema"]).format(schema=Identifier(self.schema)))

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Ask others for the only use of the schema; false when somebody has it."""
        with self.database.connection() as connection:
            row = connection.execute(_QUERIES["take_turn"], {"schema": self.schema}).fetchone()
            has_turn = bool(row and row[0])
            try:
                yield has_turn
            finally:
                if has_turn and not connection.closed:
                    connection.execute(_QUERIES["give_turn"], {"schema": self.schema})


def programmes_in(connection: Connection[Any], schema: str, table: str) -> list[str]:
    """Give every programme that has rows in a table, known to the ledger or not."""
    query = SQL(_QUERIES["programmes_in"]).format(table=Identifier(schema, table))
    return [row[0] for row in connection.execute(query)]


def columns_of(connection: Connection[Any], schema: str, table: str) -> list[tuple[str, str, bool]]:
    """Give name, type and whether it must have a value, of each column of a table in order."""
    return connection.execute(_QUERIES["columns"], {"table": f"{schema}.{table}"}).fetchall()


def lock_position(connection: Connection[Any], programme_id: str, view_name: str) -> int:
    """Give how far a view has come, and keep everybody else from moving it until the transaction ends."""
    names = {"programme_id": programme_id, "view_name": view_name}
    connection.execute(FOLLOWING["enter"], names)
    row = connection.execute(_QUERIES["lock_position"], names).fetchone()
    assert row is not None
    return int(row[0])


def set_position(connection: Connection[Any], programme_id: str, view_name: str, position: int) -> None:
    """Put a view where its rows stand, and let it go on if it had stopped."""
    names = {"programme_id": programme_id, "view_name": view_name}
    connection.execute(_QUERIES["set_position"], {**names, "position": position})
    connection.execute(FOLLOWING["resume"], names)


def stands(database: Database, programme_id: str, views: Iterable[str]) -> dict[str, Stand]:
    """Give how far some views of a programme have come, whether or not anybody knows the programme."""
    parameters = {"programme_id": programme_id, "views": list(views)}
    with database.connection() as connection:
        return {row[0]: Stand(*row[1:]) for row in connection.execute(_QUERIES["stands"], parameters)}


def log_end(database: Database, programme_id: str) -> int:
    """Give the position of a programme's last stored event, whatever its head says; 0 when there is none."""
    with database.connection() as connection:
        row = connection.execute(_QUERIES["log_end"], {"programme_id": programme_id}).fetchone()
    return row[0] if row else 0
