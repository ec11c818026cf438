"""Reading a request's body: its type, its length, its bytes.

Rule of the room: nothing is read before it is known to be wanted and short enough.
"""

from typing import Final

from flask import request

from ledger.domain.errors import BodyTooLarge, ContentTypeUnsupported

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"


def read_body(*, content_type: str, bytes_max: int) -> bytes:
    """Give the bytes of the body.

    Raises, in this order:
        ContentTypeUnsupported: it is of another type, in another encoding, or compressed.
        BodyTooLarge: it is longer than `bytes_max`.
    """
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if request.mimetype != content_type or charset not in ("utf-8", "utf8") or encoding != "identity":
        raise ContentTypeUnsupported(expected=content_type)
    if (request.content_length or 0) > bytes_max:
        raise BodyTooLarge(bytes_max=bytes_max)
    # One more than is wanted: a body of unknown length is cut at the framework's limit, not refused.
    request.max_content_length = bytes_max + 1
    body = request.get_data(cache=False)
    if len(body) > bytes_max:
        raise BodyTooLarge(bytes_max=bytes_max)
    return body
