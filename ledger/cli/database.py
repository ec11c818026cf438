"""`ledger migrate` and `ledger replay`: bringing the database forward, and adding up what it holds."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ledger import config
from ledger import replay as replaying
from ledger.bootstrap import Ledger
from ledger.cli.proving import bars, proving_database
from ledger.cli.showing import answers, notes, opened_ledger
from ledger.export import export
from ledger.replay import ReplayReport
from ledger.server import database_for
from ledger.store import migrations

MS_PER_S = 1_000


@click.command(short_help="Bring the database to the shape this version needs.")
def migrate() -> None:
    """Bring the database to the shape this version needs; safe to run again, and by several at once.

    \b
    Example:
      DATABASE_URL=postgresql://ledger@db/ledger ledger migrate
    """  # noqa: D301 — \b keeps click from joining the lines
    with database_for(config.load()) as conninfo:
        applied = migrations.migrate(conninfo)
    for migration in applied:
        click.echo(f"applied {migration.number:04} {migration.name}")
    if not applied:
        click.echo("nothing to apply: the database is current")


@click.command(short_help="Add up the event log again, to check it or to write views from it.")
@click.option("--check", is_flag=True, help="Compare the log with the balances.")
@click.option("--until", type=click.IntRange(min=1), help="Write every view as of this position.")
@click.option(
    "--to", "folder", type=click.Path(path_type=Path), help="Where to: an empty folder, or none yet."
)
@click.option("--programme", help="The only programme; --check takes all of them when absent.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a programme and line, for machines.")
def replay(
    *, check: bool, until: int | None, folder: Path | None, programme: str | None, as_json: bool
) -> None:
    """Add up the event log from its first event: hold the balances against it, or write views of it.

    With --check: finds a gap in the positions, an event whose legs do not sum to zero, and a balance
    that differs. Exits with 1 when it finds any.

    With --until, --to and --programme: writes every view as it stood at that position, each table as
    CSV and as Parquet, and manifest.json with the rows and the SHA-256 of each file. The files are the
    same to the byte on every machine. Servers may go on writing meanwhile, both times.

    \b
    Examples:
      ledger replay --check
      ledger replay --check --programme chengdu --json
      ledger replay --until 1200000 --to ./audit-2026 --programme chengdu
    """  # noqa: D301 — \b keeps click from joining the lines
    if check and until is None and folder is None:
        _check(programme, as_json=as_json)
    elif not check and until is not None and folder is not None and programme is not None:
        _write(programme, until, folder, as_json=as_json)
    else:
        raise click.UsageError("Say either --check, or --until, --to and --programme together.")


def _write(programme: str, until: int, folder: Path, *, as_json: bool) -> None:
    """Write views as of a position."""
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise click.BadParameter("there is something here already", param_hint="--to")
    with proving_database() as database, bars() as on_progress:
        manifest = export(database, programme, until=until, folder=folder, on_progress=on_progress)
    if as_json:
        click.echo(msgspec.json.encode(manifest))
        return
    table = Table("file", "view", box=None)
    for name in ("rows", "bytes"):
        table.add_column(name, justify="right")
    table.add_column("SHA-256")
    for file in manifest.files:
        table.add_row(file.name, file.view, f"{file.rows:,}", f"{file.bytes:,}", file.sha256)
    answers().print(table)


def _check(programme: str | None, *, as_json: bool) -> None:
    """Hold the balances against the log."""
    with opened_ledger() as ledger:
        names = [programme] if programme else ledger.log.programmes()
        reports = list(_reports(ledger, names))
    if as_json:
        for report in reports:
            click.echo(_line(report))
    else:
        _show(reports)
    if not all(report.is_equal for report in reports):
        sys.exit(1)


def _reports(ledger: Ledger, programmes: list[str]) -> Iterator[ReplayReport]:
    """Check one programme after the other, with a bar for each when somebody watches."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = notes()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        for programme_id in programmes:
            task = progress.add_task(programme_id, total=None)
            yield replaying.check(
                ledger.database,
                programme_id,
                on_progress=lambda read, total, task=task: progress.update(  # type: ignore[misc]
                    task, completed=read, total=total
                ),
            )
            progress.remove_task(task)


def _line(report: ReplayReport) -> str:
    return msgspec.json.encode({**msgspec.to_builtins(report), "is_equal": report.is_equal}).decode()


def _show(reports: list[ReplayReport]) -> None:
    """One line a programme, then what is wrong, if anything is."""
    table = Table("programme", box=None)
    for name in ("events", "position", "events/s", "differences"):
        table.add_column(name, justify="right")
    table.add_column("result")
    for report in reports:
        table.add_row(
            report.programme_id,
            f"{report.events:,}",
            f"{report.position:,}",
            f"{report.events * MS_PER_S // max(report.elapsed_ms, 1):,}",
            f"{report.differences_count:,}",
            "[green]equal[/]" if report.is_equal else "[red]different[/]",
        )
    console = answers()
    console.print(table)
    for report in reports:
        for line in _wrong(report):
            console.print(f"{report.programme_id}: {line}", style="red", markup=False, soft_wrap=True)


def _wrong(report: ReplayReport) -> Iterator[str]:
    """What a replay found wrong, a line each."""
    if report.first_gap is not None:
        yield f"no event stands at position {report.first_gap}"
    for event in report.unbalanced:
        yield f"the legs of event {event.position} sum to {event.sum} {event.asset}, not to 0"
    for found in report.differences:
        where = " ".join(part for part in (found.account, found.asset, found.lot) if part)
        yield f"{where}: {found.in_log} by the log, {found.in_table} in the table"
    if hidden := report.differences_count - len(report.differences):
        yield f"and {hidden} more"
