"""How the command line writes: tables to standard output, refusals to standard error."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date

import msgspec
from rich.console import Console
from rich.markup import escape

from ledger import config
from ledger.bootstrap import Ledger, open_ledger
from ledger.domain.errors import ProgrammeNotFound
from ledger.domain.programme import ProgrammeOpened
from ledger.server import ready_database

COLUMNS_WITHOUT_TERMINAL = 200
"""A file or a pipe has no width; this is enough for every table here without a line broken."""


@contextmanager
def opened_ledger() -> Iterator[Ledger]:
    """Open the ledger of the environment's settings for the length of a command."""
    with ready_database(config.load()) as settings:
        ledger = open_ledger(settings)
        try:
            yield ledger
        finally:
            ledger.close()


def today(ledger: Ledger, programme_id: str) -> date:
    """Give a programme's local day now.

    Raises:
        ProgrammeNotFound
    """
    opening = ledger.log.stream(programme_id, "programme", programme_id)
    if not opening:
        raise ProgrammeNotFound(programme_id=programme_id)
    opened = ledger.log.decode(opening[0])
    assert isinstance(opened, ProgrammeOpened)
    return opened.today(ledger.clock())


def answers() -> Console:
    """Where answers go."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else COLUMNS_WITHOUT_TERMINAL)


def notes() -> Console:
    """Where everything goes that is no answer."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def show_error(code: str, message: str, details: Mapping[str, object], next_step: str) -> None:
    """Show a refusal."""
    console = notes()
    console.print(f"[bold red]{escape(code)}[/]: {escape(message)}")
    for name, value in details.items():
        plain = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        console.print(f"  {escape(name)}: {escape(plain)}")
    if next_step:
        console.print(f"[bold]→[/] {escape(next_step)}")
