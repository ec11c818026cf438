"""Cursors of statements: where a page ended, as an opaque text.

Rule of the room: a cursor is good for the very question it came with an answer to, and for no other.
"""

import binascii
import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any, Final

import msgspec

from ledger.domain.addresses import Asset
from ledger.domain.limits import POSITION_MAX
from ledger.projections.statement_pages import Place, Total

CURSOR_CHARS_MAX: Final = 600
"""Three assets with the longest numbers stay below it."""

_DIGEST_CHARS: Final = 16

_Position = Annotated[int, msgspec.Meta(ge=0, le=POSITION_MAX)]
_Amount = Annotated[int, msgspec.Meta(ge=-POSITION_MAX - 1, le=POSITION_MAX)]


class _Cursor(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    digest: str
    position: _Position
    after_position: _Position
    after_asset: Asset
    totals: list[tuple[Asset, _Amount, _Amount]] | None


_decoder: Final = msgspec.json.Decoder(_Cursor)


def digest_of(question: Any) -> str:
    """Give a short name of a question: plain values in a fixed order."""
    return hashlib.sha256(msgspec.json.encode(question)).hexdigest()[:_DIGEST_CHARS]


def cursor_of(place: Place, digest: str) -> str:
    """Write a place down."""
    totals = None if place.totals is None else [tuple(total) for total in place.totals]
    cursor = _Cursor(digest, place.position, place.after_position, place.after_asset, totals)  # type: ignore[arg-type]
    return urlsafe_b64encode(msgspec.json.encode(cursor)).rstrip(b"=").decode()


def place_of(text: str, digest: str) -> Place | None:
    """Read a place; None when the text is no cursor, or one of another question."""
    if not text.isascii() or len(text) > CURSOR_CHARS_MAX:
        return None
    try:
        cursor = _decoder.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    if cursor.digest != digest or cursor.after_position > cursor.position:
        return None
    totals = None if cursor.totals is None else [Total(*total) for total in cursor.totals]
    return Place(cursor.position, cursor.after_position, cursor.after_asset, totals)
