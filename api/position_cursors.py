"""Cursors of lists with the newest first: the position to go on before.

Rule of the room: events that come in between stand before the first page, so pages read one after
another miss nothing and show nothing twice.
"""

from typing import Any, Final

from api.queries import whole_number
from ledger.domain.limits import POSITION_MAX

CURSOR: Final[dict[str, Any]] = {
    "in": "query",
    "name": "cursor",
    "description": "`next_cursor` of the page before.",
    "schema": {"type": "string", "pattern": "^[0-9]+$"},
}


def cursor_of(position: int | None) -> str | None:
    """Write a position down; None where there is no further page."""
    return None if position is None else str(position)


def position_before() -> int:
    """Read the position to go on before; beyond every position for the first page.

    Raises:
        FieldsInvalid
    """
    return whole_number("cursor", least=1, most=POSITION_MAX, default=POSITION_MAX)
