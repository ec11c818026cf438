"""What leaderboards remember: people, organisations and boards by what the log calls them.

Rule of the room: whatever is here stands in the tables too, or will with the page at hand.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Final, NamedTuple, Protocol

from ledger.projections.leaderboards_acts import Period
from ledger.projections.leaderboards_board import Board, Course, Leaf

WHOLE: Final = 0
"""Instead of an organisation's number: everybody."""

LEAVES_REMEMBERED_MAX: Final = 5_000
"""Leaves that stay in memory, some 10 MB: all that a town of 10,000 goes on changing."""
PEOPLE_REMEMBERED_MAX: Final = 20_000
"""Participants who do, some 6 MB."""


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
    known: dict[str, Person] = field(default_factory=dict)
    """Some of them by id, as they are stored."""
    leaves: dict[tuple[int, int], Leaf] = field(default_factory=dict)
    """Some leaves by board and number, as they are stored; those that changed last come last."""

    def add_organisation(self, organisation: Organisation) -> None:
        """Remember an organisation."""
        self.organisations[organisation.id] = organisation
        self.within[organisation.number] = (organisation.number, *self.within[organisation.parent])

    def keep(self, people: Mapping[str, Person], touched: Iterable[Board]) -> None:
        """Remember what a page wrote, as far as there is room, and be ready for the next."""
        for person in people.values():
            person.is_stored, person.is_changed = True, False
        if len(self.known) + len(people) > PEOPLE_REMEMBERED_MAX:
            self.known.clear()
        if len(people) <= PEOPLE_REMEMBERED_MAX:
            self.known.update(people)
        for board in touched:
            self._keep_leaves(board)
            board.forget_page()
        for key in list(islice(self.leaves, max(len(self.leaves) - LEAVES_REMEMBERED_MAX, 0))):
            del self.leaves[key]

    def _keep_leaves(self, board: Board) -> None:
        kept = self.leaves
        for number, leaf in board.leaves.items():
            kept.pop((board.number, number), None)
            if leaf is not None and leaf.members:
                kept[board.number, number] = leaf

    def drop_leaves(self, board: Board) -> None:
        """Forget all leaves of a board."""
        for key in [key for key in self.leaves if key[0] == board.number]:
            del self.leaves[key]


class Stored(Protocol):
    """What the fold has to read when a board becomes large."""

    def leaves_of(self, board: Board) -> Mapping[int, Leaf]:
        """Give all leaves of a board."""

    def ids_of(self, numbers: Iterable[int]) -> Mapping[int, str]:
        """Give participants by number."""
