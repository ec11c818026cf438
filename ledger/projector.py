"""The projector: keeps every view of every programme up with its log.

Rule of the room: any number of projectors may run; each takes whatever view of a programme nobody
else is at, a page at a time, and none remembers anything that another could not find in the tables.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final

import structlog

from ledger.domain.errors import DatabaseUnavailable
from ledger.following import PAGE_EVENTS_MAX, Follower
from ledger.projections.registry import VIEWS
from ledger.projections.view import View
from ledger.store.database import Database
from ledger.store.following import Doorbell, lagging

POLL_S: Final = 0.05
"""How long an idle projector sleeps; a reader who waits for a view wakes it at once."""
RETRY_S: Final = 30
"""How long a view that stopped is left alone before the event is tried again."""
DATABASE_RETRY_S: Final = 1.0
FOLLOWERS_MAX: Final = 64
"""Programmes of which this process remembers what it wrote."""
STATEMENT_MS_MAX: Final = 120_000
"""How long one statement of a page may take."""

_log = structlog.get_logger(__name__)


def system_clock() -> datetime:
    """Give the time at which a view is found to have stopped."""
    return datetime.now(UTC)


class Projector:
    """Follows all programmes from one process."""

    def __init__(
        self,
        conninfo: str,
        *,
        views: Mapping[str, type[View]] = VIEWS,
        page_events_max: int = PAGE_EVENTS_MAX,
        clock: Callable[[], datetime] = system_clock,
    ) -> None:
        """Describe the projector; nothing is connected before the first step.

        Args:
            conninfo: of the database.
            views: by name.
            page_events_max: events in one transaction.
            clock: says when a view stopped, and when to try again.
        """
        self._conninfo = conninfo
        self._database = Database(conninfo, connections_max=len(views) + 2, statement_ms_max=STATEMENT_MS_MAX)
        self._views = views
        self._page_events_max = page_events_max
        self._clock = clock
        self._followers: OrderedDict[str, Follower] = OrderedDict()
        self._pool = ThreadPoolExecutor(len(views) + 1, thread_name_prefix="view")
        self._begun_at = clock()

    def step(self) -> int:
        """Move every view that lags by one page.

        Returns:
            Events taken, counted for each view; 0 when nothing was left to do for this process.

        Raises:
            DatabaseUnavailable
        """
        # Whatever stopped before this process began is tried by it: it may be the one that can.
        retried_before = max(self._begun_at, self._clock() - timedelta(seconds=RETRY_S))
        behind = lagging(self._database, list(self._views), retried_before=retried_before)
        taken = 0
        for programme_id, views in groupby(behind, key=lambda view: view.programme_id):
            positions = {view.view_name: view.position for view in views}
            taken += self._follower(programme_id).step(positions, pool=self._pool)
        return taken

    def run(self, stop: threading.Event) -> None:
        """Follow until told to stop; a database that is away is waited for."""
        doorbell = Doorbell(self._conninfo)
        try:
            while not stop.is_set():
                try:
                    if not self.step():
                        doorbell.wait(POLL_S)
                except DatabaseUnavailable as lost:
                    _log.warning("projector waits for the database", reason=lost.reason)
                    stop.wait(DATABASE_RETRY_S)
        finally:
            doorbell.close()
            self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._pool.shutdown()
        self._database.close()

    def _follower(self, programme_id: str) -> Follower:
        follower = self._followers.get(programme_id)
        if follower is None:
            follower = self._followers[programme_id] = Follower(
                self._database,
                programme_id,
                clock=self._clock,
                views=self._views,
                page_events_max=self._page_events_max,
            )
        self._followers.move_to_end(programme_id)
        while len(self._followers) > FOLLOWERS_MAX:
            self._followers.popitem(last=False)
        return follower
