"""Logs made for leaderboards, and a second, slow way to the same ranks, written from the rules alone."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from ledger.domain.activity import ActivityHeld, ReductionRecorded
from ledger.domain.book import Leg
from ledger.domain.claiming import CreditsClaimed
from ledger.domain.conversion import CreditsPerAct
from ledger.domain.correction import CreditsCorrected, ReductionCorrected
from ledger.domain.earning import CreditsIssued
from ledger.domain.messages import Event
from ledger.domain.methodology import Measured
from ledger.domain.owners import OrganisationOpened, ParticipantOpened
from ledger.domain.programme import ProgrammeOpened
from ledger.domain.rules import ScenarioPublished
from ledger.domain.visibility import ParticipantErased, ParticipantHidden, ParticipantShown
from ledger.projections.leaderboards import Leaderboards
from ledger.projections.leaderboards_queries import Leaderboard, Question
from ledger.projections.view import Entry, Page
from ledger.store.database import Database
from tests.unit.builders import OPEN_PROGRAMME

LARGE = 3


class Tiny(Leaderboards):
    """The view with boards that are large from the fourth participant on."""

    large_members = LARGE


def programme(programme_id: str, time_zone: str = "Asia/Shanghai") -> ProgrammeOpened:
    return ProgrammeOpened(
        occurred_at=OPEN_PROGRAMME.occurred_at,
        recorded_at=OPEN_PROGRAMME.occurred_at,
        id=programme_id,
        name_zh="城",
        name_en="City",
        level="city",
        time_zone=time_zone,
        transferable=True,
        expiry=OPEN_PROGRAMME.expiry,
    )


def grams(who: str, amount: int, at: datetime, scenario: str = "bus") -> Event:
    address = f"participant:{who}"
    legs = (Leg("nature", "gCO2e", None, -amount), Leg(address, "gCO2e", None, amount)) if amount else ()
    return ReductionRecorded(
        occurred_at=at,
        recorded_at=at,
        legs=legs,
        id="x",
        source="s",
        participant_id=who,
        scenario_id=scenario,
        measured=Measured(),
        scenario_version=1,
        methodology_id="m",
        methodology_version=1,
        exact_g=str(amount),
        amount_g=amount,
    )


def issued(who: str, amount: int, at: datetime, scenario: str = "bus") -> Event:
    lot = "2030-01-01"
    return CreditsIssued(
        occurred_at=at,
        recorded_at=at,
        legs=(Leg("issuance", "CREDIT", lot, -amount), Leg(f"participant:{who}", "CREDIT", lot, amount)),
        participant_id=who,
        scenario_id=scenario,
        scenario_version=1,
        desired_credits=amount,
        awarded_credits=amount,
        lot=lot,
    )


def act(
    who: str, amount_g: int, credits_earned: int, at: datetime, scenario: str = "bus"
) -> tuple[Event, ...]:
    """What one activity leaves in the log."""
    reduction = grams(who, amount_g, at, scenario)
    return (reduction, issued(who, credits_earned, at, scenario)) if credits_earned else (reduction,)


def in_places(
    who: str, spendable: int, pending: int, owed: int, at: datetime, scenario: str = "bus"
) -> Event:
    """Credits that are issued to several places of a participant, or taken from them when below zero."""
    lot, places = "2030-01-01", {"": spendable, ":pending": pending, ":debt": owed}
    legs = [Leg(f"participant:{who}{place}", "CREDIT", lot, amount) for place, amount in places.items()]
    given = spendable + pending + owed
    return msgspec.structs.replace(
        issued(who, given, at, scenario), legs=(*legs, Leg("issuance", "CREDIT", lot, -given))
    )


def claimed(who: str, amount: int, paid: int, at: datetime) -> tuple[Event, ...]:
    """Pending credits become spendable, some of them after they went by issuance to pay what is owed."""
    lot, earlier_lot, address = "2030-01-01", "2029-01-01", f"participant:{who}"
    legs = (
        Leg(f"{address}:pending", "CREDIT", lot, -amount),
        Leg("issuance", "CREDIT", lot, paid),
        Leg("issuance", "CREDIT", earlier_lot, -paid),
        Leg(f"{address}:debt", "CREDIT", earlier_lot, paid),
        Leg(address, "CREDIT", lot, amount - paid),
    )
    fields: dict[str, Any] = {"source": "s", "activity_id": "x", "participant_id": who, "credits": amount}
    return (CreditsClaimed(occurred_at=at, recorded_at=at, legs=legs, **fields),)


def corrected(
    who: str, delta_g: int, delta_credits: int, acted_at: datetime, at: datetime, scenario: str = "bus"
) -> tuple[Event, ...]:
    """What a correction of an act leaves in the log, told later than the act."""
    gram, credit = (grams(who, delta_g, at, scenario), issued(who, delta_credits, at, scenario))
    fields: dict[str, Any] = {
        "occurred_at": at,
        "recorded_at": at,
        "participant_id": who,
        "scenario_id": scenario,
        "act_occurred_at": acted_at,
    }
    own: dict[str, Any] = {"source": "s", "activity_id": "x", "amount_g": 0, "exact_g": "0", "reason": "r"}
    restated = ReductionCorrected(id="c", legs=gram.legs, delta_g=delta_g, **own, **fields)
    return restated, CreditsCorrected(
        legs=credit.legs,
        scenario_version=1,
        desired_credits=0,
        awarded_credits=0,
        delta_credits=delta_credits,
        lot="2030-01-01",
        **fields,
    )


def held(who: str, at: datetime) -> tuple[Event, ...]:
    """An activity that waits, by which a participant is known and has done nothing yet."""
    fields: dict[str, Any] = {"id": "x", "source": "s", "participant_id": who, "scenario_id": "bus"}
    held = ActivityHeld(
        occurred_at=at,
        recorded_at=at,
        measured=Measured(),
        reasons=("jump",),
        scenario_version=1,
        **fields,
    )
    return (held,)


def opened(who: str, organisation: str | None, at: datetime) -> tuple[Event, ...]:
    return (ParticipantOpened(occurred_at=at, recorded_at=at, id=who, organisation_id=organisation),)


def organisation_opened(own_id: str, parent: str | None, at: datetime) -> tuple[Event, ...]:
    return (
        OrganisationOpened(
            occurred_at=at, recorded_at=at, id=own_id, name_zh="组", name_en="Unit", parent_id=parent
        ),
    )


def scenario_published(own_id: str, at: datetime) -> tuple[Event, ...]:
    return (
        ScenarioPublished(
            occurred_at=at,
            recorded_at=at,
            id=own_id,
            version=1,
            name_zh="景",
            name_en="Scenario",
            methodology_id="m",
            methodology_version=1,
            rule=CreditsPerAct(credits=1),
            valid_from=at,
        ),
    )


def visibility(kind: type[Event], who: str, at: datetime) -> tuple[Event, ...]:
    fields: dict[str, Any] = {"id": "x", "participant_id": who, "reason": "r"}
    return (kind(occurred_at=at, recorded_at=at, **fields),)


def entries_of(facts: Iterable[Sequence[Event]]) -> list[Entry]:
    """Place facts in a log; the events of one fact share a stream."""
    entries: list[Entry] = []
    for stream, events in enumerate(facts, 1):
        for version, event in enumerate(events, 1):
            entries.append(Entry(len(entries) + 1, UUID(int=stream), version, event.topic, b"", event))
    return entries


def write(
    database: Database,
    terms: ProgrammeOpened,
    entries: Sequence[Entry],
    *,
    ends: Iterable[int] = (),
    fresh: Iterable[int] = (),
    view: type[Leaderboards] = Tiny,
) -> None:
    """Let the view take a log, in pages that end where told, with a new instance where told."""
    after, instance, again = 0, view(), set(fresh)
    for end in sorted({*ends, len(entries)} - {0}):
        if after in again:
            instance = view()
        page = Page(terms, after, entries[after:end])
        with database.connection() as connection, connection.transaction():
            instance.write(page, connection)
        after = end


def tables(database: Database, programme_id: str, view: type[Leaderboards] = Tiny) -> dict[str, list[Any]]:
    """Every row of the view, but for the programme's id."""
    found = {}
    with database.connection() as connection:
        for table in view.tables:
            rows = connection.execute(
                f"SELECT to_jsonb(t) - 'programme_id' FROM views.{table.name} t"
                f" WHERE programme_id = %s ORDER BY {', '.join(table.key)}",
                (programme_id,),
            )
            found[table.name] = [row for (row,) in rows]
    return found


class Read(NamedTuple):
    """A snapshot to query, without a log beneath it."""

    connection: Any
    programme_id: str
    position: int = 0

    def rows(self, query: Any, parameters: Any) -> list[tuple[Any, ...]]:
        named = {"programme_id": self.programme_id, **parameters}
        return self.connection.execute(query, named).fetchall()  # type: ignore[no-any-return]


def board(connection: Any, programme_id: str, question: Question, large: int = LARGE) -> Leaderboard:
    return Leaderboard(Read(connection, programme_id), question, large_members=large)


# --- the slow way -----------------------------------------------------------------------------


class Model:
    """Everything from the whole log, at once."""

    def __init__(self, entries: Sequence[Entry], time_zone: str = "Asia/Shanghai") -> None:
        self.facts: list[tuple[str, str, date, int, int]] = []
        self.organisation: dict[str, str] = {}
        self.parent: dict[str, str | None] = {}
        self.shown: dict[str, str] = {}
        self.known: set[str] = set()
        for entry in entries:
            self._take(entry.event, ZoneInfo(time_zone))

    def _take(self, event: Event, zone: ZoneInfo) -> None:
        if who := getattr(event, "participant_id", None):
            self.known.add(who)
        if (gain := _gain(event)) is not None:
            acted_at, amount_g, credits_earned = gain
            day, named = acted_at.astimezone(zone).date(), cast(Any, event)
            self.facts.append((named.participant_id, named.scenario_id, day, amount_g, credits_earned))
        match event:
            case ParticipantOpened(organisation_id=str(organisation)):
                if self.shown.get(event.id) != "erased":
                    self.organisation[event.id] = organisation
            case OrganisationOpened():
                self.parent[event.id] = event.parent_id
            case ParticipantHidden() | ParticipantShown() | ParticipantErased():
                if self.shown.get(event.participant_id) != "erased":
                    self.shown[event.participant_id] = event.topic.removeprefix("participant.")

    def within(self, who: str) -> set[str]:
        """The organisations in which somebody is."""
        found, at = set(), self.organisation.get(who)
        while at is not None:
            found.add(at)
            at = self.parent[at]
        return found

    def sums(self, question: Question) -> dict[str, tuple[int, int]]:
        """Grams and credits by participant, the erased included."""
        found: dict[str, tuple[int, int]] = {}
        for who, scenario, day, amount_g, credits_earned in self.facts:
            is_in = question.scenario_id in ("", scenario) and _same(question.period, day, question.on)
            if is_in and question.organisation_id in {"", *self.within(who)}:
                had = found.get(who, (0, 0))
                found[who] = (had[0] + amount_g, had[1] + credits_earned)
        return found

    def ranked(self, question: Question) -> list[tuple[int, str, int, int]]:
        """Rank, participant, grams and credits, in order."""
        at = 0 if question.by == "grams" else 1
        sums = {who: pair for who, pair in self.sums(question).items() if self.shown.get(who) != "erased"}
        ordered = sorted(sums, key=lambda who: (-sums[who][at], who))
        return [
            (1 + sum(other[at] > sums[who][at] for other in sums.values()), who, *sums[who])
            for who in ordered
        ]

    def organisations(self, question: Question) -> list[tuple[int, str, int, int, int]]:
        """Rank, organisation, members, grams and credits of the children of the one asked for."""
        rows: dict[str, tuple[int, int, int]] = {}
        for own_id, parent in self.parent.items():
            sums = self.sums(question._replace(organisation_id=own_id))
            if sums and (parent or "") == question.organisation_id:
                members = sum(self.shown.get(who) != "erased" for who in sums)
                amounts_g, credits_earned = zip(*sums.values(), strict=True)
                rows[own_id] = (members, sum(amounts_g), sum(credits_earned))
        at = 1 if question.by == "grams" else 2
        ordered = sorted(rows, key=lambda own_id: (-rows[own_id][at], own_id))
        return [
            (1 + sum(other[at] > rows[own_id][at] for other in rows.values()), own_id, *rows[own_id])
            for own_id in ordered
        ]


def _gain(event: Event) -> tuple[datetime, int, int] | None:
    """When an act happened, and what an event says that it has avoided and earned, or has no longer."""
    match event:
        case ReductionRecorded():
            return event.occurred_at, event.amount_g, 0
        case CreditsIssued():
            return event.occurred_at, 0, event.awarded_credits
        case ReductionCorrected():
            return event.act_occurred_at, event.delta_g, 0
        case CreditsCorrected():
            return event.act_occurred_at, 0, event.delta_credits
        case _:
            return None


def _same(period: str, one: date, other: date) -> bool:
    match period:
        case "day":
            return one == other
        case "week":
            return one.isocalendar()[:2] == other.isocalendar()[:2]
        case "month":
            return (one.year, one.month) == (other.year, other.month)
        case "year":
            return one.year == other.year
        case _:
            return True


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
