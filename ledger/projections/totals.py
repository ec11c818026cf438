"""The totals view: a programme in numbers, by day.

Rule of the room: sums only, but for who was active and who was ever seen; those rows are there so
that nobody is counted twice, and go when a participant is erased. The counts stay.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Final

from ledger.projections.summing import add_sums
from ledger.projections.totals_fold import TotalsFold
from ledger.projections.view import Page, Table
from ledger.store.arrays import Int4Array, Int8Array, TextArray
from ledger.store.queries import load

_QUERIES: Final = load(Path(__file__).parent / "sql" / "totals.sql")

REMEMBERED_MAX: Final = 50_000
"""Participants' months of which an instance remembers the days, and participants whom it remembers to
have been counted: some 10 MB."""

DAY: Final = "day"
MONTH: Final = "month"

Days = dict[date, dict[str, int]]
"""By day and participant: position of the first activity."""
People = dict[tuple[str, date], list[int]]
"""By period and its first day: joined, active, position."""


class Totals:
    """What flowed, what is outstanding, who was active."""

    name: ClassVar[str] = "totals"
    tables: ClassVar[tuple[Table, ...]] = (
        Table("totals_flows", ("programme_id", "local_day", "topic", "asset", "place")),
        Table("totals_lots", ("programme_id", "place", "lot")),
        Table("totals_activities", ("programme_id", "local_day", "scenario_id", "verdict")),
        Table("totals_bonuses", ("programme_id", "local_day", "campaign_id", "scenario_id")),
        Table("totals_active", ("programme_id", "participant_id", "local_month")),
        Table("totals_participants", ("programme_id", "participant_id")),
        Table("totals_people", ("programme_id", "period", "begins_on")),
        Table("totals_funds", ("programme_id", "fund_id", "local_day")),
    )

    def __init__(self) -> None:
        self._days: dict[date, dict[str, int]] = {}
        """What `totals_active` holds by month and participant; not all of it."""
        self._seen: set[str] = set()
        """Some of those whom `totals_participants` holds."""

    def write(self, page: Page, connection: Any) -> None:
        """Add a page of events."""
        fold = TotalsFold(page.programme.time_zone)
        fold.add(page.entries)
        people: People = {}
        for month, days in sorted(_by_month(fold.active).items()):
            self._activate(connection, page.programme_id, month, days, people)
        self._join(connection, page.programme_id, fold.seen, people)
        for query, keys, sums in (
            ("add_flows", ("local_days", "topics", "assets", "places"), fold.flows),
            ("add_lots", ("places", "lots"), fold.lots),
            ("add_activities", ("local_days", "scenario_ids", "verdicts"), fold.activities),
            ("add_bonuses", ("local_days", "campaign_ids", "scenario_ids"), fold.bonuses),
            ("add_people", ("periods", "begins_on"), people),
            ("add_funds", ("fund_ids", "local_days"), fold.funds),
        ):
            add_sums(connection, _QUERIES[query], page.programme_id, keys, sums)
        if fold.erased:
            self._forget(connection, page.programme_id, fold.erased)

    def _activate(self, connection: Any, programme_id: str, month: date, days: Days, people: People) -> None:
        """Note on which days of a month participants were active, and count those days that are new."""
        known = self._recall(connection, programme_id, month, set().union(*days.values()))
        last: dict[str, int] = {}
        came: dict[str, int] = {}
        for day, positions in days.items():
            bit = 1 << (day.day - 1)
            new = [(own_id, at) for own_id, at in positions.items() if not known.get(own_id, 0) & bit]
            _count(people, DAY, day, 1, [at for _, at in new])
            for own_id, at in new:
                if (before := known.get(own_id, 0)) == 0 or own_id in came:
                    came[own_id] = min(at, came.get(own_id, at))
                known[own_id] = before | bit
                last[own_id] = max(at, last.get(own_id, at))
        _count(people, MONTH, month, 1, list(came.values()))
        if last:
            ids = sorted(last)
            parameters = {
                "programme_id": programme_id,
                "local_month": month,
                "participant_ids": TextArray.of_texts(ids),
                "days": Int4Array.of([known[own_id] for own_id in ids]),
                "positions": Int8Array.of([last[own_id] for own_id in ids]),
            }
            connection.execute(_QUERIES["set_active"], parameters)

    def _recall(
        self, connection: Any, programme_id: str, month: date, participant_ids: set[str]
    ) -> dict[str, int]:
        """Give the days of a month on which participants were active, those named included."""
        if sum(map(len, self._days.values())) > REMEMBERED_MAX:
            self._days.clear()
        known = self._days.setdefault(month, {})
        if missing := participant_ids.difference(known):
            parameters = {
                "programme_id": programme_id,
                "local_month": month,
                "participant_ids": TextArray.of_texts(sorted(missing)),
            }
            known.update(connection.execute(_QUERIES["active"], parameters).fetchall())
        return known

    def _join(
        self, connection: Any, programme_id: str, seen: Mapping[str, tuple[int, date]], people: People
    ) -> None:
        """Count who was never seen before, on the day of the first record."""
        perhaps_new = sorted(seen.keys() - self._seen)
        if not perhaps_new:
            return
        parameters = {
            "programme_id": programme_id,
            "participant_ids": TextArray.of_texts(perhaps_new),
            "positions": Int8Array.of([seen[own_id][0] for own_id in perhaps_new]),
        }
        for (own_id,) in connection.execute(_QUERIES["add_participants"], parameters):
            position, day = seen[own_id]
            _count(people, DAY, day, 0, [position])
            _count(people, MONTH, day.replace(day=1), 0, [position])
        if len(self._seen) > REMEMBERED_MAX:
            self._seen.clear()
        self._seen.update(perhaps_new)

    def _forget(self, connection: Any, programme_id: str, participant_ids: set[str]) -> None:
        parameters = {
            "programme_id": programme_id,
            "participant_ids": TextArray.of_texts(sorted(participant_ids)),
        }
        for query in ("forget_active", "forget_participants"):
            connection.execute(_QUERIES[query], parameters)
        self._days.clear()
        self._seen.clear()


def _by_month(active: Mapping[date, dict[str, int]]) -> dict[date, Days]:
    """Give each month's days, in order, with the positions of participants' first activities."""
    months: dict[date, Days] = {}
    for day in sorted(active):
        months.setdefault(day.replace(day=1), {})[day] = active[day]
    return months


def _count(people: People, period: str, begins_on: date, place: int, positions: Sequence[int]) -> None:
    """Count some more who joined (place 0) or were active (1)."""
    if positions:
        row = people.setdefault((period, begins_on), [0, 0, 0])
        row[place] += len(positions)
        row[2] = max(row[2], *positions)
