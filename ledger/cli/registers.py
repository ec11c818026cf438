"""`ledger registers rebuild`: what decisions stand on, made anew from the log."""

import sys

import click
import msgspec
from rich.table import Table

from ledger.cli.proving import bars, proving_database
from ledger.cli.showing import answers
from ledger.register_rebuild import RegisterReport, rebuild_registers


@click.group("registers", short_help="What decisions stand on beside balances.")
def registers() -> None:
    """Registers: what decisions stand on beside balances, kept with the events that change it."""


@registers.command("rebuild", short_help="Make registers anew from the log, and put right what differs.")
@click.option("--programme", default=None, help="The only programme; all of them without it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each programme, for machines.")
def rebuild(*, programme: str | None, as_json: bool) -> None:
    """Make the registers of a programme anew from its log, and put right what differs.

    Once after an upgrade that keeps more in them than the release before, when all servers of that
    release have stopped. Servers remember what they have read: start them afterwards. Exit code 0, also
    when something had to be put right.

    \b
    Examples:
      ledger registers rebuild
      ledger registers rebuild --programme chengdu --json
    """  # noqa: D301 — \b keeps click from joining the lines
    done = []
    with proving_database() as database, bars() as on_progress:
        for report in rebuild_registers(database, programme_id=programme, on_progress=on_progress):
            if as_json:
                click.echo(msgspec.json.encode(report))
                sys.stdout.flush()
            done.append(report)
    if not as_json:
        _show(done)


def _show(reports: list[RegisterReport]) -> None:
    names = ("position", "entries", "missing", "changed", "unexpected", "locked_ms")
    table = Table("programme", box=None)
    for name in names:
        table.add_column(name.replace("_", " "), justify="right")
    for report in reports:
        table.add_row(report.programme_id, *(f"{getattr(report, name):,}" for name in names))
    answers().print(table)
