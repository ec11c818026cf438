"""Reading a request's body: its type, its length, its bytes.

Rule of the room: nothing is read before it is known to be wanted and short enough, and nothing is
taken for whole that may have been cut off: the server gives what came before a connection broke as
if it were all, so a body that does not say its length is not read.
"""

from typing import Final

from flask import request

from ledger.domain.errors import BodyTooLarge, ContentTypeUnsupported, LengthMissing, RequestUnreadable

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"


def read_body(*, content_type: str, bytes_max: int) -> bytes:
    """Give the bytes of the body.

    Raises, in this order:
        ContentTypeUnsupported: it is of another type, in another encoding, or compressed.
        LengthMissing: it does not say how long it is.
        BodyTooLarge: it is longer than `bytes_max`.
        RequestUnreadable: it ends before the length it says it has.
    """
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if request.mimetype != content_type or charset not in ("utf-8", "utf8") or encoding != "identity":
        raise ContentTypeUnsupported(expected=content_type)
    request.max_content_length = bytes_max
    if request.content_length is None:
        return _nothing()
    if request.content_length > bytes_max:
        raise BodyTooLarge(bytes_max=bytes_max)
    body = request.get_data(cache=False)
    if len(body) != request.content_length:
        raise RequestUnreadable
    return body


def _nothing() -> bytes:
    """What a request may have that does not say how much it has."""
    if request.stream.read(1):
        raise LengthMissing
    return b""
