"""Field names and types of everything that is stored, as text that a person can compare."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import inspect

from ledger.domain.messages import Event

Shape = dict[str, str]
"""The type of each field by its stored name; what has a default says which."""


def shape(kind: type[msgspec.Struct]) -> Shape:
    """Give the shape of one struct, its own parts by name only."""
    described = inspect.type_info(kind)
    assert isinstance(described, inspect.StructType)
    tag = {} if described.tag is None else {str(described.tag_field): f"tag {described.tag!r}"}
    return tag | {field.encode_name: _field_text(field) for field in described.fields}


def parts(kinds: Iterable[type[Event]]) -> dict[str, Shape]:
    """Give the shapes of all structs inside events, by their names."""
    found: dict[str, Shape] = {}
    for kind in kinds:
        for name, part in _parts_in(inspect.type_info(kind)):
            assert found.setdefault(name, shape(part)) == shape(part), f"two parts are called {name}"
    return dict(sorted(found.items()))


def is_optional(text: str) -> bool:
    """Whether a field may be missing from what is stored."""
    return " = " in text


def still_reads(frozen: str, now: str) -> bool:
    """Whether whatever was stored under the frozen type is read by today's: it may know more choices."""
    frozen_choices, _, frozen_default = frozen.partition(" = ")
    choices, _, default = now.partition(" = ")
    return set(frozen_choices.split(" | ")) <= set(choices.split(" | ")) and frozen_default == default


def _field_text(field: inspect.Field) -> str:
    text = _text(field.type)
    if field.required:
        return text
    default = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    return f"{text} = {default!r}"


def _text(described: inspect.Type) -> str:  # noqa: C901, PLR0911, PLR0912 - a table of types
    match described:
        case inspect.IntType(ge=least, le=most):
            return "int" + _bound("from", least) + _bound("to", most)
        case inspect.StrType(pattern=pattern, max_length=longest):
            return "str" + _bound("to", longest) + _bound("like", pattern)
        case inspect.BoolType():
            return "bool"
        case inspect.DateTimeType(tz=tz):
            return "instant" if tz else "datetime"
        case inspect.DateType():
            return "date"
        case inspect.NoneType():
            return "null"
        case inspect.LiteralType(values=values):
            return " | ".join(sorted(map(repr, values)))
        case inspect.UnionType(types=types):
            return " | ".join(_text(one) for one in types)
        case inspect.VarTupleType(item_type=item):
            return f"list of {_text(item)}"
        case inspect.DictType(key_type=key, value_type=value):
            return f"{_text(key)} -> {_text(value)}"
        case inspect.NamedTupleType(fields=fields):
            return "[" + ", ".join(f"{field.name}: {_field_text(field)}" for field in fields) + "]"
        case inspect.StructType(cls=cls):
            return cls.__name__
        case _:
            raise TypeError(described)


def _bound(word: str, value: object) -> str:
    return "" if value is None else f" {word} {value}"


def _parts_in(described: Any) -> Iterable[tuple[str, type[msgspec.Struct]]]:
    match described:
        case inspect.StructType(cls=cls, fields=fields):
            if not issubclass(cls, Event):
                yield cls.__name__, cls
            for field in fields:
                yield from _parts_in(field.type)
        case inspect.UnionType(types=types):
            for one in types:
                yield from _parts_in(one)
        case inspect.VarTupleType(item_type=item):
            yield from _parts_in(item)
        case _:
            return
