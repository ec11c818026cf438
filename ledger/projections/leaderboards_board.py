"""A board in memory: what a page does to it before it is written.

Rule of the room: a small board is leaves of up to 64 participants; a large one is what the page adds
to each participant's row. Nothing here reads or writes a database.
"""

import sys
from array import array
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from ledger.projections.leaderboards_acts import Period

LARGE_MEMBERS: Final = 10_000
"""More who ever entered make a board large. Frozen: the rows of every board depend on it.

So many are read and sorted in some milliseconds; up to there, leaves cost a tenth of single rows.
"""
LEAF_BITS: Final = 6
"""64 participants in a leaf, of 24 bytes each: a row that needs no storage beside its table."""
LEAF_MEMBERS_MAX: Final = 1 << LEAF_BITS

_IS_BIG_ENDIAN: Final = sys.byteorder == "big"


def numbers_of(stored: bytes, code: str) -> "array[int]":
    """Read an array as it is stored: `i` for 4 bytes each, `q` for 8, the least significant first."""
    numbers = array(code, stored)
    if _IS_BIG_ENDIAN:
        numbers.byteswap()
    return numbers


def stored_numbers(numbers: "array[int]") -> bytes:
    """Give an array as it is stored."""
    if _IS_BIG_ENDIAN:
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()


class Leaf:
    """Up to 64 participants of a small board, in the order of their numbers."""

    __slots__ = ("amounts_g", "board", "credits", "is_stored", "members", "organisations", "position")

    def __init__(
        self,
        board: "Board",
        members: bytes = b"",
        organisations: bytes = b"",
        amounts_g: bytes = b"",
        credits_earned: bytes = b"",
        position: int = 0,
    ) -> None:
        """Read a leaf as it is stored; a new and empty one when nothing is given."""
        self.board = board
        self.members = numbers_of(members, "i")
        self.organisations = numbers_of(organisations, "i")
        self.amounts_g = numbers_of(amounts_g, "q")
        self.credits = numbers_of(credits_earned, "q")
        self.position = position
        self.is_stored = position > 0

    def stored(self) -> tuple[bytes, bytes, bytes, bytes]:
        """Give the four columns as they are stored."""
        return (
            stored_numbers(self.members),
            stored_numbers(self.organisations),
            stored_numbers(self.amounts_g),
            stored_numbers(self.credits),
        )

    def find(self, number: int) -> int | None:
        """Give the place of a participant; None when they have not entered."""
        members = self.members
        place = bisect_left(members, number)
        return place if place < len(members) and members[place] == number else None

    def insert(self, place: int, number: int, organisation: int, amount_g: int, credits_earned: int) -> None:
        """Let a participant in, at the place of their number."""
        self.members.insert(place, number)
        self.organisations.insert(place, organisation)
        self.amounts_g.insert(place, amount_g)
        self.credits.insert(place, credits_earned)

    def remove(self, place: int, position: int) -> None:
        """Take a participant out."""
        for column in (self.members, self.organisations, self.amounts_g, self.credits):
            del column[place]
        self.position = position


@dataclass(slots=True)
class Pending:
    """What a page adds to a participant's row of a large board."""

    organisation: int
    amount_g: int
    credits: int
    position: int


@dataclass(slots=True, eq=False)
class Board:
    """One period of one scenario, or of all together."""

    number: int
    period: Period
    starts_on: date
    scenario_id: str
    position: int
    large_at: int = 0
    entered: int = 0
    """Who ever entered; kept up to date while the board is small."""
    arrivals: list[Any] = field(default_factory=list)
    """Acts by which participants entered, as `count` was given them, until `settle` has counted them."""
    entries: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    """How many entered with the page, by organisation; of a large board only if it became so with it."""
    leaves: dict[int, Leaf | None] = field(default_factory=dict)
    """Those that the page needs; None while not yet read."""
    pending: dict[str, Pending] = field(default_factory=dict)
    """Of a board that became large with the page: everybody. Of others it lies in the courses."""
    is_promoted: bool = False
    """Whether it became large in this page."""

    def forget_page(self) -> None:
        """Drop what belongs to a page that was written."""
        self.leaves = {}
        self.pending = {}
        self.is_promoted = False


@dataclass(slots=True, eq=False)
class Course:
    """The boards that an act of one scenario on one day counts in, and what a page adds to them all."""

    boards: tuple[Board, ...]
    large: tuple[Board, ...] = ()
    """Those that were large before the page."""
    promoted: list[Board] = field(default_factory=list)
    """Those that became large with it."""
    leaves: dict[int, tuple[Leaf, ...] | None] = field(default_factory=dict)
    """Of those that are small, by number of the leaf, for all that the page needs; None until then."""
    pending: dict[str, Pending] = field(default_factory=dict)
    """What is added to each participant's rows of those that were large."""
    sums: dict[int, list[int]] = field(default_factory=dict)
    """What is added by the participants' organisation: grams, credits, last position."""

    def begin_page(self) -> None:
        """Make room for a page."""
        self.large = tuple(board for board in self.boards if board.large_at)
        self.promoted, self.leaves, self.pending, self.sums = [], {}, {}, {}

    def promote(self, board: Board) -> None:
        """Go on with one board as with a large one."""
        self.promoted.append(board)
        self.leaves = dict.fromkeys(self.leaves)

    def add(self, organisation: int, amount_g: int, credits_earned: int, position: int) -> None:
        """Add to what participants of an organisation did."""
        sums = self.sums.get(organisation)
        if sums is None:
            sums = self.sums[organisation] = [0, 0, 0]
        sums[0] += amount_g
        sums[1] += credits_earned
        sums[2] = max(sums[2], position)

    def leaves_at(self, number: int) -> tuple[Leaf, ...]:
        """Give the leaves of that number of all small boards; those that are not there begin here."""
        leaves = []
        for board in self.boards:
            if not board.large_at:
                leaf = board.leaves[number]
                if leaf is None:
                    leaf = board.leaves[number] = Leaf(board)
                leaves.append(leaf)
        found = self.leaves[number] = tuple(leaves)
        return found
