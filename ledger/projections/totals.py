"""The totals view: a programme in numbers, by day.

Rule of the room: sums only, but for who was active and who was ever seen; those rows are there so
that nobody is counted twice, and go when a participant is erased. The counts stay.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Final

from ledger.projections.summing import add_sums
from ledger.projections.totals_fold import TotalsFold
from ledger.projections.view import Page, Table
from ledger.store.arrays import Int8Array, TextArray
from ledger.store.queries import load

_QUERIES: Final = load(Path(__file__).parent / "sql" / "totals.sql")

REMEMBERED_MAX: Final = 50_000
"""Participants' months of which an instance remembers the days: some 10 MB."""

DAY: Final = "day"
MONTH: Final = "month"

Month = tuple[str, date]
"""A participant's month, by its first day."""
People = dict[tuple[str, date], list[int]]
"""By period and its first day: joined, active, position."""


class Totals:
    """What flowed, what is outstanding, who was active."""

    name: ClassVar[str] = "totals"
    tables: ClassVar[tuple[Table, ...]] = (
        Table("totals_flows", ("programme_id", "local_day", "topic", "asset", "place")),
        Table("totals_lots", ("programme_id", "place", "lot")),
        Table("totals_activities", ("programme_id", "local_day", "scenario_id", "verdict")),
        Table("totals_active", ("programme_id", "participant_id", "local_month")),
        Table("totals_participants", ("programme_id", "participant_id")),
        Table("totals_people", ("programme_id", "period", "begins_on")),
        Table("totals_funds", ("programme_id", "fund_id", "local_day")),
    )

    def __init__(self) -> None:
        self._days: dict[Month, int] = {}
        """What `totals_active` holds; not all of it."""

    def write(self, page: Page, connection: Any) -> None:
        """Add a page of events."""
        fold = TotalsFold(page.programme.time_zone)
        fold.add(page.entries)
        people: People = {}
        known = self._activate(connection, page.programme_id, fold.active, people)
        perhaps_new = {own_id: first for own_id, first in fold.seen.items() if own_id not in known}
        _join(connection, page.programme_id, perhaps_new, people)
        for query, keys, sums in (
            ("add_flows", ("local_days", "topics", "assets", "places"), fold.flows),
            ("add_lots", ("places", "lots"), fold.lots),
            ("add_activities", ("local_days", "scenario_ids", "verdicts"), fold.activities),
            ("add_people", ("periods", "begins_on"), people),
            ("add_funds", ("fund_ids", "local_days"), fold.funds),
        ):
            add_sums(connection, _QUERIES[query], page.programme_id, keys, sums)
        if fold.erased:
            self._forget(connection, page.programme_id, fold.erased)

    def _activate(
        self, connection: Any, programme_id: str, active: Mapping[tuple[str, date], int], people: People
    ) -> set[str]:
        """Note on which days participants were active, and count those days that are new.

        Returns:
            Participants who were active before in one of these months.
        """
        months = _by_month(active)
        self._recall(connection, programme_id, months)
        known = {key[0] for key in months if key in self._days}
        changed: dict[Month, tuple[int, int]] = {}
        for key, first_positions in months.items():
            before = after = self._days.get(key, 0)
            new = [(day, at) for day, at in first_positions.items() if not before & _bit(day)]
            for day, position in new:
                after |= _bit(day)
                _count(people, DAY, day, 1, position)
            if new:
                positions = [position for _, position in new]
                changed[key] = (after, max(positions))
                self._days[key] = after
                if not before:
                    _count(people, MONTH, key[1], 1, min(positions))
        add_sums(
            connection, _QUERIES["set_active"], programme_id, ("participant_ids", "local_months"), changed
        )
        return known

    def _recall(self, connection: Any, programme_id: str, months: Iterable[Month]) -> None:
        """Read the days of participants' months that are not remembered."""
        if len(self._days) > REMEMBERED_MAX:
            self._days.clear()
        missing = [key for key in months if key not in self._days]
        if missing:
            parameters = {
                "programme_id": programme_id,
                "participant_ids": TextArray.of_texts([participant_id for participant_id, _ in missing]),
                "local_months": TextArray.of_texts([str(month) for _, month in missing]),
            }
            for participant_id, month, days in connection.execute(_QUERIES["active"], parameters):
                self._days[participant_id, month] = days

    def _forget(self, connection: Any, programme_id: str, participant_ids: set[str]) -> None:
        parameters = {
            "programme_id": programme_id,
            "participant_ids": TextArray.of_texts(sorted(participant_ids)),
        }
        for query in ("forget_active", "forget_participants"):
            connection.execute(_QUERIES[query], parameters)
        self._days.clear()


def _by_month(active: Mapping[tuple[str, date], int]) -> dict[Month, dict[date, int]]:
    """Give each participant's months, with the position of the first activity of each day."""
    first_of = {day: day.replace(day=1) for day in {day for _, day in active}}
    months: dict[Month, dict[date, int]] = {}
    for (participant_id, day), position in active.items():
        months.setdefault((participant_id, first_of[day]), {})[day] = position
    return months


def _bit(day: date) -> int:
    return 1 << (day.day - 1)


def _join(
    connection: Any, programme_id: str, perhaps_new: Mapping[str, tuple[int, date]], people: People
) -> None:
    """Count who was never seen before, on the day of the first record."""
    if not perhaps_new:
        return
    ids = sorted(perhaps_new)
    parameters = {
        "programme_id": programme_id,
        "participant_ids": TextArray.of_texts(ids),
        "positions": Int8Array.of([perhaps_new[own_id][0] for own_id in ids]),
    }
    for (own_id,) in connection.execute(_QUERIES["add_participants"], parameters):
        position, day = perhaps_new[own_id]
        _count(people, DAY, day, 0, position)
        _count(people, MONTH, day.replace(day=1), 0, position)


def _count(people: People, period: str, begins_on: date, place: int, position: int) -> None:
    """Count one more who joined (place 0) or was active (1)."""
    row = people.setdefault((period, begins_on), [0, 0, 0])
    row[place] += 1
    row[2] = max(row[2], position)
