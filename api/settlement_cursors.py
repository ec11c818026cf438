"""Cursors of merchants' lines: where a page ended and at which position its chain is read.

Rule of the room: a cursor is good for the very question it came with an answer to, and for no other.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date
from typing import Annotated, Final

import msgspec

from ledger.domain.limits import POSITION_MAX
from ledger.projections.settlement_queries import LinesAfter, Period

CURSOR_CHARS_MAX: Final = 300
"""The longest ids and numbers stay below it."""

_Position = Annotated[int, msgspec.Meta(ge=1, le=POSITION_MAX)]


class _Cursor(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    merchant_id: str
    begin: date
    end: date
    until: _Position
    day: date
    position: _Position


_decoder: Final = msgspec.json.Decoder(_Cursor)


def cursor_of(merchant_id: str, period: Period, after: LinesAfter) -> str:
    """Write a place among a merchant's lines down."""
    (begin, end), (until, day, position) = period, after
    cursor = _Cursor(merchant_id, begin, end, until, day, position)
    return urlsafe_b64encode(msgspec.json.encode(cursor)).rstrip(b"=").decode()


def place_of(text: str, merchant_id: str, period: Period) -> LinesAfter | None:
    """Read a place; None when the text is no cursor, or one of another question."""
    if not text.isascii() or len(text) > CURSOR_CHARS_MAX:
        return None
    try:
        cursor = _decoder.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    asked = merchant_id, *period
    if asked != (cursor.merchant_id, cursor.begin, cursor.end) or cursor.position > cursor.until:
        return None
    return LinesAfter(cursor.until, cursor.day, cursor.position)
