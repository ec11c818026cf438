"""`ledger funds`: where sponsors' money is, who moved it, and what waits to be approved."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import click
import msgspec
from rich.table import Table

from ledger.bootstrap import Ledger
from ledger.cli.money import MONEY_COMMANDS
from ledger.cli.rows import as_rows, fen, row_options, show_rows
from ledger.cli.showing import answers, opened_ledger, today
from ledger.domain import addresses
from ledger.domain.limits import FUND_LINES_MAX, FUNDS_SHOWN_MAX, POSITION_MAX
from ledger.projections.balances import read_account
from ledger.projections.fund_documents import burn_document, fund_document, sponsor_document
from ledger.projections.fund_reports import burns, fund_report, fund_reports, head_position, used_money
from ledger.projections.funds import Funds
from ledger.projections.funds_queries import (
    AlarmRow,
    MovementRow,
    ProposalRow,
    fund_alarms,
    fund_movements,
    proposals,
)
from ledger.projections.totals import Totals

_programme = click.option("--programme", required=True, help="Which programme.")
_json = click.option("--json", "as_json", is_flag=True, help="One JSON object, as over HTTP, for machines.")

LIST_COLUMNS: Final = (
    *("id", "funded_fen", "committed_fen", "withdrawn_fen", "moved_in_fen", "moved_out_fen"),
    *("available_fen", "encumbered_fen", "backing_fen", "recoverable_fen", "used_fen"),
)


@click.group()
def funds() -> None:
    """Show sponsors' funds, propose what enters and leaves them, approve it.

    Amounts are whole 分. What moves money is proposed by one key and approved by another.
    """


@funds.command("list")
@_programme
@row_options
def list_funds(*, programme: str, as_csv: bool, as_json: bool) -> None:
    """Show where the money of every fund is.

    \b
    Examples:
      ledger funds list --programme chengdu
      ledger funds list --programme chengdu --csv > funds.csv
    """  # noqa: D301 — \b keeps click from joining the lines
    with opened_ledger() as ledger, ledger.reading(programme, Totals.name) as reading:
        found: list[dict[str, Any]] = []
        page = fund_reports(reading, after="", limit=FUNDS_SHOWN_MAX)
        while page:
            found += [fund_document(report, used_money(reading, report.fund_id)) for report in page]
            page = fund_reports(reading, after=page[-1].fund_id, limit=FUNDS_SHOWN_MAX)
        position = head_position(reading)
    if as_csv or as_json:
        as_rows([{name: fund[name] for name in LIST_COLUMNS} for fund in found], as_csv=as_csv)
        return
    shown = [name for name in LIST_COLUMNS[1:] if name not in ("moved_in_fen", "moved_out_fen")]
    show_rows(found, text=("id",), numbers=shown)
    answers().print(f"at position {position:,}")


@funds.command()
@click.argument("fund_id")
@_programme
@_json
def show(*, fund_id: str, programme: str, as_json: bool) -> None:
    """Show one fund: whose money is in it, where it is, and how long it lasts.

    \b
    Example:
      ledger funds show --programme chengdu huimin-2026
    """  # noqa: D301 — \b keeps click from joining the lines
    with opened_ledger() as ledger:
        on = today(ledger, programme)
        with ledger.reading(programme, Totals.name) as reading:
            report = fund_report(reading, fund_id)
            document = {
                **fund_document(report, used_money(reading, fund_id)),
                "position": head_position(reading),
                "sponsors": [sponsor_document(part) for part in report.sponsors],
                "burn": {
                    "position": reading.position,
                    "rates": [burn_document(rate) for rate in burns(reading, fund_id, on)],
                },
            }
    if as_json:
        click.echo(msgspec.json.encode(document))
    else:
        _show_fund(document)


@funds.command()
@click.argument("fund_id")
@_programme
@row_options
def movements(*, fund_id: str, programme: str, as_csv: bool, as_json: bool) -> None:
    """Show what sponsors put into a fund and took out, and the keys that proposed and approved it.

    \b
    Example:
      ledger funds movements --programme chengdu huimin-2026
    """  # noqa: D301 — \b keeps click from joining the lines
    with opened_ledger() as ledger:
        rows = list(_movements(ledger, programme, fund_id))
    text = ("movement", "sponsor_id", "other_fund_id", "proposal_id", "proposed_by", "approved_by")
    _rows(rows, text=text, numbers=("position", "value_fen"), as_csv=as_csv, as_json=as_json)


@funds.command("proposals")
@_programme
@click.option("--fund", help="Those alone that concern this fund.")
@click.option("--open", "is_open", is_flag=True, help="Those alone that can still be approved.")
@row_options
def list_proposals(*, programme: str, fund: str | None, is_open: bool, as_csv: bool, as_json: bool) -> None:
    """Show proposals and what became of them, the newest first.

    \b
    Example:
      ledger funds proposals --programme chengdu --open
    """  # noqa: D301 — \b keeps click from joining the lines
    with opened_ledger() as ledger:
        rows = list(_proposals(ledger, programme, fund, is_open=is_open))
    text = [*("proposal_id", "status", "movement", "fund_id", "to_fund_id", "sponsor_id")]
    text += ["proposed_by", "decided_by", "lapses_at"]
    _rows(rows, text=text, numbers=("value_fen",), as_csv=as_csv, as_json=as_json)


@funds.command()
@click.argument("fund_id")
@_programme
@row_options
def alarms(*, fund_id: str, programme: str, as_csv: bool, as_json: bool) -> None:
    """Show the alarms of a fund, the newest first.

    \b
    Example:
      ledger funds alarms --programme chengdu huimin-2026
    """  # noqa: D301 — \b keeps click from joining the lines
    with opened_ledger() as ledger:
        rows = list(_alarms(ledger, programme, fund_id))
    numbers = ("threshold_fen", "raised_available_fen", "cleared_available_fen")
    _rows(rows, text=("raised_at", "cleared_at"), numbers=numbers, as_csv=as_csv, as_json=as_json)


for command in MONEY_COMMANDS:
    funds.add_command(command)


def _movements(ledger: Ledger, programme: str, fund_id: str) -> Iterator[MovementRow]:
    read_account(ledger.database, programme, addresses.fund(fund_id))
    before = POSITION_MAX
    while True:
        with ledger.reading(programme, Funds.name) as reading:
            page = fund_movements(reading, fund_id, before=before, limit=FUND_LINES_MAX)
        yield from page
        if len(page) < FUND_LINES_MAX:
            return
        before = page[-1].position


def _proposals(
    ledger: Ledger, programme: str, fund_id: str | None, *, is_open: bool
) -> Iterator[ProposalRow]:
    if fund_id is not None:
        read_account(ledger.database, programme, addresses.fund(fund_id))
    now, before = ledger.clock(), POSITION_MAX
    while True:
        with ledger.reading(programme, Funds.name) as reading:
            page = proposals(
                reading, now=now, before=before, limit=FUND_LINES_MAX, fund_id=fund_id, is_open=is_open
            )
        yield from page
        if len(page) < FUND_LINES_MAX:
            return
        before = page[-1].proposed_position


def _alarms(ledger: Ledger, programme: str, fund_id: str) -> Iterator[AlarmRow]:
    read_account(ledger.database, programme, addresses.fund(fund_id))
    before = POSITION_MAX
    while True:
        with ledger.reading(programme, Funds.name) as reading:
            page = fund_alarms(reading, fund_id, before=before, limit=FUND_LINES_MAX)
        yield from page
        if len(page) < FUND_LINES_MAX:
            return
        before = page[-1].raised_position


def _rows(
    rows: Sequence[MovementRow | ProposalRow | AlarmRow],
    *,
    text: Sequence[str],
    numbers: Sequence[str],
    as_csv: bool,
    as_json: bool,
) -> None:
    documents = [row._asdict() for row in rows]
    if as_csv or as_json:
        as_rows(documents, as_csv=as_csv)
    else:
        show_rows(documents, text=text, numbers=numbers)


def _show_fund(fund: dict[str, Any]) -> None:
    console = answers()
    console.print(f"{fund['id']} · {fund['name_zh']} · {fund['name_en']}", markup=False)
    if fund["needs_approval"]:
        console.print("money enters by approved proposals alone")
    places = Table("where", box=None)
    places.add_column("fen", justify="right")
    for name in ("funded", "available", "encumbered", "backing", "recoverable", "used"):
        places.add_row(name, fen(fund[f"{name}_fen"]))
    console.print(places)
    show_rows(
        fund["sponsors"],
        text=("sponsor_id",),
        numbers=("committed_fen", "withdrawn_fen", "moved_in_fen", "moved_out_fen", "part_fen"),
    )
    show_rows(fund["burn"]["rates"], text=("days",), numbers=("burnt_fen", "available_fen", "days_left"))
    for threshold_fen in fund["raised_fen"]:
        console.print(f"[bold red]alarm[/]: available is below {threshold_fen:,}")
    console.print(f"at position {fund['position']:,}")
