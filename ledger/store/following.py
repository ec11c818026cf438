"""Following logs: whose turn it is, the next page, and how far each view has come.

Rule of the room: the lease on a view of a programme is the lock on its position, held for one
transaction; whoever dies loses it with the connection, and another goes on from the same place.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import sleep
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import Connection

from ledger.store.database import Database
from ledger.store.queries import load
from ledger.store.tracking import ProgrammeTracking

FOLLOWING: Final = load(Path(__file__).parent / "sql" / "following.sql")

LIVE_SCHEMA: Final = "views"


class Lagging(NamedTuple):
    """A view that is behind its programme's log."""

    programme_id: str
    view_name: str
    position: int
    head: int


class Standing(NamedTuple):
    """Where a view of a programme stands."""

    programme_id: str
    view_name: str
    position: int
    head: int
    stopped_position: int | None
    """Of the event that the view cannot take; None while it goes on."""
    stopped_topic: str | None
    stopped_error: str | None
    stopped_at: datetime | None

    @property
    def lag_events(self) -> int:
        """Events that the view has still to take."""
        return self.head - self.position


class Lease(NamedTuple):
    """The right to move one view of one programme, for as long as the transaction lasts."""

    connection: Connection[Any]
    position: int
    """How far the view has come."""
    rebuilds: int
    """How often its rows were put right by a rebuild; what was remembered before does not hold."""


@contextmanager
def leased(
    database: Database, programme_id: str, view_name: str, *, schema: str = LIVE_SCHEMA
) -> Iterator[Lease | None]:
    """Begin a transaction that may move a view; None when another process is at it.

    The transaction commits at the end of the block, and is undone by an exception.
    """
    names = {"programme_id": programme_id, "view_name": view_name}
    with database.connection() as connection:
        # By itself, so that nobody ever waits for the end of another's page to enter.
        if connection.execute(FOLLOWING["entered"], names).fetchone() is None:
            connection.execute(FOLLOWING["enter"], names)
        with connection.transaction():
            connection.execute(FOLLOWING["set_schema"], {"schema": schema})
            row = connection.execute(FOLLOWING["lease"], names).fetchone()
            yield Lease(connection, *row) if row else None


def advance(database: Database, lease: Lease, programme_id: str, view_name: str, position: int) -> None:
    """Move a view's position, in the transaction that wrote its rows."""
    ProgrammeTracking(database, programme_id).advance(lease.connection, view_name, position)
    lease.connection.execute(FOLLOWING["resume"], {"programme_id": programme_id, "view_name": view_name})


def lagging(database: Database, views: Sequence[str], *, retried_before: datetime) -> list[Lagging]:
    """Give the views with something to do: not those that stopped, unless last tried before an instant."""
    parameters = {"views": list(views), "retried_before": retried_before}
    with database.connection() as connection:
        return [Lagging(*row) for row in connection.execute(FOLLOWING["lagging"], parameters)]


def standing(database: Database, views: Sequence[str], programme_id: str | None = None) -> list[Standing]:
    """Give where every view stands, of one programme or of all."""
    parameters = {"views": list(views), "programme_id": programme_id}
    with database.connection() as connection:
        return [Standing(*row) for row in connection.execute(FOLLOWING["standing"], parameters)]


def stop(
    database: Database,
    programme_id: str,
    view_name: str,
    *,
    position: int,
    topic: str,
    error: str,
    now: datetime,
) -> None:
    """Note that a view cannot take an event."""
    parameters = {
        "programme_id": programme_id,
        "view_name": view_name,
        "position": position,
        "topic": topic,
        "error": error,
        "now": now,
    }
    with database.connection() as connection:
        connection.execute(FOLLOWING["stop"], parameters)


class Doorbell:
    """Waits until some reader wants a view to go on, on a connection of its own."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._connection: Connection[Any] | None = None

    def wait(self, seconds: float) -> None:
        """Return when somebody rang, or after so many seconds.

        A lost connection is made again with the next call; nobody is missed for longer than `seconds`.
        """
        try:
            if self._connection is None or self._connection.closed:
                self._connection = psycopg.connect(self._conninfo, autocommit=True)
                self._connection.execute(FOLLOWING["listen"])
            for _ in self._connection.notifies(timeout=seconds, stop_after=1):
                pass
        except psycopg.OperationalError:
            self.close()
            sleep(seconds)

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
