"""What stands in a template: commands as JSON, and where each of their numbers is from.

A command is written as over HTTP, without `occurred_at`. Beside its own fields it may have `notes`, and
`sources`, which says of each number by its path (dots lead inside) where it is from, or begins with
"illustrative" where nobody published it. Four values are filled in when a programme is made:
"{id}", "{name_zh}", "{name_en}", "{time_zone}" and, wherever an instant may stand, "{valid_from}".
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec

from ledger import reference_data
from ledger.domain.campaign import PublishCampaign
from ledger.domain.errors import TemplateNotFound, TemplateUnreadable
from ledger.domain.identifiers import Name, Text
from ledger.domain.instants import Instant
from ledger.domain.limits import TEMPLATE_COMMANDS_MAX, TIME_ZONE_CHARS_MAX
from ledger.domain.owners import OpenFund, OpenMerchant, OpenOrganisation
from ledger.domain.policy import PublishPolicy
from ledger.domain.programme import OpenProgramme
from ledger.domain.rules import PublishMethodology, PublishScenario
from ledger.domain.sink import OpenSinkProject

FORMAT: Final = "carbon-ledger template"
BESIDE: Final = ("notes", "sources")
"""Fields that stand beside those of the command itself."""
ILLUSTRATIVE: Final = "illustrative"
PLACEHOLDERS: Final = ("id", "name_zh", "name_en", "time_zone", "valid_from")

TemplateCommand = (
    OpenProgramme
    | OpenOrganisation
    | OpenFund
    | OpenMerchant
    | PublishMethodology
    | PublishScenario
    | PublishPolicy
    | PublishCampaign
    | OpenSinkProject
)

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_NO_QUANTITIES = frozenset(("version", "methodology_version", "factors", "id", "scenario_ids", "partners"))
"""Fields whose numbers say nothing about the world; factors name their sources themselves."""
_FACTORS: Final = "factors."


class Defaults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is filled in where whoever makes a programme says nothing."""

    time_zone: Annotated[str, msgspec.Meta(min_length=1, max_length=TIME_ZONE_CHARS_MAX)]
    valid_from: Instant | None = None
    """None for the beginning of the local day on which the programme is made."""


class Template(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The content of a template's file."""

    format: Literal["carbon-ledger template"]
    version: Literal[1]
    name_zh: Name
    name_en: Name
    """What it is called, and so a programme that is given no name of its own."""
    about_zh: Text | None = None
    about_en: Text | None = None
    defaults: Defaults
    commands: Annotated[list[dict[str, Any]], msgspec.Meta(min_length=1, max_length=TEMPLATE_COMMANDS_MAX)]

    def commands_for(self, fillings: Mapping[str, str], occurred_at: datetime) -> list[TemplateCommand]:
        """Give the commands that make a programme.

        Args:
            fillings: what stands for each of the placeholders.
            occurred_at: of them all.

        Raises:
            TemplateUnreadable: one of them is no command, or it does not begin by opening the programme.
        """
        commands = [self._command(number, fillings, occurred_at) for number in range(len(self.commands))]
        opens = [isinstance(command, OpenProgramme) for command in commands]
        if not opens[0] or any(opens[1:]):
            raise TemplateUnreadable(reason="the first command, and no other, opens the programme")
        return commands

    def _command(self, number: int, fillings: Mapping[str, str], occurred_at: datetime) -> TemplateCommand:
        own = {name: value for name, value in self.commands[number].items() if name not in BESIDE}
        filled = {"occurred_at": occurred_at, **_filled(own, fillings)}
        try:
            command: TemplateCommand = msgspec.convert(filled, TemplateCommand)
        except msgspec.ValidationError as wrong:
            raise TemplateUnreadable(reason=f"command {number + 1}: {wrong}") from None
        return command


def _filled(value: Any, fillings: Mapping[str, str]) -> Any:
    """Give a value with each text that is a placeholder, and nothing else, filled in."""
    match value:
        case dict():
            return {name: _filled(inner, fillings) for name, inner in value.items()}
        case list():
            return [_filled(inner, fillings) for inner in value]
        case str() if value[:1] == "{":
            return fillings.get(value[1:-1], value)
        case _:
            return value


def read_template(raw: bytes) -> Template:
    """Read a template's file.

    Raises:
        TemplateUnreadable: it is none.
    """
    try:
        return msgspec.json.decode(raw, type=Template)
    except (msgspec.MsgspecError, UnicodeDecodeError) as wrong:
        raise TemplateUnreadable(reason=str(wrong)) from None


def template_from(value: Any) -> Template:
    """Make a template of plain values, as its file has them.

    Raises:
        TemplateUnreadable: it is none.
    """
    try:
        return msgspec.convert(value, Template)
    except msgspec.ValidationError as wrong:
        raise TemplateUnreadable(reason=str(wrong)) from None


def template_names() -> list[str]:
    """Give the names of the templates that ship with the ledger."""
    return list(reference_data.template_files())


def shipped_template(name: str) -> Template:
    """Give a template that ships with the ledger.

    Raises:
        TemplateNotFound
    """
    raw = reference_data.template_files().get(name)
    if raw is None:
        raise TemplateNotFound(template=name, known=template_names())
    return read_template(raw)


# --- where the numbers are from -----------------------------------------------------------------


def quantities(command: Mapping[str, Any]) -> Iterator[str]:
    """Give the path of every number in a command that somebody must have chosen."""
    for name, value in command.items():
        if name not in _NO_QUANTITIES and name not in BESIDE:
            yield from _quantities(value, name)


def _quantities(value: Any, path: str) -> Iterator[str]:
    match value:
        case dict():
            for name, inner in value.items():
                yield from _quantities(inner, f"{path}.{name}")
        case list():
            for number, inner in enumerate(value):
                yield from _quantities(inner, f"{path}.{number}")
        case bool():
            return
        case int():
            yield path
        case str() if _NUMBER.fullmatch(value):
            yield path


def sources_of(command: Mapping[str, Any]) -> dict[str, str]:
    """Give where each number of a command is from, as far as it says; a source serves all inside its path."""
    named: Mapping[str, str] = command.get("sources", {})
    found = {}
    for path in quantities(command):
        prefixes = [path, *(path.rsplit(".", n)[0] for n in range(1, path.count(".") + 1))]
        source = next((named[prefix] for prefix in prefixes if prefix in named), None)
        if source is not None:
            found[path] = source
    return found


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """A number of a template that somebody must have chosen, and where it is from."""

    command: int
    """Of which command, counted from 1."""
    kind: str
    id: str
    """Of what the command makes; empty where there is but one."""
    path: str
    """Inside the command: dots lead into objects and lists, and to factors by their names."""
    value: str
    source: str | None
    """None where nothing says it."""
    illustrative: bool
    """Whether nobody published it."""


def numbers_of(template: Template) -> list[Number]:
    """Give every number of a template, factors among them, with where it is from."""
    found = []
    for at, command in enumerate(template.commands, start=1):
        own_id = str(command.get("id", ""))
        named: dict[str, Any] = {
            "command": at,
            "kind": str(command.get("kind", "")),
            "id": "" if own_id == "{id}" else own_id,
        }
        sources = sources_of(command)
        for path in quantities(command):
            source = sources.get(path)
            is_invented = source is not None and source.startswith(ILLUSTRATIVE)
            value = str(_at(command, path))
            found.append(Number(path=path, value=value, source=source, illustrative=is_invented, **named))
        found += [
            Number(
                path=f"{_FACTORS}{factor.get('name')}",
                value=str(factor.get("value")),
                source=factor.get("source"),
                illustrative=bool(factor.get(ILLUSTRATIVE)),
                **named,
            )
            for factor in command.get("factors", ())
        ]
    return found


def _at(value: Any, path: str) -> Any:
    for step in path.split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def unsourced(template: Template) -> list[str]:
    """Name the numbers of a template of which nothing says where they are from."""
    return [_called(number) for number in numbers_of(template) if number.source is None]


def illustrative(template: Template) -> list[str]:
    """Name the numbers of a template, factors among them, that nobody published."""
    return [_called(number) for number in numbers_of(template) if number.illustrative]


def _called(number: Number) -> str:
    path = number.path
    where = f"factor {path.removeprefix(_FACTORS)}" if path.startswith(_FACTORS) else path
    return f"{' '.join(name for name in (number.kind, number.id) if name)}: {where}"
