"""Building views anew from the log, and putting them in the place of the live ones.

Rule of the room: a rebuild leaves a view where it stood, with the rows that the log gives; every
row that was otherwise is reported. Readers and writers go on all the while.
"""

import time
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from ledger.projections.registry import VIEWS
from ledger.projections.view import View
from ledger.shadowing import Builder, Difference, Progress, Stopped, no_progress
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.store.shadow import lock_position, set_position

SCHEMA: Final = "views_shadow"
"""The same for every run, so that a run that was stopped is gone on with."""

MS_PER_S: Final = 1_000


class ViewReport(msgspec.Struct, frozen=True, kw_only=True):
    """What rebuilding one view of one programme found."""

    programme_id: str
    view: str
    position: int
    """Where the view stood."""
    rebuilt_position: int
    """Where it was rebuilt to; below `position` when events are missing at the end of the log."""
    differences_count: int
    """Rows that differed."""
    differences: list[Difference]
    """The first of each table."""
    is_replaced: bool
    """Whether live rows were changed to those that the log gives."""
    stopped: Stopped | None = None
    """The event that the view cannot take: it was not rebuilt, and nothing was compared."""

    @property
    def is_equal(self) -> bool:
        """Whether every row was as the log gives it."""
        return not self.differences_count and self.stopped is None and self.position == self.rebuilt_position


class RebuildReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a rebuild found."""

    views: list[ViewReport]
    events: int
    """Events taken by this run, counted for each view."""
    elapsed_ms: int

    @property
    def is_equal(self) -> bool:
        """Whether every row of every view was as the log gives it."""
        return all(view.is_equal for view in self.views)


def rebuild(
    database: Database,
    *,
    views: Mapping[str, type[View]] = VIEWS,
    programme_id: str | None = None,
    compare_only: bool = False,
    fresh: bool = False,
    on_progress: Progress = no_progress,
    make_builder: Callable[[Database, str, Mapping[str, type[View]]], Builder] = Builder,
) -> RebuildReport:
    """Build views anew, compare them row by row, and make the live rows those that the log gives.

    Args:
        database: as `Builder` needs it.
        views: by name.
        programme_id: the only programme; all of them when None.
        compare_only: change no live row.
        fresh: do not go on with what an earlier run left.
        on_progress: told of events taken.
        make_builder: puts the parts together.

    Raises:
        RebuildRunning: another rebuild is under way.
    """
    begun_s = time.monotonic()
    builder = make_builder(database, SCHEMA, views)
    reports: list[ViewReport] = []
    events = 0
    with builder.built(fresh=fresh, keep=lambda: any(report.stopped for report in reports)):
        known = Log(database).programmes()
        for programme in [programme_id] if programme_id else known:
            before = sum(builder.position(programme, view) for view in views)
            stopped = builder.bring(programme, builder.targets(programme), on_progress)
            reports += [
                _finish(builder, programme, view, stopped.get(view), compare_only=compare_only)
                for view in views
            ]
            events += sum(builder.position(programme, view) for view in views) - before
        if programme_id is None:
            reports += _strangers(builder, known, compare_only=compare_only)
    return RebuildReport(
        views=reports, events=events, elapsed_ms=round((time.monotonic() - begun_s) * MS_PER_S)
    )


def _finish(
    builder: Builder, programme_id: str, view: str, stopped: Stopped | None, *, compare_only: bool
) -> ViewReport:
    """Compare one view while nobody moves it, and put the rebuilt rows in place."""
    with builder.database.connection() as connection, connection.transaction():
        live = lock_position(connection, programme_id, view)
        end = builder.targets(programme_id)[view]
        if stopped is None:
            stopped = builder.bring(programme_id, {view: end}).get(view)
        # Held until the end, so that what is put in place is what was compared.
        at = lock_position(connection, programme_id, builder.shadow.prefix + view)
        count = 0
        differences: list[Difference] = []
        is_replaced = False
        if stopped is None and at == end:
            count, differences = builder.differences(connection, programme_id, view)
            is_replaced = bool(count) and not compare_only
        if is_replaced:
            for table in builder.tables[view]:
                table.put_in_place(connection, programme_id)
        if stopped is None and not compare_only:
            set_position(connection, programme_id, view, end)
    return ViewReport(
        programme_id=programme_id,
        view=view,
        position=live,
        rebuilt_position=end,
        differences_count=count,
        differences=differences,
        is_replaced=is_replaced,
        stopped=stopped,
    )


def _strangers(builder: Builder, known: list[str], *, compare_only: bool) -> list[ViewReport]:
    """Report rows of programmes that nobody opened; none belongs there."""
    reports = []
    for view, tables in builder.tables.items():
        with builder.database.connection() as connection, connection.transaction():
            strangers = {name for table in tables for name in table.programmes(connection)} - set(known)
            for programme_id in sorted(strangers):
                count, differences = builder.differences(connection, programme_id, view)
                for table in tables if not compare_only else ():
                    table.put_in_place(connection, programme_id)
                reports.append(
                    ViewReport(
                        programme_id=programme_id,
                        view=view,
                        position=0,
                        rebuilt_position=0,
                        differences_count=count,
                        differences=differences,
                        is_replaced=not compare_only,
                    )
                )
    return reports
