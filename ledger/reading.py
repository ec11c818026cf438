"""Reading views: at a position that is at least the one a caller has seen.

Rule of the room: everything one answer says is read in one snapshot, together with the position it
stands at.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, LiteralString, NamedTuple

from ledger.domain.errors import ProgrammeNotFound, ViewLagging
from ledger.store.database import Database
from ledger.store.following import FOLLOWING

POLL_S: Final = 0.002


class Reading(NamedTuple):
    """A view of one programme, standing still."""

    connection: Any
    """Inside a read-only transaction in which every query sees the same."""
    programme_id: str
    position: int
    """Up to which event the view shows the log."""

    def rows(self, query: LiteralString, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run a query; `programme_id` is among its parameters."""
        return self.connection.execute(  # type: ignore[no-any-return]  # the driver's rows
            query, {"programme_id": self.programme_id, **parameters}
        ).fetchall()


@contextmanager
def reading(
    database: Database, programme_id: str, view_name: str, *, min_position: int = 0, wait_ms_max: int = 0
) -> Iterator[Reading]:
    """Read a view that has come at least as far as `min_position`, waiting for it if need be.

    Args:
        database: where it is.
        programme_id: whose view.
        view_name: which view.
        min_position: an answer to an earlier write named it; 0 reads what is there.
        wait_ms_max: how long to wait.

    Raises:
        ProgrammeNotFound: nobody opened the programme.
        ViewLagging: the view did not come as far in time.
    """
    if min_position:
        _await(database, programme_id, view_name, min_position, wait_ms_max)
    with database.connection() as connection, connection.transaction():
        connection.execute(FOLLOWING["one_snapshot"])
        position, _, _ = _position(connection, programme_id, view_name)
        yield Reading(connection, programme_id, position)


def _await(
    database: Database, programme_id: str, view_name: str, min_position: int, wait_ms_max: int
) -> None:
    deadline_s = time.monotonic() + wait_ms_max / 1000
    has_rung = False
    while True:
        with database.connection() as connection:
            position, head, stopped = _position(connection, programme_id, view_name)
            if position >= min_position:
                return
            # Nothing comes of waiting for what the log has not, or for a view that stopped before it.
            is_hopeless = min_position > head or (stopped is not None and stopped <= min_position)
            if is_hopeless or time.monotonic() >= deadline_s:
                raise ViewLagging(
                    view=view_name,
                    position=position,
                    min_position=min_position,
                    log_position=head,
                    stopped_position=stopped,
                )
            if not has_rung:
                connection.execute(FOLLOWING["wake"])
                has_rung = True
        time.sleep(POLL_S)


def _position(connection: Any, programme_id: str, view_name: str) -> tuple[int, int, int | None]:
    row = connection.execute(
        FOLLOWING["position_of"], {"programme_id": programme_id, "view_name": view_name}
    ).fetchone()
    if row is None:
        raise ProgrammeNotFound(programme_id=programme_id)
    return row[0], row[1], row[2]
