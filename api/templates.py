"""Templates over HTTP: those that ship, a programme made of one, and one taken of a programme.

Rule of the room: a template is taken as it stands in its file, so that what was exported can be sent.
"""

from datetime import MAXYEAR, MINYEAR, date
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from flask import Response
from marshmallow import Schema, fields

from api import strict_json
from api.access import EVERY_ROLE, Access
from api.answers import POSITION_HEADER, REPLAY_HEADER, found
from api.bodies import JSON, read_body
from api.command_schemas import load, schema_of
from api.queries import invalid, truth
from api.routes import (
    ALWAYS,
    IN_PROGRAMME,
    POSITION_DOCUMENT,
    REPLAY_DOCUMENT,
    WITH_COMMAND,
    Routes,
)
from api.serving import the_ledger
from api.templates_schemas import MadeAnswer, TemplateAnswer, TemplateDocument, TemplatesAnswer, TriedAnswer
from ledger.domain.identifiers import Name
from ledger.domain.instants import Instant
from ledger.domain.limits import ENTITY_ID_CHARS_MAX, TEMPLATE_BYTES_MAX, TIME_ZONE_CHARS_MAX
from ledger.templates import (
    Made,
    Naming,
    Template,
    make_programme,
    next_steps,
    numbers_of,
    shipped_template,
    template_bytes,
    template_from,
    template_names,
    template_of,
)

routes = Routes("templates", description="Programmes made from templates, and templates of programmes.")

TEMPLATE: Final = "template"
_EVERYWHERE: Final = Access(EVERY_ROLE, every_programme=True)
_OF_PROGRAMME: Final = f"{IN_PROGRAMME}/template"


class MakeProgramme(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a programme is to be called, and the template that ships of which it is made."""

    occurred_at: Instant
    """When it begins."""
    template_id: Annotated[str, msgspec.Meta(min_length=1, max_length=ENTITY_ID_CHARS_MAX)] | None = None
    """Of a template that ships; without it the body has a template of its own."""
    name_zh: Name | None = None
    name_en: Name | None = None
    time_zone: Annotated[str, msgspec.Meta(min_length=1, max_length=TIME_ZONE_CHARS_MAX)] | None = None
    valid_from: date | None = None
    """First local day on which acts count."""


def _body() -> Schema:
    """Give the schema of a body that may carry a template of its own."""
    own = fields.Nested(
        TemplateDocument, allow_none=True, metadata={"description": "In place of template_id."}
    )
    named: dict[str, Any] = {**schema_of(MakeProgramme).fields, TEMPLATE: own}
    return Schema.from_dict(named, name="MakeProgrammeFromTemplate")()


class _Events(msgspec.Struct):
    """The only part of an outcome that is put together with others."""

    events: list[msgspec.Raw]


_events_of: Final = msgspec.json.Decoder(_Events).decode


@routes.get("/templates")
@routes.gives(TemplatesAnswer, _EVERYWHERE)
def list_templates() -> Response:
    """List the templates that ship with the ledger, each with what it is for."""
    return found({"templates": [_line(name, shipped_template(name)) for name in template_names()]})


@routes.get("/templates/<template_id>")
@routes.gives(TemplateAnswer, _EVERYWHERE)
def read_template(template_id: str) -> Response:
    """Read a template that ships, with where each of its numbers is from, and which nobody published."""
    template = shipped_template(template_id[:ENTITY_ID_CHARS_MAX])
    return found({"id": template_id, TEMPLATE: template, "numbers": numbers_of(template)})


@routes.get(_OF_PROGRAMME)
@routes.describes(
    Access(("auditor", "operator")),
    {
        HTTPStatus.OK: {
            "description": "The file of the template, byte for byte.",
            "content": {JSON: {"schema": TemplateDocument}},
        }
    },
    problems=(*ALWAYS, HTTPStatus.UNPROCESSABLE_ENTITY),
)
def export_template(programme_id: str) -> Response:
    """Write a programme's current configuration as a template, from which an equal one is made."""
    template = template_of(the_ledger().database, programme_id)
    return Response(template_bytes(template), content_type=JSON)


@routes.post(_OF_PROGRAMME)
@routes.describes(
    Access(("operator",), every_programme=True, query=frozenset({"dry_run"})),
    {
        HTTPStatus.CREATED: {
            "description": "Recorded, now or before: all of it.",
            "headers": {**POSITION_DOCUMENT, **REPLAY_DOCUMENT},
            "content": {JSON: {"schema": MadeAnswer}},
        },
        HTTPStatus.OK: {
            "description": "With dry_run=true: every command would be accepted, and nothing was written.",
            "content": {JSON: {"schema": TriedAnswer}},
        },
    },
    problems=(*ALWAYS, *WITH_COMMAND),
    parameters=[
        {
            "in": "query",
            "name": "dry_run",
            "description": "Whether to decide every command and write nothing.",
            "schema": {"type": "boolean", "default": False},
        }
    ],
    requestBody={"required": True, "content": {JSON: {"schema": _body()}}},
)
def make_programme_from_template(programme_id: str) -> Response:
    """Make a programme from a template: all of its commands are recorded, or none is."""
    dry_run = truth("dry_run", default=False)
    body, template = _asked()
    ledger = the_ledger()
    made = make_programme(
        ledger.database,
        ledger.writer,
        template,
        Naming(programme_id, body.name_zh, body.name_en, body.time_zone, body.valid_from),
        now=ledger.clock(),
        occurred_at=body.occurred_at,
        dry_run=dry_run,
    )
    steps = [step._asdict() for step in next_steps(programme_id, template, made.commands)]
    return found({"commands": made.commands, "next": steps}) if dry_run else _made(made, steps)


def _asked() -> tuple[MakeProgramme, Template]:
    """Read what is to be made, and of what.

    Raises:
        FieldsInvalid, TemplateUnreadable, TemplateNotFound
    """
    value = strict_json.loads(read_body(content_type=JSON, bytes_max=TEMPLATE_BYTES_MAX))
    own = value.pop(TEMPLATE, None)
    body = load(MakeProgramme, value)
    if (own is None) == (body.template_id is None):
        raise invalid(TEMPLATE, "must be there, or template_id, and not both")
    if body.valid_from is not None and not MINYEAR < body.valid_from.year < MAXYEAR:
        raise invalid("valid_from", "must be a day of a calendar in use")
    return body, template_from(own) if body.template_id is None else shipped_template(body.template_id)


def _line(name: str, template: Template) -> dict[str, Any]:
    numbers = numbers_of(template)
    return {
        "id": name,
        "name_zh": template.name_zh,
        "name_en": template.name_en,
        "about_zh": template.about_zh,
        "about_en": template.about_en,
        "commands": len(template.commands),
        "numbers": len(numbers),
        "illustrative": sum(number.illustrative for number in numbers),
    }


def _made(made: Made, steps: list[dict[str, Any]]) -> Response:
    """Answer with what all commands together have added to the log: the same bytes every time."""
    events = [event for outcome in made.recorded for event in _events_of(outcome.body).events]
    position = made.recorded[-1].position
    body = msgspec.json.encode({"position": position, "events": events, "next": steps})
    headers = {POSITION_HEADER: str(position)}
    if made.is_repeated:
        headers[REPLAY_HEADER] = "true"
    return Response(body, HTTPStatus.CREATED, headers, content_type=JSON)
