"""Answers that are files: written whole before any of them is sent, kept on the disk when they are long.

Rule of the room: what cannot be written is told as a refusal, and nobody gets a part of a file.
"""

from collections.abc import Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, Final

from flask import Response

IN_MEMORY_BYTES_MAX: Final = 1_048_576
"""Of a file on its way; what is longer waits on the disk."""
_CHUNK_BYTES: Final = 65_536


def file_answer(write: Callable[[IO[bytes]], None], content_type: str) -> Response:
    """Answer with a file.

    Args:
        write: puts all of it into a file; whatever it raises is raised.
        content_type: what it is.
    """
    file = SpooledTemporaryFile(IN_MEMORY_BYTES_MAX)  # noqa: SIM115 - closed when it has been sent
    try:
        write(file)
        bytes_written = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    response = Response(_chunks(file), content_type=content_type)
    response.content_length = bytes_written
    response.call_on_close(file.close)
    return response


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
