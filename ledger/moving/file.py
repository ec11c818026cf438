"""The file itself: a ZIP archive with two members, written and read as a stream.

Rule of the room: a file takes its name when it is whole; one that is read is trusted in nothing, and
no more than a page of it is in memory.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import IO, Final, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import msgspec

from ledger.domain.errors import LedgerFileAltered, LedgerFileNewerThanCode, LedgerFileUnreadable
from ledger.domain.limits import LEDGER_FILE_LINE_BYTES_MAX, LEDGER_FILE_MANIFEST_BYTES_MAX
from ledger.moving.format import VERSION, Digest, Heading, Line, Manifest, line_of
from ledger.store.log import LoggedEvent
from ledger.whole_file import whole_file

MANIFEST: Final = "manifest.json"
EVENTS: Final = "events.ndjson"

PAGE_EVENTS: Final = 5_000
PAGE_BYTES: Final = 8_000_000
"""What is in memory of a log at a time, whichever comes first."""
_BUFFER_BYTES: Final = 1_000_000
_COMPRESSION_LEVEL: Final = 3

_UNREADABLE: Final = (
    *(BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, struct.error),
    msgspec.MsgspecError,
)
"""What the libraries say of an archive that is none, or is cut, altered, encrypted or of another kind."""


class LedgerFileWriter:
    """A file that is being written."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self._events = archive.open(EVENTS, "w", force_zip64=True)

    def write(self, page: Iterable[LoggedEvent]) -> None:
        """Add the next events."""
        self._events.write(b"".join(map(line_of, page)))

    def end(self, manifest: Manifest) -> None:
        """Add the manifest, after which nothing is missing."""
        self.close()
        lines = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
        # By a description of our own: the library would put the time of day into one of its making.
        self._archive.writestr(ZipInfo(MANIFEST), lines, ZIP_DEFLATED)

    def close(self) -> None:
        """Add no more events."""
        self._events.close()


@contextmanager
def written(path: Path) -> Iterator[LedgerFileWriter]:
    """Give a file to write into, which takes its name when it is whole and on the disk."""
    with (
        whole_file(path) as file,
        ZipFile(file, "w", ZIP_DEFLATED, compresslevel=_COMPRESSION_LEVEL) as archive,
    ):
        writer = LedgerFileWriter(archive)
        try:
            yield writer
        finally:
            writer.close()


class LedgerFile:
    """A file that is being read."""

    def __init__(self, path: Path, archive: ZipFile) -> None:
        """Read the manifest.

        Raises:
            LedgerFileUnreadable: it is none.
            LedgerFileNewerThanCode: only a later release can read it.
        """
        self._path = path
        self._archive = archive
        with _understood(self._path):
            if sorted(archive.namelist()) != [EVENTS, MANIFEST]:
                raise BadZipFile(f"it holds {', '.join(archive.namelist()[:3]) or 'nothing'}")
            if {member.compress_type for member in archive.infolist()} - {ZIP_STORED, ZIP_DEFLATED}:
                raise BadZipFile("it is compressed in another way than by deflating")
            with archive.open(MANIFEST) as member:
                content = member.read(LEDGER_FILE_MANIFEST_BYTES_MAX + 1)
            if len(content) > LEDGER_FILE_MANIFEST_BYTES_MAX:
                raise BadZipFile("its manifest is too long")
            version = msgspec.json.decode(content, type=Heading).version
            if version <= VERSION:
                self.manifest = msgspec.json.decode(content, type=Manifest)
        if version > VERSION:
            raise LedgerFileNewerThanCode(file=str(path), version_known=VERSION, version_found=version)

    def pages(self) -> Iterator[list[LoggedEvent]]:
        """Give the events in order; at the end they are those of the manifest's digest.

        Raises:
            LedgerFileUnreadable: the archive or a line is damaged, or more follows than there should.
            LedgerFileAltered: they are other events than the manifest's.
        """
        digest, events = Digest(self.manifest.programme_id), 0
        with _understood(self._path), self._archive.open(EVENTS) as member:
            lines = cast("IO[bytes]", BufferedReader(member, _BUFFER_BYTES))
            while page := _page(lines):
                events += len(page)
                if events > self.manifest.events:
                    break
                digest.add(page)
                yield page
        self._require("events", self.manifest.events, events)
        self._require("events_sha256", self.manifest.events_sha256, digest.hexdigest())

    def require_same(self, derived: Manifest) -> None:
        """Hold the manifest against what the events give.

        Raises:
            LedgerFileAltered: something differs.
        """
        for name in ("programme_id", "position", "recorded_at", "events", "topics", "sums", "events_sha256"):
            self._require(name, getattr(self.manifest, name), getattr(derived, name))

    def _require(self, name: str, told: object, found: object) -> None:
        if told != found:
            raise LedgerFileAltered(
                file=str(self._path), differs=name, in_manifest=told, in_events=msgspec.to_builtins(found)
            )


def _page(lines: IO[bytes]) -> list[LoggedEvent]:
    """Read the next lines; none at the end."""
    page: list[LoggedEvent] = []
    size = 0
    while len(page) < PAGE_EVENTS and size < PAGE_BYTES:
        line = lines.readline(LEDGER_FILE_LINE_BYTES_MAX)
        if not line:
            break
        if not line.endswith(b"\n"):
            raise BadZipFile("a line is too long, or cut off")
        size += len(line)
        event = _decode(line)
        page.append(
            LoggedEvent(
                event.position, event.originator_id, event.originator_version, event.topic, bytes(event.data)
            )
        )
    return page


_decode: Final = msgspec.json.Decoder(Line).decode


@contextmanager
def opened(path: Path) -> Iterator[LedgerFile]:
    """Open a file for reading.

    Raises:
        LedgerFileUnreadable: it is no ledger file, or not a whole one.
        LedgerFileNewerThanCode: only a later release can read it.
    """
    with _understood(path):
        archive = ZipFile(path)
    with archive:
        yield LedgerFile(path, archive)


@contextmanager
def _understood(path: Path) -> Iterator[None]:
    """Say in the ledger's words what the library says of a file that it cannot read."""
    try:
        yield
    except _UNREADABLE as unreadable:
        raise LedgerFileUnreadable(file=str(path), reason=str(unreadable) or "cut off") from unreadable
