"""`ledger reconcile …`: files of merchants and banks, and how merchants' files are read."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final, get_args

import click
import msgspec
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from ledger.bills import REASONS, BillKind
from ledger.cli.showing import answers, notes, opened_ledger
from ledger.domain.identifiers import EntityId, Name, ProgrammeId
from ledger.domain.limits import (
    RECONCILIATION_PAGE_MAX,
    VERSION_MAX,
)
from ledger.reconciling.shapes import BillFile

KINDS: Final = get_args(BillKind)

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("reconcile", short_help="Hold merchants' files and the bank against the ledger.")
def reconcile() -> None:
    """Hold files of merchants, payment services and banks against the ledger, and work off what differs.

    A file counts once, a run over the same gives the same, and a break keeps its age, owner and history
    until it is resolved. docs/reconciliation.md describes the rules and every code.
    """


def checked(kind: Any) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    """Refuse what is no id or name as a wrong use."""

    def check(_ctx: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
        try:
            return None if text is None else str(msgspec.convert(text, kind))
        except msgspec.ValidationError as unsuitable:
            raise click.BadParameter(str(unsuitable)) from None

    return check


def _signed(_ctx: click.Context, _parameter: click.Parameter, text: str) -> str:
    """Tell a name that somebody gave from the id of a key."""
    return f"cli:{checked(Name)(_ctx, _parameter, text)}"


programme_option = click.option(
    "--programme", required=True, callback=checked(ProgrammeId), help="Of which programme."
)
merchant_option = click.option("--merchant", callback=checked(EntityId), help="Of which merchant.")
by_option = click.option("--by", required=True, callback=_signed, help="Who does it: a name.")
signed_option = click.option(
    "--by", default="operator", show_default=True, callback=_signed, help="Who does it: a name."
)
json_option = click.option("--json", "as_json", is_flag=True, help="As JSON, for machines.")


# --- files --------------------------------------------------------------------------------------------


@reconcile.command("import", short_help="Import a file; the same again adds nothing.")
@click.argument("file", type=_FILE)
@programme_option
@click.option("--kind", type=click.Choice(KINDS), required=True, help="What it is.")
@merchant_option
@click.option(
    "--mapping",
    "mapping_file",
    type=_FILE,
    help="How a merchant's own file is read; saved for the merchant. Its latest when absent.",
)
@click.option("--name", callback=checked(Name), help="As people know it; the file's own when absent.")
@signed_option
@json_option
def import_file(
    *,
    file: Path,
    programme: str,
    kind: BillKind,
    merchant: str | None,
    mapping_file: Path | None,
    name: str | None,
    by: str,
    as_json: bool,
) -> None:
    """Import a file of a merchant, of WeChat Pay or of a bank.

    Exits with 1 when a line could not be read.

    \b
    Examples:
      ledger reconcile import october.csv --programme chengdu --kind merchant --merchant tea
      ledger reconcile import trades.csv --programme chengdu --kind wechat_trades
      ledger reconcile import statement.xml --programme chengdu --kind camt053
    """  # noqa: D301 — \b keeps click from joining the lines
    with opened_ledger() as ledger, _counting() as watch:
        version = None
        if mapping_file is not None:
            if merchant is None:
                raise click.UsageError("a mapping is of a merchant: name it with --merchant")
            saved = ledger.reconciliation.mappings.save(programme, merchant, mapping_file.read_bytes(), by=by)
            version = saved.version
        imported = ledger.reconciliation.files.add(
            programme,
            file,
            kind=kind,
            name=name or _printable(file.name),
            by=by,
            merchant_id=merchant,
            mapping_version=version,
            watch=watch,
        )
    if as_json:
        click.echo(msgspec.json.encode({"is_new": imported.is_new, **imported.file._asdict()}))
    else:
        notes().print("imported" if imported.is_new else "counted before: nothing was added")
        _show_files([imported.file])
    for example in imported.file.totals.examples:
        why = REASONS.get(example.reason, example.reason)  # type: ignore[call-overload]  # its own words
        notes().print(f"line {example.line}: {why} {example.excerpt}", markup=False)
    if imported.file.totals.unreadable:
        sys.exit(1)


@reconcile.command("files")
@programme_option
@merchant_option
@json_option
def list_files(*, programme: str, merchant: str | None, as_json: bool) -> None:
    """List the files that were imported, withdrawn ones too."""
    with opened_ledger() as ledger:
        files: list[BillFile] = []
        after = ""
        while page := ledger.reconciliation.files.page(
            programme, after=after, limit=RECONCILIATION_PAGE_MAX, merchant_id=merchant
        ):
            files += page
            after = page[-1].file_id
    if as_json:
        for file in files:
            click.echo(msgspec.json.encode(file._asdict()))
    else:
        _show_files(sorted(files, key=lambda file: (file.first_on or date.min, file.file_id)))


@reconcile.command("withdraw")
@click.argument("file_id")
@programme_option
@click.option("--reason", required=True, help="Why.")
@by_option
def withdraw(*, file_id: str, programme: str, reason: str, by: str) -> None:
    """Let a file count no longer; runs that stood on it stay as they are."""
    with opened_ledger() as ledger:
        file = ledger.reconciliation.files.withdraw(programme, file_id, by=by, reason=reason)
    _show_files([file])


@reconcile.group("mapping")
def mapping() -> None:
    """Say how a merchant's own files are read; docs/bills.md shows a mapping."""


@mapping.command("save")
@click.argument("file", type=_FILE)
@programme_option
@click.option("--merchant", required=True, callback=checked(EntityId), help="Of which merchant.")
@signed_option
def save_mapping(*, file: Path, programme: str, merchant: str, by: str) -> None:
    """Save a mapping from a JSON file as the merchant's next version."""
    with opened_ledger() as ledger:
        saved = ledger.reconciliation.mappings.save(programme, merchant, file.read_bytes(), by=by)
    answers().print(f"{saved.merchant_id}: version {saved.version}")


@mapping.command("show")
@programme_option
@click.option("--merchant", required=True, callback=checked(EntityId), help="Of which merchant.")
@click.option("--version", type=click.IntRange(1, VERSION_MAX), help="The latest when absent.")
def show_mapping(*, programme: str, merchant: str, version: int | None) -> None:
    """Show a merchant's mapping as JSON."""
    with opened_ledger() as ledger:
        saved = ledger.reconciliation.mappings.read(programme, merchant, version)
    click.echo(msgspec.json.format(msgspec.json.encode(saved.mapping)))


# --- showing ------------------------------------------------------------------------------------------


@contextmanager
def _counting() -> Iterator[Callable[[int], None]]:
    """Show on standard error how many rows are there, for the length of a block."""
    console = notes()
    columns = (SpinnerColumn(), TextColumn("{task.fields[rows]:,} rows"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("importing", rows=0)
        yield lambda rows: progress.update(task, rows=rows)


def _printable(text: str) -> str:
    """Give a file's name as people can be shown it."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)[:120]


def _show_files(files: list[BillFile]) -> None:
    table = Table("file", "kind", "merchant", "days", box=None)
    for column in ("rows", "分", "unreadable"):
        table.add_column(column, justify="right")
    for column in ("own summary", "name"):
        table.add_column(column)
    words = {True: "agrees", False: "differs", None: "none"}
    for file in files:
        table.add_row(
            file.file_id,
            file.kind,
            file.merchant_id or "-",
            f"{file.first_on} … {file.last_on}" if file.first_on else "-",
            f"{file.rows:,}",
            f"{file.value_fen:,}",
            f"{file.totals.unreadable:,}",
            words[file.totals.is_agreed],
            escape(file.name) + (" (withdrawn)" if file.withdrawn_at else ""),
        )
    answers().print(table)
