"""What every view that follows the log has in common.

Rule of the room: a view is a pure fold of a programme's log into its own tables. What it writes
depends on the events alone, never on the clock, on where a page ends, or on other views' tables;
so a rebuild from position 1 gives the same rows.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple, Protocol
from uuid import UUID

from ledger.domain.messages import Event
from ledger.domain.programme import ProgrammeOpened


class Entry(NamedTuple):
    """An event at its place in the log."""

    position: int
    originator_id: UUID
    originator_version: int
    topic: str
    state: bytes
    """The stored bytes."""
    event: Event


class Page(NamedTuple):
    """Consecutive events of one programme, in order; at least one."""

    programme: ProgrammeOpened
    """The programme's terms; its time zone makes the local days."""
    after: int
    """Position before the first."""
    entries: Sequence[Entry]

    @property
    def programme_id(self) -> str:
        """Whose log it is."""
        return self.programme.id

    @property
    def until(self) -> int:
        """Position of the last."""
        return self.entries[-1].position


class Table(NamedTuple):
    """A table of a view."""

    name: str
    key: tuple[str, ...]
    """Columns of its primary key, `programme_id` first: the order of exports and comparisons."""


class View(Protocol):
    """One view of one programme, at work in one process.

    An instance may remember what it has written: it gets pages that follow one another without gap,
    and is thrown away when a transaction fails or another process has gone on in its place.
    """

    name: ClassVar[str]
    """Frozen: positions are kept under it."""
    tables: ClassVar[tuple[Table, ...]]
    """Each has a column `position`: of the event that changed the row last."""

    def write(self, page: Page, connection: Any) -> None:
        """Add a page to the tables, inside a transaction that also moves the view's position.

        Args:
            page: the events after those that were written before.
            connection: with the schema of the tables first in its search path; table names in
                queries are unqualified, so that a rebuild can write elsewhere.
        """
        ...
