"""Runs that let pending credits lapse: which ones, page by page, stopped half way, started twice."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ledger import replay
from ledger.domain.budget import Budget
from ledger.domain.claiming import ClaimCredits, LapseCredits
from ledger.domain.errors import ContentDiffers, LapseNotDue, ProgrammeNotFound
from ledger.domain.lapse import RunLapse, StartLapse
from ledger.domain.messages import Command
from ledger.lapse_run import run_lapse
from ledger.projections.balances import read_account
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.verify import verify
from ledger.writer import Outcome, Recorded, Writer
from tests.unit.builders import COMMIT_MONEY, NOW, OPEN_FUND, OPEN_PROGRAMME, but
from tests.unit.carbon_commands import PUBLISH_DRIVE, PUBLISH_DRIVING, drive

PROGRAMME = OPEN_PROGRAMME.id
HOUR = timedelta(hours=1)
OVER = NOW + 2 * HOUR
"""The drives of now are claimable for an hour after an hour; at this instant they no longer are."""


class Drivers:
    """A programme in which three drives wait to be claimed, for five credits in all."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = NOW
        self.writer = self.another()
        scenario = but(
            PUBLISH_DRIVE, ripens_after_h=1, claim_within_h=1, budget=Budget(fund_id="city", fen_per_credit=2)
        )
        self.do(OPEN_PROGRAMME, OPEN_FUND, COMMIT_MONEY, PUBLISH_DRIVING, scenario)
        self.do(drive("d1", "1"), drive("d/2 a", "2"), drive("d3", "2", participant_id="eve"))

    def another(self, kind: type[Writer] = Writer, **limits: int) -> Any:
        """The writer of another process."""
        return kind(self.database, clock=lambda: self.now, **limits)

    def do(self, *commands: Command) -> None:
        """Record commands, none of which is refused."""
        outcomes = self.writer.submit_many(PROGRAMME, commands)
        assert all(isinstance(one, Recorded) for one in outcomes), outcomes

    def run(self, own_id: str = "night", up_to: datetime = OVER, writer: Writer | None = None) -> Recorded:
        """Start a run."""
        return run_lapse(
            database=self.database,
            log=Log(self.database),
            writer=writer or self.writer,
            programme_id=PROGRAMME,
            command=RunLapse(occurred_at=NOW, id=own_id, up_to=up_to),
        )

    def credits(self, account: str) -> int:
        """What an account holds."""
        balances = read_account(self.database, PROGRAMME, account).balances
        return sum(balance.amount for balance in balances if balance.asset == "CREDIT")

    def lapses(self) -> int:
        """How many lapses stand in the log."""
        return len(Log(self.database).page(PROGRAMME, after=0, topics=["credits.lapsed"]))


def done(outcome: Recorded) -> tuple[int, int]:
    """Credits and activities that a run tells of."""
    [event] = msgspec.json.decode(outcome.body)["events"]
    assert event["topic"] == "lapse.completed"
    return event["data"]["credits"], event["data"]["activities"]


@pytest.fixture
def drivers(database: str) -> Iterator[Drivers]:
    with closing(Database(database, connections_max=10)) as opened:
        made = Drivers(opened)
        yield made
        made.writer.close()
        assert replay.check(opened, PROGRAMME).is_equal
        (report,) = verify(opened, programme_id=PROGRAMME)
        assert {name for name in report.findings_count if not name.startswith("view")} == set(), report


def test_what_nobody_claimed_lapses_when_its_window_is_over_and_no_sooner(drivers: Drivers) -> None:
    drivers.now = OVER - timedelta(microseconds=1)
    assert done(drivers.run("early", drivers.now)) == (0, 0)
    drivers.now = OVER
    assert done(drivers.run()) == (5, 3)
    accounts = ("participant:dora:pending", "participant:eve:pending", "participant:dora", "lapsed")
    assert [drivers.credits(account) for account in accounts] == [0, 0, 0, 5]


def test_a_lapse_takes_no_grams_and_gives_the_fund_its_money_back(drivers: Drivers) -> None:
    drivers.now = OVER
    drivers.run()
    [balance] = read_account(drivers.database, PROGRAMME, "participant:eve").balances
    assert (balance.asset, balance.amount) == ("gCO2e", 200)
    money = read_account(drivers.database, PROGRAMME, "fund:city:available").balances
    assert [balance.amount for balance in money] == [COMMIT_MONEY.value_fen]


def test_what_was_claimed_is_left_alone(drivers: Drivers) -> None:
    drivers.now = NOW + HOUR
    drivers.do(ClaimCredits(occurred_at=NOW, source="cars", activity_id="d/2 a"))
    drivers.now = OVER
    assert done(drivers.run()) == (3, 2)
    assert drivers.credits("participant:dora") == 2


def test_only_windows_that_were_over_at_the_instant_named_count(drivers: Drivers) -> None:
    drivers.now = NOW + HOUR
    drivers.do(drive("later", "7"))
    drivers.now = NOW + 5 * HOUR
    assert done(drivers.run()) == (5, 3)
    assert done(drivers.run("morning", drivers.now)) == (7, 1)


def test_a_run_sent_again_does_nothing_and_answers_the_same(drivers: Drivers) -> None:
    drivers.now = OVER
    first = drivers.run()
    drivers.now += HOUR
    for writer in (drivers.writer, drivers.another()):
        again = drivers.run(writer=writer)
        assert (again.replayed, again.position, again.body) == (True, first.position, first.body)
    with pytest.raises(ContentDiffers) as differs:
        drivers.run(up_to=OVER - HOUR)
    assert differs.value.fields == ["up_to"]
    assert drivers.lapses() == 3


def test_an_instant_that_lies_ahead_is_refused(drivers: Drivers) -> None:
    drivers.now = OVER
    with pytest.raises(LapseNotDue) as refused:
        drivers.run(up_to=OVER + timedelta(microseconds=1))
    assert refused.value.now == OVER
    with pytest.raises(ProgrammeNotFound):
        run_lapse(
            database=drivers.database,
            log=Log(drivers.database),
            writer=drivers.writer,
            programme_id="nowhere",
            command=RunLapse(occurred_at=NOW, id="n", up_to=NOW),
        )


@pytest.mark.parametrize("stages_done", range(4))
def test_an_interrupted_run_goes_on_where_it_stopped(drivers: Drivers, stages_done: int) -> None:
    drivers.now = OVER
    stages: list[Command] = [
        StartLapse(occurred_at=NOW, id="night", up_to=OVER),
        *(LapseCredits(occurred_at=NOW, run_id="night", source="cars", activity_id=n) for n in ("d1", "d3")),
    ]
    for stage in stages[:stages_done]:
        drivers.do(stage)
    assert done(drivers.run(writer=drivers.another())) == (5, 3)
    assert drivers.lapses() == 3


class Interfering(Writer):
    """A writer in front of which something else happens, before the first lapse."""

    happens: Callable[[], object] | None = None

    def submit_many(self, programme_id: str, commands: Sequence[Command], **options: Any) -> list[Outcome]:
        if self.happens is not None and isinstance(commands[0], LapseCredits):
            happens, self.happens = self.happens, None
            happens()
        return super().submit_many(programme_id, commands, **options)


@pytest.mark.parametrize(("other_id", "mine"), [("other", (0, 0)), ("night", (5, 3))])
def test_two_runs_at_once_lapse_everything_once(
    drivers: Drivers, other_id: str, mine: tuple[int, int]
) -> None:
    drivers.now = OVER
    slower = drivers.another(Interfering)
    outcomes: list[Recorded] = []
    slower.happens = lambda: outcomes.append(drivers.run(other_id))
    assert done(drivers.run(writer=slower)) == mine
    assert done(outcomes[0]) == (5, 3)
    assert drivers.lapses() == 3


def test_a_run_over_many_activities_goes_page_by_page(drivers: Drivers) -> None:
    drivers.do(*(drive(f"many-{number:02}", "1") for number in range(20)))
    drivers.now = OVER
    assert done(drivers.run(writer=drivers.another(group_commands_max=7))) == (25, 23)


def test_an_end_that_tells_something_else_is_found(drivers: Drivers) -> None:
    drivers.now = OVER.astimezone(UTC)
    position = drivers.run().position
    with drivers.database.connection() as connection:
        before = "SELECT state FROM events WHERE position = %(position)s"
        [(state,)] = connection.execute(before.encode(), {"position": position}).fetchall()
        changed = bytes(state).replace(b'"credits":5', b'"credits":6')
        change = "UPDATE events SET state = %(state)s WHERE position = %(position)s"
        connection.execute(change.encode(), {"state": changed, "position": position})
    (report,) = verify(drivers.database, programme_id=PROGRAMME)
    assert report.findings_count["event_differs"] == 1
    with drivers.database.connection() as connection:
        connection.execute(change.encode(), {"state": state, "position": position})
