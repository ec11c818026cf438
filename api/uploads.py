"""Files that come as the body of a request: into a file of ours, a block at a time.

Rule of the room: as in `api.bodies`; and no more than a block of a file is in memory.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from flask import request

from ledger.domain.errors import BodyTooLarge, ContentTypeUnsupported, LengthMissing, RequestUnreadable

FILE: Final = "application/octet-stream"
"""The one type of every file: what is in it is said beside it."""

BLOCK_BYTES: Final = 65_536


@contextmanager
def uploaded(*, bytes_max: int) -> Iterator[Path]:
    """Take the body into a file, for the length of a block.

    Raises, in this order:
        ContentTypeUnsupported: it is of another type, or compressed on its way.
        LengthMissing: it does not say how long it is.
        BodyTooLarge: it is longer than `bytes_max`.
        RequestUnreadable: it ends before the length it says it has.
    """
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if request.mimetype != FILE or encoding != "identity":
        raise ContentTypeUnsupported(expected=FILE)
    length = request.content_length
    if length is None:
        raise LengthMissing
    if length > bytes_max:
        raise BodyTooLarge(bytes_max=bytes_max)
    request.max_content_length = bytes_max
    with tempfile.NamedTemporaryFile(prefix="ledger-upload-") as file:
        taken = 0
        while block := request.stream.read(BLOCK_BYTES):
            taken += len(block)
            file.write(block)
        if taken != length:
            raise RequestUnreadable
        file.flush()
        yield Path(file.name)
