"""Taking in a programme from a file, whole or not at all.

Rule of the room: the file is trusted in nothing. The events are gone over as they come, what stands
beside them is made from them, and everything is proved before the one commit that shows any of it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from ledger.domain.errors import EventNewerThanCode, LogUnsound
from ledger.domain.limits import POSITION_MAX
from ledger.moving.file import LedgerFile, opened
from ledger.moving.format import Manifest
from ledger.moving.tables import write_tables
from ledger.moving.tally import Tally, require_sound
from ledger.projections.registry import VIEWS
from ledger.shadowing import Progress, no_progress
from ledger.store.database import Database
from ledger.store.following import LIVE_SCHEMA
from ledger.store.log import LoggedEvent
from ledger.store.moving import Arrival, Unstorable, arriving
from ledger.verify.findings import Findings
from ledger.verify.log import LogCheck
from ledger.verify.tables import TableCheck

Page = list[LoggedEvent]

_VIEW_TABLES: Final = [(LIVE_SCHEMA, table.name) for view in VIEWS.values() for table in view.tables]


def check_file(path: Path, *, on_progress: Progress = no_progress) -> Manifest:
    """Look whether a file is whole and its log sound; no database is needed.

    Args:
        path: of the file.
        on_progress: told of events gone over.

    Raises:
        LedgerFileUnreadable, LedgerFileNewerThanCode: it is none, or not for this release.
        LedgerFileAltered: it does not hold what its manifest says.
        EventNewerThanCode: only a later release can read an event.
        LogUnsound: an event cannot stand where it does.
    """
    with opened(path) as file:
        _go_over(file, lambda _: None, on_progress)
        return file.manifest


def import_ledger(
    database: Database, path: Path, *, is_decided: bool = True, on_progress: Progress = no_progress
) -> Manifest:
    """Take in a programme from a file.

    Args:
        database: where to, with statements that may take long.
        path: of the file.
        is_decided: decide every event again, and refuse a log that the rules do not give.
        on_progress: told of events taken.

    Raises:
        LedgerFileUnreadable, LedgerFileNewerThanCode, LedgerFileAltered, EventNewerThanCode, LogUnsound:
            as `check_file`; nothing is written.
        ProgrammeExists: something of the programme is here already.
        ImportRunning: another process takes it in.
    """
    with opened(path) as file, arriving(database, file.manifest.programme_id, _VIEW_TABLES) as arrival:
        taking = _Taking(arrival, since=0 if is_decided else POSITION_MAX)
        _go_over(file, taking.add_page, on_progress)
        taking.end()
        return file.manifest


def _go_over(file: LedgerFile, take: Callable[[Page], None], on_progress: Progress) -> None:
    """Go over a file to its end, handing on each page that is sound."""
    manifest, pages = file.manifest, file.pages()
    with Tally(manifest.programme_id) as tally:
        try:
            for page in pages:
                tally.add_page(page)
                take(page)
                on_progress(manifest.programme_id, tally.position, manifest.events)
            derived = tally.end()
        except (LogUnsound, EventNewerThanCode):
            _read_out(pages)
            raise
        file.require_same(derived)


def _read_out(pages: Iterator[Page]) -> None:
    """Go to the end of a file: that it was altered is told rather than what came of that."""
    for _ in pages:
        pass


class _Taking:
    """The log of a programme that is taken in."""

    def __init__(self, arrival: Arrival, *, since: int) -> None:
        self._arrival = arrival
        self._findings = Findings()
        self._log = LogCheck(arrival.programme_id, self._findings, since=since)

    def add_page(self, page: Page) -> None:
        """Take the next events."""
        self._storing(self._arrival.add_events, page)
        self._log.add_page(page, self._arrival.connection)
        self._require_sound()

    def end(self) -> None:
        """Make what stands beside the events, and look whether it is as it must be."""
        self._log.end()
        self._require_sound()
        self._storing(write_tables, self._log, self._arrival)
        TableCheck(self._arrival.connection, self._arrival.programme_id, self._log, self._findings).check()
        self._require_sound()

    def _require_sound(self) -> None:
        require_sound(self._arrival.programme_id, self._findings)

    def _storing(self, store: Callable[..., None], *arguments: Any) -> None:
        try:
            store(*arguments)
        except Unstorable as refused:
            raise LogUnsound(
                programme_id=self._arrival.programme_id,
                position=None,
                finding="event_unreadable",
                explanation=str(refused),
            ) from refused
