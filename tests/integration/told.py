"""A programme's whole story in a real database, with every view caught up, ready to be damaged."""

from datetime import timedelta
from typing import Any

import psycopg
from psycopg import sql

from ledger.domain.expiry import CompleteExpiry
from ledger.projections.registry import VIEWS
from ledger.projector import Projector
from ledger.store.database import Database
from ledger.writer import Recorded, Writer
from tests.unit.builders import NOW, OPEN_PROGRAMME, but
from tests.unit.story import story

PROGRAMME = OPEN_PROGRAMME.id
LARGE_TABLES = [("leaderboards", "leaderboard_scores"), ("leaderboards", "leaderboard_counts")]
"""Filled only by boards with more participants than the story tells of."""
TABLES = [
    (view.name, table.name)
    for view in VIEWS.values()
    for table in view.tables
    if (view.name, table.name) not in LARGE_TABLES
]
TABLES_OF = {name: [table for view, table in TABLES if view == name] for name in VIEWS}
"""The tables that the story fills, by their view."""


def proving_database(conninfo: str) -> Database:
    """Connections as the command line makes them for proving."""
    return Database(conninfo, connections_max=2 * len(VIEWS) + 4, statement_ms_max=0)


def tell(conninfo: str) -> None:
    """Record everything that can happen, a day between the story and its expiry run."""
    day = [NOW]
    with Database(conninfo) as database:
        writer = Writer(database, clock=lambda: day[0])
        for told, events in story().told:
            command = told
            if events:
                day[0] = events[0].recorded_at
            if isinstance(command, CompleteExpiry):
                command = but(command, credits=7)  # what the run has done; the story tells of 10
            outcome = writer.submit(PROGRAMME, command)
            assert isinstance(outcome, Recorded)
        writer.close()
    assert day[0] == NOW + timedelta(days=1)


def follow(conninfo: str) -> None:
    """Bring every view up with the log."""
    projector = Projector(conninfo)
    while projector.step():
        pass
    projector.close()


class Damage:
    """Somebody at the database's own command line."""

    def __init__(self, conninfo: str) -> None:
        self.conninfo = conninfo

    def run(self, query: str, *values: Any) -> int:
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            return connection.execute(query, values).rowcount

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            return connection.execute(query, values).fetchall()

    def shadows(self) -> list[str]:
        """Schemas that a rebuild or a proof has made and not let go of."""
        return [
            name for (name,) in self.rows("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'views_%%'")
        ]

    def table(self, table: str, schema: str = "views") -> list[tuple[Any, ...]]:
        """Every row of a view's table, as text."""
        query = sql.SQL("SELECT t::text FROM {} t ORDER BY 1").format(sql.Identifier(schema, table))
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            return connection.execute(query).fetchall()

    def change_row(self, table: str) -> str:
        """Change one row in a column that may be changed; give the column's name."""
        columns = self.rows(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'views' AND table_name = %s ORDER BY ordinal_position DESC",
            table,
        )
        for column, kind in columns:
            other = {
                "bigint": "COALESCE({0}, 0) + 1",
                "integer": "{0} + 1",
                "text": "COALESCE({0}, '') || 'x'",
                "bytea": "{0} || '\\x00'",
                "boolean": "NOT {0}",
                "date": "{0} + 1",
            }.get(kind)
            if column == "position" or other is None:
                continue
            query = "UPDATE views.{1} SET {0} = " + other + " WHERE ctid = (SELECT min(ctid) FROM views.{1})"
            try:
                with psycopg.connect(self.conninfo, autocommit=True) as connection:
                    made = sql.SQL(query).format(sql.Identifier(column), sql.Identifier(table))
                    if connection.execute(made).rowcount:
                        return str(column)
            except psycopg.IntegrityError:
                continue
        raise AssertionError(f"{table} has no row, or none that can be changed")

    def remove_row(self, table: str) -> None:
        """Remove one row."""
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            query = sql.SQL("DELETE FROM views.{0} WHERE ctid = (SELECT min(ctid) FROM views.{0})")
            assert connection.execute(query.format(sql.Identifier(table))).rowcount == 1

    def add_row(self, table: str, programme_id: str) -> None:
        """Add a row like another one, as if of another programme."""
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            query = sql.SQL(
                "INSERT INTO views.{0} SELECT (jsonb_populate_record(t, jsonb_build_object("
                "'programme_id', %s::text))).* FROM views.{0} t ORDER BY ctid LIMIT 1"
            )
            made = query.format(sql.Identifier(table))
            assert connection.execute(made, (programme_id,)).rowcount == 1
