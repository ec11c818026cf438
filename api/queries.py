"""Reading what stands behind the question mark, strictly: plain digits, plain words, each once."""

from collections.abc import Container, Iterable
from typing import Any

from flask import request

from ledger.domain.errors import FieldsInvalid
from ledger.domain.limits import ECHO_CHARS_MAX, FIELD_ERRORS_MAX, NUMBER_DIGITS_MAX


def whole_number(name: str, *, least: int, most: int, default: int) -> int:
    """Give a whole number from `least` to `most`, or `default` when it is not there.

    Raises:
        FieldsInvalid: it is written otherwise, out of bounds, or there twice.
    """
    text = _only(name)
    return default if text is None else plain_number(text, name, least=least, most=most)


def plain_number(text: str, name: str, *, least: int, most: int) -> int:
    """Give the whole number that a text is, and nothing else.

    Raises:
        FieldsInvalid: it is written otherwise, or out of bounds.
    """
    # int() alone would also take "1_0", " 1 ", signs and digits of other scripts.
    if text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS_MAX and least <= int(text) <= most:
        return int(text)
    raise invalid(name, f"must be a whole number from {least} to {most}")


def some_of(name: str, known: Container[str]) -> tuple[str, ...]:
    """Give the words of a list with commas between them; none when it is not there.

    Raises:
        FieldsInvalid: one is not known, naming it, or the list is there twice.
    """
    text = _only(name)
    if text is None:
        return ()
    words = tuple(dict.fromkeys(text.split(",")))
    require_known(name, words, known)
    return words


def require_known(name: str, words: Iterable[str], known: Container[str]) -> None:
    """Refuse words that mean nothing here, by name.

    Raises:
        FieldsInvalid
    """
    if unknown := [word[:ECHO_CHARS_MAX] for word in words if word not in known]:
        listed = ", ".join(repr(word) for word in unknown[:FIELD_ERRORS_MAX])
        raise invalid(name, f"knows no {listed}")


def truth(name: str, *, default: bool) -> bool:
    """Give `true` or `false`, or `default` when it is not there.

    Raises:
        FieldsInvalid: it is written otherwise, or there twice.
    """
    match _only(name):
        case None:
            return default
        case "true":
            return True
        case "false":
            return False
        case _:
            raise invalid(name, "must be true or false")


def query_parameter(
    name: str, description: str, *, least: int, most: int, default: int | None = None
) -> dict[str, Any]:
    """Give the OpenAPI entry of a whole number in the query."""
    schema = {"type": "integer", "minimum": least, "maximum": most}
    if default is not None:
        schema["default"] = default
    return {"in": "query", "name": name, "description": description, "schema": schema}


def _only(name: str) -> str | None:
    texts = request.args.getlist(name)
    if len(texts) > 1:
        raise invalid(name, "may be given once")
    return texts[0] if texts else None


def invalid(name: str, message: str) -> FieldsInvalid:
    """Give the refusal of one thing in the query or the headers."""
    return FieldsInvalid(errors=[{"field": name, "message": message}])
