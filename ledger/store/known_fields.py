"""Stored values without the fields that this release does not know.

Rule of the room: commands are read strictly, and the parts inside events are the very structs that
commands carry. So a part to which a later release added a field is read here, without that field,
and only after the strict reading has failed.
"""

from typing import Any

from msgspec import inspect


def known_only(value: Any, described: inspect.Type) -> Any:
    """Give plain values as their type knows them: unknown fields of objects are left out, at any depth.

    What is not of its type stays as it is, for the converter to refuse.
    """
    match described, value:
        case inspect.StructType(), dict():
            known = {field.encode_name: field.type for field in described.fields}
            return {
                name: known_only(inner, known[name]) if name in known else inner
                for name, inner in value.items()
                if name in known or name == described.tag_field
            }
        case inspect.UnionType(types=types), dict():
            return next((known_only(value, one) for one in types if _is_of(value, one)), value)
        case inspect.UnionType(types=types), list():
            return next((known_only(value, one) for one in types if _is_listed(one)), value)
        case ((inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item)), list()):
            return [known_only(inner, item) for inner in value]
        case inspect.DictType(value_type=inner_type), dict():
            return {name: known_only(inner, inner_type) for name, inner in value.items()}
        case _:
            return value


def _is_of(value: dict[str, Any], described: inspect.Type) -> bool:
    """Whether an object is of one struct of a union; the tag tells them apart."""
    match described:
        case inspect.StructType(tag_field=None):
            return True
        case inspect.StructType(tag_field=tag_field, tag=tag):
            return value.get(str(tag_field)) == tag
        case _:
            return isinstance(described, inspect.DictType)


def _is_listed(described: inspect.Type) -> bool:
    return isinstance(described, inspect.VarTupleType | inspect.ListType)
