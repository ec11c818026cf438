"""`ledger reconcile breaks`, and the steps of the work on one: assign, note, resolve, confirm, refuse."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click
import msgspec
from rich.markup import escape
from rich.table import Table

from ledger.bootstrap import Ledger
from ledger.cli.reconciling import by_option, checked, json_option, merchant_option, programme_option
from ledger.cli.reconciling_runs import reconcile
from ledger.cli.showing import answers, opened_ledger
from ledger.domain.identifiers import Name, Text
from ledger.domain.limits import POSITION_MAX, RECONCILIATION_PAGE_MAX
from ledger.reconciling import Filter
from ledger.reconciling.listing import csv_of
from ledger.reconciling.shapes import BREAK_CODES, BREAK_STATUSES, RESOLUTIONS, Break, BreakStatus, Resolution

__all__ = ["reconcile"]

_break = click.argument("break_id", metavar="BREAK")
_note = click.option("--note", required=True, callback=checked(Text), help="Why.")


@reconcile.command("breaks", short_help="List what does not agree.")
@programme_option
@click.option("--open", "is_open", is_flag=True, help="Only what somebody has to look at: open or proposed.")
@click.option("--status", "statuses", type=click.Choice(BREAK_STATUSES), multiple=True, help="Only those.")
@click.option("--code", "codes", type=click.Choice(BREAK_CODES), multiple=True, help="Only those.")
@merchant_option
@click.option("--owner", callback=checked(Name), help="Only whose they are.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV.")
@json_option
def list_breaks(
    *,
    programme: str,
    is_open: bool,
    statuses: tuple[BreakStatus, ...],
    codes: tuple[Any, ...],
    merchant: str | None,
    owner: str | None,
    as_csv: bool,
    as_json: bool,
) -> None:
    """List breaks, with their age.

    \b
    Examples:
      ledger reconcile breaks --programme chengdu --open
      ledger reconcile breaks --programme chengdu --code missing_payment --csv > missing.csv
    """  # noqa: D301 — \b keeps click from joining the lines
    if is_open:
        statuses = ("open", "proposed")
    with opened_ledger() as ledger:
        wanted = Filter(statuses, codes, merchant, owner)
        breaks = _all(ledger, programme, wanted)
        if as_csv:
            for lines in csv_of(ledger.reconciliation.breaks, programme, wanted):
                click.echo(lines, nl=False)
        elif as_json:
            for one in breaks:
                click.echo(msgspec.json.encode(one._asdict()))
        else:
            answers().print(_table(breaks, ledger.clock()))


@reconcile.command("break", short_help="Show a break with its history.")
@_break
@programme_option
@json_option
def show_break(*, break_id: str, programme: str, as_json: bool) -> None:
    """Show a break and everything that happened to it."""
    with opened_ledger() as ledger:
        one = ledger.reconciliation.breaks.read(programme, break_id)
        history = ledger.reconciliation.breaks.history(programme, break_id)
        now = ledger.clock()
    if as_json:
        click.echo(msgspec.json.encode({**one._asdict(), "history": [line._asdict() for line in history]}))
        return
    answers().print(_table([one], now))
    table = Table("", "at (UTC)", "what", "by", "note", "told", box=None)
    for line in history:
        told = msgspec.json.encode(line.told).decode() if line.told else line.run_id or ""
        table.add_row(
            str(line.number),
            f"{line.at:%Y-%m-%d %H:%M:%S}",
            line.what,
            escape(line.by),
            escape(line.note),
            escape(told),
        )
    answers().print(table)


@reconcile.command("assign")
@_break
@programme_option
@click.option("--to", "owner", required=True, callback=checked(Name), help="Who has it.")
@by_option
def assign(*, break_id: str, programme: str, owner: str, by: str) -> None:
    """Say who has a break."""
    with opened_ledger() as ledger:
        _show(ledger, ledger.reconciliation.breaks.assign(programme, break_id, owner=owner, by=by))


@reconcile.command("note")
@_break
@programme_option
@_note
@by_option
def note_break(*, break_id: str, programme: str, note: str, by: str) -> None:
    """Say something about a break."""
    with opened_ledger() as ledger:
        _show(ledger, ledger.reconciliation.breaks.note(programme, break_id, note=note, by=by))


@reconcile.command("resolve")
@_break
@programme_option
@click.option("--as", "resolution", type=click.Choice(RESOLUTIONS), required=True, help="How it is settled.")
@click.option(
    "--position",
    type=click.IntRange(1, POSITION_MAX),
    help="Of the event that corrected it; with --as corrected alone.",
)
@_note
@by_option
def resolve(
    *, break_id: str, programme: str, resolution: Resolution, position: int | None, note: str, by: str
) -> None:
    """Settle an open break; where money stands between the two sides, somebody else has to confirm it.

    \b
    Examples:
      ledger reconcile resolve b-… --programme chengdu --as accepted --note "1 分 of rounding" --by Wang
      ledger reconcile resolve b-… --programme chengdu --as corrected --position 81 --note refunded --by Wang
    """  # noqa: D301 — \b keeps click from joining the lines
    with opened_ledger() as ledger:
        breaks = ledger.reconciliation.breaks
        one = breaks.resolve(programme, break_id, resolution=resolution, note=note, by=by, position=position)
        _show(ledger, one)


@reconcile.command("confirm")
@_break
@programme_option
@by_option
def confirm(*, break_id: str, programme: str, by: str) -> None:
    """Confirm what somebody else proposed."""
    with opened_ledger() as ledger:
        _show(ledger, ledger.reconciliation.breaks.confirm(programme, break_id, by=by))


@reconcile.command("refuse")
@_break
@programme_option
@_note
@by_option
def refuse(*, break_id: str, programme: str, note: str, by: str) -> None:
    """Refuse what was proposed: the break is open again."""
    with opened_ledger() as ledger:
        _show(ledger, ledger.reconciliation.breaks.refuse(programme, break_id, by=by, note=note))


def _all(ledger: Ledger, programme: str, wanted: Filter) -> Iterator[Break]:
    after = ""
    while page := ledger.reconciliation.breaks.page(
        programme, wanted, after=after, limit=RECONCILIATION_PAGE_MAX
    ):
        yield from page
        after = page[-1].break_id


def _show(ledger: Ledger, one: Break) -> None:
    answers().print(_table([one], ledger.clock()))


def _table(breaks: Any, now: datetime) -> Table:
    table = Table("break", "code", "status", "merchant", "item", "reference", box=None)
    for column in ("ledger 分", "other 分", "difference 分", "age (days)"):
        table.add_column(column, justify="right")
    table.add_column("owner")
    for one in breaks:
        table.add_row(
            one.break_id,
            one.code,
            one.status,
            one.merchant_id or "-",
            escape(one.item or "-"),
            escape(one.reference or "-"),
            "-" if one.item_fen is None else f"{one.item_fen:,}",
            "-" if one.row_fen is None else f"{one.row_fen:,}",
            f"{one.difference_fen:,}",
            f"{(now - one.first_found_at).days:,}",
            escape(one.owner or "-"),
        )
    return table
