"""A programme's whole story, told once, and a copy of it for each test that damages or proves it."""

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ledger.store.database import Database
from tests.integration.told import Damage, follow, proving_database, tell


@pytest.fixture(scope="session")
def told_template(server: str, migrated_template: str) -> Iterator[str]:
    """The name of a database in which the story is told and every view caught up."""
    name = f"told_{uuid.uuid4().hex}"
    _copy(server, name, migrated_template)
    tell(make_conninfo(server, dbname=name))
    follow(make_conninfo(server, dbname=name))
    yield name
    _drop(server, name)


@pytest.fixture
def told(server: str, told_template: str) -> Iterator[str]:
    """The connection string of a copy of this test's own."""
    name = f"told_{uuid.uuid4().hex}"
    _copy(server, name, told_template)
    yield make_conninfo(server, dbname=name)
    _drop(server, name)


@pytest.fixture
def damage(told: str) -> Damage:
    """Somebody at the command line of that database."""
    return Damage(told)


@pytest.fixture
def proving(told: str) -> Iterator[Database]:
    """Connections to that database as the command line makes them for proving."""
    with proving_database(told) as opened:
        yield opened


def _copy(server: str, name: str, template: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )


def _drop(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
