"""Lists on the command line: a table for people, comma-separated lines or JSON lines for machines."""

import csv
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar, cast

import click
import msgspec
from rich.markup import escape
from rich.table import Table

from ledger.cli.showing import answers

Command = TypeVar("Command", bound=Callable[..., Any])


def row_options(command: Command) -> Command:
    """Let a command be asked for CSV or JSON, one of them at most."""

    @click.option("--csv", "as_csv", is_flag=True, help="Comma-separated lines with a heading.")
    @click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
    @wraps(command)
    def asked(*arguments: Any, as_csv: bool, as_json: bool, **options: Any) -> Any:
        if as_csv and as_json:
            raise click.UsageError("Say either --csv or --json.")
        return command(*arguments, as_csv=as_csv, as_json=as_json, **options)

    return cast("Command", asked)


def as_rows(rows: Sequence[Mapping[str, Any]], *, as_csv: bool) -> None:
    """Write rows for machines: CSV, or JSON objects, one a line; without rows nothing."""
    if not as_csv:
        for row in rows:
            click.echo(msgspec.json.encode(row))
    elif rows:
        writer = csv.writer(sys.stdout)
        writer.writerow(rows[0])
        writer.writerows([_plain(value) for value in row.values()] for row in rows)


def show_rows(rows: Sequence[Mapping[str, Any]], *, text: Sequence[str], numbers: Sequence[str]) -> None:
    """Write rows for people: some columns of text, then some of numbers."""
    table = Table(*(name.replace("_", " ") for name in text), box=None)
    for name in numbers:
        table.add_column(name.replace("_", " "), justify="right")
    for row in rows:
        shown = [escape(_plain(row[name])) for name in text]
        table.add_row(*shown, *(fen(row[name]) for name in numbers))
    answers().print(table)


def fen(amount: int | None) -> str:
    """Write a number for people."""
    return "" if amount is None else f"{amount:,}"


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else str(value)
