"""Reading and writing the rows of leaderboards, a page at a time.

Rule of the room: every statement takes whole arrays; nothing is decided here.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, LiteralString

from ledger.projections.leaderboards_board import Board, Leaf, Pending
from ledger.projections.leaderboards_buckets import PACKED_BOUNDS
from ledger.projections.leaderboards_memory import Change, Memory, Organisation, Person
from ledger.store.arrays import ByteaArray, Int4Array, Int8Array, TextArray
from ledger.store.queries import load

_QUERIES: Final = load(Path(__file__).parent / "sql" / "leaderboards.sql")

CountKey = tuple[int, int, bool, int]
"""Board, organisation, whether by credits, bucket."""


class Rows:
    """The tables of leaderboards, for one programme and one page."""

    def __init__(self, connection: Any, programme_id: str) -> None:
        self._connection = connection
        self._programme_id = programme_id

    def _run(self, name: str, **parameters: Any) -> Any:
        query: LiteralString = _QUERIES[name]
        named = {"programme_id": self._programme_id, **parameters}
        return self._connection.execute(query, named, binary=True)

    # --- reading ----------------------------------------------------------------------------

    def memory(self, large_members: int) -> Memory:
        """Read what stays in memory from page to page."""
        memory = Memory(large_members)
        for period, starts_on, scenario_id, number, position, large_at, entered in self._run("boards"):
            board = Board(number, period, starts_on, scenario_id, position, large_at, entered)
            memory.boards[period, starts_on, scenario_id] = board
        for row in self._run("organisations"):
            memory.add_organisation(Organisation(*row))
        memory.scenarios = {scenario_id for (scenario_id,) in self._run("scenarios")}
        memory.large_within = set(self._run("large_within", large_members=large_members))
        ((memory.people,),) = self._run("people_count")
        return memory

    def people(self, ids: Iterable[str]) -> dict[str, Person]:
        """Read those named who are known."""
        rows = self._run("people", participants=TextArray.of_texts(sorted(ids)))
        return {row[0]: Person(*row) for row in rows}

    def ids_of(self, numbers: Iterable[int]) -> dict[int, str]:
        """Give participants by number."""
        return dict(self._run("ids", numbers=Int4Array.of(list(numbers))).fetchall())

    def read_leaves(self, boards: Sequence[Board]) -> None:
        """Read those leaves that boards name, that are not remembered, and that are there."""
        by_number = {board.number: board for board in boards}
        named = [
            (board.number, number)
            for board in boards
            for number, leaf in sorted(board.leaves.items())
            if leaf is None
        ]
        if not named:
            return
        numbers, leaves = _columns(named, 2)
        for number, leaf, *stored in self._run(
            "leaves", boards=Int4Array.of(numbers), leaves=Int4Array.of(leaves)
        ):
            board = by_number[number]
            board.leaves[leaf] = Leaf(board, *stored)

    def leaves_of(self, board: Board) -> dict[int, Leaf]:
        """Read all leaves of a board."""
        return {
            leaf: Leaf(board, *stored) for leaf, *stored in self._run("leaves_of_board", board=board.number)
        }

    # --- writing ----------------------------------------------------------------------------

    def write_boards(self, boards: Iterable[Board]) -> None:
        """Write boards that are new or became large."""
        rows = [
            (b.period, b.starts_on, b.scenario_id, b.number, b.large_at, b.position)
            for b in dict.fromkeys(boards)
        ]
        if rows:
            periods, starts_on, scenarios, numbers, large_at, positions = _columns(rows, 6)
            self._run(
                "write_boards",
                periods=periods,
                starts_on=starts_on,
                scenarios=scenarios,
                boards=Int4Array.of(numbers),
                large_at=Int8Array.of(large_at),
                positions=Int8Array.of(positions),
            )

    def write_people(self, people: Sequence[Person]) -> None:
        """Write people who are new or changed."""
        if people:
            self._run(
                "write_people",
                participants=TextArray.of_texts([person.id for person in people]),
                numbers=Int4Array.of([person.number for person in people]),
                organisations=Int4Array.of([person.organisation for person in people]),
                visibilities=TextArray.of_texts([person.visibility for person in people]),
                positions=Int8Array.of([person.position for person in people]),
            )

    def write_organisations(self, organisations: Sequence[Organisation]) -> None:
        """Write new ones."""
        if organisations:
            ids, numbers, parents, positions = _columns(organisations, 4)
            self._run(
                "write_organisations",
                organisations=TextArray.of_texts(ids),
                numbers=Int4Array.of(numbers),
                parents=Int4Array.of(parents),
                positions=Int8Array.of(positions),
            )

    def write_scenarios(self, scenarios: dict[str, int]) -> None:
        """Write new ones, with the positions at which they were first published."""
        if scenarios:
            self._run(
                "write_scenarios",
                scenarios=TextArray.of_texts(list(scenarios)),
                positions=Int8Array.of(list(scenarios.values())),
            )

    def write_leaves(self, leaves: Sequence[tuple[int, int, Leaf]]) -> None:
        """Write changed leaves; those in which nobody is left are taken out."""
        for query, is_stored in (("change_leaves", True), ("add_leaves", False)):
            rows = [
                (board, number, *leaf.stored(), leaf.position)
                for board, number, leaf in leaves
                if leaf.members and leaf.is_stored is is_stored
            ]
            if rows:
                boards, numbers, members, organisations, amounts_g, credits_earned, positions = _columns(
                    rows, 7
                )
                self._run(
                    query,
                    boards=Int4Array.of(boards),
                    leaves=Int4Array.of(numbers),
                    members=ByteaArray.of(members),
                    organisations=ByteaArray.of(organisations),
                    amounts_g=ByteaArray.of(amounts_g),
                    credits=ByteaArray.of(credits_earned),
                    positions=Int8Array.of(positions),
                )
        for _, _, leaf in leaves:
            leaf.is_stored = True
        if empty := [(board, leaf) for board, leaf, one in leaves if not one.members]:
            boards, numbers = _columns(empty, 2)
            self._run("drop_leaves", boards=Int4Array.of(boards), leaves=Int4Array.of(numbers))

    def dissolve(self, boards: Sequence[int]) -> None:
        """Take out all leaves of boards."""
        if boards:
            self._run("dissolve", boards=Int4Array.of(boards))

    def move(
        self, boards: Sequence[int], moved: Sequence[tuple[Person, int]]
    ) -> list[tuple[int, str, int, int]]:
        """Let people's rows lie in their organisation; give board, participant, grams and credits of each."""
        people, positions = _columns(moved, 2)
        return self._run(  # type: ignore[no-any-return]  # the driver's rows
            "move",
            boards=Int4Array.of(boards),
            participants=TextArray.of_texts([person.id for person in people]),
            organisations=Int4Array.of([person.organisation for person in people]),
            positions=Int8Array.of(positions),
        ).fetchall()

    def erase(self, boards: Sequence[int], ids: Sequence[str]) -> list[tuple[int, str, int, int, int]]:
        """Take people's rows out; give board, participant, organisation, grams and credits of each."""
        return self._run(  # type: ignore[no-any-return]  # the driver's rows
            "erase", boards=Int4Array.of(boards), participants=TextArray.of_texts(ids)
        ).fetchall()

    def write_scores(
        self,
        added: Sequence[tuple[Sequence[Board], dict[str, Pending]]],
        fields: Sequence[tuple[int, int, int]],
    ) -> list[tuple[int, int, int]]:
        """Add to rows of large boards, and to their counts.

        Args:
            added: boards, and what is added to the rows of each of them, by participant.
            fields: board, organisation of a participant, organisation whose part has counts.

        Returns:
            Board, organisation, how many entered.
        """
        rows = [(part, *one) for part, (_, pending) in enumerate(added) for one in sorted(pending.items())]
        parts, ids, pending = _columns(rows, 3)
        boards = [
            (board.number, part, board.large_at) for part, (some, _) in enumerate(added) for board in some
        ]
        large_boards, large_parts, large_at = _columns(boards, 3)
        field_boards, field_members, wholes = _columns(fields, 3)
        found = self._run(
            "write_scores",
            parts=Int4Array.of(parts),
            participants=TextArray.of_texts(ids),
            organisations=Int4Array.of([one.organisation for one in pending]),
            amounts_g=Int8Array.of([one.amount_g for one in pending]),
            credits=Int8Array.of([one.credits for one in pending]),
            positions=Int8Array.of([one.position for one in pending]),
            bounds=PACKED_BOUNDS,
            field_boards=Int4Array.of(field_boards),
            field_members=Int4Array.of(field_members),
            fields=Int4Array.of(wholes),
            large_boards=Int4Array.of(large_boards),
            large_parts=Int4Array.of(large_parts),
            large_at=Int8Array.of(large_at),
        ).fetchall()
        self._drop_counts([tuple(row[1:5]) for row in found if not row[0]])
        return [(row[1], row[2], row[5]) for row in found if row[0]]

    def add_counts(self, counts: dict[CountKey, int], large_at: dict[int, int]) -> None:
        """Change counts of large fields."""
        changed = sorted((key, members) for key, members in counts.items() if members)
        if changed:
            boards, organisations, by_credits, buckets = _columns([key for key, _ in changed], 4)
            empty = self._run(
                "add_counts",
                boards=Int4Array.of(boards),
                organisations=Int4Array.of(organisations),
                by_credits=Int4Array.of(by_credits),
                buckets=Int4Array.of(buckets),
                members=Int4Array.of([members for _, members in changed]),
                positions=Int8Array.of([large_at[board] for board in boards]),
            ).fetchall()
            self._drop_counts(empty)

    def _drop_counts(self, keys: Sequence[tuple[Any, ...]]) -> None:
        if keys:
            boards, organisations, by_credits, buckets = _columns(keys, 4)
            self._run(
                "drop_counts",
                boards=Int4Array.of(boards),
                organisations=Int4Array.of(organisations),
                by_credits=Int4Array.of(by_credits),
                buckets=Int4Array.of(buckets),
            )

    def write_fields(self, changes: dict[tuple[int, int], Change]) -> list[tuple[int, int, int]]:
        """Add to fields; give board, organisation and how many entered in all."""
        keys = sorted(changes)
        if not keys:
            return []
        boards, organisations = _columns(keys, 2)
        ordered = [changes[key] for key in keys]
        return self._run(  # type: ignore[no-any-return]  # the driver's rows
            "write_fields",
            boards=Int4Array.of(boards),
            organisations=Int4Array.of(organisations),
            entered=Int4Array.of([change.entered for change in ordered]),
            members=Int4Array.of([change.members for change in ordered]),
            amounts_g=Int8Array.of([change.amount_g for change in ordered]),
            credits=Int8Array.of([change.credits for change in ordered]),
            positions=Int8Array.of([change.position for change in ordered]),
        ).fetchall()

    def count_within(self, board: Board, organisation: int, members: Sequence[int]) -> None:
        """Count the part of a large board that lies in an organisation, given with all below it."""
        self._run(
            "count_within",
            board=board.number,
            organisation=organisation,
            members=Int4Array.of(members),
            large_at=board.large_at,
            bounds=PACKED_BOUNDS,
        )


def _columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    """Turn rows on their side."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
