"""Building views anew beside the live ones, and saying where the two differ.

Rule of the room: the very `Follower` that moves the live views fills the shadows, from position 1;
nothing here knows what a view is about, and nothing here changes a live row.
"""

from collections.abc import Callable, Container, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from ledger.domain.errors import RebuildRunning
from ledger.following import PAGE_EVENTS_MAX, Follower
from ledger.projections.view import View
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.store.shadow import RowPair, Shadow, Stand, TablePair, lock_position, log_end, stands

DIFFERENCES_SHOWN_MAX: Final = 100
"""Of a table of one programme; beyond it they are only counted."""

Progress = Callable[[str, int, int], None]
"""Told what is being done, how many events of it are done, and how many there are."""


def no_progress(_what: str, _done: int, _of: int) -> None:
    """Tell nobody."""


class Change(msgspec.Struct, frozen=True):
    """A column that differs."""

    column: str
    live: Any
    """As JSON; None also where there is no such row."""
    rebuilt: Any


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a view that is not what the log gives."""

    table: str
    kind: Literal["changed", "missing", "unexpected"]
    key: dict[str, Any]
    changes: list[Change]
    position: int | None
    """Of the event that explains it: the one that gave the row its last change."""
    topic: str | None = None


class Stopped(msgspec.Struct, frozen=True, kw_only=True):
    """An event that a view cannot take, so that it cannot be built."""

    position: int
    topic: str
    error: str


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """One live view of one programme, held against its shadow."""

    programme_id: str
    view: str
    position: int
    """Where the live view stands."""
    rebuilt_position: int
    """Where the shadow could be built to; below `position` when events are missing at the log's end."""
    differences_count: int
    """Rows that differ."""
    differences: list[Difference]
    """The first of each table."""
    stopped: Stopped | None
    """The event that the view cannot take: it could not be built, and nothing was compared."""

    @property
    def is_equal(self) -> bool:
        """Whether every row is as the log gives it."""
        is_built = self.stopped is None and self.position == self.rebuilt_position
        return is_built and not self.differences_count


class Builder:
    """Fills the shadows of some views, programme by programme."""

    def __init__(
        self,
        database: Database,
        schema: str,
        views: Mapping[str, type[View]],
        *,
        page_events_max: int = PAGE_EVENTS_MAX,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Describe the work; nothing is made yet.

        Args:
            database: with two connections for each view, and two more; no statement of it timed.
            schema: where the shadows are put.
            views: by name.
            page_events_max: events in one transaction.
            clock: says when a view stopped.
        """
        self.database = database
        self.views = views
        self.shadow = Shadow(database, schema, views)
        self.tables = {
            name: [TablePair(schema, table.name, table.key) for table in view.tables]
            for name, view in views.items()
        }
        self._page_events_max = page_events_max
        self._clock = clock

    @property
    def all_tables(self) -> list[TablePair]:
        """Every table of every view."""
        return [table for tables in self.tables.values() for table in tables]

    @contextmanager
    def built(
        self, *, fresh: bool = False, keep: Callable[[], bool] = bool, keep_after_failure: bool = True
    ) -> Iterator[None]:
        """Make the shadows, and let go of them at the end.

        Args:
            fresh: start over, whatever an earlier run left.
            keep: asked at the end: leave the shadows for a later run to go on with.
            keep_after_failure: leave them when this run is broken off.

        Raises:
            RebuildRunning: somebody else is at it.
        """
        with self.shadow.turn() as has_turn:
            if not has_turn:
                raise RebuildRunning(schema=self.shadow.schema)
            if fresh:
                self.shadow.drop(self.all_tables)
            self.shadow.make(self.all_tables)
            is_broken_off = True
            try:
                yield
                is_broken_off = False
            finally:
                if not (keep_after_failure if is_broken_off else keep()):
                    self.shadow.drop(self.all_tables)

    def bring(
        self, programme_id: str, targets: Mapping[str, int], on_progress: Progress = no_progress
    ) -> dict[str, Stopped]:
        """Bring the shadows of a programme to positions, each view to its own.

        Returns:
            The views that cannot be built as far, with the event that they cannot take.

        Raises:
            RebuildRunning: somebody else moves the same shadows.
        """
        follower = Follower(
            self.database,
            programme_id,
            clock=self._clock,
            views=self.views,
            schema=self.shadow.schema,
            prefix=self.shadow.prefix,
            page_events_max=self._page_events_max,
        )
        stopped: dict[str, Stopped] = {}
        goals = {view: target for view, target in targets.items() if target}
        whole = sum(goals.values())
        with ThreadPoolExecutor(max(len(goals), 1), thread_name_prefix="shadow") as pool:
            while True:
                at = self.shadow.stands(programme_id)
                stopped.update((view, _stopped(one)) for view, one in at.items() if one.stopped_position)
                behind = {
                    view: at[view].position
                    for view, target in goals.items()
                    if view not in stopped and at[view].position < target
                }
                done = sum(min(at[view].position, target) for view, target in goals.items())
                on_progress(programme_id, done, whole)
                if not behind:
                    return stopped
                # Those that stand together take the same page; none goes beyond its own target.
                until = min(goals[view] for view in behind)
                together = {view: after for view, after in behind.items() if after < until}
                if not follower.step(together, until=until, pool=pool) and not self._has_moved(
                    programme_id, together
                ):
                    raise RebuildRunning(schema=self.shadow.schema)

    @contextmanager
    def compared(
        self, programme_id: str, view: str, stopped: Stopped | None = None
    ) -> Iterator[tuple[Any, Comparison]]:
        """Compare a view with its shadow, and let nobody move either until the end of the block.

        Args:
            programme_id: whose.
            view: which.
            stopped: what is known to keep the shadow from being built.

        Returns:
            The connection whose transaction ends with the block, and what was found.
        """
        with self.database.connection() as connection, connection.transaction():
            live = lock_position(connection, programme_id, view)
            end = self.targets(programme_id)[view]
            if stopped is None:
                stopped = self.bring(programme_id, {view: end}).get(view)
            at = lock_position(connection, programme_id, self.shadow.prefix + view)
            if stopped is None and at != end:
                raise RebuildRunning(schema=self.shadow.schema)
            yield connection, self._comparison(connection, programme_id, view, (live, end), stopped)

    @contextmanager
    def strangers(self, view: str, known: Container[str]) -> Iterator[tuple[Any, list[Comparison]]]:
        """Find a view's rows of programmes that nobody knows, which the log gives none of."""
        with self.database.connection() as connection, connection.transaction():
            names = {name for table in self.tables[view] for name in table.programmes(connection)}
            unknown = sorted(name for name in names if name not in known)
            yield connection, [self._comparison(connection, name, view, (0, 0), None) for name in unknown]

    def _comparison(
        self,
        connection: Any,
        programme_id: str,
        view: str,
        positions: tuple[int, int],
        stopped: Stopped | None,
    ) -> Comparison:
        count = 0
        found: list[Difference] = []
        for table in self.tables[view] if stopped is None else ():
            in_table, pairs = table.differences(connection, programme_id, shown_max=DIFFERENCES_SHOWN_MAX)
            count += in_table
            found.extend(self._explained(programme_id, _difference(table, pair)) for pair in pairs)
        return Comparison(
            programme_id=programme_id,
            view=view,
            position=positions[0],
            rebuilt_position=positions[1],
            differences_count=count,
            differences=found,
            stopped=stopped,
        )

    def position(self, programme_id: str, view: str) -> int:
        """Give how far a shadow has come."""
        return self.shadow.stands(programme_id)[view].position

    def targets(self, programme_id: str) -> dict[str, int]:
        """Give how far each shadow is to be built: to where the live view stands."""
        end = log_end(self.database, programme_id)
        live = stands(self.database, programme_id, self.views)
        return {view: min(one.position, end) for view, one in live.items()}

    def _has_moved(self, programme_id: str, views: Mapping[str, int]) -> bool:
        """Whether a view stopped at an event, or another run has gone on with it."""
        at = self.shadow.stands(programme_id)
        return any(at[view].stopped_position or at[view].position > after for view, after in views.items())

    def _explained(self, programme_id: str, difference: Difference) -> Difference:
        """Add the topic of the event that explains a difference, if there is one."""
        at = difference.position
        if at is None:
            return difference
        events = Log(self.database).page(programme_id, after=at - 1, until=at, limit=1)
        topic = events[0].topic if events else None
        return msgspec.structs.replace(difference, topic=topic)


def _stopped(at: Stand) -> Stopped:
    assert at.stopped_position is not None
    return Stopped(position=at.stopped_position, topic=str(at.stopped_topic), error=str(at.stopped_error))


def _difference(table: TablePair, pair: RowPair) -> Difference:
    live, rebuilt = pair.live or {}, pair.shadow or {}
    row = rebuilt or live
    kind: Literal["changed", "missing", "unexpected"] = "changed"
    if pair.live is None or pair.shadow is None:
        kind = "missing" if pair.live is None else "unexpected"
    columns = [name for name in row if name not in table.key]
    return Difference(
        table=table.table,
        kind=kind,
        key={name: row[name] for name in table.key},
        changes=[
            Change(name, live.get(name), rebuilt.get(name))
            for name in columns
            if kind != "changed" or live[name] != rebuilt[name]
        ],
        position=row.get("position"),
    )
