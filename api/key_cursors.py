"""Cursors of lists in order of keys: the key to go on after, as an opaque text.

Rule of the room: a cursor says where a page ended and nothing of what was asked, so it is good with
any filter.
"""

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, Final

from api.periods import text_of
from api.queries import invalid
from ledger.domain.limits import ACCOUNT_CHARS_MAX, COMMAND_ID_CHARS_MAX, ENTITY_ID_CHARS_MAX

KEY_CHARS_MAX: Final = ACCOUNT_CHARS_MAX + ENTITY_ID_CHARS_MAX + COMMAND_ID_CHARS_MAX
CURSOR_CHARS_MAX: Final = 400
"""The longest key fits, four characters for three of it."""

_KEY: Final = re.compile(r"[ -~]*(?:\n[ -~]*)*")

CURSOR: Final[dict[str, Any]] = {
    "in": "query",
    "name": "cursor",
    "description": "`next_cursor` of the page before.",
    "schema": {"type": "string", "maxLength": CURSOR_CHARS_MAX},
}


def cursor_of(key: str | None) -> str | None:
    """Write a key down; None where there is no further page."""
    return None if key is None else urlsafe_b64encode(key.encode()).rstrip(b"=").decode()


def key_after(*, parts: int) -> str:
    """Read the key to go on after from the query; empty for the first page.

    Args:
        parts: ids of which the keys of the list consist.

    Raises:
        FieldsInvalid: it is no cursor of such a list, or is there twice.
    """
    if not (text := text_of("cursor")):
        return ""
    key = _key_of(text)
    if _KEY.fullmatch(key) is None or key.count("\n") != parts - 1:
        raise invalid("cursor", "must be next_cursor of an answer")
    return key


def _key_of(text: str) -> str:
    """Give the key; a text that no key is when there is none."""
    if not text.isascii() or len(text) > CURSOR_CHARS_MAX:
        return "\x00"
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return "\x00"
