"""Fields of request schemas: one per type that a command may use, as strict as the type itself.

Rule of the room: whether a single value is right is asked of the very converter that reads bulk
lines, so both doors draw every line in the same place; what is said to the caller is written here.
"""

# ruff: noqa: ARG002 — marshmallow's own signatures, which take and give anything

from collections.abc import Mapping
from datetime import MAXYEAR, MINYEAR, datetime
from typing import Any, Final

import msgspec
from marshmallow import Schema, ValidationError, fields
from msgspec import inspect

MESSAGES: Final = {
    "required": "is missing",
    "null": "must not be null",
    "unknown": "is not a field here",
    "type": "must be an object",
}
"""What marshmallow itself finds, in our words."""

INSTANT_EXPECTED: Final = "an RFC 3339 timestamp with its offset, such as 2026-11-22T08:00:00+08:00"


def in_every_offset(instant: datetime) -> bool:
    """Whether an instant can be written in every offset: the first and last year cannot."""
    return MINYEAR < instant.year < MAXYEAR


class Typed(fields.Field[Any]):
    """A text, number, truth value, instant, day or choice."""

    def __init__(self, annotation: Any, described: inspect.Type, **options: Any) -> None:
        super().__init__(**options)
        self.annotation = annotation
        self.described = described
        self.expected = expected(described)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        try:
            converted = msgspec.convert(value, self.annotation)
        except msgspec.ValidationError:
            raise ValidationError(f"must be {self.expected}") from None
        if isinstance(converted, datetime) and not in_every_offset(converted):
            raise ValidationError(f"must be {self.expected}")
        return converted


class Listed(fields.List[Any]):
    """A list of bounded length, which becomes a tuple."""

    def __init__(self, item: fields.Field[Any], length_min: int, length_max: int, **options: Any) -> None:
        super().__init__(item, **options)
        self.length_min, self.length_max = length_min, length_max

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, list) or not self.length_min <= len(value) <= self.length_max:
            raise ValidationError(f"must be a list of {self.length_min} to {self.length_max} items")
        return tuple(super()._deserialize(value, attr, data, **kwargs))


class Named(fields.Dict):
    """An object whose keys are the caller's own names, of bounded size; or some of the names given."""

    def __init__(
        self, value: Typed, size_max: int, choices: tuple[str, ...] | None = None, **options: Any
    ) -> None:
        super().__init__(keys=fields.String(), values=value, **options)
        self.value, self.size_max, self.choices = value, size_max, choices

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, dict):
            raise ValidationError(MESSAGES["type"])
        if self.choices is None and len(value) > self.size_max:
            raise ValidationError(f"must be an object of at most {self.size_max} names")
        made: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for name, inner in value.items():
            if self.choices is not None and name not in self.choices:
                errors[name] = [f"must be one of {', '.join(self.choices)}"]
                continue
            try:
                made[name] = self.value.deserialize(inner)
            except ValidationError as refused:
                errors[name] = refused.messages
        if errors:
            raise ValidationError(errors)
        return made


class OneOf(fields.Field[Any]):
    """An object of one of several shapes, told apart by the value of one field."""

    def __init__(self, tag_field: str, schemas: Mapping[str, Schema], **options: Any) -> None:
        super().__init__(**options)
        self.tag_field, self.schemas = tag_field, schemas

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, dict):
            raise ValidationError(MESSAGES["type"])
        tag = value.get(self.tag_field)
        if not isinstance(tag, str) or tag not in self.schemas:
            raise ValidationError({self.tag_field: [f"must be one of {', '.join(self.schemas)}"]})
        return self.schemas[tag].load(value)


# ── In words, and in the document ─────────────────────────────────────────────────────────────


def expected(described: inspect.Type) -> str:  # noqa: PLR0911 - a table of types
    """Say in words what a plain type accepts."""
    match described:
        case inspect.IntType(ge=None, le=None):
            return "a whole number"
        case inspect.IntType(ge=least, le=most):
            return f"a whole number from {least} to {most}"
        case inspect.StrType():
            return _text_expected(described)
        case inspect.BoolType():
            return "true or false"
        case inspect.DateTimeType():
            return INSTANT_EXPECTED
        case inspect.DateType():
            return "a day such as 2026-11-22"
        case inspect.LiteralType(values=values):
            return f"one of {', '.join(map(str, values))}"
        case _:
            raise TypeError(described)


def _text_expected(described: inspect.StrType) -> str:
    parts = ["text"]
    if described.max_length is not None:
        parts.append(f"of {described.min_length or 1} to {described.max_length} characters")
    if described.pattern is not None:
        parts.append(f"matching {described.pattern}")
    return " ".join(parts)


def json_schema(described: inspect.Type) -> dict[str, Any]:
    """Give the JSON Schema of a plain type."""
    match described:
        case inspect.IntType():
            return {"type": "integer", **_given({"minimum": described.ge, "maximum": described.le})}
        case inspect.StrType():
            # JSON Schema knows the patterns of ECMAScript, where the end of the text is `$`.
            pattern = described.pattern and described.pattern.replace(r"\Z", "$")
            lengths = {"minLength": described.min_length, "maxLength": described.max_length}
            return {"type": "string", **_given({**lengths, "pattern": pattern})}
        case inspect.BoolType():
            return {"type": "boolean"}
        case inspect.DateTimeType():
            return {"type": "string", "format": "date-time"}
        case inspect.DateType():
            return {"type": "string", "format": "date"}
        case inspect.LiteralType(values=values):
            return {"type": "string", "enum": list(values)}
        case _:
            raise TypeError(described)


def _given(keywords: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in keywords.items() if value is not None}


def document_field(converter: Any, field: fields.Field[Any], **_kwargs: Any) -> dict[str, Any]:
    """Say in the OpenAPI document what is special about our fields; apispec binds and calls it."""
    match field:
        case Typed():
            document = json_schema(field.described)
            return document | {"type": [document["type"], "null"]} if field.allow_none else document
        case Listed():
            return {"minItems": field.length_min, "maxItems": field.length_max}
        case Named(choices=None):
            return {"maxProperties": field.size_max}
        case Named(choices=tuple() as choices):
            return {"propertyNames": {"enum": list(choices)}}
        case OneOf():
            return {"oneOf": [converter.resolve_nested_schema(schema) for schema in field.schemas.values()]}
        case _:
            return {}
