"""Connections to PostgreSQL, and the driver's errors in the ledger's words.

Rule of the room: nobody above `ledger.store` imports the driver or sees its errors.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
import psycopg_pool
from eventsourcing.postgres import PostgresDatastore
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict

from ledger.domain.errors import DatabaseUnavailable
from ledger.store.arrays import register

CONNECT_WAIT_S_MAX: Final = 5.0


class Database(PostgresDatastore):
    """One pool of connections, each in autocommit mode with prepared statements."""

    def __init__(self, conninfo: str, *, connections_max: int = 8, statement_ms_max: int = 10_000) -> None:
        """Describe the pool; nothing is connected before the first use.

        Args:
            conninfo: libpq connection string or URL.
            connections_max: connections this process may hold open.
            statement_ms_max: how long one statement may run, waiting for locks included.
        """
        self.conninfo = conninfo
        named = conninfo_to_dict(conninfo)
        super().__init__(
            dbname=str(named.get("dbname", "")),
            host=str(named.get("host", "")),
            port=str(named.get("port", "")),
            user=str(named.get("user", "")),
            password=str(named.get("password", "")),
        )
        # The library's pool knows five parameters; ours takes whatever libpq understands.
        self.pool = psycopg_pool.ConnectionPool(  # type: ignore[assignment]
            conninfo,
            min_size=1,
            max_size=connections_max,
            open=False,
            kwargs={"options": f"-c statement_timeout={statement_ms_max} -c search_path=public,views"},
            configure=_configure,
            timeout=CONNECT_WAIT_S_MAX,
            check=None,
            name="ledger",
        )

    @contextmanager
    def connection(self) -> Iterator[Connection[Any]]:
        """Lend a connection; outside a `transaction()` block each statement commits by itself.

        Raises:
            DatabaseUnavailable: there is none to be had, or it was lost. What was sent last may
                or may not have been done.
        """
        self.pool.open()
        try:
            connection = self.pool.getconn()
        except psycopg_pool.PoolTimeout as refused:
            raise DatabaseUnavailable(reason="no connection") from refused
        try:
            yield connection
        except (psycopg.OperationalError, psycopg.InterfaceError) as lost:
            raise DatabaseUnavailable(reason=type(lost).__name__) from lost
        finally:
            was_lost = connection.closed
            self.pool.putconn(connection)
            if was_lost:
                # A restart of the server breaks all of them; find that out now, not one by one.
                self.pool.check()

    def healthy(self) -> bool:
        """Whether a statement can be run now."""
        try:
            with self.connection() as connection:
                connection.execute("SELECT 1")
        except DatabaseUnavailable:
            return False
        return True


def _configure(connection: Connection[Any]) -> None:
    connection.autocommit = True
    connection.prepare_threshold = 1
    register(connection)
