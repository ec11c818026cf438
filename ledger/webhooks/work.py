"""Whose turn it is to send, and what came of it.

Rule of the room: a lease is a token in the webhook's row and a time that its holder keeps moving; it
is no open transaction. Whoever lost it, or had it taken away by an operator, cannot write, so what
it did is at worst done again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, LiteralString, NamedTuple

from ledger.domain.limits import WEBHOOK_FAILURES_MAX, WEBHOOK_OUTAGE_FAILURES, WEBHOOK_WAITING_MAX
from ledger.store.database import Database
from ledger.store.queries import load

_QUERIES: Final = load(Path(__file__).parent / "sql" / "work.sql")

PROBES_TO_LONGEST: Final = 12
"""How much sooner the first look is at a receiver that is away; each next one is twice as late."""
DUE_MAX: Final = 100
"""Messages looked up at a time to be tried again."""


class LeaseLost(Exception):
    """Somebody else has the lease now, or an operator took it away."""


@dataclass(kw_only=True)
class Lease:
    """The right to send for one webhook, and what was so when it was given."""

    programme_id: str
    webhook_id: str
    token: str
    url: str
    topics: Sequence[str]
    state: str
    position: int
    """Every wanted event up to here is dealt with."""
    head: int
    may_read: bool
    """Whether new events may be sent, and not only those that wait."""
    waiting: int
    """Messages that wait for another attempt."""
    failures_in_a_row: int
    secrets: Sequence[str] = field(repr=False)
    """Those that sign, the newest first."""

    @property
    def names(self) -> dict[str, str]:
        """What a query needs to find the row, and to see that the lease holds."""
        return {"programme_id": self.programme_id, "webhook_id": self.webhook_id, "token": self.token}


class Waiting(NamedTuple):
    """A message to be tried again."""

    position: int
    attempts: int
    """Those made before."""


class Failure(NamedTuple):
    """An attempt that failed, and what follows from it."""

    event_position: int
    topic: str
    attempts: int
    """This one included."""
    error: str
    delay: timedelta | None
    """Until the next attempt; None when there is none and the message is a dead letter."""
    held: timedelta
    """How long the receiver asked to be left alone; none when it did not."""


class Work:
    """Reads and writes whose turn it is."""

    def __init__(self, database: Database, *, lease: timedelta, probe: timedelta) -> None:
        """Name the times.

        Args:
            database: where webhooks are.
            lease: how long a holder may give no sign of life.
            probe: how long at most a receiver that is away is left alone.
        """
        self._database = database
        self._lease = lease
        self._probe = probe

    def take(self, token: str) -> Lease | None:
        """Lease a webhook with something to send; None when there is none that nobody is at."""
        parameters = {"token": token, "lease": self._lease, "waiting_max": WEBHOOK_WAITING_MAX}
        with self._database.connection() as connection:
            row = connection.execute(_QUERIES["take"], parameters).fetchone()
        if row is None:
            return None
        *plain, secret, previous = row
        names = (name for name in Lease.__dataclass_fields__ if name != "secrets")
        secrets = [known for known in (secret, previous) if known is not None]
        return Lease(**dict(zip(names, plain, strict=True)), secrets=secrets)

    def renew(self, tokens: Sequence[str]) -> None:
        """Give a sign of life for leases."""
        with self._database.connection() as connection:
            connection.execute(_QUERIES["renew"], {"tokens": list(tokens), "lease": self._lease})

    def release(self, lease: Lease) -> None:
        """Give a lease back, if it is still held."""
        with self._database.connection() as connection:
            connection.execute(_QUERIES["release"], lease.names)

    def due(self, lease: Lease) -> list[Waiting]:
        """Give messages that are to be tried again now, in order."""
        with self._database.connection() as connection:
            rows = connection.execute(_QUERIES["due"], {**lease.names, "limit": DUE_MAX}).fetchall()
        return [Waiting(*row) for row in rows]

    def passed(self, lease: Lease, position: int) -> None:
        """Note that nothing wanted stands up to a position that is not dealt with.

        Raises:
            LeaseLost
        """
        self._write("passed", {**lease.names, "position": position})

    def delivered(self, lease: Lease, position: int, *, event_position: int | None = None) -> None:
        """Note that a receiver has taken what it was sent.

        Args:
            lease: for which webhook.
            position: everything up to here is dealt with.
            event_position: of a message that had waited.

        Raises:
            LeaseLost
        """
        after = [] if event_position is None else ["strike_off"]
        if lease.failures_in_a_row >= WEBHOOK_OUTAGE_FAILURES:
            after.append("bring_forward")
        parameters = {**lease.names, "position": position, "event_position": event_position}
        self._write("delivered", parameters, *after)
        lease.state, lease.failures_in_a_row = "active", 0

    def failed(self, lease: Lease, position: int, failure: Failure) -> None:
        """Note that a receiver has not taken a message, and keep it for later.

        Raises:
            LeaseLost
        """
        probes = {"first_probe": self._probe / PROBES_TO_LONGEST, "probe": self._probe}
        parameters = {**lease.names, **failure._asdict(), **probes}
        parameters |= {"failures_max": WEBHOOK_FAILURES_MAX, "position": position}
        lease.state, lease.failures_in_a_row = self._write("failed", parameters, "put_aside")

    def gone(self, lease: Lease, position: int, error: str) -> None:
        """Pause a webhook whose receiver wants nothing any more; what it was sent stays to be sent.

        Raises:
            LeaseLost
        """
        self._write("gone", {**lease.names, "position": position, "error": error})

    def hold(self, lease: Lease, error: str) -> None:
        """Leave a webhook alone for a while that we cannot serve.

        Raises:
            LeaseLost
        """
        self._write("hold", {**lease.names, "error": error, "held": self._probe})

    def _write(
        self, query: LiteralString, parameters: dict[str, Any], *after: LiteralString
    ) -> tuple[Any, ...]:
        """Write to the webhook's row, which shows the lease, and then what goes with it."""
        with self._database.connection() as connection, connection.transaction():
            row: tuple[Any, ...] | None = connection.execute(_QUERIES[query], parameters).fetchone()
            if row is None:
                raise LeaseLost
            for name in after:
                connection.execute(_QUERIES[name], parameters)
        return row
