"""A template taken from a living programme: what it is configured to, without what happened in it.

Of what is published in versions the latest is taken, and of methodologies those that the latest
scenarios count by as well; versions are numbered anew, from 1.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

import msgspec

from ledger.domain.campaign import CampaignPublished, PublishCampaign
from ledger.domain.decisions import ROWS
from ledger.domain.errors import ProgrammeNotFound, TemplateTooLong
from ledger.domain.instants import utc
from ledger.domain.limits import TEMPLATE_COMMANDS_MAX
from ledger.domain.messages import Command, Event
from ledger.domain.owners import OpenFund, OpenMerchant, OpenOrganisation
from ledger.domain.policy import PublishPolicy
from ledger.domain.programme import OpenProgramme, ProgrammeOpened
from ledger.domain.rules import MethodologyPublished, PublishMethodology, PublishScenario, ScenarioPublished
from ledger.domain.sink import OpenSinkProject
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.templates.form import FORMAT, Defaults, Template

_KINDS: Final[tuple[type[Command], ...]] = (
    OpenProgramme,
    OpenOrganisation,
    OpenFund,
    OpenMerchant,
    PublishMethodology,
    PublishScenario,
    PublishPolicy,
    PublishCampaign,
    OpenSinkProject,
)
"""In the order in which a template has them: what one names comes before it."""

_COMMAND_OF: Final = {ROWS[kind].begins[0]: kind for kind in _KINDS}

Taken = dict[type[Event], list[Any]]
"""The events that configure a programme, by their kind, in the order of the log."""


def template_of(database: Database, programme_id: str) -> Template:
    """Give the template that makes a programme equal to this one.

    Raises:
        ProgrammeNotFound
        TemplateTooLong: it has more organisations, merchants and rules than one request carries.
    """
    taken = _read(database, programme_id)
    [opened] = taken[ProgrammeOpened]
    instants = [event.valid_from for kind in _WITH_VALIDITY for event in taken[kind]]
    valid_from = min(instants, default=None)
    commands = [_plain(event, valid_from) for event in _in_order(taken)]
    if len(commands) > TEMPLATE_COMMANDS_MAX:
        raise TemplateTooLong(commands=len(commands), commands_max=TEMPLATE_COMMANDS_MAX)
    commands[0] |= {name: f"{{{name}}}" for name in ("id", "name_zh", "name_en", "time_zone")}
    return Template(
        format=FORMAT,
        version=1,
        name_zh=opened.name_zh,
        name_en=opened.name_en,
        defaults=Defaults(time_zone=opened.time_zone, valid_from=valid_from),
        commands=commands,
    )


def template_bytes(template: Template) -> bytes:
    """Write a template: the same bytes for the same template."""
    return msgspec.json.format(msgspec.json.encode(template), indent=1) + b"\n"


_WITH_VALIDITY: Final = (ScenarioPublished, CampaignPublished)


def _read(database: Database, programme_id: str) -> Taken:
    log = Log(database)
    head = log.head(programme_id)
    if head is None:
        raise ProgrammeNotFound(programme_id=programme_id)
    taken: Taken = {kind: [] for kind in _COMMAND_OF}
    for page in log.pages(programme_id, until=head, topics=[kind.topic for kind in _COMMAND_OF]):
        for logged in page:
            event = log.decode(logged)
            taken[type(event)].append(event)
    return {kind: _current(events) for kind, events in taken.items()} | {
        MethodologyPublished: _methodologies(taken)
    }


def _current(events: Iterable[Any]) -> list[Any]:
    """Give of each id, or of the one policy, the latest event, where the first of them stands."""
    return list({getattr(event, "id", ""): event for event in events}.values())


def _methodologies(taken: Taken) -> list[Any]:
    """Give the latest versions and those by which the latest scenarios count, by id, then version."""
    published: list[Any] = taken[MethodologyPublished]
    wanted = {
        (event.methodology_id, event.methodology_version) for event in _current(taken[ScenarioPublished])
    }
    wanted |= {(event.id, event.version) for event in _current(published)}
    places = {own_id: place for place, own_id in enumerate({event.id: None for event in published})}
    kept = [event for event in published if (event.id, event.version) in wanted]
    return sorted(kept, key=lambda event: (places[event.id], event.version))


def _in_order(taken: Taken) -> Iterator[Any]:
    """Give the events in the order of a template, with versions from 1."""
    numbers: dict[str, dict[int, int]] = {}
    for kind in _COMMAND_OF:
        for event in taken[kind]:
            if kind is MethodologyPublished:
                versions = numbers.setdefault(event.id, {})
                versions[event.version] = len(versions) + 1
                yield msgspec.structs.replace(event, version=versions[event.version])
            elif kind is ScenarioPublished:
                version = numbers[event.methodology_id][event.methodology_version]
                yield msgspec.structs.replace(event, version=1, methodology_version=version)
            else:
                yield msgspec.structs.replace(event, version=1) if hasattr(event, "version") else event


def _plain(event: Event, valid_from: datetime | None) -> dict[str, Any]:
    """Give the command of an event as it stands in a template; what is by default is left out."""
    kind = _COMMAND_OF[type(event)]
    command = msgspec.convert(event, kind, from_attributes=True)
    defaults = {field.name: field.default for field in msgspec.structs.fields(kind) if not field.required}
    empty = {name for name in kind.__struct_fields__ if getattr(command, name) in ((), {}, None)}
    left_out = {
        name
        for name in kind.__struct_fields__
        if name in empty or (name in defaults and getattr(command, name) == defaults[name])
    }
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(command))
    if valid_from is not None and getattr(event, "valid_from", None) == utc(valid_from):
        plain["valid_from"] = "{valid_from}"
    return {name: value for name, value in plain.items() if name not in left_out | {"occurred_at"}}
