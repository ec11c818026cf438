"""What a view's queries need of whoever reads: rows of one moment, and the position they stand at.

Rule of the room: `ledger.reading` gives it; it lives above this floor, so its shape is said here.
"""

from collections.abc import Mapping
from typing import Any, LiteralString, Protocol


class Snapshot(Protocol):
    """A view of one programme, standing still."""

    @property
    def position(self) -> int:
        """Up to which event the view shows the log."""
        ...

    def rows(self, query: LiteralString, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run a query; `programme_id` is among its parameters."""
        ...
