"""`ledger settle payments`, `document` and `check`: what finance sends out, and its proof."""

import sys
from pathlib import Path
from typing import BinaryIO, Final, get_args

import click
import msgspec
from rich.markup import escape
from rich.table import Table

from ledger.cli.settle_steps import programme_option
from ledger.cli.settled import json_option, opened_paper, standing_at_head, statement_argument
from ledger.cli.showing import answers, opened_ledger
from ledger.documents.amounts import grouped
from ledger.documents.checking import Checked, check_json
from ledger.documents.words import Language
from ledger.documents.writing import Format
from ledger.domain.payout import PayoutStatus
from ledger.merchant_statements.documents import payout_document
from ledger.merchant_statements.files import write_document
from ledger.merchant_statements.names import names_of
from ledger.merchant_statements.payments import pages_of_payouts, write_payments
from ledger.whole_file import whole_file

_FORMATS: Final = get_args(Format)
_LANGUAGES: Final = get_args(Language)


@click.command(short_help="List payouts, or write the list of payments for the bank.")
@programme_option
@click.option("--status", type=click.Choice(get_args(PayoutStatus)), help="Those alone in this status.")
@click.option("--csv", "as_csv", is_flag=True, help="All of them as CSV, in yuan; the last row is the total.")
@json_option
def payments(*, programme: str, status: str | None, as_csv: bool, as_json: bool) -> None:
    """List payouts by their ids; with --csv as the list of payments for the bank.

    \b
    Example:
      ledger settle payments --programme chengdu --status instructed --csv > payments.csv
    """  # noqa: D301 — \b keeps click from joining the lines
    if as_csv and as_json:
        raise click.UsageError("Say either --csv or --json.")
    table = Table("payout", "status", "statement", "merchant", box=None)
    table.add_column("yuan", justify="right")
    table.add_column("bank reference")
    with opened_ledger() as ledger, standing_at_head(ledger, programme) as reading:
        if as_csv:
            write_payments(ledger.database, programme, reading, status, sys.stdout.buffer)
            return
        for page in pages_of_payouts(reading, status):
            names = names_of(ledger.database, programme, "merchant", {row.merchant_id for row in page})
            for row in page:
                if as_json:
                    click.echo(msgspec.json.encode(payout_document(row, names[row.merchant_id])))
                    continue
                merchant = escape(names[row.merchant_id].name_zh or names[row.merchant_id].name_en)
                texts = row.payout_id, row.status, row.statement_id, merchant
                table.add_row(*texts, grouped(row.value_fen), escape(row.bank_reference or "-"))
    if not as_json:
        answers().print(table if table.row_count else "no payouts")


@click.command(short_help="Write a statement as PDF, XLSX, CSV or JSON.")
@programme_option
@statement_argument
@click.option(
    "--format", "form", type=click.Choice(_FORMATS), default=_FORMATS[0], show_default=True, help="Which."
)
@click.option(
    "--language",
    type=click.Choice(_LANGUAGES),
    default=_LANGUAGES[0],
    show_default=True,
    help="Of its texts.",
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file; it is replaced."
)
def document(*, programme: str, statement_id: str, form: Format, language: Language, out: Path) -> None:
    """Write a statement as a document, of any length; the file is there whole or not at all.

    \b
    Example:
      ledger settle document --programme chengdu cafe:2026-12-01 --format pdf --language zh --out cafe.pdf
    """  # noqa: D301 — \b keeps click from joining the lines
    with opened_paper(programme, statement_id) as (_, paper, read), whole_file(out) as file:
        write_document(paper, read, form, language, file)
    answers().print(f"{paper.statement.number} as of position {paper.position:,} in {escape(str(out))}")


@click.command(short_help="Prove a statement's JSON file; it needs no ledger.")
@click.argument("file", type=click.File("rb"))
@json_option
def check(*, file: BinaryIO, as_json: bool) -> None:
    """Prove the digests of a statement's JSON file, with nothing but the file; exits with 1 if it is wrong.

    What was changed is named: the first line, and the numbers that are not what the lines come to. The
    digest shown last is to be compared with the ledger's: `ledger settle show`.

    \b
    Example:
      ledger settle check cafe-000012.json
    """  # noqa: D301 — \b keeps click from joining the lines
    try:
        found = check_json(file)
    except msgspec.MsgspecError as wrong:
        raise click.UsageError(f"{file.name} is no statement as JSON: {wrong}") from None
    if as_json:
        click.echo(msgspec.json.encode(found))
    else:
        _show(found)
    if not found.is_right:
        sys.exit(1)


def _show(found: Checked) -> None:
    """Show what was found in a file."""
    console = answers()
    if (line := found.wrong_line) is not None:
        about = f"position {line.position}, redemption {escape(line.redemption_id)}"
        console.print(f"[bold red]line {line.line}[/], {about}: {line.reason}")
    for name in found.differing:
        console.print(f"[bold red]{name}[/] is not what the lines come to")
    verdict = "as it was written" if found.is_right else "[bold red]changed[/]"
    console.print(f"{escape(found.number)}, {found.lines:,} lines: {verdict}")
    console.print(f"digest {found.digest}")
