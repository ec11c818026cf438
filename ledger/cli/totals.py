"""`ledger totals`: a programme in numbers."""

from datetime import datetime
from typing import Any

import click
import msgspec
from rich.table import Table

from ledger.cli.showing import answers, opened_ledger
from ledger.projections.totals import Totals
from ledger.projections.totals_queries import ProgrammeTotals, programme_totals, totals_document


@click.command(short_help="Show a programme in numbers.")
@click.option("--programme", required=True, help="Which programme.")
@click.option(
    "--on", type=click.DateTime(["%Y-%m-%d"]), help="Up to the end of this local day; everything when absent."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, as over HTTP, for machines.")
def totals(*, programme: str, on: datetime | None, as_json: bool) -> None:
    """Show people, activities, grams, credits and money of a programme.

    They are as of the position to which the views have come; `ledger status` says how far that is.

    \b
    Examples:
      ledger totals --programme chengdu
      ledger totals --programme chengdu --on 2026-11-30 --json
    """  # noqa: D301 — \b keeps click from joining the lines
    with opened_ledger() as ledger, ledger.reading(programme, Totals.name) as reading:
        found = programme_totals(reading, *([on.date()] if on else []))
        position = reading.position
    if as_json:
        click.echo(msgspec.json.encode({"position": position, **totals_document(found)}))
    else:
        _show(found, position)


def _show(found: ProgrammeTotals, position: int) -> None:
    document = totals_document(found)
    table = Table("", "what", box=None)
    table.add_column("units", justify="right")

    def add(subject: str, numbers: dict[str, Any]) -> None:
        for name, number in numbers.items():
            if isinstance(number, dict):
                add("", {f"in {place}": amount for place, amount in number.items()})
            else:
                table.add_row(subject, name.replace("_", " "), f"{number:,}")
            subject = ""

    people = {"participants": found.participants, **(document["active"] or {})}
    add("people", {("active: " + name if name != "participants" else name): n for name, n in people.items()})
    for scenario in found.activities:
        numbers = scenario._asdict()
        add(f"{numbers.pop('scenario_id')}, {numbers.pop('verdict')}", numbers)
    for campaign in found.bonuses:
        add(f"campaign {campaign.campaign_id}", {"credits": campaign.credits})
    for subject in ("grams", "credits", "money"):
        add(subject, document[subject])
    console = answers()
    console.print(f"at position {position:,}" + (f", up to {document['on']}" if document["on"] else ""))
    console.print(table)
