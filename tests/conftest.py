"""What every test may ask for: a real PostgreSQL with a database of the test's own.

`DATABASE_URL` names a server to use (its user must be allowed to create databases); without it one
embedded server runs for the whole session. Either keeps every commit durable, as in production.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from ledger.embedded import EmbeddedPostgres
from ledger.store import migrations
from tests.databases import Databases, create, drop


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
    name = create(server)
    migrations.migrate(make_conninfo(server, dbname=name))
    yield name
    drop(server, name)


@pytest.fixture(scope="session")
def databases(server: str, migrated_template: str) -> Iterator[Databases]:
    """Migrated databases, to be lent."""
    lent = Databases(server, migrated_template)
    yield lent
    lent.drop_all()


@pytest.fixture
def database(databases: Databases) -> Iterator[str]:
    """The connection string of a migrated database of this test's own, as if it had just been made."""
    conninfo = databases.lend()
    yield conninfo
    databases.take_back(conninfo)


@pytest.fixture
def empty_database(server: str) -> Iterator[str]:
    """The connection string of a database of this test's own in which nothing was ever made."""
    name = create(server)
    yield make_conninfo(server, dbname=name)
    drop(server, name)
