"""Reading leaderboards: the top, a participant among their neighbours, organisations among theirs.

Rule of the room: whoever is hidden keeps rank and score and loses the name, but to themselves; whoever
was erased is not there. What the log never named is refused.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

from ledger.domain.addresses import organisation as organisation_address
from ledger.domain.addresses import participant as participant_address
from ledger.domain.errors import AccountNotFound, ScenarioNotFound
from ledger.projections.leaderboards_acts import PERIODS, Period, starts_of
from ledger.projections.leaderboards_board import LARGE_MEMBERS, numbers_of
from ledger.projections.leaderboards_fields import (
    By,
    Field,
    HeldField,
    LargeField,
    Line,
    Participant,
    of_score,
)
from ledger.projections.snapshot import Snapshot
from ledger.store.queries import load

_QUERIES: Final = load(Path(__file__).parent / "sql" / "leaderboards_queries.sql")


class Question(NamedTuple):
    """Which board is meant, and what counts."""

    period: Period
    on: date
    """A local day in the period."""
    by: By
    scenario_id: str = ""
    """Empty for all together."""
    organisation_id: str = ""
    """Empty for everybody; otherwise those who belong to it or to one that lies in it."""

    @property
    def starts_on(self) -> date:
        """The first local day of the period."""
        return starts_of(self.on)[PERIODS.index(self.period)]


class Place(NamedTuple):
    """A line of a leaderboard."""

    rank: int
    participant_id: str | None
    """None for whoever is hidden."""
    amount_g: int
    credits: int


class Top(NamedTuple):
    """A part of a leaderboard, from the top or further down."""

    members: int
    places: list[Place]


class Standing(NamedTuple):
    """A participant among their neighbours."""

    members: int
    own: Place | None
    """None when they did nothing that counts here."""
    places: list[Place]
    """Those before, the participant, those after."""


class OrganisationPlace(NamedTuple):
    """A line of a leaderboard of organisations."""

    rank: int
    organisation_id: str
    members: int
    """Participants with something to count, whoever was erased left out."""
    amount_g: int
    credits: int


class Leaderboard:
    """One board, read from one snapshot."""

    def __init__(self, reading: Snapshot, question: Question, *, large_members: int = LARGE_MEMBERS) -> None:
        """Find the board.

        Raises:
            ScenarioNotFound: nobody published the scenario.
            AccountNotFound: nobody opened the organisation.
        """
        self._reading = reading
        self._by = question.by
        if question.scenario_id and not self._ask("scenario", scenario_id=question.scenario_id):
            raise ScenarioNotFound(scenario_id=question.scenario_id)
        self._organisation = self._number_of(question.organisation_id)
        found = self._ask(
            "board",
            period=question.period,
            starts_on=question.starts_on,
            scenario_id=question.scenario_id,
            organisation=self._organisation,
        )
        self._board, self._is_large, entered, self.members = found[0] if found else (0, False, 0, 0)
        self._is_large_here = self._is_large and entered > large_members

    def top(self, *, offset: int, limit: int) -> Top:
        """Give those from a place on.

        Args:
            offset: how many to leave out.
            limit: how many to give at most.
        """
        field = self._field()
        return Top(self.members, self._places(field.ranked(field.window(offset, limit))))

    def around(self, participant_id: str, *, neighbours: int) -> Standing:
        """Give a participant's rank, and so many before and after.

        Raises:
            AccountNotFound: nobody opened the participant, or they were erased.
        """
        found = self._ask("person", participant_id=participant_id)
        if not found or found[0][2] == "erased":
            raise AccountNotFound(account=participant_address(participant_id))
        number, organisation, _ = found[0]
        field = self._field()
        participant = Participant(participant_id, number, organisation)
        places = self._places(
            field.ranked(field.around(participant, neighbours)), knows_themself=participant_id
        )
        own = next((place for place in places if place.participant_id == participant_id), None)
        return Standing(self.members, own, places)

    def organisations(self, *, offset: int, limit: int) -> list[OrganisationPlace]:
        """Rank the organisations that lie directly in the one asked for, or those that lie in none."""
        rows = self._ask("siblings", board=self._board, parent=self._organisation)
        at = 2 if self._by == "grams" else 3
        rows.sort(key=lambda row: (-row[at], row[0]))
        ranks: dict[int, int] = {}
        for place, row in enumerate(rows, 1):
            ranks.setdefault(row[at], place)
        return [OrganisationPlace(ranks[row[at]], *row) for row in rows[offset : offset + limit]]

    # --- fields -----------------------------------------------------------------------------

    def _field(self) -> Field:
        members = self._below()
        if self._is_large_here:
            return LargeField(self._by, self._ask, self._board, self._organisation, members)
        if self._is_large:
            rows = self._ask("rows_within", board=self._board, members=members)
            ids, amounts_g, credits_earned = zip(*rows, strict=True) if rows else ((), (), ())
            return HeldField(self._by, ids, (amounts_g, credits_earned))
        return self._small(set(members))

    def _small(self, within: set[int]) -> Field:
        """Read a small board whole, and leave out whoever is not in the organisation."""
        columns = list(zip(*self._ask("leaves", board=self._board), strict=True)) or [(), (), (), ()]
        members, organisations, amounts_g, credits_earned = (
            numbers_of(b"".join(column), code) for column, code in zip(columns, "iiqq", strict=True)
        )
        if not self._organisation:
            return HeldField(self._by, members, (amounts_g, credits_earned), self._ids_of)
        rows = [
            row[1:]
            for row in zip(organisations, members, amounts_g, credits_earned, strict=True)
            if row[0] in within
        ]
        numbers, grams, earned = zip(*rows, strict=True) if rows else ((), (), ())
        return HeldField(self._by, numbers, (grams, earned), self._ids_of)

    def _below(self) -> list[int]:
        if not self._organisation:
            return []
        return [number for (number,) in self._ask("below", organisation=self._organisation)]

    def _number_of(self, organisation_id: str) -> int:
        if not organisation_id:
            return 0
        found = self._ask("organisation", organisation_id=organisation_id)
        if not found:
            raise AccountNotFound(account=organisation_address(organisation_id))
        number: int = found[0][0]
        return number

    def _ids_of(self, numbers: Sequence[int]) -> dict[int, str]:
        return dict(self._ask("ids", numbers=list(numbers)))

    # --- answers ----------------------------------------------------------------------------

    def _places(self, ranked: Sequence[tuple[int, Line]], *, knows_themself: str = "") -> list[Place]:
        """Take the names from whoever does not want to be named."""
        ids = [line.participant_id for _, line in ranked]
        hidden = {own_id for (own_id,) in self._ask("hidden", participants=ids)} - {knows_themself}
        return [
            Place(rank, None if line.participant_id in hidden else line.participant_id, *line[1:])
            for rank, line in ranked
        ]

    def _ask(self, name: str, *, by: By | None = None, **parameters: Any) -> list[tuple[Any, ...]]:
        query = _QUERIES[name]
        return self._reading.rows(of_score(query, by) if by else query, parameters)
