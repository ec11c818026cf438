"""Payouts as the log has them, read forward into a table that runs compare with bank statements.

Rule of the room: rows follow from the log alone; how far it was read is written with them.
"""

from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec

from ledger.domain.errors import ReconciliationRunning
from ledger.domain.instants import local_date
from ledger.reconciling.queries import RUNS
from ledger.store.database import Database
from ledger.store.log import Log, LoggedEvent

INSTRUCTED: Final = "payout.instructed"
_CHANGES: Final = {
    "payout.confirmed": "payout_confirmed",
    "payout.failed": "payout_failed",
    "payout.returned": "payout_returned",
}
TOPICS: Final = (INSTRUCTED, *_CHANGES)


class _Told(msgspec.Struct):
    """What is read of a payout's events; `id` of the first, `payout_id` of the others."""

    recorded_at: datetime
    statement_id: str
    merchant_id: str
    value_fen: int
    id: str = ""
    payout_id: str = ""


_decoder: Final = msgspec.json.Decoder(_Told)


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
                _write(connection, programme_id, logged, time_zone)
            connection.execute(RUNS["payouts_read"], {**names, "position": window.position})


def _write(connection: Any, programme_id: str, logged: LoggedEvent, time_zone: str) -> None:
    told = _decoder.decode(logged.state)
    parameters = {
        "programme_id": programme_id,
        "payout_id": told.id or told.payout_id,
        "position": logged.position,
        "on": local_date(told.recorded_at, time_zone),
    }
    if logged.topic == INSTRUCTED:
        parameters |= {
            "statement_id": told.statement_id,
            "merchant_id": told.merchant_id,
            "value_fen": told.value_fen,
            "statement_on": last_day_of(told.statement_id),
        }
        connection.execute(RUNS["payout_instructed"], parameters)
    else:
        connection.execute(RUNS[_CHANGES[logged.topic]], parameters)


def last_day_of(statement_id: str) -> date | None:
    """Give the last local day of a statement, whose id ends with the day after it; None for another id."""
    try:
        return date.fromisoformat(statement_id.rpartition(":")[2]) - timedelta(days=1)
    except ValueError:
        return None
