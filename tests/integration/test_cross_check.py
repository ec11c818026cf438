"""The same ride is credited in one of the partners' programmes, whatever order things happen in."""

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ledger.activities import find_activity, rules_of
from ledger.cross_check import CrossCheck
from ledger.domain.activity import Activity, RecordActivity, activity_key
from ledger.domain.conversion import CreditsPerGrams
from ledger.domain.exclusion import ExclusionRule
from ledger.domain.instants import ExpiryPolicy
from ledger.domain.messages import Command
from ledger.domain.methodology import Factor, Measured
from ledger.domain.owners import CloseParticipant
from ledger.domain.policy import PublishPolicy
from ledger.domain.programme import OpenProgramme
from ledger.domain.review import DismissActivity, ReleaseActivity
from ledger.domain.rules import PublishMethodology, PublishScenario
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.verify import verify
from ledger.writer import Recorded, Writer

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
RIDE = NOW - timedelta(hours=3)
VEHICLE = "c0ffee" + "0" * 58
CITY, COMPANY = "city", "company"
ZONES = {CITY: "Asia/Shanghai", COMPANY: "America/New_York"}
"""Partners may have other local days."""


class Pair:
    """Two programmes on one deployment, each with a scenario of one shared group."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.log = Log(database)
        self.now = NOW
        self.writer = Writer(database, clock=lambda: self.now)
        self.checks = CrossCheck(database, self.writer, clock=lambda: self.now + timedelta(seconds=1))
        self._ids = itertools.count(1)

    def set_up(self, *, partners: dict[str, tuple[str, ...]]) -> None:
        """Open both programmes with their rules."""
        for programme_id, zone in ZONES.items():
            for command in _rules(programme_id, zone):
                self.do(programme_id, command)
            policy = PublishPolicy(occurred_at=NOW, version=1, partners=partners.get(programme_id, ()))
            self.do(programme_id, policy)

    def do(self, programme_id: str, command: Command) -> Recorded:
        """Record a command that must not be refused."""
        outcome = self.writer.submit(programme_id, command)
        assert isinstance(outcome, Recorded)
        return outcome

    def ride(self, programme_id: str, *, begins: datetime = RIDE, minutes: int = 30, **changes: Any) -> str:
        """Report a ride; give its id."""
        own_id = f"ride-{next(self._ids)}"
        content: dict[str, Any] = {
            "participant_id": "ada",
            "measured": Measured(distance_km="10"),
            "subjects": {"vehicle": VEHICLE},
        }
        ride = RecordActivity(
            occurred_at=begins,
            id=own_id,
            source="app",
            scenario_id="drive",
            began_at=begins,
            ended_at=begins + timedelta(minutes=minutes),
            **(content | changes),
        )
        self.do(programme_id, ride)
        return own_id

    def of(self, programme_id: str, own_id: str) -> Activity:
        """Give what has become of a ride."""
        found = find_activity(self.log, programme_id, "app", own_id)
        assert found is not None
        return found

    def statuses(self, *rides: tuple[str, str]) -> list[str]:
        """Give what has become of several."""
        return [self.of(*ride).status for ride in rides]


def _rules(programme_id: str, zone: str) -> Iterator[Command]:
    yield OpenProgramme(
        occurred_at=NOW,
        id=programme_id,
        name_zh="项目",
        name_en="Programme",
        level="city",
        time_zone=zone,
        transferable=True,
        expiry=ExpiryPolicy(kind="months", months=12),
    )
    per_km = Factor(name="per_km", value="100", unit="g/km", region="x", year=2022, source="test")
    yield PublishMethodology(
        occurred_at=NOW,
        id="drive",
        version=1,
        name_zh="行驶",
        name_en="Driving",
        formula="distance",
        factors=(per_km,),
        quality={"gap": "hold"},
    )
    yield PublishScenario(
        occurred_at=NOW,
        id="drive",
        version=1,
        name_zh="行驶",
        name_en="Driving",
        methodology_id="drive",
        methodology_version=1,
        rule=CreditsPerGrams(credits=1, per_g=100),
        valid_from=NOW - timedelta(days=365),
        exclusion=(ExclusionRule(group="vehicle-km", subject="vehicle", shared=True),),
    )


BOTH: dict[str, tuple[str, ...]] = {CITY: (COMPANY,), COMPANY: (CITY,)}


@pytest.fixture
def pair(database: str) -> Iterator[Pair]:
    with Database(database, connections_max=6) as opened:
        pair = Pair(opened)
        yield pair
        pair.writer.close()


def test_a_ride_that_no_partner_claims_is_credited_after_the_check(pair: Pair) -> None:
    pair.set_up(partners=BOTH)
    ride = pair.ride(CITY)
    assert pair.of(CITY, ride).waits_for == ("cross_check",)
    assert pair.checks.step() == 1
    assert (pair.of(CITY, ride).status, pair.of(CITY, ride).awarded_credits) == ("accepted", 10)
    assert pair.checks.step() == 0, "nothing waits any more"


def test_of_two_that_wait_the_one_recorded_first_is_credited_and_the_other_names_it(pair: Pair) -> None:
    pair.set_up(partners=BOTH)
    first = pair.ride(COMPANY)
    pair.now += timedelta(microseconds=1)
    second = pair.ride(CITY)
    while pair.checks.step():
        pass
    assert pair.statuses((COMPANY, first), (CITY, second)) == ["accepted", "dismissed"]
    dismissed = pair.log.decode(pair.log.stream(CITY, "activity", activity_key("app", second))[-1])
    standing = dismissed.standing  # type: ignore[attr-defined]
    assert (standing.programme_id, standing.source, standing.id) == (COMPANY, "app", first)
    assert standing.begins_at == RIDE


def test_of_two_recorded_at_the_same_instant_the_programme_first_by_name_goes_on(pair: Pair) -> None:
    pair.set_up(partners=BOTH)
    rides = (COMPANY, pair.ride(COMPANY)), (CITY, pair.ride(CITY))
    while pair.checks.step():
        pass
    assert pair.statuses(*rides) == ["dismissed", "accepted"]


def test_what_a_partner_has_credited_already_stands_though_it_was_recorded_later(pair: Pair) -> None:
    pair.set_up(partners=BOTH)
    later = pair.ride(CITY)
    while pair.checks.step():
        pass
    pair.now -= timedelta(hours=1)  # a partner's writer whose clock is behind
    behind = pair.ride(COMPANY)
    pair.now += timedelta(hours=1)
    while pair.checks.step():
        pass
    assert pair.statuses((CITY, later), (COMPANY, behind)) == ["accepted", "dismissed"]


def test_a_release_that_came_before_a_partners_dismissal_stands(pair: Pair) -> None:
    """The narrow moment: a partner with precedence looks while the other is being released."""
    pair.set_up(partners=BOTH)
    pair.now += timedelta(seconds=1)
    other = pair.ride(CITY)
    pair.now -= timedelta(seconds=1)
    preceding = pair.ride(COMPANY)
    pair.now += timedelta(seconds=1)
    seen_waiting = pair.of(CITY, other)
    checks = pair.checks
    released = threading.Event()

    class ReadBefore(CrossCheck):
        def _rivals(self, own: Any, partners: Any, activity: Any) -> Any:
            for rival in super()._rivals(own, partners, activity):
                if not released.is_set():
                    released.set()  # now, after the rival was read and before anything is recorded
                    checks._record(CITY, _release(other))
                yield rival._replace(activity=seen_waiting)

    late = ReadBefore(pair.database, pair.writer, clock=lambda: pair.now + timedelta(seconds=1))
    own = _state(pair, COMPANY)
    assert late._check(own, late._partners_of(own), "app", preceding)
    assert pair.statuses((CITY, other), (COMPANY, preceding)) == ["accepted", "dismissed"]


def _release(own_id: str) -> Command:
    return ReleaseActivity(
        occurred_at=NOW,
        source="app",
        activity_id=own_id,
        clears="cross_check",
        approver="cross-check",
        reason="nobody claims",
    )


def _state(pair: Pair, programme_id: str) -> Any:
    return rules_of(pair.database, programme_id)


def test_rides_that_only_touch_or_are_others_are_both_credited(pair: Pair) -> None:
    pair.set_up(partners=BOTH)
    rides = [
        (CITY, pair.ride(CITY)),
        (COMPANY, pair.ride(COMPANY, begins=RIDE + timedelta(minutes=30))),
        (COMPANY, pair.ride(COMPANY, subjects={"vehicle": "beef" + "0" * 60})),
    ]
    while pair.checks.step():
        pass
    assert pair.statuses(*rides) == ["accepted"] * 3


@pytest.mark.parametrize("partners", [{CITY: (COMPANY,)}, {CITY: ("nobody",)}])
def test_only_programmes_that_name_each_other_are_partners(
    pair: Pair, partners: dict[str, tuple[str, ...]]
) -> None:
    pair.set_up(partners=partners)
    company = pair.ride(COMPANY)
    assert pair.of(COMPANY, company).status == "accepted", "it names no partner and waits for none"
    city = pair.ride(CITY)
    while pair.checks.step():
        pass
    assert pair.of(CITY, city).status == "accepted"


def test_a_ride_of_a_participant_who_was_closed_meanwhile_counts_for_nothing(pair: Pair) -> None:
    pair.set_up(partners=BOTH)
    ride = pair.ride(CITY)
    pair.do(
        CITY, CloseParticipant(occurred_at=NOW, id="close-ada", participant_id="ada", reason="wants to leave")
    )
    while pair.checks.step():
        pass
    assert pair.of(CITY, ride).status == "dismissed"


def test_a_ride_held_for_its_data_too_waits_for_both_and_keeps_its_claim(pair: Pair) -> None:
    pair.set_up(partners=BOTH)
    doubtful = pair.ride(CITY, flags=("gap",))
    while pair.checks.step():
        pass
    assert pair.of(CITY, doubtful).waits_for == ("gap",), "partners have been asked"
    pair.now += timedelta(seconds=5)
    later = pair.ride(COMPANY)
    while pair.checks.step():
        pass
    assert pair.of(COMPANY, later).status == "dismissed"
    pair.do(
        CITY,
        DismissActivity(
            occurred_at=pair.now, source="app", activity_id=doubtful, approver="ops", reason="no proof"
        ),
    )
    again = pair.ride(COMPANY)
    while pair.checks.step():
        pass
    assert pair.of(COMPANY, again).status == "accepted", "the claim is free again"


def test_many_rides_and_many_checks_at_once_credit_each_ride_once(pair: Pair) -> None:
    pair.set_up(partners=BOTH)
    pair.now = datetime.now(UTC)
    rides: list[list[tuple[str, str]]] = []
    with checking(pair.database, threads=3):
        for number in range(20):
            rides.append([])
            for programme_id in (CITY, COMPANY, CITY):
                pair.now = max(pair.now + timedelta(microseconds=1), datetime.now(UTC))
                ride = pair.ride(
                    programme_id, subjects={"vehicle": f"{number:064x}"}, participant_id=f"p{number}"
                )
                rides[-1].append((programme_id, ride))
    pair.now = datetime.now(UTC)
    while pair.checks.step():
        pass
    for own in rides:
        assert pair.statuses(*own).count("accepted") == 1, pair.statuses(*own)
    assert [report.findings for report in verify(pair.database)] == [[], []]


@contextmanager
def checking(database: Database, *, threads: int) -> Iterator[None]:
    """Check all the time, from several threads with a writer each."""
    stop = threading.Event()

    def check() -> None:
        with closing(Writer(database)) as writer:
            checks = CrossCheck(database, writer)
            while not stop.is_set():
                checks.step()

    with ThreadPoolExecutor(threads) as pool:
        running = [pool.submit(check) for _ in range(threads)]
        try:
            yield
        finally:
            stop.set()
    for each in running:
        each.result()
