"""The composition root: the one place where the parts are put together.

Rule of the room: nothing is built at import; whoever opens a ledger closes it.
"""

import gc
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledger.config import Settings
from ledger.domain.errors import DatabaseUnavailable, ShuttingDown
from ledger.domain.expiry import RunExpiry
from ledger.domain.lapse import RunLapse
from ledger.expiry_run import run_expiry
from ledger.followers import Followers
from ledger.keys import Keys
from ledger.lapse_run import run_lapse
from ledger.reading import Reading, reading
from ledger.reconciling import Reconciliation
from ledger.shadow_run import ShadowRuns
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.store.migrations import require_current
from ledger.vouchers import Vouchers, keys_of
from ledger.webhooks import Webhooks
from ledger.writer import Recorded, Writer, system_clock

GARBAGE_THRESHOLD: Final = 100_000
"""Objects made between two looks for cycles: some group commits' worth."""
PAGES_GARBAGE_THRESHOLD: Final = 2_000_000
"""The same in a process that goes over logs: a page and what views make of it are some 500,000 objects."""


def prepare_process(*, garbage_threshold: int = GARBAGE_THRESHOLD) -> None:
    """Set up the interpreter of a process that will write; called once, by whoever starts it.

    A group commit makes tens of thousands of objects and no cycle; with the interpreter's own
    threshold of 700 a quarter of its time went into looking for some.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(garbage_threshold, 20, 100)


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """A ledger ready for work in this process."""

    settings: Settings
    database: Database
    writer: Writer
    log: Log
    keys: Keys
    followers: Followers
    webhooks: Webhooks
    vouchers: Vouchers
    reconciliation: Reconciliation
    shadow_runs: ShadowRuns
    clock: Callable[[], datetime] = system_clock
    """Says what is ripe, or over, for those who read."""

    def run_expiry(self, programme_id: str, command: RunExpiry) -> Recorded:
        """Carry an expiry run to its end; see `ledger.expiry_run.run_expiry`."""
        return run_expiry(
            database=self.database,
            log=self.log,
            writer=self.writer,
            programme_id=programme_id,
            command=command,
            clock=self.clock,
        )

    def run_lapse(self, programme_id: str, command: RunLapse) -> Recorded:
        """Carry a lapse run to its end; see `ledger.lapse_run.run_lapse`."""
        return run_lapse(
            database=self.database,
            log=self.log,
            writer=self.writer,
            programme_id=programme_id,
            command=command,
        )

    def reading(
        self, programme_id: str, view_name: str, *, min_position: int = 0
    ) -> AbstractContextManager[Reading]:
        """Read a view that has come as far as `min_position`; see `ledger.reading.reading`."""
        return reading(
            self.database,
            programme_id,
            view_name,
            min_position=min_position,
            wait_ms_max=self.settings.view_wait_ms_max,
        )

    def ready(self) -> None:
        """Return when requests can be served.

        Raises:
            ShuttingDown, DatabaseUnavailable, MigrationsPending, DatabaseNewerThanCode
        """
        if not self.writer.is_taking_commands():
            raise ShuttingDown
        with self.database.connection() as connection:
            require_current(connection)

    def close(self) -> None:
        """Answer everyone who waits, then let go of the database."""
        self.followers.close()
        self.writer.close()
        self.database.close()


def open_ledger(settings: Settings) -> Ledger:
    """Open a ledger on the database that the settings name.

    Raises:
        DatabaseUnavailable: the settings name none.
    """
    if settings.database_url is None:
        raise DatabaseUnavailable(reason="DATABASE_URL is not set")
    database = Database(
        settings.database_url,
        connections_max=settings.db_connections_max,
        statement_ms_max=settings.commit_wait_ms_max,
    )
    writer = Writer(
        database,
        group_commands_max=settings.group_commands_max,
        queue_commands_max=settings.queue_commands_max,
        accounts_cached_max=settings.accounts_cached_max,
        commit_wait_ms_max=settings.commit_wait_ms_max,
    )
    log = Log(database)
    # Each of them holds a thread; the other half stays for those who only come and go.
    followers = Followers(log, followers_max=min(settings.followers_max, settings.threads // 2))
    return Ledger(
        settings=settings,
        database=database,
        writer=writer,
        log=log,
        keys=Keys(database),
        followers=followers,
        vouchers=Vouchers(database, log, writer, keys_of(settings)),
        webhooks=Webhooks(database, private=settings.webhook_private_addresses == "allow"),
        reconciliation=Reconciliation(
            database, log, system_clock, view_wait_ms_max=settings.view_wait_ms_max
        ),
        shadow_runs=ShadowRuns(database),
    )
