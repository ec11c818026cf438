"""A programme's whole story, told once, and made whole again after each test that damages it."""

import uuid
from collections.abc import Iterator
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ledger.store.database import Database
from tests.integration.told import Damage, follow, proving_database, tell

Statement = tuple[LiteralString, *tuple[str, ...]]
"""A statement, and the names to be put into it."""


@pytest.fixture(scope="session")
def told_once(server: str, migrated_template: str) -> Iterator[str]:
    """A database in which the story is told and every view caught up, with a copy of every row."""
    name = f"told_{uuid.uuid4().hex}"
    conninfo = make_conninfo(server, dbname=name)
    _run(server, ("CREATE DATABASE {} TEMPLATE {}", name, migrated_template))
    tell(conninfo)
    follow(conninfo)
    copies = (
        ("CREATE TABLE kept.{} AS TABLE {}.{}", f"{schema}_{table}", schema, table)
        for schema, table in _tables(conninfo)
    )
    _run(conninfo, ("CREATE SCHEMA kept",), *copies)
    yield conninfo
    _run(server, ("DROP DATABASE {} WITH (FORCE)", name))


@pytest.fixture(scope="session")
def made_whole(told_once: str) -> sql.Composed:
    """Statements that give every table the rows back that it had when the story was told."""
    each = sql.SQL("DELETE FROM {0}; INSERT INTO {0} TABLE {1}")
    return sql.SQL("; ").join(
        each.format(sql.Identifier(schema, table), sql.Identifier("kept", f"{schema}_{table}"))
        for schema, table in _tables(told_once)
    )


@pytest.fixture
def told(told_once: str, made_whole: sql.Composed) -> Iterator[str]:
    """The connection string of that database, which is as it was before for the next test."""
    yield told_once
    with psycopg.connect(told_once, autocommit=True) as connection:
        # Statements sent together are one transaction, and one round trip.
        connection.execute(sql.SQL("SET LOCAL synchronous_commit = off; {}").format(made_whole))
        for shadow in Damage(told_once).shadows():
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(shadow)))


@pytest.fixture
def damage(told: str) -> Damage:
    """Somebody at the command line of that database."""
    return Damage(told)


@pytest.fixture
def proving(told: str) -> Iterator[Database]:
    """Connections to that database as the command line makes them for proving."""
    with proving_database(told) as opened:
        yield opened


def _tables(conninfo: str) -> list[tuple[str, str]]:
    query = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'views')"
    return [(schema, table) for schema, table in Damage(conninfo).rows(query)]


def _run(conninfo: str, *statements: Statement) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        for query, *names in statements:
            connection.execute(sql.SQL(query).format(*map(sql.Identifier, names)))
