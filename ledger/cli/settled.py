"""`ledger settle list`, `show` and `lines`: merchants' statements, as they stand."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Final, get_args

import click
import msgspec
from rich.markup import escape
from rich.table import Table

from ledger.bootstrap import Ledger
from ledger.cli.settle_steps import ends_on_option, programme_option
from ledger.cli.showing import answers, opened_ledger
from ledger.documents.amounts import grouped
from ledger.documents.summary import summary_of
from ledger.documents.words import Words
from ledger.domain.limits import STATEMENTS_SHOWN_MAX
from ledger.domain.statement import StatementStatus
from ledger.merchant_statements.documents import statement_document, summary_document
from ledger.merchant_statements.history import Step, history_of
from ledger.merchant_statements.names import names_of
from ledger.merchant_statements.paper import Paper, Read, all_lines, read_paper
from ledger.projections.settlement import Settlement
from ledger.projections.settlement_statement_rows import StatementRow
from ledger.projections.settlement_statements import merchant_statements
from ledger.reading import Reading

statement_argument = click.argument("statement_id", metavar="STATEMENT")
DAY: Final = timedelta(days=1)
json_option = click.option("--json", "as_json", is_flag=True, help="As over HTTP, for machines.")


@click.command("list", short_help="List statements, with what is paid of each.")
@programme_option
@ends_on_option
@click.option("--merchant", help="The only merchant; all of them when absent.")
@click.option("--status", type=click.Choice(get_args(StatementStatus)), help="Those alone in this status.")
@json_option
def list_statements(
    *, programme: str, ends_on: datetime | None, merchant: str | None, status: str | None, as_json: bool
) -> None:
    """List statements, with what is paid of each; with --ends-on those of one period.

    \b
    Examples:
      ledger settle list --programme chengdu --ends-on 2026-12-01
      ledger settle list --programme chengdu --merchant cafe --status approved --json
    """  # noqa: D301 — \b keeps click from joining the lines
    with opened_ledger() as ledger:
        rows = list(_statements(ledger, programme, ends_on, merchant, status))
        names = names_of(ledger.database, programme, "merchant", {row.merchant_id for row in rows})
    if as_json:
        for row in rows:
            click.echo(msgspec.json.encode(summary_document(row, names[row.merchant_id])))
        return
    table = Table("statement", "merchant", "first day", "status", box=None)
    for name in ("lines", "due", "held back", "paid", "under way", "payable now"):
        table.add_column(name if name == "lines" else f"{name} yuan", justify="right")
    for row in rows:
        money = row.due_fen, row.held_back_fen, row.paid_fen, row.under_way_fen, row.payable_fen
        table.add_row(
            row.statement_id,
            escape(names[row.merchant_id].name_zh or names[row.merchant_id].name_en),
            row.starts_on.isoformat(),
            row.status,
            f"{row.uses + row.refunds + row.amendments:,}",
            *map(grouped, money),
        )
    answers().print(table if rows else "no statements")


@click.command(short_help="Show a statement with its disputes, payouts and history.")
@programme_option
@statement_argument
@json_option
def show(*, programme: str, statement_id: str, as_json: bool) -> None:
    """Show a statement: its numbers, funds, disputes and payouts, and who did what when.

    \b
    Example:
      ledger settle show --programme chengdu cafe:2026-12-01
    """  # noqa: D301 — \b keeps click from joining the lines
    with opened_paper(programme, statement_id) as (ledger, paper, _):
        history = history_of(ledger.log, programme, statement_id, until=paper.position)
    if as_json:
        click.echo(msgspec.json.encode(statement_document(paper, history)))
    else:
        _show(paper, history)


@click.command(short_help="List the lines of a statement.")
@programme_option
@statement_argument
@json_option
def lines(*, programme: str, statement_id: str, as_json: bool) -> None:
    """List the lines of a statement, in the order of its digest.

    \b
    Example:
      ledger settle lines --programme chengdu cafe:2026-12-01 --json
    """  # noqa: D301 — \b keeps click from joining the lines
    table = Table("day", "kind", "redemption", "offer", "store", box=None)
    for name in ("face value", "fee", "earned"):
        table.add_column(f"{name} yuan", justify="right")
    table.add_column("held back")
    with opened_paper(programme, statement_id) as (_, paper, read):
        for line in all_lines(read, paper):
            if as_json:
                click.echo(msgspec.json.encode(line))
                continue
            money = map(grouped, (line.face_value_fen, line.fee_fen, line.earned_fen))
            texts = line.redemption_id, line.offer_id or "-", line.store_id or "-"
            table.add_row(
                line.local_day.isoformat(), line.kind, *texts, *money, "yes" if line.is_held_back else ""
            )
    if not as_json:
        answers().print(table)


@contextmanager
def opened_paper(programme: str, statement_id: str) -> Iterator[tuple[Ledger, Paper, Read]]:
    """Open the ledger, and read a statement as it stands; with a way to read its lines.

    Raises:
        ProgrammeNotFound, StatementNotFound
    """
    with opened_ledger() as ledger:
        read: Read = partial(standing_at_head, ledger, programme)
        yield ledger, read_paper(ledger.database, read, programme, statement_id), read


def standing_at_head(ledger: Ledger, programme: str, at_least: int = 0) -> AbstractContextManager[Reading]:
    """Read the view when it has come as far as the log: nobody pays by what was true a while ago.

    Raises:
        ProgrammeNotFound, ViewLagging
    """
    head = ledger.log.head(programme) or 0
    return ledger.reading(programme, Settlement.name, min_position=max(head, at_least))


def _statements(
    ledger: Ledger, programme: str, ends_on: datetime | None, merchant: str | None, status: str | None
) -> Iterator[StatementRow]:
    """Give the statements that are asked for, by id."""
    day, after = ends_on and ends_on.date(), ""
    with standing_at_head(ledger, programme) as reading:
        while page := merchant_statements(
            reading,
            merchant_id=merchant,
            status=status,
            ends_from=day,
            ends_to=day and day + DAY,
            after=after,
            limit=STATEMENTS_SHOWN_MAX,
        ):
            yield from page
            after = page[-1].statement_id


def _show(paper: Paper, history: list[Step]) -> None:
    """Show a statement on a screen."""
    of, row, words, console = paper.statement, paper.row, Words("en"), answers()
    console.print(
        f"[bold]{escape(of.number)}[/] {escape(of.merchant_name_zh or of.merchant_name_en)}, "
        f"{of.starts_on} to before {of.ends_on} ({of.time_zone}): [bold]{row.status}[/]; "
        f"objections before {row.objections_until}"
    )
    numbers = Table("yuan", box=None)
    for name in ("lines", "face value", "fee", "earned"):
        numbers.add_column(name, justify="right")
    for line in summary_of(of):
        money = (line.face_value_fen, line.fee_fen, line.earned_fen)
        numbers.add_row(
            words[line.name],
            "" if line.lines is None else f"{line.lines:,}",
            *("" if fen is None else grouped(fen) for fen in money),
        )
    console.print(numbers)
    for fund in of.funds:
        console.print(f"fund {fund.fund_id}: {grouped(fund.earned_fen)}")
    for dispute in paper.disputes:
        end = "open" if dispute.outcome is None else f"{dispute.outcome}: {dispute.resolution}"
        about = f"dispute of the {dispute.kind} of {dispute.redemption_id}: {dispute.reason}"
        console.print(f"{about}; {grouped(dispute.held_back_fen)} held back; {end}", markup=False)
    console.print(_history(history))
    console.print(f"digest {of.digest}, as of position {paper.position:,}")


def _history(history: list[Step]) -> Table:
    table = Table("recorded (UTC)", "step", "by", "with", box=None)
    for step in history:
        told = ", ".join(f"{name} {value}" for name, value in step.details.items() if value is not None)
        table.add_row(f"{step.recorded_at:%Y-%m-%d %H:%M}", step.topic, escape(step.by or "-"), escape(told))
    return table
