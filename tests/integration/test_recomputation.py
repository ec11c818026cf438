"""A period computed anew: the dry run tells what the run does, and the run does it once."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from ledger import config
from ledger.activities import find_activity
from ledger.cli import main
from ledger.domain.activity import RecordActivity
from ledger.domain.conversion import CreditsPerGrams
from ledger.domain.correction import CorrectActivity
from ledger.domain.errors import MethodologyNotFound, PeriodEmpty, ProgrammeNotFound, ScenarioNotFound
from ledger.domain.instants import ExpiryPolicy
from ledger.domain.messages import Command
from ledger.domain.methodology import Factor, Measured
from ledger.domain.programme import OpenProgramme
from ledger.domain.rules import PublishMethodology, PublishScenario
from ledger.domain.transfer import TransferCredits
from ledger.recomputation import Recomputation, RecomputationReport, recompute
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.verify import verify
from ledger.writer import Recorded, Writer

PROGRAMME = "sichuan"
NOW = datetime(2026, 7, 10, 4, tzinfo=UTC)
JUNE = Recomputation(
    run_id="grid-2022",
    scenario_id="drive",
    first_on=date(2026, 6, 1),
    last_on=date(2026, 6, 30),
    methodology_version=2,
    reason="the factor of 2022 was published",
    approver="Li Na",
)
# In Shanghai: the last second of May, June's first and last, the first of July.
EDGES = [
    datetime(2026, 5, 31, 15, 59, 59, tzinfo=UTC),
    datetime(2026, 5, 31, 16, tzinfo=UTC),
    datetime(2026, 6, 30, 15, 59, 59, tzinfo=UTC),
    datetime(2026, 6, 30, 16, tzinfo=UTC),
]


class Province:
    """A programme whose methodology has an old factor and a new one."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.writer = Writer(database, clock=lambda: NOW)
        for command in _rules():
            self.do(command)

    def do(self, command: Command) -> Recorded:
        """Record a command that must not be refused."""
        outcome = self.writer.submit(PROGRAMME, command)
        assert isinstance(outcome, Recorded)
        return outcome

    def drive(self, own_id: str, at: datetime, km: str = "10", person: str = "ada") -> None:
        """Report a drive."""
        self.do(
            RecordActivity(
                occurred_at=at,
                id=own_id,
                source="app",
                participant_id=person,
                scenario_id="drive",
                measured=Measured(distance_km=km),
            )
        )

    def recompute(self, what: Recomputation = JUNE, *, dry_run: bool = False) -> RecomputationReport:
        """Compute anew."""
        return recompute(self.database, self.writer, PROGRAMME, what, dry_run=dry_run)

    def head(self) -> int:
        """Where the log stands."""
        return Log(self.database).head(PROGRAMME) or 0

    def amount_g(self, own_id: str) -> int:
        """Give what a drive avoids."""
        activity = find_activity(Log(self.database), PROGRAMME, "app", own_id)
        assert activity is not None
        return activity.amount_g


def _rules() -> Iterator[Command]:
    yield OpenProgramme(
        occurred_at=NOW,
        id=PROGRAMME,
        name_zh="四川",
        name_en="Sichuan",
        level="city",
        time_zone="Asia/Shanghai",
        transferable=True,
        expiry=ExpiryPolicy(kind="months", months=12),
    )
    for version, value, year in ((1, "100", 2021), (2, "80", 2022)):
        factor = Factor(name="per_km", value=value, unit="g/km", region="四川", year=year, source="test")
        yield PublishMethodology(
            occurred_at=NOW,
            id="drive",
            version=version,
            name_zh="行驶",
            name_en="Driving",
            formula="distance",
            factors=(factor,),
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
    )


@pytest.fixture
def province(database: str) -> Iterator[Province]:
    with Database(database, connections_max=8) as opened:
        province = Province(opened)
        yield province
        province.writer.close()


def test_the_days_of_the_period_are_the_programmes(province: Province) -> None:
    for number, at in enumerate(EDGES):
        province.drive(f"d{number}", at)
    report = province.recompute()
    assert (report.activities, report.changed) == (2, 2)
    assert [province.amount_g(f"d{number}") for number in range(4)] == [1000, 800, 800, 1000]


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_period_without_an_activity_has_nothing_to_compute(province: Province, *, dry_run: bool) -> None:
    province.drive("july", EDGES[3])
    report = province.recompute(dry_run=dry_run)
    assert (report.activities, report.changed) == (0, 0)


def test_a_dry_run_writes_nothing_and_tells_what_the_run_then_does(province: Province) -> None:
    for number in range(7):
        province.drive(f"d{number}", EDGES[1], km=f"{number}.4", person=f"p{number % 3}")
    province.do(_gift("p0", 8))  # so that some of what is to be taken back is gone
    before = province.head()
    told = province.recompute(dry_run=True)
    assert province.head() == before
    done = province.recompute()
    assert msgspec.structs.replace(told, is_dry_run=False) == done
    assert (done.activities, done.changed, done.unchanged, done.participants) == (7, 7, 0, 3)
    assert done.more_g == done.more_credits == 0
    assert done.less_g == sum(number * 100 + 40 - (number * 80 + 32) for number in range(7))
    assert done.owed_credits == 1
    assert [abs(each.delta_g) for each in done.largest] == [128, 108, 88, 68, 48, 28, 8]
    assert [report.findings for report in verify(province.database)] == [[]]


def _gift(person: str, number: int) -> Command:
    return TransferCredits(
        occurred_at=NOW,
        id=f"gift-{number}",
        from_account=f"participant:{person}",
        to_account="participant:p1",
        credits=number,
    )


def test_a_run_repeated_under_its_id_does_nothing_twice(province: Province) -> None:
    for number in range(3):
        province.drive(f"d{number}", EDGES[1])
    first = province.recompute()
    head = province.head()
    again = province.recompute()
    assert province.head() == head
    assert (first.changed, again.changed, again.done_before) == (3, 0, 3)
    other = province.recompute(msgspec.structs.replace(JUNE, run_id="grid-2022-again"))
    assert (other.changed, other.unchanged) == (0, 3), "there is nothing left to change"


def test_void_activities_have_nothing_to_compute_and_corrected_ones_keep_what_was_measured(
    province: Province,
) -> None:
    province.drive("void", EDGES[1])
    province.drive("longer", EDGES[1])
    correction = CorrectActivity(
        occurred_at=NOW, id="c1", source="app", activity_id="void", is_void=True, reason="never happened"
    )
    province.do(correction)
    measured = Measured(distance_km="20")
    province.do(
        msgspec.structs.replace(correction, id="c2", activity_id="longer", is_void=False, measured=measured)
    )
    report = province.recompute()
    assert (report.not_counting, report.changed) == (1, 1)
    assert (province.amount_g("void"), province.amount_g("longer")) == (0, 1600)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"last_on": date(2026, 5, 31)}, PeriodEmpty),
        ({"methodology_version": 3}, MethodologyNotFound),
        ({"scenario_id": "sail"}, ScenarioNotFound),
    ],
)
def test_what_cannot_be_computed_is_refused_before_anything_is_done(
    province: Province, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    province.drive("d", EDGES[1])
    head = province.head()
    with pytest.raises(refusal):
        province.recompute(msgspec.structs.replace(JUNE, **changes))
    with pytest.raises(ProgrammeNotFound):
        recompute(province.database, province.writer, "nobody", JUNE, dry_run=True)
    assert province.head() == head


def test_the_command_line_shows_it_to_people_and_to_machines(province: Province, database: str) -> None:
    province.drive("d", EDGES[1])
    settings = replace(config.load(), database_url=database)
    words = ["recompute", "--programme", PROGRAMME, "--scenario", "drive", "--from", "2026-06-01"]
    words += ["--to", "2026-06-30", "--methodology-version", "2", "--run-id", "grid-2022"]
    words += ["--reason", "a newer factor", "--approver", "Li Na"]
    runner = CliRunner(env=config.environment(settings))
    dry = runner.invoke(main, [*words, "--dry-run"])
    assert dry.exit_code == 0, dry.output
    assert "nothing written" in dry.output
    assert "-200" in dry.output
    run = runner.invoke(main, [*words, "--json"])
    report = json.loads(run.stdout)
    assert (report["changed"], report["less_g"], report["less_credits"]) == (1, 200, 2)
