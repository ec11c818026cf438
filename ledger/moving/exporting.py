"""Writing a programme's log into a file, as it stood when the writing began.

Rule of the room: a log only grows, so what stood up to a position is the same whenever it is read;
nobody is kept from writing, and no snapshot is held.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from ledger.domain.errors import LogUnsound, ProgrammeNotFound
from ledger.moving.file import PAGE_EVENTS, written
from ledger.moving.format import Manifest
from ledger.moving.tally import Tally
from ledger.projections.checksums import checksum_of, stored_checksums
from ledger.shadowing import Progress, no_progress
from ledger.store.database import Database
from ledger.store.log import Log, LoggedEvent


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was written."""

    file: str
    bytes: int
    manifest: Manifest


def export_ledger(
    database: Database, programme_id: str, path: Path, *, on_progress: Progress = no_progress
) -> Exported:
    """Write a programme's whole log into a file, to be taken in by another deployment.

    Args:
        database: where the programme is.
        programme_id: which.
        path: of the file; what stands there is replaced.
        on_progress: told of events written.

    Raises:
        ProgrammeNotFound: nobody opened it.
        LogUnsound: an event cannot stand where it does, or is not what it was when it was recorded.
        EventNewerThanCode: only a later release can read an event.
    """
    log = Log(database)
    head = log.head(programme_id)
    if head is None:
        raise ProgrammeNotFound(programme_id=programme_id)
    with Tally(programme_id) as tally, written(path) as file:
        while tally.position < head:
            page = log.page(programme_id, after=tally.position, until=head, limit=PAGE_EVENTS)
            if not page:
                break
            tally.add_page(page)
            _require_sums(database, programme_id, page)
            file.write(page)
            on_progress(programme_id, tally.position, head)
        manifest = tally.end()
        if manifest.position < head:
            raise LogUnsound(
                programme_id=programme_id,
                position=manifest.position + 1,
                finding="position_missing",
                explanation=f"the log stands at {head}",
            )
        file.end(manifest)
    return Exported(file=str(path), bytes=path.stat().st_size, manifest=manifest)


def _require_sums(database: Database, programme_id: str, page: Sequence[LoggedEvent]) -> None:
    """Refuse an event that is not what it was when it was recorded, as far as its sum was kept."""
    with database.connection() as connection:
        kept = stored_checksums(connection, programme_id, [logged.position for logged in page])
    for position, stream, place, topic, state in page:
        if position in kept and kept[position] != checksum_of(stream.bytes, place, topic, state):
            raise LogUnsound(
                programme_id=programme_id,
                position=position,
                finding="checksum_differs",
                explanation="it is not what it was when it was recorded",
            )
