"""The application over a real database.

Most tests share one database and have a programme of their own in it, as the callers of one
deployment do; a test that breaks or delays its database asks for one with `opened`.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ledger import config
from ledger.bootstrap import Ledger, open_ledger
from ledger.writer import Writer
from tests.e2e.cafe import KEY
from tests.e2e.town import Town

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def shared_database(server: str, migrated_template: str) -> Iterator[str]:
    """The connection string of a migrated database for all tests of the session."""
    name = sql.Identifier(f"{migrated_template}_shared")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, sql.Identifier(migrated_template))
        )
        yield make_conninfo(server, dbname=f"{migrated_template}_shared")
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture(scope="session")
def first_town(shared_database: str) -> Iterator[Town]:
    """The application for all tests of the session, each of which has a programme of its own."""
    settings = replace(config.load({}), database_url=shared_database, voucher_key=KEY)
    with closing(open_ledger(settings)) as ledger:
        yield Town(ledger)


@pytest.fixture
def bare(first_town: Town) -> Town:
    """The application, with a programme that nobody opened yet."""
    return Town(first_town.ledger, f"town-{next(_numbers)}", beside=first_town)


@pytest.fixture
def town(bare: Town) -> Town:
    """The application, with a programme open and one of everything in it."""
    return bare.open()


@pytest.fixture
def opened(database: str) -> Iterator[Callable[..., Ledger]]:
    """Opens ledgers on a database of the test's own, with other settings or another time where named."""
    with ExitStack() as stack:

        def open_one(clock: Callable[[], datetime] | None = None, **settings: Any) -> Ledger:
            chosen = replace(config.load({}), database_url=database, **settings)
            ledger = open_ledger(chosen)
            if clock is not None:
                ledger = replace(ledger, writer=Writer(ledger.database, clock=clock), clock=clock)
            return stack.enter_context(closing(ledger))

        yield open_one


@pytest.fixture
def own_town(opened: Callable[..., Ledger]) -> Town:
    """As `town`, on a database of the test's own."""
    return Town(opened()).open()
