"""How far an import has come, in a file, for a run after a stop to go on.

Rule of the room: the file is replaced as a whole, so that a run killed at any moment leaves a good
one; what was recorded after it was written is found again by its ids.
"""

import hashlib
import time
from pathlib import Path
from typing import Final

import msgspec

from ledger.domain.errors import ProgressFileUnsuitable
from ledger.importing.preparing import Destination
from ledger.importing.report import ImportReport

EVERY_S: Final = 1
"""How often it is written; so much of an import is sent again after a stop."""

HEAD_BYTES: Final = 65_536
"""Of a file's beginning and of its end, by which it is known again."""


class Content(msgspec.Struct, kw_only=True, tag="carbon-ledger import 1"):
    """What stands in the file."""

    identity: str
    """Of the imported file and of how it is imported."""
    done: int = 0
    """Lines and days that are safe on disk."""
    restated: list[str] = []
    report: ImportReport


def identity_of(file: Path, destination: Destination, *terms: str) -> str:
    """Tell a file, where it goes and on what terms it is read, from others."""
    size_bytes = file.stat().st_size
    digest = hashlib.sha256("\n".join((str(size_bytes), *destination.terms(), *terms, "")).encode())
    with file.open("rb") as opened:
        digest.update(opened.read(HEAD_BYTES))
        opened.seek(max(0, size_bytes - HEAD_BYTES))
        digest.update(opened.read(HEAD_BYTES))
    return digest.hexdigest()


class ProgressFile:
    """The file of one import."""

    def __init__(self, path: Path, identity: str) -> None:
        """Read what an earlier run left, or begin anew.

        Raises:
            ProgressFileUnsuitable: what stands there is of another file, or of another command.
        """
        self._path = path
        self._is_written = False
        self._written_s = time.monotonic()
        self.content = Content(identity=identity, report=ImportReport())
        if not path.exists():
            return
        try:
            found = msgspec.json.decode(path.read_bytes(), type=Content)
        except (msgspec.MsgspecError, OSError) as unsuitable:
            raise ProgressFileUnsuitable(file=str(path), reason=str(unsuitable)) from unsuitable
        if found.identity != identity:
            reason = "it is of an import of another file, or with other options"
            raise ProgressFileUnsuitable(file=str(path), reason=reason)
        self.content = found

    def reached(self, lines: int, restated: set[str]) -> None:
        """Note that as many lines more are safe on disk.

        Raises:
            ProgressFileUnsuitable: it cannot be written.
        """
        self.content.done += lines
        if self._is_written and time.monotonic() - self._written_s < EVERY_S:
            return
        self.content.restated = sorted(restated)
        beside = self._path.with_name(self._path.name + ".new")
        try:
            beside.write_bytes(msgspec.json.encode(self.content))
            beside.replace(self._path)
        except OSError as unsuitable:
            raise ProgressFileUnsuitable(file=str(self._path), reason=str(unsuitable)) from unsuitable
        self._is_written = True
        self._written_s = time.monotonic()

    def close(self) -> None:
        """The import is done: there is nothing to go on with."""
        self._path.unlink(missing_ok=True)
