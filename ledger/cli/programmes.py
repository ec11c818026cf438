"""`ledger programme`: a programme made from a template, and a template taken from a programme."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.table import Table

from ledger.cli.showing import answers, notes, opened_ledger
from ledger.domain.errors import TemplateNotFound
from ledger.domain.identifiers import PROGRAMME_ID, ProgrammeId
from ledger.templates import (
    Made,
    Naming,
    Template,
    make_programme,
    next_steps,
    read_template,
    shipped_template,
    template_bytes,
    template_names,
    template_of,
)


@click.group("programme", short_help="Make a programme from a template, or a template of one.")
def programme_group() -> None:
    """Make a programme from a template, or write a programme's configuration as a template."""


@programme_group.command("templates", short_help="List the templates that ship with the ledger.")
def list_templates() -> None:
    """List the templates that ship with the ledger, each with what it is for."""
    table = Table("template", "for", "", box=None)
    for name in template_names():
        template = shipped_template(name)
        table.add_row(name, template.name_en, template.name_zh)
        table.add_row("", template.about_en, template.about_zh)
    answers().print(table)


@programme_group.command(short_help="Make a programme from a template.")
@click.option("--template", "source", required=True, help="The name of a template, or the path of a file.")
@click.option("--id", "own_id", required=True, help="Of the programme; it cannot be changed later.")
@click.option("--name-zh", help="Its Chinese name; the template's when absent.")
@click.option("--name-en", help="Its English name; the template's when absent.")
@click.option("--time-zone", help="IANA name, of its days, months and years; the template's when absent.")
@click.option(
    "--valid-from",
    type=click.DateTime(["%Y-%m-%d"]),
    help="First local day on which acts count; the template's, or else today, when absent.",
)
@click.option("--dry-run", is_flag=True, help="Decide every command, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="The commands as JSON, one a line, for machines.")
def create(
    *, source: str, own_id: str, valid_from: datetime | None, dry_run: bool, as_json: bool, **named: Any
) -> None:
    """Make a programme from a template: all of it is recorded, or nothing.

    \b
    Examples:
      ledger programme create --template city-nev --id chengdu --name-zh 成都碳普惠 --name-en Chengdu
      ledger programme create --template ours.json --id school --valid-from 2026-09-01 --dry-run
    """  # noqa: D301 — \b keeps click from joining the lines
    _require_id(own_id)
    template = _template(source)
    first_on = valid_from.date() if valid_from else None
    naming = Naming(programme_id=own_id, valid_from=first_on, **named)
    with opened_ledger() as ledger:
        made = make_programme(
            ledger.database, ledger.writer, template, naming, now=ledger.clock(), dry_run=dry_run
        )
    if as_json:
        for command in made.commands:
            click.echo(msgspec.json.encode(command))
    else:
        _show(made)
    if dry_run:
        notes().print("Every command would be accepted. Nothing was written.")
    else:
        _show_next(made, template)


@programme_group.command(short_help="Write a programme's configuration as a template.")
@click.option("--programme", required=True, help="Which.")
@click.option(
    "--as-template",
    "path",
    required=True,
    type=click.Path(path_type=Path),
    help="The file; there must be none yet.",
)
def export(*, programme: str, path: Path) -> None:
    """Write a programme's current configuration as a template, from which an equal one is made.

    What is published in versions is taken as it stands now. Participants, acts, credits and money are
    not in it, nor units of carbon sinks.

    \b
    Example:
      ledger programme export --programme chengdu --as-template chengdu.json
    """  # noqa: D301 — \b keeps click from joining the lines
    if path.exists():
        raise click.BadParameter("there is something here already", param_hint="--as-template")
    if not path.parent.is_dir():
        raise click.BadParameter("there is no such folder", param_hint="--as-template")
    with opened_ledger() as ledger:
        template = template_of(ledger.database, programme)
    path.write_bytes(template_bytes(template))
    notes().print(f"{len(template.commands)} commands in {path}.", markup=False)


def _require_id(own_id: str) -> None:
    try:
        msgspec.convert(own_id, ProgrammeId)
    except msgspec.ValidationError:
        raise click.BadParameter(f"must match {PROGRAMME_ID}", param_hint="--id") from None


def _template(source: str) -> Template:
    """Read the template of a name, or of a path."""
    if source in template_names():
        return shipped_template(source)
    path = Path(source)
    if not path.is_file():
        raise TemplateNotFound(template=source, known=template_names())
    return read_template(path.read_bytes())


def _show(made: Made) -> None:
    """What was made: how many of each kind, and their ids."""
    ids: dict[str, list[str]] = {}
    for command in made.commands:
        kind = str(command.__struct_config__.tag)
        ids.setdefault(kind, []).append(getattr(command, "id", "") or "(one)")
    table = Table("command", box=None)
    table.add_column("count", justify="right")
    table.add_column("ids")
    for kind, names in ids.items():
        table.add_row(kind, str(len(names)), ", ".join(names))
    answers().print(table)


def _show_next(made: Made, template: Template) -> None:
    """What somebody must do before the programme is at work."""
    console, own_id = notes(), made.programme_id
    console.print(f"{own_id} is open. Next:", markup=False)
    for number, step in enumerate(next_steps(own_id, template, made.commands), start=1):
        console.print(f"  {number}. {step.text}", markup=False)
