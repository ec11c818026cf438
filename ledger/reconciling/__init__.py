"""Reconciliation: files of merchants, payment services and banks held against the ledger.

Rule of the room: these are work-papers. Nothing here writes into a log; what a comparison leads to is a
command like any other, and a break that was resolved by it names the event.
"""

from collections.abc import Callable
from datetime import datetime

from ledger.reconciling.breaks import Breaks, Filter
from ledger.reconciling.files import Files
from ledger.reconciling.mappings import Mappings
from ledger.reconciling.running import Runs
from ledger.store.database import Database
from ledger.store.log import Log

__all__ = ["Breaks", "Files", "Filter", "Mappings", "Reconciliation", "Runs"]


class Reconciliation:
    """The parts, put together."""

    def __init__(
        self, database: Database, log: Log, clock: Callable[[], datetime], *, view_wait_ms_max: int
    ) -> None:
        """Work in `database`.

        Args:
            database: where the papers are, and the views.
            log: of the programmes.
            clock: says when something is done.
            view_wait_ms_max: how long a run waits for the view of settlement.
        """
        self.mappings = Mappings(database, clock)
        self.files = Files(database, self.mappings, clock)
        self.runs = Runs(database, log, clock, view_wait_ms_max=view_wait_ms_max)
        self.breaks = Breaks(database, clock)
