"""The shapes of templates and of what is made of them, for the document alone."""

from typing import Any

from marshmallow import Schema, fields, validate

from api.answer_schemas import RecordedAnswer
from ledger.domain.limits import TEMPLATE_COMMANDS_MAX


def _described(text: str, **options: Any) -> dict[str, Any]:
    return {"required": True, "metadata": {"description": text}, **options}


def _text(text: str, **options: Any) -> fields.String:
    return fields.String(**_described(text, **options))


def _whole(text: str) -> fields.Integer:
    return fields.Integer(strict=True, **_described(text))


class DefaultsAnswer(Schema):
    """What is filled in where whoever makes a programme says nothing."""

    time_zone = _text("IANA name.")
    valid_from = fields.DateTime(
        allow_none=True,
        metadata={"description": "First instant at which acts count; when absent, the day it begins."},
    )


class TemplateDocument(Schema):
    """A template, as it stands in its file; docs/templates.md has all of it."""

    format = _text("What this is.", validate=validate.OneOf(["carbon-ledger template"]))
    version = fields.Integer(strict=True, **_described("Of the format.", validate=validate.OneOf([1])))
    name_zh = _text("Its Chinese name, and of a programme that gets none of its own.")
    name_en = _text("Its English name.")
    about_zh = fields.String(allow_none=True, metadata={"description": "A sentence."})
    about_en = fields.String(allow_none=True, metadata={"description": "A sentence."})
    defaults = fields.Nested(DefaultsAnswer, required=True)
    commands = fields.List(
        fields.Dict(),
        **_described(
            "In the order in which they are decided; the first opens the programme.",
            validate=validate.Length(min=1, max=TEMPLATE_COMMANDS_MAX),
        ),
    )


class TemplateLineAnswer(Schema):
    """A template that ships with the ledger."""

    id = _text("Its name, as `template_id` takes it.")
    name_zh = _text("What it is for, in Chinese.")
    name_en = _text("The same in English.")
    about_zh = _text("A sentence in Chinese.", allow_none=True)
    about_en = _text("The same in English.", allow_none=True)
    commands = _whole("How many it has.")
    numbers = _whole("Numbers in them that somebody must have chosen, factors among them.")
    illustrative = _whole("How many of those nobody published.")


class TemplatesAnswer(Schema):
    """The templates that ship with the ledger."""

    templates = fields.List(
        fields.Nested(TemplateLineAnswer), **_described("From the smallest programme up.")
    )


class NumberAnswer(Schema):
    """A number of a template, and where it is from."""

    command = _whole("Of which command, counted from 1.")
    kind = _text("What that command does.")
    id = _text("Of what it makes; empty where there is but one.")
    path = _text("Inside the command; dots lead into objects and lists, and to factors by their names.")
    value = _text("The number.")
    source = _text("Where it is from; null where nothing says so.", allow_none=True)
    illustrative = fields.Boolean(**_described("Whether nobody published it."))


class TemplateAnswer(Schema):
    """A template that ships, and its numbers one by one."""

    id = _text("Its name.")
    template = fields.Nested(TemplateDocument, required=True)
    numbers = fields.List(fields.Nested(NumberAnswer), **_described("In order of the commands."))


class NextStepAnswer(Schema):
    """One thing that a template never makes."""

    need = _text("What is missing.", validate=validate.OneOf(["keys", "money", "units", "numbers"]))
    id = _text("Of the fund or the carbon-sink project; empty for the others.")
    text = _text("What to do, for people.")


class MadeAnswer(RecordedAnswer):
    """What making a programme added to the log, and what it leaves to do."""

    next = fields.List(fields.Nested(NextStepAnswer), **_described("In order."))


class TriedAnswer(Schema):
    """What would be recorded; nothing was."""

    commands = fields.List(fields.Dict(), **_described("As they would be decided, all filled in."))
    next = fields.List(fields.Nested(NextStepAnswer), **_described("What would be left to do."))
