"""`ledger settle`: closing months of merchants, and seeing each statement to its end."""

from datetime import datetime

import click
import msgspec
from rich.table import Table

from ledger.bootstrap import Ledger
from ledger.cli.settle_files import check, document, payments
from ledger.cli.settle_steps import (
    approve,
    by_option,
    confirm,
    dispute,
    fail,
    json_option,
    pay,
    programme_option,
    resolve,
    return_,
)
from ledger.cli.settle_taking import made, show_refused
from ledger.cli.settled import lines, list_statements, show
from ledger.cli.showing import answers, opened_ledger
from ledger.documents.amounts import grouped
from ledger.domain.limits import OBJECTION_DAYS_DEFAULT, OBJECTION_DAYS_MAX, SETTLEMENT_MERCHANTS_MAX
from ledger.domain.statement import CloseStatement
from ledger.merchant_statements.closing import ClosedFor, ClosedPage, ClosePeriod, close_period


class InOrder(click.Group):
    """Commands in the order in which a month is closed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 — as click has it
        """Give the names as they were added."""
        return list(self.commands)


@click.group(cls=InOrder)
def settle() -> None:
    """Close merchants' months: statements, disputes, approval, payouts.

    A statement is named after its merchant and the day after its last: cafe:2026-12-01.
    docs/settlement.md goes through a month.
    """


@settle.command(short_help="Close the period of a merchant, or of all that have lines.")
@programme_option
@click.option(
    "--ends-on",
    type=click.DateTime(["%Y-%m-%d"]),
    required=True,
    help="The local day after the period's last: 2026-12-01 for November.",
)
@click.option("--merchant", help="The only merchant; all that have lines when absent.")
@click.option(
    "--objection-days",
    type=click.IntRange(0, OBJECTION_DAYS_MAX),
    default=OBJECTION_DAYS_DEFAULT,
    show_default=True,
    help="Local days on which lines can be disputed.",
)
@by_option
@json_option
def close(
    *, programme: str, ends_on: datetime, merchant: str | None, objection_days: int, by: str, as_json: bool
) -> None:
    """Put the lines of all days before --ends-on that are in no statement yet into one.

    Closing again answers with the same statements. Where one merchant's is refused the others have
    theirs, and the exit code is 1.

    \b
    Examples:
      ledger settle close --programme chengdu --ends-on 2026-12-01 --by li.na
      ledger settle close --programme chengdu --ends-on 2026-12-01 --merchant cafe --by li.na
    """  # noqa: D301 — \b keeps click from joining the lines
    told = {"ends_on": ends_on.date(), "objection_days": objection_days}
    with opened_ledger() as ledger:
        told["occurred_at"] = ledger.clock()
        if merchant is None:
            closed = _close_all(ledger, programme, msgspec.convert(told, ClosePeriod), by)
        else:
            command = made(CloseStatement, {**told, "merchant_id": merchant, "by": by})
            closed = ClosedPage([ClosedFor(merchant, ledger.writer.submit(programme, command))], None)
    _show(closed, as_json=as_json)
    show_refused(error for _, error in closed.refused)


def _close_all(ledger: Ledger, programme: str, command: ClosePeriod, by: str) -> ClosedPage:
    """Close the period of every merchant, page by page."""
    merchants: list[ClosedFor] = []
    after: str | None = ""
    while after is not None:
        page = close_period(
            database=ledger.database,
            writer=ledger.writer,
            programme_id=programme,
            command=command,
            by=by,
            now=ledger.clock(),
            after=after,
            limit=SETTLEMENT_MERCHANTS_MAX,
        )
        merchants += page.merchants
        after = page.next_merchant_id
    return ClosedPage(merchants, None)


def _show(closed: ClosedPage, *, as_json: bool) -> None:
    """Show the statements that there are now."""
    if as_json:
        for outcome, _ in closed.issued:
            click.echo(outcome.body)
        return
    table = Table("statement", "number", "first day", box=None)
    for name in ("lines", "total yuan", "due yuan", "carried yuan"):
        table.add_column(name, justify="right")
    table.add_column("closed before")
    for outcome, issued in closed.issued:
        table.add_row(
            issued.statement_id,
            issued.number,
            issued.starts_on.isoformat(),
            f"{issued.uses + issued.refunds + issued.amendments:,}",
            *map(grouped, (issued.total_fen, issued.due_fen, issued.carried_out_fen)),
            "yes" if outcome.replayed else "no",
        )
    if table.row_count:
        answers().print(table)
    elif not closed.merchants:
        answers().print("no merchant has lines to settle")


for command in (
    *(list_statements, show, lines),
    *(dispute, resolve, approve, pay, payments, confirm, fail, return_),
    *(document, check),
):
    settle.add_command(command)
