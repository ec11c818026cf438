"""Building views anew from the log, and putting them in the place of the live ones.

Rule of the room: a rebuild leaves a view where it stood, with the rows that the log gives; every
row that was otherwise is reported. Readers and writers go on all the while.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from ledger.projections.registry import VIEWS
from ledger.projections.view import View
from ledger.shadowing import Builder, Comparison, Progress, Stopped, no_progress
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.store.shadow import set_position

SCHEMA: Final = "views_shadow"
"""The same for every run, so that a run that was stopped is gone on with."""

MS_PER_S: Final = 1_000


class ViewReport(Comparison, frozen=True, kw_only=True):
    """What rebuilding one view of one programme found."""

    is_replaced: bool
    """Whether live rows were changed to those that the log gives."""


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
    with builder.compared(programme_id, view, stopped) as (connection, comparison):
        is_wanted = comparison.stopped is None and not compare_only
        if is_wanted:
            _put_in_place(builder, connection, comparison)
            set_position(connection, programme_id, view, comparison.rebuilt_position)
    return _report(comparison, is_replaced=is_wanted and bool(comparison.differences_count))


def _strangers(builder: Builder, known: list[str], *, compare_only: bool) -> list[ViewReport]:
    """Take away rows of programmes that nobody opened."""
    reports = []
    for view in builder.views:
        with builder.strangers(view, known) as (connection, comparisons):
            for comparison in comparisons:
                if not compare_only:
                    _put_in_place(builder, connection, comparison)
                reports.append(_report(comparison, is_replaced=not compare_only))
    return reports


def _put_in_place(builder: Builder, connection: Any, comparison: Comparison) -> None:
    if comparison.differences_count:
        for table in builder.tables[comparison.view]:
            table.put_in_place(connection, comparison.programme_id)


def _report(comparison: Comparison, *, is_replaced: bool) -> ViewReport:
    return ViewReport(**msgspec.structs.asdict(comparison), is_replaced=is_replaced)
