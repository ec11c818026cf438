"""The command line: `ledger …`, the same calls that HTTP makes, for the people who run it.

Rule of the room: a command reads its arguments, makes one call down and shows what came of it.
Answers go to standard output, everything else to standard error; a refusal is told by its code,
its message, its details and what to do next.
"""

import signal
import sys
from typing import Any

import click

from ledger.cli.books import books_group
from ledger.cli.breaks import reconcile
from ledger.cli.database import migrate, replay
from ledger.cli.expiring import expiring
from ledger.cli.explaining import explain
from ledger.cli.following import project, status
from ledger.cli.funds import funds
from ledger.cli.importing import import_group
from ledger.cli.keys import key
from ledger.cli.moving import export_ledger, import_ledger
from ledger.cli.offers import offers, vouchers
from ledger.cli.programmes import programme_group
from ledger.cli.proving import rebuild, verify
from ledger.cli.recomputing import recompute
from ledger.cli.registers import registers
from ledger.cli.running import demo, health, serve
from ledger.cli.runs import expire, lapse
from ledger.cli.settling import settle
from ledger.cli.shadow import shadow
from ledger.cli.showing import show_error
from ledger.cli.solvency import solvency
from ledger.cli.statements import statement
from ledger.cli.totals import totals
from ledger.cli.webhooks import webhook
from ledger.domain.errors import LedgerError


class LedgerCommands(click.Group):
    """The commands, with every refusal of the ledger shown in the same way."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 — as click has it
        """Give the names in the order in which a newcomer needs them."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named."""
        # As Ctrl-C does: what the command has started is stopped on the way out.
        signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
        try:
            return super().invoke(ctx)
        except LedgerError as error:
            show_error(error.code, error.message(), error.details(), error.next_step)
        except ChildProcessError as error:
            show_error("server_failed", str(error), {}, "Read the log lines above.")
        return ctx.exit(1)


@click.group(cls=LedgerCommands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """An event-sourced credit ledger for carbon-inclusion programmes.

    Settings come from the environment; docs/operations.md lists them all. DATABASE_URL names a
    PostgreSQL server. Without it every command works on an embedded one under LEDGER_DATA_DIR
    (./var): on the one that `ledger serve` runs there, or else on one of its own that stops with it.
    """


for command in (
    demo,
    serve,
    migrate,
    key,
    programme_group,
    replay,
    rebuild,
    verify,
    registers,
    health,
    project,
    status,
    statement,
    explain,
    totals,
    funds,
    solvency,
    offers,
    vouchers,
    settle,
    shadow,
    expire,
    lapse,
    expiring,
    recompute,
    webhook,
    import_group,
    reconcile,
    books_group,
    export_ledger,
    import_ledger,
):
    main.add_command(command)
