"""`ledger expiring`: who loses which credits soon."""

import csv
import sys
from collections.abc import Iterator
from typing import Final

import click
import msgspec
from rich.table import Table

from ledger.bootstrap import Ledger
from ledger.cli.showing import answers, opened_ledger
from ledger.domain.limits import EXPIRING_DAYS_MAX, WAITING_SHOWN_MAX
from ledger.projections.waiting import EndingLot, read_expiring

WITHIN_DAYS_DEFAULT: Final = 30


@click.command(short_help="List who loses which credits soon.")
@click.option("--programme", required=True, help="Which programme.")
@click.option(
    "--within-days",
    type=click.IntRange(0, EXPIRING_DAYS_MAX),
    default=WITHIN_DAYS_DEFAULT,
    show_default=True,
    help="Local days after today; 0 for what ends today.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated lines with a heading, for reminders.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a lot and line, for machines.")
def expiring(*, programme: str, within_days: int, as_csv: bool, as_json: bool) -> None:
    """List the spendable credits whose last local day is today or within so many days after it.

    Pending credits, and those that an open redemption has set aside, are not among them.

    \b
    Examples:
      ledger expiring --programme chengdu
      ledger expiring --programme chengdu --within-days 7 --csv > reminders.csv
    """  # noqa: D301 — \b keeps click from joining the lines
    if as_csv and as_json:
        raise click.UsageError("Say either --csv or --json.")
    with opened_ledger() as ledger:
        lots = _lots(ledger, programme, within_days)
        if as_csv:
            writer = csv.writer(sys.stdout)
            writer.writerow(EndingLot._fields)
            writer.writerows(lots)
        elif as_json:
            for lot in lots:
                click.echo(msgspec.json.encode(lot._asdict()))
        else:
            _show(lots)


def _lots(ledger: Ledger, programme: str, within_days: int) -> Iterator[EndingLot]:
    now, after = ledger.clock(), ""
    while True:
        page = read_expiring(
            ledger.database,
            programme,
            within_days=within_days,
            now=now,
            after=after,
            limit=WAITING_SHOWN_MAX,
        )
        yield from page.lines
        if page.next_key is None:
            return
        after = page.next_key


def _show(lots: Iterator[EndingLot]) -> None:
    table, count, total = Table("account", "last day", box=None), 0, 0
    table.add_column("credits", justify="right")
    for lot in lots:
        table.add_row(lot.account, lot.lot, f"{lot.credits:,}")
        count, total = count + 1, total + lot.credits
    console = answers()
    if count:
        console.print(table)
    console.print(f"{total:,} credits in {count:,} lots")
