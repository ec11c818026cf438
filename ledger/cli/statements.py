"""`ledger statement`: what went in and out of an account, and what it held at a moment."""

from datetime import datetime

import click
import msgspec
from rich.table import Table

from ledger.bootstrap import Ledger
from ledger.cli.showing import answers, notes, opened_ledger
from ledger.domain.instants import Instant, utc
from ledger.domain.limits import POSITION_MAX, STATEMENT_ENTRIES_MAX
from ledger.projections.statement_balances import ASSETS, position_at, require_shown
from ledger.projections.statement_pages import Statement, StatementEntry, Wanted, read_statement
from ledger.projections.statements import Statements

ENTRIES_DEFAULT = 20


def _moment(_ctx: click.Context, _parameter: click.Parameter, text: str | None) -> int | datetime | None:
    """Refuse what is neither a position nor an instant as a wrong use."""
    if text is None:
        return None
    try:
        if text.isascii() and text.isdigit():
            return min(int(text), POSITION_MAX)
        return utc(msgspec.convert(text, Instant))
    except (msgspec.ValidationError, OverflowError, ValueError):
        raise click.BadParameter(
            "must be a position, or an RFC 3339 timestamp with its offset, such as 2026-11-22T08:00:00+08:00"
        ) from None


@click.command(short_help="Show an account's entries, and what it held at a moment.")
@click.argument("account")
@click.option("--programme", required=True, help="Whose account.")
@click.option(
    "--as-of", callback=_moment, help="A position, or an instant: all recorded by then. Now when absent."
)
@click.option(
    "--limit",
    type=click.IntRange(1, STATEMENT_ENTRIES_MAX),
    default=ENTRIES_DEFAULT,
    show_default=True,
    help="Entries to show, the newest.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for machines.")
def statement(
    *, account: str, programme: str, as_of: int | datetime | None, limit: int, as_json: bool
) -> None:
    """Show what an account held at a moment, and its newest entries until then.

    \b
    Examples:
      ledger statement --programme chengdu participant:ann
      ledger statement --programme chengdu issuance --as-of 2026-10-01T00:00:00+08:00 --json
    """  # noqa: D301 — \b keeps click from joining the lines
    with opened_ledger() as ledger:
        page = _read(ledger, programme, account, as_of, limit)
        if as_of is None and (behind := (ledger.log.head(programme) or 0) - page.position):
            notes().print(
                f"{behind:,} events are not in the view yet; `ledger status` shows whether it goes on"
            )
    if as_json:
        click.echo(_line(account, page))
    else:
        _show(page)


def _read(
    ledger: Ledger, programme: str, account: str, as_of: int | datetime | None, limit: int
) -> Statement:
    """Read the newest page until a moment, which the view must have reached."""
    position = position_at(ledger.database, programme, as_of) if isinstance(as_of, datetime) else as_of
    with ledger.reading(programme, Statements.name, min_position=position or 0) as reading:
        require_shown(reading, account)
        until = reading.position if position is None else position
        page = read_statement(reading, Wanted(account, ASSETS, last_position=until), limit=limit)
    return page._replace(position=until)


def _line(account: str, page: Statement) -> str:
    balances = [{"asset": total.asset, "amount": total.closing_amount} for total in page.totals or []]
    entries = [
        {**entry._asdict(), "lots": entry.lots and [lot._asdict() for lot in entry.lots]}
        for entry in page.entries
    ]
    shown = {"account": account, "position": page.position, "balances": balances, "entries": entries}
    return msgspec.json.encode(shown).decode()


def _show(page: Statement) -> None:
    """The entries, the oldest first as on paper, and below them what the account held."""
    table = Table("position", "occurred (UTC)", "topic", "counterpart", "asset", box=None)
    table.add_column("amount", justify="right")
    table.add_column("balance", justify="right")
    for entry in reversed(page.entries):
        table.add_row(*_row(entry))
    console = answers()
    console.print(table)
    if page.next_place is not None:
        notes().print("earlier entries are left out; --limit shows more")
    for total in page.totals or []:
        console.print(
            f"{total.closing_amount:,} {total.asset} after position {page.position:,}", markup=False
        )


def _row(entry: StatementEntry) -> tuple[str, ...]:
    return (
        f"{entry.position:,}",
        entry.occurred_at[:16].replace("T", " "),
        entry.topic,
        ", ".join(entry.counterparts),
        entry.asset,
        f"{entry.amount:+,}",
        f"{entry.balance:,}",
    )
