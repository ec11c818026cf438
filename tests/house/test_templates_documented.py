"""The document of templates describes the file, the command and those that ship as they are."""

import re
from pathlib import Path
from typing import get_args

import click

from ledger.cli.programmes import create
from ledger.domain import errors, limits
from ledger.templates import Template, shipped_template, template_names
from ledger.templates.form import FORMAT, PLACEHOLDERS, TemplateCommand

DOCUMENT = (Path(__file__).parents[2] / "docs/templates.md").read_text(encoding="utf-8")


def _column(heading: str) -> list[str]:
    """The names in the first column of a table."""
    table = DOCUMENT.partition(heading)[2].partition("\n\n")[0]
    return [name for row in table.splitlines()[2:] for name in re.findall(r"`([^`]+)`", row.split("|")[1])]


def test_every_template_that_ships_is_described() -> None:
    assert _column("| template | for |") == template_names()


def test_every_field_of_a_template_is_described_in_order() -> None:
    assert _column("| field | meaning |") == list(Template.__struct_fields__)
    assert f"| `format` | `{FORMAT}` |" in DOCUMENT
    assert f"at most {limits.TEMPLATE_COMMANDS_MAX} commands" in DOCUMENT.replace(
        "more than 500", "at most 500"
    )


def test_every_kind_of_command_and_every_placeholder_is_named() -> None:
    for kind in get_args(TemplateCommand):
        assert f"`{kind.__struct_config__.tag}`" in DOCUMENT
    for name in PLACEHOLDERS:
        assert f"`{{{name}}}`" in DOCUMENT


def test_every_option_of_the_command_is_described() -> None:
    options = [each.opts[0] for each in create.params if isinstance(each, click.Option)]
    assert _column("| option of `create` |") == options


def test_every_refusal_is_named() -> None:
    templates: set[type[errors.LedgerError]] = {
        errors.ProgrammeOpen,
        errors.TemplateNotFound,
        errors.TemplateUnreadable,
        errors.TemplateRefused,
        errors.TemplateTooLong,
    }
    assert set(_column("| code | when |")) == {leaf.code for leaf in templates}


def test_a_command_of_every_kind_stands_in_a_template_that_ships() -> None:
    kinds = {command["kind"] for name in template_names() for command in shipped_template(name).commands}
    assert kinds == {kind.__struct_config__.tag for kind in get_args(TemplateCommand)}
