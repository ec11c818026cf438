"""`ledger project` and `ledger status`: keeping the views up with the log, and how far they are."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

import click
import msgspec
from rich.table import Table

from ledger import config, logs
from ledger.bootstrap import PAGES_GARBAGE_THRESHOLD, prepare_process
from ledger.cli.showing import answers, opened_ledger
from ledger.config import Settings
from ledger.cross_check import CrossCheck
from ledger.projections.registry import VIEWS
from ledger.projector import Projector
from ledger.server import ready_database
from ledger.store.database import Database
from ledger.store.following import Standing, standing
from ledger.webhooks import Deliverer
from ledger.writer import Writer

BESIDE_CONNECTIONS: Final = 6


@click.command(short_help="Keep the views up with the log.")
@click.option("--once", is_flag=True, help="Catch up with what stands now, and end.")
def project(*, once: bool) -> None:
    """Keep every view up with its log until SIGTERM or Ctrl-C.

    Beside that, webhooks are told what happened, and partners asked about claims that they share.
    Several may run, on several machines: they share the work, and when one dies another goes on
    from where it was. `ledger serve` runs LEDGER_PROJECTORS of them itself.

    \b
    Examples:
      ledger project
      ledger project --once
    """  # noqa: D301 — \b keeps click from joining the lines
    settings = config.load()
    logs.configure(settings.log_level)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    prepare_process(garbage_threshold=PAGES_GARBAGE_THRESHOLD)
    with ready_database(settings) as named:
        projector = Projector(str(named.database_url))
        if not once:
            with _beside(named, stop):
                projector.run(stop)
            return
        try:
            while not stop.is_set() and projector.step():
                pass
        finally:
            projector.close()


@contextmanager
def _beside(settings: Settings, stop: threading.Event) -> Iterator[None]:
    """Serve webhooks, and ask partners about shared claims, in threads for the length of the block."""
    with closing(Database(str(settings.database_url), connections_max=BESIDE_CONNECTIONS)) as database:
        writer = Writer(database)
        threads = [
            threading.Thread(target=Deliverer(database, settings).run, args=(stop,), name="deliverer"),
            threading.Thread(target=CrossCheck(database, writer).run, args=(stop,), name="cross-check"),
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()
            writer.close()


@click.command(short_help="Show how far the views have come.")
@click.option("--programme", help="The only programme to show; all of them when absent.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a view and line, for machines.")
def status(*, programme: str | None, as_json: bool) -> None:
    """Show where each programme's log and views stand, and which view stopped at which event.

    Exits with 1 when a view stopped.

    \b
    Examples:
      ledger status
      ledger status --programme chengdu --json
    """  # noqa: D301 — \b keeps click from joining the lines
    with opened_ledger() as ledger:
        found = standing(ledger.database, list(VIEWS), programme)
    if as_json:
        for view in found:
            click.echo(msgspec.json.encode({**view._asdict(), "lag_events": view.lag_events}))
    else:
        _show(found)
    if any(view.stopped_position is not None for view in found):
        sys.exit(1)


def _show(found: list[Standing]) -> None:
    table = Table("programme", "view", box=None)
    for name in ("log", "view at", "lag"):
        table.add_column(name, justify="right")
    table.add_column("state")
    for view in found:
        state = "[green]up to date[/]" if not view.lag_events else "following"
        if view.stopped_position is not None:
            state = f"[red]stopped at event {view.stopped_position}[/]"
        table.add_row(
            view.programme_id,
            view.view_name,
            f"{view.head:,}",
            f"{view.position:,}",
            f"{view.lag_events:,}",
            state,
        )
    console = answers()
    console.print(table)
    for view in found:
        if view.stopped_position is not None:
            where = f"event {view.stopped_position} ({view.stopped_topic})"
            console.print(
                f"{view.programme_id} {view.view_name}: {where}: {view.stopped_error}",
                style="red",
                markup=False,
                soft_wrap=True,
            )
