"""`ledger reconcile run`, `report` and `check`: a period held against files, and what was found."""

import sys
from datetime import datetime
from typing import Final

import click
import msgspec
from rich.table import Table

from ledger.cli.reconciling import json_option, merchant_option, programme_option, reconcile, signed_option
from ledger.cli.showing import answers, opened_ledger
from ledger.domain.limits import (
    RECONCILIATION_NEAR_DAYS_MAX,
    RECONCILIATION_PAYMENT_DAYS_MAX,
    RECONCILIATION_REACH_DAYS_MAX,
)
from ledger.reconciling.shapes import Run, Scope, Settings

__all__ = ["reconcile"]

_DAY: Final = click.DateTime(["%Y-%m-%d"])
_DEFAULTS: Final = Settings()


@reconcile.command("run", short_help="Compare a period.")
@programme_option
@click.option("--from", "begin", type=_DAY, required=True, help="The first local day.")
@click.option("--to", "end", type=_DAY, required=True, help="The local day after the last.")
@merchant_option
@click.option(
    "--near-days",
    type=click.IntRange(0, RECONCILIATION_NEAR_DAYS_MAX),
    default=_DEFAULTS.near_days,
    show_default=True,
    help="Days between two sides that name nothing in common.",
)
@click.option(
    "--payment-days",
    type=click.IntRange(0, RECONCILIATION_PAYMENT_DAYS_MAX),
    default=_DEFAULTS.payment_days,
    show_default=True,
    help="Days after which a payout should stand in the bank's statement.",
)
@click.option(
    "--reach-days",
    type=click.IntRange(0, RECONCILIATION_REACH_DAYS_MAX),
    default=_DEFAULTS.reach_days,
    show_default=True,
    help="Days around the period in which the other side is looked for.",
)
@signed_option
@json_option
def make_run(
    *,
    programme: str,
    begin: datetime,
    end: datetime,
    merchant: str | None,
    by: str,
    as_json: bool,
    **days: int,
) -> None:
    """Compare a period of all merchants, or of one, as of the end of the log.

    \b
    Examples:
      ledger reconcile run --programme chengdu --from 2026-10-01 --to 2026-11-01
      ledger reconcile run --programme chengdu --from 2026-10-01 --to 2026-11-01 --merchant tea
    """  # noqa: D301 — \b keeps click from joining the lines
    with opened_ledger() as ledger:
        run = ledger.reconciliation.runs.make(
            programme, Scope(begin.date(), end.date(), merchant), by=by, settings=Settings(**days)
        )
    _show_run(run, as_json=as_json)


@reconcile.command("report")
@click.argument("run_id", metavar="RUN")
@programme_option
@json_option
def report(*, run_id: str, programme: str, as_json: bool) -> None:
    """Show what a run found, in sum; `latest` for the one that was made last."""
    with opened_ledger() as ledger:
        runs = ledger.reconciliation.runs
        run = runs.latest(programme) if run_id == "latest" else runs.read(programme, run_id)
    _show_run(run, as_json=as_json)


@reconcile.command("check")
@click.argument("run_id", metavar="RUN")
@programme_option
def check(*, run_id: str, programme: str) -> None:
    """Make a run again from what it stood on; exits with 1 when it does not come out the same."""
    with opened_ledger() as ledger:
        is_same = ledger.reconciliation.runs.check(programme, run_id)
    answers().print("the same" if is_same else "not the same")
    if not is_same:
        sys.exit(1)


def _show_run(run: Run, *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode({**run._asdict(), "ties": run.summary.ties}))
        return
    console = answers()
    console.print(
        f"{run.run_id}  {run.starts_on} … {run.ends_on}  {run.merchant_id or 'all merchants'}  "
        f"position {run.position:,}  {len(run.file_ids)} files  digest {run.digest}"
    )
    table = Table("relation", "", "of which", box=None)
    for column in ("count", "分"):
        table.add_column(column, justify="right")
    for one in run.summary.relations:
        table.add_row(one.relation, "ledger", "", f"{one.ledger_items:,}", f"{one.ledger_fen:,}")
        table.add_row("", "other side", "", f"{one.other_rows:,}", f"{one.other_fen:,}")
        table.add_row("", "difference", "", "", f"{one.difference_fen:,}")
        for rule, (count, fen) in one.matched.items():
            table.add_row("", "matched", rule, f"{count:,}", f"{fen:,}")
        for code, (count, fen) in one.breaks.items():
            table.add_row("", "break", code, f"{count:,}", f"{fen:,}")
        if one.set_aside[0]:
            table.add_row("", "set aside", "", *(f"{number:,}" for number in one.set_aside))
    summary = run.summary
    table.add_row("not told", "uses", "", f"{summary.untold.uses:,}", f"{summary.untold.used_fen:,}")
    table.add_row("not due", "payouts", "", *(f"{number:,}" for number in summary.payouts_not_due))
    console.print(table)
    console.print("ties out" if summary.ties else "[bold red]does not tie out[/]")
