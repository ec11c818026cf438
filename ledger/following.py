"""Moving the views of one programme along its log, a page at a time.

Rule of the room: rows and position are one transaction; an event that a view cannot take stops that
view alone, just before it; nothing here knows what a view is about.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Final

import structlog

from ledger.domain.errors import DatabaseUnavailable, ProgrammeNotFound
from ledger.domain.programme import ProgrammeOpened
from ledger.projections.registry import VIEWS
from ledger.projections.view import Entry, Page, View
from ledger.store.database import Database
from ledger.store.following import LIVE_SCHEMA, advance, leased, stop
from ledger.store.log import Log, LoggedEvent, Row
from ledger.store.mapper import mapper
from ledger.store.recorder import POSITION_MAX

PAGE_EVENTS_MAX: Final = 20_000
"""Larger pages fold more of a busy account's changes into one row; this many are some 30 MB."""

ERROR_CHARS_MAX: Final = 500

_log = structlog.get_logger(__name__)


class Unreadable(Exception):
    """An event of the log cannot be read; `entry` is what is stored."""

    def __init__(self, entry: LoggedEvent, cause: Exception) -> None:
        super().__init__(f"{type(cause).__name__}: {cause}")
        self.entry = entry


class Follower:
    """The views of one programme, in one schema, as far as this process moves them."""

    def __init__(
        self,
        database: Database,
        programme_id: str,
        *,
        clock: Callable[[], datetime],
        views: Mapping[str, type[View]] = VIEWS,
        schema: str = LIVE_SCHEMA,
        prefix: str = "",
        page_events_max: int = PAGE_EVENTS_MAX,
    ) -> None:
        """Describe the follower; nothing is read yet.

        Args:
            database: with a connection for each view, and one more.
            programme_id: whose log.
            clock: says when a view stopped.
            views: by name.
            schema: where the views' tables are.
            prefix: before the views' names where positions are kept; a rebuild has its own.
            page_events_max: events in one transaction.
        """
        self.programme_id = programme_id
        self._database = database
        self._log = Log(database)
        self._clock = clock
        self._views = views
        self._schema = schema
        self._prefix = prefix
        self._page_events_max = page_events_max
        self._instances: dict[str, tuple[tuple[int, int], View]] = {}
        self._page: Page | None = None
        self._ahead: tuple[int, Future[Page]] | None = None
        """A page that is being read while the one before it is written, and the position it is after."""
        self._programme: ProgrammeOpened | None = None

    def step(
        self,
        positions: Mapping[str, int],
        *,
        until: int = POSITION_MAX,
        pool: ThreadPoolExecutor | None = None,
    ) -> int:
        """Move views by one page each.

        Args:
            positions: where each of the views to move stands.
            until: go no further.
            pool: to write several views at a time.

        Returns:
            Events taken, counted for each view.

        Raises:
            DatabaseUnavailable: what was committed stays.
        """
        run = pool.map if pool is not None and len(positions) > 1 else map
        by_position = sorted(positions.items(), key=lambda item: (item[1], item[0]))
        taken = 0
        for after, group in itertools.groupby(by_position, key=lambda item: item[1]):
            names = [name for name, _ in group]
            try:
                page = self._read(after, until)
            except Unreadable as unreadable:
                for name in names:
                    self._stop(name, unreadable.entry, str(unreadable))
            else:
                if pool is not None and len(page.entries) == self._page_events_max and page.until < until:
                    self._ahead = page.until, pool.submit(self._load, page.until, until)
                taken += sum(run(partial(self._take, page), names))
        return taken

    def _take(self, page: Page, name: str) -> int:
        """Add a page to one view; give the events taken."""
        while page.entries:
            try:
                return self._write(name, page)
            except DatabaseUnavailable:
                self._instances.pop(name, None)
                raise
            except Exception as failed:  # noqa: BLE001 - whatever it is, it stops this view alone
                self._instances.pop(name, None)
                if len(page.entries) == 1:
                    self._stop(name, page.entries[0], f"{type(failed).__name__}: {failed}")
                    return 0
                # Find the event: the half before it is written, so each round is a step forward.
                page = page._replace(entries=page.entries[: len(page.entries) // 2])
        return 0

    def _write(self, name: str, page: Page) -> int:
        stored_name = self._prefix + name
        with leased(self._database, self.programme_id, stored_name, schema=self._schema) as lease:
            if lease is None or lease.position != page.after:
                self._instances.pop(name, None)  # somebody else is at it, or was
                return 0
            at, view = self._instances.get(name, (None, None))
            if view is None or at != (page.after, lease.rebuilds):
                view = self._views[name]()
            view.write(page, lease.connection)
            advance(self._database, lease, self.programme_id, stored_name, page.until)
        self._instances[name] = (page.until, lease.rebuilds), view
        return len(page.entries)

    def _stop(self, name: str, entry: Entry | LoggedEvent, error: str) -> None:
        error = error[:ERROR_CHARS_MAX]
        _log.error(
            "view stopped",
            programme_id=self.programme_id,
            view=self._prefix + name,
            position=entry.position,
            topic=entry.topic,
            error=error,
        )
        stop(
            self._database,
            self.programme_id,
            self._prefix + name,
            position=entry.position,
            topic=entry.topic,
            error=error,
            now=self._clock(),
        )

    # --- reading ----------------------------------------------------------------------------

    def _read(self, after: int, until: int) -> Page:
        """Read the page after a position; several views that stand there get the same one.

        Raises:
            Unreadable: the very first event of it.
        """
        page = self._page
        if page is None or page.after != after or page.until > until:
            ahead, self._ahead = self._ahead, None
            page = ahead[1].result() if ahead and ahead[0] == after else self._load(after, until)
            if page.entries and page.until > until:
                page = self._load(after, until)
            if page.entries:
                self._page = page
        return page

    def _load(self, after: int, until: int) -> Page:
        rows = self._log.rows(self.programme_id, after=after, until=until, limit=self._page_events_max)
        return Page(self._terms(), after, _entries(rows))

    def _terms(self) -> ProgrammeOpened:
        """Read the event that opened the programme.

        Raises:
            ProgrammeNotFound, Unreadable
        """
        if self._programme is None:
            first = self._log.rows(self.programme_id, after=0, limit=1)
            if not first:
                raise ProgrammeNotFound(programme_id=self.programme_id)
            opened = _entries(first)[0].event
            if not isinstance(opened, ProgrammeOpened):
                raise Unreadable(LoggedEvent(*first[0]), TypeError("a log begins with programme.opened"))
            self._programme = opened
        return self._programme


def _entries(rows: Iterable[Row]) -> list[Entry]:
    """Decode events, up to the first that cannot be read.

    Raises:
        Unreadable: the very first one.
    """
    entries: list[Entry] = []
    event_of = mapper().event_of
    for row in rows:
        position, originator_id, version, topic, state = row
        try:
            entries.append(Entry(position, originator_id, version, topic, state, event_of(topic, state)))
        except Exception as failed:
            if entries:
                break
            raise Unreadable(LoggedEvent(*row), failed) from failed
    return entries
