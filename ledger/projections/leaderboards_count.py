"""Counting acts in boards: the innermost part of catching up.

Rule of the room: acts between which nothing else happened may be counted in any order, so they are
taken leaf by leaf, which keeps what they change close together in memory; who made a board large is
found afterwards, by the order of the log.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from operator import itemgetter

from ledger.projections.leaderboards_acts import Act
from ledger.projections.leaderboards_board import LEAF_MEMBERS_MAX, Board, Course, Leaf, Pending
from ledger.projections.leaderboards_memory import Person

Placed = tuple[int, Act, Person, Course]
"""An act and where it counts; the number of the leaf comes first."""

_LEAF = itemgetter(0)


def count(stretch: Iterable[Placed]) -> None:
    """Count acts between which nobody was erased and nobody who had acted joined an organisation."""
    for placed in sorted(stretch, key=_LEAF):
        leaf_number, act, person, course = placed
        amount_g, credits_earned, last = act.amount_g, act.credits, act.last
        number, organisation = person.number, person.organisation
        course.add(organisation, amount_g, credits_earned, last)
        if person.visibility == "erased":
            continue  # what they did stays in the sums; they do not come back
        leaves = course.leaves[leaf_number]
        if leaves is None:
            leaves = course.leaves_at(leaf_number)
        for leaf in leaves:
            members = leaf.members
            full = len(members)
            place = bisect_left(members, number) if full < LEAF_MEMBERS_MAX else number % LEAF_MEMBERS_MAX
            if place < full and members[place] == number:
                leaf.amounts_g[place] += amount_g
                leaf.credits[place] += credits_earned
            else:
                leaf.insert(place, number, organisation, amount_g, credits_earned)
                leaf.board.arrivals.append(placed)
            leaf.position = last
        if course.large:
            _add(course.pending, act, person)
        for board in course.promoted:
            if person.id not in board.pending:
                board.entries[organisation] += 1
            _add(board.pending, act, person)


def _add(pending: dict[str, Pending], act: Act, person: Person) -> None:
    row = pending.get(person.id)
    if row is None:
        pending[person.id] = Pending(person.organisation, act.amount_g, act.credits, act.last)
    else:
        row.amount_g += act.amount_g
        row.credits += act.credits
        row.position = act.last


def settle(board: Board, stretch: Sequence[Placed], large_members: int) -> int | None:
    """Count those who entered a board with a stretch.

    Returns:
        The place in the stretch of the act by which one too many entered; None while the board
        stays small.
    """
    before = board.entered
    board.entered += len(board.arrivals)
    arrivals: list[Placed] = board.arrivals
    board.arrivals = []
    for organisation, members in Counter([person.organisation for _, _, person, _ in arrivals]).items():
        board.entries[organisation] += members
    if board.entered <= large_members:
        return None
    entering = set(map(id, arrivals))
    places = [place for place, placed in enumerate(stretch) if id(placed) in entering]
    return places[large_members - before]


def promote(
    board: Board, stretch: Sequence[Placed], place: int, leaves: Iterable[Leaf], ids: dict[int, str]
) -> None:
    """Turn a board's leaves into rows, as of the act of a stretch by which one too many entered.

    Args:
        board: whose leaves have the whole stretch in them.
        stretch: the acts in order.
        place: of the act.
        leaves: all that the board has.
        ids: participants by number.
    """
    _, act, _, _ = stretch[place]
    for leaf in leaves:
        columns = zip(leaf.members, leaf.organisations, leaf.amounts_g, leaf.credits, strict=True)
        for number, organisation, amount_g, credits_earned in columns:
            board.pending[ids[number]] = Pending(organisation, amount_g, credits_earned, act.first)
    for _, later, person, course in stretch[place:]:
        if board in course.boards and person.visibility != "erased":
            board.pending[person.id].position = later.last
    board.large_at = board.position = act.first
    board.is_promoted = True
    board.leaves = {}


def sum_of(parts: Sequence[dict[str, Pending]]) -> dict[str, Pending]:
    """Add up what several courses add to participants' rows."""
    if len(parts) == 1:
        return parts[0]
    total: dict[str, Pending] = {}
    for part in parts:
        for own_id, one in part.items():
            row = total.get(own_id)
            if row is None:
                total[own_id] = Pending(one.organisation, one.amount_g, one.credits, one.position)
            else:
                row.amount_g += one.amount_g
                row.credits += one.credits
                row.position = max(row.position, one.position)
    return total
