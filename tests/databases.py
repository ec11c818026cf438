"""Migrated databases, each lent to one test at a time, and as new again for the next one.

Making a database costs more than most tests that ask for one. So one that comes back is emptied and
lent again; unless anything but rows has changed in it, or somebody is still connected: then it is
dropped, and the next one is made anew.
"""

import uuid
from pathlib import Path
from typing import Final

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ledger.store.queries import load

QUERIES: Final = load(Path(__file__).parent / "databases.sql")
KEPT: Final = ("public", "schema_migrations")
"""The one table whose rows belong to a database as it is lent; they are looked at with the rest of it."""


class Databases:
    """The databases of one server."""

    def __init__(self, server: str, template: str) -> None:
        """Name where they are made, and the database that they are copies of."""
        self._server = server
        self._template = template
        self._free: list[str] = []
        first = self._make()
        self._free.append(first)
        self._as_new = _looks(make_conninfo(server, dbname=first))

    def lend(self) -> str:
        """Give the connection string of one that nobody else has."""
        name = self._free.pop() if self._free else self._make()
        return make_conninfo(self._server, dbname=name)

    def take_back(self, conninfo: str) -> None:
        """Make one as new again, or drop it."""
        name = str(conninfo_to_dict(conninfo)["dbname"])
        if _emptied(conninfo, self._as_new):
            self._free.append(name)
        else:
            drop(self._server, name)

    def drop_all(self) -> None:
        """Drop those that nobody has."""
        while self._free:
            drop(self._server, self._free.pop())

    def _make(self) -> str:
        return create(self._server, template=self._template)


def create(server: str, template: str = "template0") -> str:
    """Make a database, and give its name."""
    name = f"test_{uuid.uuid4().hex}"
    names = sql.Identifier(name), sql.Identifier(template)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
    return name


def drop(server: str, name: str) -> None:
    """Drop a database, whoever is connected to it."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _emptied(conninfo: str, as_new: str) -> bool:
    """Empty every table; false when that does not make the database as new."""
    try:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            if _one(connection, "others") or _one(connection, "looks") != as_new:
                return False
            _empty(connection)
    except psycopg.Error:
        return False  # nobody may connect to it any more, or somebody holds a lock in it
    return True


def _empty(connection: Connection[tuple[str, ...]]) -> None:
    connection.execute("SET lock_timeout = '1s'")
    tables = [table for table in connection.execute(QUERIES["tables"]).fetchall() if table != KEPT]
    is_used = sql.SQL("SELECT {}, {} WHERE EXISTS (SELECT FROM {})")
    used = connection.execute(
        sql.SQL(" UNION ALL ").join(
            is_used.format(sql.Literal(schema), sql.Literal(name), sql.Identifier(schema, name))
            for schema, name in tables
        )
    ).fetchall()
    if used:
        names = sql.SQL(", ").join(sql.Identifier(*table) for table in used)
        connection.execute(sql.SQL("TRUNCATE {}").format(names))


def _looks(conninfo: str) -> str:
    """Everything about a database but its rows, as a digest."""
    with psycopg.connect(conninfo) as connection:
        return str(_one(connection, "looks"))


def _one(connection: Connection[tuple[str, ...]], query: str) -> object:
    [(value,)] = connection.execute(QUERIES[query]).fetchall()
    return value
