"""`ledger rebuild` and `ledger verify`: making views anew, and proving what the database holds."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from ledger import config
from ledger.bootstrap import PAGES_GARBAGE_THRESHOLD, prepare_process
from ledger.cli.showing import answers, notes
from ledger.domain.errors import ProgrammeNotFound
from ledger.projections.registry import VIEWS
from ledger.rebuild import RebuildReport
from ledger.rebuild import rebuild as rebuilding
from ledger.server import ready_database
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.verify import ProgrammeReport
from ledger.verify import verify as proving

MS_PER_S: Final = 1_000
VALUE_CHARS_MAX: Final = 48
"""Of a value in a table for people; `--json` has all of it."""


@contextmanager
def proving_database() -> Iterator[Database]:
    """Connect to the database of the settings, with as many connections as views need, and patience."""
    prepare_process(garbage_threshold=PAGES_GARBAGE_THRESHOLD)
    with ready_database(config.load()) as settings:
        assert settings.database_url is not None
        connections = 2 * len(VIEWS) + 4
        with Database(settings.database_url, connections_max=connections, statement_ms_max=0) as database:
            yield database


class Bars:
    """A bar for each thing that is being done, when somebody watches."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, what: str, done: int, whole: int) -> None:
        """Show how far something is."""
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what)
        self._progress.update(self._tasks[what], completed=done, total=whole)


@contextmanager
def bars() -> Iterator[Bars]:
    """Show progress on standard error for the length of a block."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = notes()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield Bars(progress)


@click.command(short_help="Build views anew from the log.")
@click.argument("view", type=click.Choice(["all", *VIEWS]))
@click.option("--programme", help="The only programme; all of them when absent.")
@click.option("--compare-only", is_flag=True, help="Report what differs and change nothing.")
@click.option("--fresh", is_flag=True, help="Start over instead of going on with a run that was stopped.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for machines.")
def rebuild(*, view: str, programme: str | None, compare_only: bool, fresh: bool, as_json: bool) -> None:
    """Build a view, or all of them, from the first event, beside the live one; compare the two row by
    row; then put the rebuilt rows in the place of live ones that differ.

    Each programme's rows change in one transaction, while servers and projectors go on. Exits with 1
    when anything differed. A run that was stopped is gone on with by the next one.

    \b
    Examples:
      ledger rebuild all
      ledger rebuild checksums --programme chengdu --compare-only --json
    """  # noqa: D205, D301 — \b keeps click from joining the lines
    views = VIEWS if view == "all" else {view: VIEWS[view]}
    with proving_database() as database, bars() as on_progress:
        if programme is not None and Log(database).head(programme) is None:
            raise ProgrammeNotFound(programme_id=programme)
        report = rebuilding(
            database,
            views=views,
            programme_id=programme,
            compare_only=compare_only,
            fresh=fresh,
            on_progress=on_progress,
        )
    if as_json:
        click.echo(_json(report, is_equal=report.is_equal))
    else:
        _show_rebuild(report)
    if not report.is_equal:
        sys.exit(1)


def _show_rebuild(report: RebuildReport) -> None:
    """One line a view and programme, then every row that differs."""
    table = Table("programme", "view", box=None)
    table.add_column("position", justify="right")
    table.add_column("differences", justify="right")
    table.add_column("result")
    for view in report.views:
        result = "[green]equal[/]" if view.is_equal else "[red]different[/]"
        if view.stopped is not None:
            result = "[red]not built[/]"
        elif view.is_replaced:
            result = "[yellow]put right[/]"
        table.add_row(
            view.programme_id, view.view, f"{view.position:,}", f"{view.differences_count:,}", result
        )
    console = answers()
    console.print(table)
    console.print(_speed(report.events, report.elapsed_ms))
    for view in report.views:
        where = f"{view.programme_id} {view.view}"
        if view.stopped is not None:
            stopped = view.stopped
            _line(console, f"{where}: cannot take event {stopped.position} {stopped.topic}: {stopped.error}")
        elif view.rebuilt_position != view.position:
            _line(console, f"{where}: the log ends at {view.rebuilt_position}, the view at {view.position}")
        for found in view.differences:
            key = " ".join(f"{name}={value}" for name, value in found.key.items())
            _line(console, f"{found.table} {key}: {found.kind}, explained by {_event(found)}")
            for change in found.changes:
                _line(
                    console,
                    f"  {change.column}: live {_short(change.live)}, rebuilt {_short(change.rebuilt)}",
                )
        if hidden := view.differences_count - len(view.differences):
            _line(console, f"{where}: and {hidden} rows more")


@click.command(short_help="Derive everything again from the log, and compare.")
@click.option("--programme", help="The only programme to prove; all of them when absent.")
@click.option("--since", type=click.IntRange(min=0), default=0, help="Only add up events to this position.")
@click.option(
    "--state",
    "state_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keeps how far the run has come: the same command goes on after a stop.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a programme and line, for machines.")
def verify(*, programme: str | None, since: int, state_file: Path | None, as_json: bool) -> None:
    """Prove the log, every decision, the invariants of the book, the tables and every view.

    Each event is decided again from its own command and must come out as the very bytes that are
    stored. Reports each difference with the event that explains it, and mends nothing. Exits with 1
    when it finds any. Servers may go on writing meanwhile.

    \b
    Examples:
      ledger verify
      ledger verify --programme chengdu --since 1200000 --json
      ledger verify --state verify.json
    """  # noqa: D301 — \b keeps click from joining the lines
    with proving_database() as database, bars() as on_progress:
        reports = list(
            proving(
                database,
                programme_id=programme,
                since=since,
                state_file=state_file,
                on_progress=on_progress,
            )
        )
    if as_json:
        for report in reports:
            click.echo(_json(report, is_equal=report.is_equal))
    else:
        _show_proof(reports)
    if not all(report.is_equal for report in reports):
        sys.exit(1)


def _show_proof(reports: Sequence[ProgrammeReport]) -> None:
    """One line a programme, then everything that was found."""
    table = Table("programme", box=None)
    for name in ("events", "decided from", "events/s", "findings"):
        table.add_column(name, justify="right")
    table.add_column("result")
    for report in reports:
        table.add_row(
            report.programme_id,
            f"{report.events:,}",
            f"{report.since + 1:,}",
            f"{_per_second(report.events, report.elapsed_ms):,}",
            f"{sum(report.findings_count.values()):,}",
            "[green]proved[/]" if report.is_equal else "[red]different[/]",
        )
    console = answers()
    console.print(table)
    for report in reports:
        if not report.is_equal:
            console.print(_findings(report))


def _findings(report: ProgrammeReport) -> Table:
    table = Table(title=f"{report.programme_id}: what was found", title_justify="left", box=None)
    table.add_column("event", justify="right")
    for name in ("topic", "finding", "what", "derived from the log", "as it stands"):
        table.add_column(name, overflow="fold")
    for found in report.findings:
        position = "" if found.position is None else f"{found.position:,}"
        values = (_short(found.expected), _short(found.found))
        table.add_row(
            position, found.topic or "", f"[red]{found.code}[/]", *map(escape, (found.subject, *values))
        )
    for code, count in report.findings_count.items():
        if hidden := count - sum(found.code == code for found in report.findings):
            table.add_row("", "", f"[red]{code}[/]", f"and {hidden:,} more")
    return table


def _line(console: Console, text: str) -> None:
    console.print(text, style="red", markup=False, soft_wrap=True)


def _event(found: Any) -> str:
    return "no event" if found.topic is None else f"event {found.position} {found.topic}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= VALUE_CHARS_MAX else f"{text[: VALUE_CHARS_MAX - 1]}…"


def _per_second(events: int, elapsed_ms: int) -> int:
    return events * MS_PER_S // max(elapsed_ms, 1)


def _speed(events: int, elapsed_ms: int) -> str:
    return (
        f"{events:,} events taken in {elapsed_ms / MS_PER_S:,.1f} s, {_per_second(events, elapsed_ms):,}/s,"
        " counted for each view"
    )


def _json(report: msgspec.Struct, *, is_equal: bool) -> str:
    return msgspec.json.encode({**msgspec.to_builtins(report), "is_equal": is_equal}).decode()
