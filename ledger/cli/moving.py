"""`ledger export-ledger` and `ledger import-ledger`: moving a programme whole to another deployment."""

from pathlib import Path

import click
import msgspec
from rich.table import Table

from ledger.cli.proving import bars, proving_database
from ledger.cli.showing import answers, notes
from ledger.moving import Manifest, check_file
from ledger.moving import export_ledger as exporting
from ledger.moving import import_ledger as importing

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("export-ledger", short_help="Write a programme whole into a file, to be moved.")
@click.option("--programme", required=True, help="Which.")
@click.option(
    "--to", "path", required=True, type=click.Path(path_type=Path), help="The file; there must be none yet."
)
@click.option("--json", "as_json", is_flag=True, help="The manifest as one JSON object, for machines.")
def export_ledger(*, programme: str, path: Path, as_json: bool) -> None:
    """Write a programme's whole log into one file, for `ledger import-ledger` on another deployment.

    The file holds the log up to the position at which it stood when the command began; servers may go
    on writing meanwhile, but what they write is not in it. Keys and webhooks are not in it either.

    \b
    Example:
      ledger export-ledger --programme school --to school.ledger
    """  # noqa: D301 — \b keeps click from joining the lines
    if path.exists():
        raise click.BadParameter("there is something here already", param_hint="--to")
    if not path.parent.is_dir():
        raise click.BadParameter("there is no such folder", param_hint="--to")
    with proving_database() as database, bars() as on_progress:
        exported = exporting(database, programme, path, on_progress=on_progress)
    _show(exported.manifest, as_json=as_json)
    notes().print(
        f"{exported.bytes:,} bytes in {exported.file}. What is recorded from here on is not in it: stop the "
        "programme's callers before you move it (docs/moving.md).",
        markup=False,
    )


@click.command("import-ledger", short_help="Take in a programme from a file, or check the file.")
@click.argument("file", type=_FILE)
@click.option(
    "--check", is_flag=True, help="Look at the file alone: nothing is written, no database is used."
)
@click.option(
    "--without-deciding",
    is_flag=True,
    help="Do not decide every event again; for files of your own, proved where they come from.",
)
@click.option("--json", "as_json", is_flag=True, help="The manifest as one JSON object, for machines.")
def import_ledger(*, file: Path, check: bool, without_deciding: bool, as_json: bool) -> None:
    """Take in a programme that `ledger export-ledger` wrote, whole or not at all.

    The programme keeps its id, its positions and every byte of its events. Everything is checked, and
    every event decided again by the rules before it, before anything can be seen; servers may run
    meanwhile. A programme that is here already is refused.

    \b
    Examples:
      ledger import-ledger --check school.ledger
      ledger import-ledger school.ledger
    """  # noqa: D301 — \b keeps click from joining the lines
    if check:
        with bars() as on_progress:
            manifest = check_file(file, on_progress=on_progress)
        _show(manifest, as_json=as_json)
        notes().print("The file is whole and its log is sound. Nothing was written.")
        return
    with proving_database() as database, bars() as on_progress:
        manifest = importing(database, file, is_decided=not without_deciding, on_progress=on_progress)
    _show(manifest, as_json=as_json)
    programme = manifest.programme_id
    notes().print(
        f"{programme} is here, up to position {manifest.position:,}. Its views are being built; "
        "`ledger status` shows how far. Keys and webhooks did not come along: make new ones.",
        markup=False,
    )


def _show(manifest: Manifest, *, as_json: bool) -> None:
    """What a file holds: where the log stands, and what it adds up to."""
    if as_json:
        click.echo(msgspec.json.encode(manifest))
        return
    console = answers()
    about = Table(box=None, show_header=False)
    about.add_row("programme", manifest.programme_id)
    about.add_row("position", f"{manifest.position:,}")
    about.add_row("recorded (UTC)", manifest.recorded_at.isoformat(sep=" ", timespec="seconds")[:19])
    about.add_row("events", f"{manifest.events:,}")
    about.add_row("SHA-256 of the log", manifest.events_sha256)
    console.print(about)
    table = Table("accounts", "asset", box=None)
    table.add_column("sum", justify="right")
    for held in manifest.sums:
        table.add_row(held.accounts, held.asset, f"{held.amount:,}")
    console.print(table)
