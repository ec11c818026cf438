"""What the totals view answers: a programme in numbers.

Rule of the room: the book as of the end of a local day of recording; activities and who was active
by the local day of the act. Whole numbers only: a rate is a sum and the days it is of.
"""

from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from ledger.domain.addresses import CNY, CREDIT, GRAMS, ISSUANCE, NATURE
from ledger.domain.instants import MONTHS_PER_YEAR
from ledger.projections.snapshot import Snapshot
from ledger.store.queries import load

_QUERIES: Final = load(Path(__file__).parent / "sql" / "totals_queries.sql")

OUTSTANDING: Final = ("held", "merchant", "org", "participant", "pending")
"""Places of credits that may yet be used, some when they are claimed: what the programme owes."""

Period = Literal["day", "month"]
_EXTERNAL: Final = "external"
_DAY: Final = timedelta(days=1)


class ScenarioTotals(NamedTuple):
    """Activities of one scenario and verdict."""

    scenario_id: str
    verdict: str
    activities: int
    amount_g: int
    credits: int


class BonusTotals(NamedTuple):
    """Credits of one campaign."""

    campaign_id: str
    credits: int
    """Net of corrections."""


class ProgrammeTotals(NamedTuple):
    """A programme up to the end of a local day."""

    on: date
    """`date.max` for all that was recorded."""
    participants: int
    """Opened, explicitly or by a first activity."""
    active_on_day: int
    active_in_month: int
    activities: tuple[ScenarioTotals, ...]
    bonuses: tuple[BonusTotals, ...]
    """For these activities, beside their own credits."""
    places: dict[str, dict[str, int]]
    """By asset: what stands in each place; they sum to nothing."""
    given_credits: int
    """Credits that changed hands; as often as they did."""

    def of(self, asset: str) -> dict[str, int]:
        """Give what stands in each place of an asset."""
        return self.places.get(asset, {})

    @property
    def avoided_g(self) -> int:
        """Grams that were not emitted."""
        return -self.of(GRAMS).get(NATURE, 0)

    @property
    def issued_credits(self) -> int:
        """Credits ever issued for activities, net of those taken back."""
        return -self.of(CREDIT).get(ISSUANCE, 0)

    @property
    def outstanding_credits(self) -> int:
        """Credits that may yet be used."""
        return sum(amount for place, amount in self.of(CREDIT).items() if place in OUTSTANDING)

    @property
    def owed_credits(self) -> int:
        """Credits that participants owe: taken back after they were spent."""
        return -self.of(CREDIT).get("debt", 0)

    @property
    def committed_fen(self) -> int:
        """Money that sponsors have committed."""
        return -self.of(CNY).get(_EXTERNAL, 0)


class SeriesRow(NamedTuple):
    """A day or a month."""

    begins_on: date
    joined: int = 0
    """Participants recorded for the first time."""
    active: int = 0
    """Distinct participants with an activity."""
    activities: int = 0
    amount_g: int = 0
    activity_credits: int = 0
    """Credits for these activities, whenever they were issued."""
    issued: int = 0
    given: int = 0
    held: int = 0
    redeemed: int = 0
    """Net of refunds."""
    expired: int = 0
    adjusted: int = 0
    """Given by hand, net of what was taken."""
    claimed: int = 0
    """Pending before; what paid a debt included."""
    lapsed: int = 0
    retired: int = 0


class Liability(NamedTuple):
    """Credits that run out in one month."""

    expires_in: date
    """Its first day."""
    credits: int
    places: dict[str, int]


class Burn(NamedTuple):
    """How fast a fund is promised away."""

    on: date
    days: int
    available_fen: int
    """At the end of `on`."""
    encumbered_fen: int
    """Promised in the `days` local days up to and with `on`."""
    returned_fen: int
    """What came back in them, from cancellations, releases and refunds."""
    backed_fen: int = 0
    """Set aside in them for credits, net of what came back with credits that lapsed or were taken back."""

    @property
    def burnt_fen(self) -> int:
        """Net; below zero when more came back than was promised."""
        return self.encumbered_fen - self.returned_fen + self.backed_fen

    @property
    def days_left(self) -> int | None:
        """Whole days for which what is available lasts at this rate; None when nothing is burnt."""
        return self.available_fen * self.days // self.burnt_fen if self.burnt_fen > 0 else None


def programme_totals(reading: Snapshot, on: date = date.max) -> ProgrammeTotals:
    """Give a programme's numbers up to the end of a local day; with all days, nobody is active."""
    parameters = {"on": on}
    places: dict[str, dict[str, int]] = {}
    for asset, place, amount in reading.rows(_QUERIES["places"], parameters):
        places.setdefault(asset, {})[place] = amount
    ((given,),) = reading.rows(_QUERIES["given"], parameters)
    ((participants,),) = reading.rows(_QUERIES["joined"], parameters)
    activities = reading.rows(_QUERIES["activities"], parameters)
    return ProgrammeTotals(
        on,
        participants,
        _active(reading, "day", on),
        _active(reading, "month", on.replace(day=1)),
        tuple(ScenarioTotals(*row) for row in activities),
        tuple(BonusTotals(*row) for row in reading.rows(_QUERIES["bonuses"], parameters)),
        places,
        given,
    )


def totals_document(totals: ProgrammeTotals) -> dict[str, Any]:
    """Write a programme's numbers down, the same for HTTP and the command line."""
    is_dated = totals.on < date.max
    active = {"day": totals.active_on_day, "month": totals.active_in_month}
    return {
        "on": totals.on if is_dated else None,
        "participants": totals.participants,
        "active": active if is_dated else None,
        "activities": [scenario._asdict() for scenario in totals.activities],
        "bonuses": [campaign._asdict() for campaign in totals.bonuses],
        "grams": {"avoided_g": totals.avoided_g, "places": totals.of(GRAMS)},
        "credits": {
            "issued": totals.issued_credits,
            "given": totals.given_credits,
            "outstanding": totals.outstanding_credits,
            "owed": totals.owed_credits,
            "places": totals.of(CREDIT),
        },
        "money": {"committed_fen": totals.committed_fen, "places": totals.of(CNY)},
    }


def series(reading: Snapshot, by: Period, begin: date, end: date) -> list[SeriesRow]:
    """Give every day or month from `begin` to before `end`, those without anything too.

    Args:
        reading: of the totals view.
        by: the length of a row.
        begin: first local day; of a month when rows are months.
        end: the day after the last; likewise.
    """
    parameters = {"period": by, "begin": begin, "end": end}
    people, acts, flows = (
        {row[0]: row[1:] for row in reading.rows(_QUERIES[query], parameters)}
        for query in ("people", "activity_series", "credit_series")
    )
    return [
        SeriesRow(
            day,
            *people.get(day, (0,) * 2),
            *acts.get(day, (0,) * 3),
            *flows.get(day, (0,) * 9),
        )
        for day in periods(by, begin, end)
    ]


def periods(by: Period, begin: date, end: date) -> list[date]:
    """Give the first day of every day or month from `begin` to before `end`."""
    if by == "day":
        return [begin + _DAY * number for number in range((end - begin).days)]
    return [_month_after(begin, number) for number in range(months_between(begin, end))]


def months_between(begin: date, end: date) -> int:
    """Count the months from the month of one day to before that of another."""
    return (end.year - begin.year) * MONTHS_PER_YEAR + end.month - begin.month


def liability(reading: Snapshot) -> list[Liability]:
    """Give the credits that may yet be used, by the month in which they run out."""
    months: dict[date, dict[str, int]] = {}
    for month, place, amount in reading.rows(_QUERIES["liability"], {"places": list(OUTSTANDING)}):
        months.setdefault(month, {})[place] = amount
    return [Liability(month, sum(places.values()), places) for month, places in months.items()]


def burn(reading: Snapshot, fund_id: str, *, on: date, days: int) -> Burn:
    """Give how fast a fund was promised away in the last days up to and with a local day."""
    parameters = {"fund_id": fund_id, "on": on, "before": date.fromordinal(max(on.toordinal() - days, 1))}
    (sums,) = reading.rows(_QUERIES["burn"], parameters)
    return Burn(on, days, *sums)


def _active(reading: Snapshot, period: Period, begins_on: date) -> int:
    if begins_on.year == date.max.year:
        return 0
    parameters = {"period": period, "begin": begins_on, "end": begins_on + _DAY}
    rows = reading.rows(_QUERIES["people"], parameters)
    return rows[0][2] if rows else 0


def _month_after(begin: date, months: int) -> date:
    index = begin.month - 1 + months
    return date(begin.year + index // MONTHS_PER_YEAR, index % MONTHS_PER_YEAR + 1, 1)
