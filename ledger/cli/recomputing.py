"""`ledger recompute`: another version of a methodology for acts that were recorded already."""

from datetime import datetime
from typing import Any

import click
import msgspec
from rich.table import Table

from ledger.cli.proving import bars
from ledger.cli.showing import answers, opened_ledger
from ledger.recomputation import Recomputation, RecomputationReport
from ledger.recomputation import recompute as recomputing

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command(short_help="Compute a period anew by another version of its methodology.")
@click.option("--programme", required=True, help="Which programme.")
@click.option("--scenario", required=True, help="Whose activities.")
@click.option("--from", "first_on", required=True, type=_DAY, help="First local day of the acts.")
@click.option("--to", "last_on", required=True, type=_DAY, help="Last local day of the acts.")
@click.option("--methodology-version", required=True, type=click.IntRange(min=1), help="To compute by.")
@click.option("--run-id", required=True, help="Of this run: repeated under it, nothing is done twice.")
@click.option("--reason", required=True, help="Stands in every event.")
@click.option("--approver", required=True, help="Who has approved it; stands in every event.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for machines.")
def recompute(
    *,
    programme: str,
    scenario: str,
    first_on: datetime,
    last_on: datetime,
    dry_run: bool,
    as_json: bool,
    **named: Any,
) -> None:
    """Compute the activities of a scenario and period by another version of their methodology, such as
    one with the factors of another year. Grams and credits change by explicit events; nothing is rewritten.

    \b
    Examples:
      ledger recompute --programme chengdu --scenario nev --from 2026-01-01 --to 2026-06-30 \\
        --methodology-version 2 --run-id grid-2022 --reason "grid factor 2022" --approver "Li Na" --dry-run
    """  # noqa: D205, D301 — \b keeps click from joining the lines
    what = Recomputation(scenario_id=scenario, first_on=first_on.date(), last_on=last_on.date(), **named)
    with opened_ledger() as ledger, bars() as on_progress:
        report = recomputing(
            ledger.database,
            ledger.writer,
            programme,
            what,
            dry_run=dry_run,
            on_progress=lambda done, whole: on_progress(programme, done, whole),
        )
    if as_json:
        click.echo(msgspec.json.encode(report))
    else:
        _show(report)


def _show(report: RecomputationReport) -> None:
    console = answers()
    console.print("would change, nothing written" if report.is_dry_run else f"recorded as {report.run_id}")
    numbers = Table("", box=None, show_header=False)
    numbers.add_column("number", justify="right")
    for name in report.__struct_fields__:
        value = getattr(report, name)
        if isinstance(value, int) and not isinstance(value, bool):
            numbers.add_row(name.replace("_", " "), f"{value:,}")
    console.print(numbers)
    if report.largest:
        largest = Table("source", "activity", "participant", box=None, title="largest changes")
        for name in ("grams", "credits"):
            largest.add_column(name, justify="right")
        for each in report.largest:
            cells = (each.source, each.activity_id, each.participant_id)
            largest.add_row(*cells, f"{each.delta_g:+,}", f"{each.delta_credits:+,}")
        console.print(largest)
