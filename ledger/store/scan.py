"""Reading a whole log fast: positions and bytes only, page by page, in binary.

Rule of the room: nothing is decoded here, and no more than a page is in memory.
"""

from collections.abc import Iterator
from typing import Final

from ledger.store.database import Database
from ledger.store.recorder import LOG

PAGE_EVENTS: Final = 5_000


def scan_states(
    database: Database, programme_id: str, *, after: int = 0, until: int
) -> Iterator[list[tuple[int, bytes]]]:
    """Give position and stored bytes of every event with `after` < position ≤ `until`, in order."""
    with database.connection() as connection, connection.cursor(binary=True) as cursor:
        while after < until:
            parameters = {
                "programme_id": programme_id,
                "after": after,
                "until": until,
                "limit": PAGE_EVENTS,
            }
            page = cursor.execute(LOG["states"], parameters).fetchall()
            if not page:
                return
            yield page
            after = page[-1][0]


def read_topics(
    database: Database, programme_id: str, *, after: int, until: int
) -> list[tuple[int, str, bytes]]:
    """Give position, topic and stored bytes of the next events with `after` < position ≤ `until`.

    Nothing is held between two calls, so their caller may take its time.
    """
    parameters = {"programme_id": programme_id, "after": after, "until": until, "limit": PAGE_EVENTS}
    with database.connection() as connection:
        return connection.execute(LOG["topics"], parameters, binary=True).fetchall()
