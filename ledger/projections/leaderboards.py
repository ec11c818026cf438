"""The leaderboards view: who has avoided how much and earned how much, by period, scenario, organisation.

Rule of the room: one page is read, folded and written; what a large board needs beyond its rows
(counts, and those of its large parts) is written here, in the one order in which it adds up.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, ClassVar

from ledger.projections.leaderboards_acts import Act, Noticed, steps_of
from ledger.projections.leaderboards_board import LARGE_MEMBERS, Board
from ledger.projections.leaderboards_buckets import bucket_of
from ledger.projections.leaderboards_fold import Fold
from ledger.projections.leaderboards_memory import WHOLE, Change, Memory, Person
from ledger.projections.leaderboards_rows import CountKey, Rows
from ledger.projections.view import Page, Table

_BOARD = ("programme_id", "board")


class Leaderboards:
    """Sums of every participant and organisation in every period and scenario, ready to be ranked."""

    name: ClassVar[str] = "leaderboards"
    tables: ClassVar[tuple[Table, ...]] = (
        Table("leaderboards", ("programme_id", "period", "starts_on", "scenario_id")),
        Table("leaderboard_people", ("programme_id", "participant_id")),
        Table("leaderboard_organisations", ("programme_id", "organisation_id")),
        Table("leaderboard_scenarios", ("programme_id", "scenario_id")),
        Table("leaderboard_fields", (*_BOARD, "organisation")),
        Table("leaderboard_leaves", (*_BOARD, "leaf")),
        Table("leaderboard_scores", (*_BOARD, "participant_id")),
        Table("leaderboard_counts", (*_BOARD, "organisation", "by_credits", "bucket")),
    )

    large_members: ClassVar[int] = LARGE_MEMBERS

    def __init__(self) -> None:
        self._memory: Memory | None = None

    def write(self, page: Page, connection: Any) -> None:
        """Add a page to every board that it touches."""
        steps = steps_of(page)
        if not steps:
            return
        rows = Rows(connection, page.programme_id)
        if self._memory is None:
            self._memory = rows.memory(self.large_members)
        memory = self._memory
        fold = Fold(memory, rows, _people(memory, rows, _named(steps)))
        fold.prepare(steps)
        rows.read_leaves([board for _, board in sorted(fold.touched.items())])
        fold.run()
        rows.write_boards([*fold.new_boards, *fold.promoted])
        rows.write_people([person for person in fold.people.values() if person.is_changed])
        rows.write_organisations(fold.new_organisations)
        rows.write_scenarios(fold.new_scenarios)
        _write_leaves(fold, rows, page.after)
        _write_large(memory, fold, rows)
        memory.keep(fold.people, fold.touched.values())


def _named(steps: Iterable[Act | Noticed]) -> set[str]:
    """Give the participants that a page names."""
    named: set[str] = set()
    for step in steps:
        if isinstance(step, Act):
            named.add(step.participant_id)
        else:
            event: Any = step.event
            named.add(getattr(event, "participant_id", None) or event.id)
    return named


def _people(memory: Memory, rows: Rows, named: set[str]) -> dict[str, Person]:
    """Give those named who are known."""
    known = memory.known
    people = {own_id: known[own_id] for own_id in named if own_id in known}
    if missing := named.difference(people):
        people |= rows.people(missing)
    return people


def _write_leaves(fold: Fold, rows: Rows, after: int) -> None:
    rows.write_leaves(
        [
            (board.number, number, leaf)
            for _, board in sorted(fold.touched.items())
            for number, leaf in sorted(board.leaves.items())
            if leaf and leaf.position > after
        ]
    )
    rows.dissolve([board.number for board in fold.promoted])


# --- large boards -----------------------------------------------------------------------------


def _write_large(memory: Memory, fold: Fold, rows: Rows) -> None:
    """Write large boards and all fields: first who moved, then what was done, last who was erased."""
    large = {number: board for number, board in sorted(fold.touched.items()) if board.large_at}
    since = {number: board.large_at for number, board in large.items()}
    before = [number for number, board in large.items() if not board.is_promoted]
    counts: defaultdict[CountKey, int] = defaultdict(int)
    if before and fold.moved:
        people = {person.id: (person, position) for person, position in fold.moved}
        for number, own_id, amount_g, credits_earned in rows.move(before, fold.moved):
            person, position = people[own_id]
            fold.move(number, person, 1, amount_g, credits_earned, position)
            for whole in memory.within[person.organisation]:
                if (number, whole) in memory.large_within:
                    _count(counts, (number, whole), amount_g, credits_earned, 1)
    if counts:
        rows.add_counts(counts, since)
        counts.clear()
    _write_scores(memory, fold, rows)
    if before and fold.erased:
        people = {person.id: (person, person.position) for person in fold.erased}
        for number, own_id, organisation, amount_g, credits_earned in rows.erase(before, list(people)):
            position = people[own_id][1]
            fold.add_everywhere(number, organisation, Change(0, -1, 0, 0, position))
            for whole in (WHOLE, *memory.within[organisation]):
                if whole == WHOLE or (number, whole) in memory.large_within:
                    _count(counts, (number, whole), amount_g, credits_earned, -1)
        rows.add_counts(counts, since)
    _write_fields(memory, fold, rows, large)


def _count(
    counts: defaultdict[CountKey, int],
    field: tuple[int, int],
    amount_g: int,
    credits_earned: int,
    members: int,
) -> None:
    counts[*field, False, bucket_of(amount_g)] += members
    counts[*field, True, bucket_of(credits_earned)] += members


def _write_scores(memory: Memory, fold: Fold, rows: Rows) -> None:
    """Write what was done on large boards; those to which a page adds the same are written as one."""
    added = fold.added_to_large()
    if not added:
        return
    fields = []
    for boards, pending in added:
        organisations = sorted({one.organisation for one in pending.values()})
        fields += [
            (board.number, organisation, whole)
            for board in boards
            for organisation in organisations
            for whole in memory.within[organisation]
            if (board.number, whole) in memory.large_within
        ]
    promoted = {board.number for board in fold.promoted}
    for number, organisation, entered in rows.write_scores(added, fields):
        if number not in promoted:  # of those, whoever entered was seen to enter
            fold.add_everywhere(number, organisation, Change(entered, entered, 0, 0, 0))


def _write_fields(memory: Memory, fold: Fold, rows: Rows, large: dict[int, Board]) -> None:
    """Write what was added to every field, and count those parts of large boards that became large."""
    below: defaultdict[int, list[int]] = defaultdict(list)
    for organisation, wholes in memory.within.items():
        for whole in wholes:
            below[whole].append(organisation)
    for number, whole, entered in rows.write_fields(fold.changes):
        is_new = whole != WHOLE and number in large and (number, whole) not in memory.large_within
        if is_new and entered > memory.large_members:
            memory.large_within.add((number, whole))
            rows.count_within(large[number], whole, below[whole])
