"""How an import is shown: a bar while it runs, and what became of every line."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ledger.cli.showing import answers, notes
from ledger.importing import ImportReport
from ledger.importing.preparing import Line
from ledger.importing.reading import Batch
from ledger.intake import REASONS


@contextmanager
def bar(size_bytes: int) -> Iterator[Callable[[Iterable[Batch]], Iterator[list[Line]]]]:
    """Show on standard error how much of a file was read, for the length of a block."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[lines]:,} lines"))
    console = notes()
    with Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("importing", total=size_bytes, lines=0)

        def watched(batches: Iterable[Batch]) -> Iterator[list[Line]]:
            for batch in batches:
                progress.update(task, completed=batch.read_bytes, lines=batch.read_lines)
                yield batch.lines

        yield watched


def show(found: ImportReport, path: Path | None, *, as_json: bool) -> None:
    """Write the report where it is wanted; exit with 1 when a line was not recorded."""
    document = msgspec.json.format(msgspec.json.encode(found))
    if path is not None:
        path.write_bytes(document + b"\n")
    if as_json:
        click.echo(document)
    else:
        answers().print(_table(found))
        for example in found.examples:
            notes().print(f"line {example.line}: {example.reason} {example.excerpt}", markup=False)
    if not found.is_clean:
        sys.exit(1)


def _table(found: ImportReport) -> Table:
    table = Table("", "of which", box=None)
    table.add_column("lines", justify="right")
    table.add_column("meaning")

    def add(name: str, count: int, reasons: Mapping[str, int] = {}, meaning: str = "") -> None:
        table.add_row(name, "", f"{count:,}", meaning)
        for reason, number in sorted(reasons.items(), key=lambda one: (-one[1], one[0])):
            table.add_row("", reason, f"{number:,}", REASONS.get(reason, ""))  # type: ignore[call-overload]

    add("read", found.read, meaning="activities, and lines that are none")
    add("accepted", found.accepted, meaning="recorded, in full")
    add("discounted", found.discounted, meaning="recorded, in part")
    add("corrected", found.corrected, meaning="recorded before with other values, and corrected")
    add("held", found.held_activities, found.held, "recorded; somebody has to look at it")
    add("rejected", found.rejected_activities, found.rejected, "recorded; counts for nothing")
    add("duplicates", found.duplicates, meaning="recorded before")
    add("conflicts", found.conflicts, meaning="recorded before as something else; not recorded")
    add("refused", sum(found.refused.values()), found.refused, "not recorded")
    add("unreadable", sum(found.unreadable.values()), found.unreadable, "not read")
    return table
