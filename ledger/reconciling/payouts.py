"""Payouts as the log has them, read forward into a table that runs compare with bank statements.

Rule of the room: rows follow from the log alone; how far it was read is written with them.
"""

from datetime import date, timedelta
from typing import Any, Final

from ledger.domain.errors import ReconciliationRunning
from ledger.domain.instants import local_date
from ledger.domain.messages import Event
from ledger.domain.payout import PayoutConfirmed, PayoutFailed, PayoutInstructed, PayoutReturned
from ledger.reconciling.queries import RUNS
from ledger.store.database import Database
from ledger.store.log import Log

_CHANGES: Final[dict[type[Event], str]] = {
    PayoutConfirmed: "payout_confirmed",
    PayoutFailed: "payout_failed",
    PayoutReturned: "payout_returned",
}
TOPICS: Final = (PayoutInstructed.topic, *(event.topic for event in _CHANGES))


def follow(database: Database, log: Log, programme_id: str, *, until: int, time_zone: str) -> None:
    """Read payouts up to a position, a stretch of the log at a time.

    Raises:
        ReconciliationRunning: somebody else is at it.
    """
    names = {"programme_id": programme_id}
    with database.connection() as connection:
        connection.execute(RUNS["begin"], names)
    while True:
        with database.connection() as connection, connection.transaction():
            row = connection.execute(RUNS["turn"], names).fetchone()
            if row is None:
                raise ReconciliationRunning(programme_id=programme_id)
            if row[0] >= until:
                return
            window = log.window(programme_id, after=row[0], until=until, topics=TOPICS)
            for logged in window.events:
                _write(connection, programme_id, logged.position, log.decode(logged), time_zone)
            connection.execute(RUNS["payouts_read"], {**names, "position": window.position})


def _write(connection: Any, programme_id: str, position: int, event: Event, time_zone: str) -> None:
    names = {
        "programme_id": programme_id,
        "position": position,
        "on": local_date(event.recorded_at, time_zone),
    }
    if isinstance(event, PayoutInstructed):
        terms = {
            "payout_id": event.id,
            "statement_id": event.statement_id,
            "merchant_id": event.merchant_id,
            "value_fen": event.value_fen,
            "statement_on": last_day_of(event.statement_id),
        }
        connection.execute(RUNS["payout_instructed"], names | terms)
    elif isinstance(event, PayoutConfirmed | PayoutFailed | PayoutReturned):
        connection.execute(RUNS[_CHANGES[type(event)]], names | {"payout_id": event.payout_id})


def last_day_of(statement_id: str) -> date | None:
    """Give the last local day of a statement, whose id ends with the day after it; None for another id."""
    try:
        return date.fromisoformat(statement_id.rpartition(":")[2]) - timedelta(days=1)
    except ValueError:
        return None
