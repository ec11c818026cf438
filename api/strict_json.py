"""JSON as this ledger reads it: one way to write a thing, or a refusal that says why.

Rule of the room: text comes in, plain values or `MalformedJson` come out. Single requests and
lines of a bulk request both pass here, so that they accept the same texts; which fields a value may
have is decided elsewhere.
"""

import json
import re
from typing import Any, Final, NoReturn

from ledger.domain.errors import MalformedJson
from ledger.domain.limits import JSON_DEPTH_MAX, NUMBER_DIGITS_MAX

REASONS: Final[dict[str, str]] = {
    "empty": "there is nothing to read",
    "byte_order_mark": "the text begins with a byte order mark",
    "not_utf8": "the bytes are not UTF-8",
    "too_deep": f"objects and lists nest more than {JSON_DEPTH_MAX} levels",
    "not_json": "the text is not JSON, or ends too early",
    "not_a_number": "NaN and Infinity are not JSON",
    "number_too_long": f"a number has more than {NUMBER_DIGITS_MAX} digits",
    "duplicate_key": "an object has the same key twice",
    "lone_surrogate": "an escape names half of a surrogate pair",
    "not_an_object": "the value is not an object",
}
"""Every reason of `malformed_json`, in the order in which they are looked for."""

# Always matches and never goes back over what it has read, whatever the text is.
_STRING: Final = re.compile(r'"(?:[^"\\]++|\\.?)*+"?', re.DOTALL)
_SURROGATE_ESCAPE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


def loads(raw: bytes) -> dict[str, Any]:
    """Read one JSON object.

    Numbers come back as int or float; a float is kept so that the field it stands in can be named.

    Raises:
        MalformedJson: with one of `REASONS`.
    """
    text = _decoded(raw)
    # Deeper needs more brackets than the limit; counting them all is only worth it then.
    if text.count("{") + text.count("[") > JSON_DEPTH_MAX and _depth(text) > JSON_DEPTH_MAX:
        refuse("too_deep")
    try:
        value = _DECODER.decode(text)
    except ValueError:
        refuse("not_json")
    if _SURROGATE_ESCAPE.search(text) and _SURROGATE.search(json.dumps(value, ensure_ascii=False)):
        refuse("lone_surrogate")
    if not isinstance(value, dict):
        refuse("not_an_object")
    return value


def _decoded(raw: bytes) -> str:
    """The text of the bytes."""
    if not raw.strip():
        refuse("empty")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        refuse("not_utf8")
    if text.startswith("\ufeff"):
        refuse("byte_order_mark")
    return text


def _depth(text: str) -> int:
    """The deepest nesting of brackets outside strings."""
    depth = deepest = 0
    for character in _STRING.sub("", text):
        if character in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "}]":
            depth -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        refuse("duplicate_key")
    return made


def _integer(literal: str) -> int:
    if len(literal.lstrip("-")) > NUMBER_DIGITS_MAX:
        refuse("number_too_long")
    return int(literal)


def _float(literal: str) -> float:
    if sum(character.isdigit() for character in literal) > NUMBER_DIGITS_MAX:
        refuse("number_too_long")
    return float(literal)


def _constant(_literal: str) -> NoReturn:
    refuse("not_a_number")


def refuse(reason: str) -> NoReturn:
    """Refuse a text for one of `REASONS`.

    Raises:
        MalformedJson
    """
    raise MalformedJson(reason=reason, explanation=REASONS[reason])


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
)
