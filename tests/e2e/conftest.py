"""The application over a database of the test's own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from ledger import config
from ledger.bootstrap import Ledger, open_ledger
from ledger.writer import Writer
from tests.e2e.town import Town


@pytest.fixture
def opened(database: str) -> Iterator[Callable[..., Ledger]]:
    """Opens ledgers on the test's database, with other settings or another time where named."""
    with ExitStack() as stack:

        def open_one(clock: Callable[[], datetime] | None = None, **settings: Any) -> Ledger:
            chosen = replace(config.load({}), database_url=database, **settings)
            ledger = open_ledger(chosen)
            if clock is not None:
                ledger = replace(ledger, writer=Writer(ledger.database, clock=clock))
            return stack.enter_context(closing(ledger))

        yield open_one


@pytest.fixture
def bare(opened: Callable[..., Ledger]) -> Town:
    """The application, with no programme open."""
    return Town(opened())


@pytest.fixture
def town(bare: Town) -> Town:
    """The application, with a programme open and one of everything in it."""
    return bare.open()
