"""What every test may ask for: a real PostgreSQL with a database of the test's own.

`DATABASE_URL` names a server to use (its user must be allowed to create databases); without it one
embedded server runs for the whole session. Either keeps every commit durable, as in production.
"""

import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ledger.embedded import EmbeddedPostgres
from ledger.store import migrations


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The connection string of a running server, to its maintenance database."""
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    with (
        tempfile.TemporaryDirectory(prefix="ledger-tests-") as folder,
        EmbeddedPostgres(Path(folder)) as embedded,
    ):
        yield embedded.dsn


@pytest.fixture(scope="session")
def migrated_template(server: str) -> Iterator[str]:
    """The name of a database with every migration applied, to be copied; nobody may connect to it."""
    name = _create(server)
    migrations.migrate(make_conninfo(server, dbname=name))
    yield name
    _drop(server, name)


@pytest.fixture
def database(server: str, migrated_template: str) -> Iterator[str]:
    """The connection string of a migrated database of this test's own."""
    name = _create(server, template=migrated_template)
    yield make_conninfo(server, dbname=name)
    _drop(server, name)


@pytest.fixture
def empty_database(server: str) -> Iterator[str]:
    """The connection string of a database of this test's own in which nothing was ever made."""
    name = _create(server)
    yield make_conninfo(server, dbname=name)
    _drop(server, name)


def _create(server: str, template: str = "template0") -> str:
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    return name


def _drop(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
