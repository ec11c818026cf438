"""How a caller's values become a command, and the schema of each, made from the command type itself.

Rule of the room: nothing about a field is written twice. A field added to a command is accepted
and documented at once. A good command costs one conversion; the schemas document, and explain what
is refused. `tests/property/test_decoders_agree.py` holds the two together.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any, Final, Literal, TypeVar, cast, get_args, get_type_hints

import msgspec
from marshmallow import RAISE, Schema, ValidationError, fields, post_load
from msgspec import inspect

from api.typed_fields import MESSAGES, Listed, Named, OneOf, Typed, in_every_offset
from ledger.domain.errors import FieldsInvalid
from ledger.domain.limits import ECHO_CHARS_MAX, FIELD_ERRORS_MAX

KIND: Final = "kind"
"""The field that tells commands from each other, where several kinds may come."""

WHOLE: Final = "body"
"""How an answer names the field when the whole value is meant."""

_WHOLE_IN_MARSHMALLOW: Final = "_schema"

Made = TypeVar("Made", bound=msgspec.Struct)


class StructSchema(Schema):
    """An object of known fields that becomes a struct; any other field is refused."""

    struct_type: type[msgspec.Struct]

    error_messages = MESSAGES

    class Meta:
        """What is not a field is an error."""

        unknown = RAISE

    @post_load
    def make(self, data: dict[str, Any], **_kwargs: Any) -> msgspec.Struct:
        """Give the struct; the tag that chose this schema is no field of it."""
        data.pop(str(self.struct_type.__struct_config__.tag_field), None)
        return self.struct_type(**data)


@cache
def schema_of(
    struct_type: type[msgspec.Struct], *, left_out: frozenset[str] = frozenset(), tagged: bool = False
) -> Schema:
    """Give the schema of a struct, made once.

    Args:
        struct_type: a command or a part of one.
        left_out: fields that come from elsewhere.
        tagged: whether the tag that tells it from other structs stands among the fields.
    """
    described = cast("inspect.StructType", inspect.type_info(struct_type))
    hints = get_type_hints(struct_type, include_extras=True)
    made = {
        field.name: _field(field.type, hints[field.name], required=field.required)
        for field in described.fields
        if field.name not in left_out
    }
    if tagged:
        made[str(described.tag_field)] = _tag(described)
    schema: Any = StructSchema.from_dict(made, name=struct_type.__name__)
    schema.struct_type = struct_type
    return cast("Schema", schema())


def load(command_type: type[Made], value: Mapping[str, Any]) -> Made:
    """Make a command, or another struct, of the plain values of a request's body.

    The converter is several times faster than the schemas, which are asked only why it refused.

    Raises:
        FieldsInvalid: as `load_by_schema`.
    """
    command = load_by_converter(command_type, value)
    return load_by_schema(command_type, value) if command is None else command


def load_by_converter(command_type: type[Made], value: Mapping[str, Any]) -> Made | None:
    """Make a command of plain values by the converter, which does not say what is wrong.

    The type is one struct and no union of them: only of a struct does the converter remember how.

    Returns:
        None when anything is wrong.
    """
    # The converter would take the tag of a command beside its fields.
    if KIND in value:
        return None
    try:
        command = msgspec.convert(value, command_type)
    except msgspec.ValidationError:
        return None
    return command if _within_calendar(command) else None


def load_by_schema(command_type: type[Made], value: Mapping[str, Any]) -> Made:
    """Make a command of plain values by its schema, which says everything that is wrong.

    Raises:
        FieldsInvalid: naming the fields that are wrong, at most `limits.FIELD_ERRORS_MAX` of them.
    """
    try:
        return cast("Made", schema_of(command_type).load(value))
    except ValidationError as refused:
        wrong = islice(_flat(refused.messages), FIELD_ERRORS_MAX)
        raise FieldsInvalid(errors=list(wrong)) from None


def _within_calendar(command: msgspec.Struct) -> bool:
    """Whether every instant of a command can be written in UTC, which the converter does not ask."""
    for name in _instants_of(type(command)):
        value: datetime | msgspec.Struct | None = getattr(command, name)
        if value is None:
            continue
        if not (in_every_offset(value) if isinstance(value, datetime) else _within_calendar(value)):
            return False
    return True


@cache
def _instants_of(struct_type: type[msgspec.Struct]) -> tuple[str, ...]:
    """The fields that are instants, or may be, and the parts that have some."""
    described = cast("inspect.StructType", inspect.type_info(struct_type))
    return tuple(field.name for field in described.fields if _has_instants(field.type))


def _has_instants(described: inspect.Type) -> bool:
    match described:
        case inspect.DateTimeType():
            return True
        case inspect.UnionType(types=types):
            return any(map(_has_instants, types))
        case inspect.StructType(cls=cls):
            return bool(_instants_of(cls))
        case inspect.VarTupleType(item_type=inner) | inspect.DictType(value_type=inner):
            if _has_instants(inner):
                raise TypeError(described)  # nobody would look at them
    return False


def _flat(messages: Any, path: tuple[str, ...] = ()) -> Iterator[dict[str, str]]:
    """One entry for every message, with dots between the names that lead to its field."""
    if isinstance(messages, dict):
        for name, inner in messages.items():
            step = () if name == _WHOLE_IN_MARSHMALLOW else (str(name)[:ECHO_CHARS_MAX],)
            yield from _flat(inner, path + step)
    elif isinstance(messages, list):
        for message in messages:
            yield from _flat(message, path)
    else:
        yield {"field": ".".join(path) or WHOLE, "message": str(messages)}


# ── From types to fields ──────────────────────────────────────────────────────────────────────


def _field(described: inspect.Type, annotation: Any, *, required: bool) -> fields.Field[Any]:
    """The field of one type, or of that type or null."""
    options: dict[str, Any] = {"required": required, "error_messages": MESSAGES}
    if isinstance(described, inspect.UnionType):
        shapes = [shape for shape in described.types if not isinstance(shape, inspect.NoneType)]
        if len(shapes) > 1:
            return _one_of(cast("list[inspect.StructType]", shapes), options)
        options["allow_none"] = True
        annotation = next(one for one in get_args(annotation) if one is not type(None))
        described = shapes[0]
    return _MAKERS.get(type(described), Typed)(annotation, described, **options)


def _one_of(shapes: list[inspect.StructType], options: dict[str, Any]) -> OneOf:
    schemas = {str(shape.tag): schema_of(shape.cls, tagged=True) for shape in shapes}
    return OneOf(str(shapes[0].tag_field), schemas, **options)


def _tag(described: inspect.StructType) -> Typed:
    annotation: Any = Literal[described.tag]
    return Typed(annotation, inspect.type_info(annotation), required=True, error_messages=MESSAGES)


def _inner(_annotation: Any, described: inspect.StructType, **options: Any) -> fields.Nested:
    return fields.Nested(schema_of(described.cls), **options)


def _listed(annotation: Any, described: inspect.VarTupleType, **options: Any) -> Listed:
    item = _field(described.item_type, _type_arguments(annotation)[0], required=True)
    return Listed(item, described.min_length or 0, _bound(described), **options)


def _named(annotation: Any, described: inspect.DictType, **options: Any) -> Named:
    value = Typed(_type_arguments(annotation)[1], described.value_type, error_messages=MESSAGES)
    return Named(value, _bound(described), _choices(described), **options)


def _choices(described: inspect.DictType) -> tuple[str, ...] | None:
    """The names that an object may have; None for any."""
    key = described.key_type
    return tuple(map(str, key.values)) if isinstance(key, inspect.LiteralType) else None


def _bound(described: inspect.VarTupleType | inspect.DictType) -> int:
    """How many items there may be; a command without a limit on everything is a mistake of ours."""
    if isinstance(described, inspect.DictType) and (choices := _choices(described)):
        return len(choices)
    if described.max_length is None:
        raise TypeError(described)
    return described.max_length


def _type_arguments(annotation: Any) -> tuple[Any, ...]:
    """What stands in the brackets of a type that may be annotated with bounds."""
    bare = annotation.__origin__ if hasattr(annotation, "__metadata__") else annotation
    return get_args(bare)


_MAKERS: Final[Mapping[type[inspect.Type], Callable[..., fields.Field[Any]]]] = {
    inspect.StructType: _inner,
    inspect.VarTupleType: _listed,
    inspect.DictType: _named,
}
