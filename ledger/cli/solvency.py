"""`ledger solvency`: whether a programme can keep what it has promised."""

from typing import Any, Final

import click
import msgspec
from rich.table import Table

from ledger.cli.rows import fen, show_rows
from ledger.cli.showing import answers, opened_ledger, today
from ledger.projections.fund_documents import PLACES, solvency_document
from ledger.projections.solvency import solvency as solvency_of
from ledger.projections.totals import Totals

MEANINGS: Final = {
    "broken": "a sum that must hold does not; `ledger verify` names the event",
    "short": "every promise in 分 is covered; free money falls short of what credits may ask for",
    "covered": "every promise in 分 is covered, and free money reaches for what credits may ask for",
    "unknown": "every promise in 分 is covered; nothing was redeemed lately, so nothing is said of credits",
}


@click.command(short_help="Say whether a programme can keep what it has promised.")
@click.option("--programme", required=True, help="Which programme.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, as over HTTP, for machines.")
def solvency(*, programme: str, as_json: bool) -> None:
    """Set what a programme has promised against what is there.

    Money is what sponsors have committed. What credits would ask for is an illustration, at the rate
    at which they were redeemed in the last 90 local days.

    \b
    Example:
      ledger solvency --programme chengdu
    """  # noqa: D301 — \b keeps click from joining the lines
    with opened_ledger() as ledger:
        on = today(ledger, programme)
        with ledger.reading(programme, Totals.name) as reading:
            document = solvency_document(solvency_of(reading, on))
    if as_json:
        click.echo(msgspec.json.encode(document))
    else:
        _show(document)


def _show(found: dict[str, Any]) -> None:
    console = answers()
    console.print(f"[bold]{found['verdict']}[/]: {MEANINGS[found['verdict']]}")
    money, promised, told = found["money"], found["promised"], found["credits"]
    table = Table("", "what", box=None)
    table.add_column("fen", justify="right")
    table.add_row("there", "funded", fen(money["funded_fen"]))
    for place in PLACES:
        table.add_row("", place, fen(money[f"{place}_fen"]))
    table.add_row("promised", f"held vouchers ({promised['holds']:,})", fen(promised["held_fen"]))
    table.add_row("", "credits on a budget", fen(promised["backed_fen"]))
    table.add_row("", "owed to merchants", fen(promised["owed_to_merchants_fen"]))
    table.add_row("", "to be given back by merchants", fen(promised["to_give_back_fen"]))
    asked = told["illustrative_fen"]
    line = f"{told['outstanding']:,} credits may ask for"
    table.add_row("illustration", line, "unknown" if asked is None else fen(asked))
    console.print(table)
    show_rows(found["funds"], text=("id", "verdict"), numbers=("available_fen", "funded_fen", "used_fen"))
    console.print(f"at position {found['position']:,}")
