"""How far each view has followed one programme's log, exactly once.

Rule of the room: a view's rows and its position are written in one transaction.
"""

from pathlib import Path
from typing import Any, Final

from eventsourcing.persistence import IntegrityError, Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from psycopg import Connection

from ledger.store.database import Database
from ledger.store.queries import load

_QUERIES: Final = load(Path(__file__).parent / "sql" / "tracking.sql")


class ProgrammeTracking(PostgresTrackingRecorder):
    """Positions of the views of one programme; the library's application name is the view's name."""

    def __init__(self, datastore: Database, programme_id: str) -> None:
        super().__init__(datastore, tracking_table_name="tracking")
        self.database = datastore
        self.programme_id = programme_id

    def create_table(self) -> None:
        """Do nothing: only migrations make tables."""

    def insert_tracking(self, tracking: Tracking) -> None:
        """Record a position in a transaction of its own.

        Raises:
            IntegrityError: the view has been as far before.
        """
        with self.database.connection() as connection, connection.transaction():
            self.advance(connection, tracking.application_name, tracking.notification_id)

    def advance(self, connection: Connection[Any], view_name: str, position: int) -> None:
        """Record a position in the transaction that writes the view's rows.

        Raises:
            IntegrityError: the view has been as far before; the transaction must not commit.
        """
        parameters = {"programme_id": self.programme_id, "view_name": view_name, "position": position}
        if connection.execute(_QUERIES["advance"], parameters).fetchone() is None:
            raise IntegrityError(f"{view_name} of {self.programme_id} is at {position} already, or further")

    def max_tracking_id(self, application_name: str) -> int | None:
        """Give how far a view has come, None when it has not begun."""
        parameters = {"programme_id": self.programme_id, "view_name": application_name}
        with self.database.connection() as connection:
            row = connection.execute(_QUERIES["position"], parameters).fetchone()
        return row[0] if row else None
