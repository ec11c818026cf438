"""`ledger books`: a programme's journal for the tools of bookkeepers."""

from datetime import date, datetime
from pathlib import Path
from typing import cast, get_args

import click
import msgspec

from ledger.books import ASSETS, FORMATS, Detail, Format, Wanted, export_books
from ledger.cli.proving import bars, proving_database
from ledger.cli.showing import notes
from ledger.domain.addresses import Asset

_DAY = click.DateTime(["%Y-%m-%d"])


def _assets(_context: click.Context, _parameter: click.Parameter, text: str) -> tuple[Asset, ...]:
    """Refuse what is no asset, or named twice, as a wrong use; give the assets in the order of the books."""
    named = text.split(",")
    if unknown := set(named).difference(ASSETS):
        raise click.BadParameter(f"{', '.join(sorted(unknown))!r} is none of {', '.join(ASSETS)}")
    if len(set(named)) < len(named):
        raise click.BadParameter("an asset is named twice")
    return tuple(asset for asset in ASSETS if asset in named)


@click.group("books", short_help="A programme's books for the tools of bookkeepers.")
def books_group() -> None:
    """Give a programme's double-entry books to other tools, which check them on their own."""


@books_group.command("export", short_help="Write the books for hledger, Beancount, ledger-cli or as Parquet.")
@click.option("--programme", required=True, help="Whose.")
@click.option("--format", "form", required=True, type=click.Choice(FORMATS), help="For which tool.")
@click.option("--from", "begin", type=_DAY, help="First local day; what was before is one opening entry.")
@click.option("--to", "end", type=_DAY, help="The local day after the last.")
@click.option(
    "--detail",
    type=click.Choice(get_args(Detail)),
    default="event",
    show_default=True,
    help="An entry for each event, or one for each day.",
)
@click.option(
    "--assets", default=",".join(ASSETS), show_default=True, callback=_assets, help="Which, with commas."
)
@click.option(
    "--out", "path", required=True, type=click.Path(path_type=Path), help="The file; there must be none yet."
)
@click.option("--json", "as_json", is_flag=True, help="What was written as one JSON object, for machines.")
def export(
    *,
    programme: str,
    form: str,
    begin: datetime | None,
    end: datetime | None,
    detail: str,
    assets: tuple[Asset, ...],
    path: Path,
    as_json: bool,
) -> None:
    """Write a programme's books as a journal that the tool can check by itself.

    Days are the programme's, by when an event was recorded. The journal ends with the balance of every
    account, in the tool's own way to assert one; servers may go on writing meanwhile. docs/books.md has the
    names of the accounts, and what to do with the file.

    \b
    Examples:
      ledger books export --programme chengdu --format hledger --out chengdu.journal
      ledger books export --programme chengdu --format beancount --assets CNY \\
          --from 2026-11-01 --to 2026-12-01 --detail day --out november.beancount
    """  # noqa: D301 — \b keeps click from joining the lines
    first, after = _period(begin, end)
    if path.exists():
        raise click.BadParameter("there is something here already", param_hint="--out")
    if not path.parent.is_dir():
        raise click.BadParameter("there is no such folder", param_hint="--out")
    wanted = Wanted(
        programme_id=programme, begin=first, end=after, detail=cast("Detail", detail), assets=assets
    )
    with proving_database() as database, bars() as on_progress:
        exported = export_books(database, wanted, cast("Format", form), path, on_progress=on_progress)
    if as_json:
        click.echo(msgspec.json.encode(exported))
    notes().print(
        f"{exported.entries:,} entries with {exported.legs:,} legs in {exported.accounts:,} accounts: "
        f"{exported.bytes:,} bytes in {exported.file}. The log went to position {exported.position:,}.",
        markup=False,
    )


def _period(begin: datetime | None, end: datetime | None) -> tuple[date | None, date | None]:
    """Refuse a period without a day as a wrong use."""
    if begin is not None and end is not None and begin >= end:
        raise click.BadParameter("must be a later day than --from", param_hint="--to")
    return begin and begin.date(), end and end.date()
