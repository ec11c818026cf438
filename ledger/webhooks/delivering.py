"""The deliverer: sends every webhook what the log has for it.

Rule of the room: any number of deliverers may run; each takes whatever webhook nobody else is at,
and none remembers anything that another could not find in the tables.
"""

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from ledger.config import Settings
from ledger.domain.errors import DatabaseUnavailable
from ledger.domain.limits import WEBHOOK_DELAYS_S, WEBHOOK_PROBE_S
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.webhooks.sending import Sender
from ledger.webhooks.turn import Turn
from ledger.webhooks.work import Lease, LeaseLost, Work

SENDERS: Final = 8
"""Webhooks that one deliverer serves at a time: so many may be slow before others must wait."""
LEASE_S: Final = 5.0
"""After so long without a sign of life another deliverer goes on."""
TURN_S: Final = 5.0
"""How long a webhook is served before others get their turn."""
POLL_S: Final = 0.2
"""How long an idle deliverer sleeps."""
DATABASE_RETRY_S: Final = 1.0

_log = structlog.get_logger(__name__)


def system_clock() -> datetime:
    """Give the time at which a message is sent."""
    return datetime.now(UTC)


class Deliverer:
    """Serves the webhooks of all programmes from one process."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        sender: Sender | None = None,
        senders: int = SENDERS,
        delays_s: Sequence[float] = WEBHOOK_DELAYS_S,
        probe_s: float = WEBHOOK_PROBE_S,
        lease_s: float = LEASE_S,
        clock: Callable[[], datetime] = system_clock,
    ) -> None:
        """Describe the deliverer; nothing is connected before the first step.

        Args:
            database: with a connection for every three senders or so; none is held during a request.
            settings: whether private addresses are allowed.
            sender: instead of one by the settings.
            senders: webhooks served at a time.
            delays_s: before each further attempt at one message.
            probe_s: how long at most a receiver that is away is left alone.
            lease_s: after how long without a sign of life another deliverer goes on.
            clock: says when a message is sent.
        """
        self._log = Log(database)
        self._sender = sender or Sender(private=settings.webhook_private_addresses == "allow")
        self._senders = senders
        self._delays_s = delays_s
        self._clock = clock
        self._lease_s = lease_s
        self._work = Work(database, lease=timedelta(seconds=lease_s), probe=timedelta(seconds=probe_s))
        self._pool = ThreadPoolExecutor(senders, thread_name_prefix="webhook")
        self._tokens: set[str] = set()
        self._is_closed = threading.Event()
        self._renewer: threading.Thread | None = None

    def step(self) -> int:
        """Serve what is due, once, and wait until that is done.

        Returns:
            Attempts made; 0 when nothing was due that nobody else is at.

        Raises:
            DatabaseUnavailable
        """
        return sum(future.result() for future in self._take(self._senders, self._is_closed))

    def run(self, stop: threading.Event) -> None:
        """Deliver until told to stop; a database that is away is waited for."""
        busy: set[Future[int]] = set()
        try:
            while not stop.is_set():
                try:
                    busy |= self._take(self._senders - len(busy), stop)
                except DatabaseUnavailable as lost:
                    _log.warning("deliverer waits for the database", reason=lost.reason)
                    stop.wait(DATABASE_RETRY_S)
                if busy:
                    busy = wait(busy, POLL_S, FIRST_COMPLETED).not_done
                else:
                    stop.wait(POLL_S)
        finally:
            self.close()

    def close(self) -> None:
        """Finish the requests under way, and let go."""
        self._pool.shutdown()
        self._is_closed.set()
        if self._renewer is not None:
            self._renewer.join()

    def _take(self, places: int, stop: threading.Event) -> set[Future[int]]:
        """Begin turns at webhooks with something due, as far as there are places."""
        begun: set[Future[int]] = set()
        while len(begun) < places:
            token = uuid.uuid4().hex
            try:
                lease = self._work.take(token)
            except DatabaseUnavailable:
                if begun:
                    break
                raise
            if lease is None:
                break
            self._tokens.add(token)
            self._keep_leases()
            begun.add(self._pool.submit(self._serve, lease, stop))
        return begun

    def _serve(self, lease: Lease, stop: threading.Event) -> int:
        """Give one webhook its turn; give the attempts made."""
        ends_at = time.monotonic() + TURN_S
        with self._sender.receiver(lease.url) as receiver:
            turn = Turn(
                lease,
                work=self._work,
                log=self._log,
                receiver=receiver,
                delays_s=self._delays_s,
                clock=self._clock,
                is_over=lambda: stop.is_set() or time.monotonic() >= ends_at,
            )
            names = {"programme_id": lease.programme_id, "webhook_id": lease.webhook_id}
            try:
                turn.run()
            except LeaseLost:
                _log.info("webhook is somebody else's now", **names)
            except DatabaseUnavailable as lost:
                _log.warning("webhook waits for the database", reason=lost.reason, **names)
            except Exception as failed:  # noqa: BLE001 - it holds up this webhook alone, and not in a circle
                _log.exception("webhook cannot be served", **names)
                with suppress(LeaseLost, DatabaseUnavailable):
                    self._work.hold(lease, f"fault of the ledger: {type(failed).__name__}")
            finally:
                self._tokens.discard(lease.token)
                with suppress(DatabaseUnavailable):
                    self._work.release(lease)
        return turn.attempts

    # --- signs of life ----------------------------------------------------------------------

    def _keep_leases(self) -> None:
        """Start giving signs of life with the first lease."""
        if self._renewer is None:
            self._renewer = threading.Thread(target=self._keep_renewing, name="webhook leases", daemon=True)
            self._renewer.start()

    def _keep_renewing(self) -> None:
        while not self._is_closed.wait(self._lease_s / 5):
            if tokens := list(self._tokens):
                try:
                    self._work.renew(tokens)
                except DatabaseUnavailable as lost:
                    _log.warning("webhook leases are not renewed", reason=lost.reason)
