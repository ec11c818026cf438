"""What leaderboards remember: people, organisations and boards by what the log calls them.

Rule of the room: whatever is here stands in the tables too, or will with the page at hand.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple, Protocol

from ledger.projections.leaderboards_acts import Period
from ledger.projections.leaderboards_board import Board, Course, Leaf

WHOLE: Final = 0
"""Instead of an organisation's number: everybody."""


@dataclass(slots=True, eq=False)
class Person:
    """A participant, as leaderboards know them."""

    id: str
    number: int
    organisation: int
    visibility: str
    position: int
    is_stored: bool = True
    is_changed: bool = False


class Organisation(NamedTuple):
    """An organisation and where it lies."""

    id: str
    number: int
    parent: int
    position: int


@dataclass(slots=True)
class Change:
    """What a page adds to a field: a board, or an organisation's part of it."""

    entered: int = 0
    members: int = 0
    amount_g: int = 0
    credits: int = 0
    position: int = 0

    def add(self, entered: int, members: int, amount_g: int, credits_earned: int, position: int) -> None:
        """Add some more."""
        self.entered += entered
        self.members += members
        self.amount_g += amount_g
        self.credits += credits_earned
        self.position = max(self.position, position)


@dataclass(eq=False)
class Memory:
    """What stays from page to page."""

    large_members: int
    """How many may enter a board before it becomes large."""
    boards: dict[tuple[Period, date, str], Board] = field(default_factory=dict)
    courses: dict[tuple[date, str], Course] = field(default_factory=dict)
    organisations: dict[str, Organisation] = field(default_factory=dict)
    within: dict[int, tuple[int, ...]] = field(default_factory=lambda: {WHOLE: ()})
    """An organisation's number, and those of all in which it lies, by its number."""
    scenarios: set[str] = field(default_factory=set)
    large_within: set[tuple[int, int]] = field(default_factory=set)
    """Boards and organisations whose part of them has counts of its own."""
    people: int = 0
    """The highest number given to a participant."""

    def add_organisation(self, organisation: Organisation) -> None:
        """Remember an organisation."""
        self.organisations[organisation.id] = organisation
        self.within[organisation.number] = (organisation.number, *self.within[organisation.parent])


class Stored(Protocol):
    """What the fold has to read when a board becomes large."""

    def leaves_of(self, board: Board) -> Mapping[int, Leaf]:
        """Give all leaves of a board."""

    def ids_of(self, numbers: Iterable[int]) -> Mapping[int, str]:
        """Give participants by number."""
