"""`ledger serve`, `ledger health` and `ledger demo`: the server, a look at it, and a show of it."""

import sys
from contextlib import ExitStack, closing
from dataclasses import replace
from http import HTTPStatus
from http.client import responses
from urllib.parse import urlsplit

import click
from rich.markup import escape

from ledger import config, logs
from ledger.bootstrap import open_ledger
from ledger.cli.showing import answers, notes
from ledger.demo import DemoFailed, now, show
from ledger.server import ServerHandle, embedded_folder, running_server, status_of, url_of
from ledger.server import serve as run_server


@click.command(short_help="Run the HTTP server.")
@click.option("--migrate", is_flag=True, help="Bring the database forward first; an embedded one always is.")
def serve(*, migrate: bool) -> None:
    """Run the HTTP server until SIGTERM or Ctrl-C; requests under way are answered before it ends.

    \b
    Examples:
      ledger serve
      DATABASE_URL=postgresql://ledger@db/ledger LEDGER_HOST=0.0.0.0 ledger serve
    """  # noqa: D301 — \b keeps click from joining the lines
    settings = config.load()
    logs.configure(settings.log_level)
    run_server(settings, migrate=migrate, announce=_announce)


def _announce(server: ServerHandle) -> None:
    console = notes()
    console.print(
        f"[bold]Carbon ledger[/] at {server.url}/v1, its page at {server.url}/docs. Ctrl-C stops it."
    )


def _checked_url(_ctx: click.Context, _parameter: click.Parameter, url: str | None) -> str | None:
    """Refuse what is no address of a server as a wrong use."""
    try:
        address = urlsplit(url or "http://localhost")
        is_server = address.scheme in ("http", "https") and address.hostname and address.port != 0
    except ValueError:
        is_server = False
    if not is_server:
        raise click.BadParameter("an address such as http://127.0.0.1:8080")
    return url


@click.command(short_help="Ask a running server whether it is alive and ready.")
@click.option(
    "--url",
    callback=_checked_url,
    help="Where the server is; by default where LEDGER_HOST and LEDGER_PORT say.",
)
def health(url: str | None) -> None:
    """Ask a running server whether it is alive and ready; exits with 1 when it is not.

    \b
    Examples:
      ledger health
      ledger health --url http://127.0.0.1:8080
    """  # noqa: D301 — \b keeps click from joining the lines
    address = (url or url_of(config.load())).rstrip("/")
    statuses = {path: status_of(address, path) for path in ("/health", "/ready")}
    for path, status in statuses.items():
        answer = "no answer" if status is None else f"{status} {responses.get(status, '')}".rstrip()
        click.echo(f"{address}{path}: {answer}")
    if any(status != HTTPStatus.OK for status in statuses.values()):
        sys.exit(1)


@click.command(short_help="Show a small programme from nothing to its audit.")
def demo() -> None:
    """Show a small programme from nothing to its first redemption, a stricter one, and the close of a month.

    Runs on the embedded database, whatever DATABASE_URL says, and on a free port of this machine.
    Each run opens new programmes beside those of earlier runs. Exits with 1 if a check fails.

    \b
    Example:
      ledger demo
    """  # noqa: D301 — \b keeps click from joining the lines
    settings = replace(config.load(), database_url=None, host="127.0.0.1", workers=1)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    console, log = answers(), settings.data_dir / "demo.log"
    console.rule("[bold]Carbon ledger[/]: a demonstration")
    with ExitStack() as at_end:
        with console.status("starting PostgreSQL and the HTTP server …"):
            server = at_end.enter_context(
                running_server(settings, port=0, log=at_end.enter_context(log.open("wb")))
            )
            ledger = at_end.enter_context(closing(open_ledger(server.settings)))
        console.print(f"PostgreSQL in {embedded_folder(settings)}, HTTP server at {server.url}")
        try:
            folder = settings.data_dir / "statements"
            statement = show(ledger=ledger, url=server.url, console=console, begun_at=now(), folder=folder)
        except DemoFailed as failed:
            notes().print(f"[bold red]The demonstration failed.[/] Log: {log}")
            click.echo(str(failed), err=True)
            sys.exit(1)
    console.print(
        "\n[bold green]All checks passed[/], and nothing is left running. "
        "The programmes stay in the database.\n"
        f"The month's statement, closed, approved, paid and reconciled: [bold]{escape(str(statement))}[/]\n"
        "Next: [bold]make serve[/] for a server of your own, docs/http.md for what it answers."
    )
