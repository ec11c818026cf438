"""`ledger expire`, `ledger lapse` and `ledger expiring` on the command line."""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ledger.cli import main
from ledger.domain.instants import ExpiryPolicy
from ledger.domain.lapse import CompleteLapse, RunLapse
from ledger.domain.messages import Command
from ledger.lapse_run import run_lapse
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.writer import Recorded, Writer
from tests.unit.builders import ADJUST, OPEN_PARTICIPANT, OPEN_PROGRAMME, but
from tests.unit.carbon_commands import PUBLISH_DRIVE, PUBLISH_DRIVING, drive

LONG_AGO = datetime(2026, 1, 10, 4, tzinfo=UTC)
PROGRAMMES = ("east", "west")

pytestmark = pytest.mark.usefixtures("two")


@pytest.fixture
def two(database: str) -> Iterator[Database]:
    """Two programmes in which something ran out long ago, and something lapses."""
    with closing(Database(database)) as opened:
        writer = Writer(opened, clock=lambda: LONG_AGO)
        for name in PROGRAMMES:
            told: list[Command] = [
                but(OPEN_PROGRAMME, id=name, expiry=ExpiryPolicy(kind="months", months=100)),
                but(OPEN_PARTICIPANT, id="ada", organisation_id=None),
                but(ADJUST, account="participant:ada", credits=7, lot=date(2026, 1, 31)),
                PUBLISH_DRIVING,
                but(PUBLISH_DRIVE, ripens_after_h=1, claim_within_h=1),
                drive("d1", "5"),
            ]
            outcomes = writer.submit_many(name, [but(one, occurred_at=LONG_AGO) for one in told])
            assert all(isinstance(one, Recorded) for one in outcomes), outcomes
        writer.close()
        yield opened


def ledger(database: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, env={"DATABASE_URL": database})


def told(database: str, *arguments: str) -> list[dict[str, Any]]:
    """The lines of an answer for machines."""
    done = ledger(database, *arguments, "--json")
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_run_takes_every_programme_and_repeated_tells_what_it_did(database: str) -> None:
    first = told(database, "expire", "--up-to", "2026-01-31")
    assert first == [
        {
            "programme": name,
            "ran_before": False,
            "recorded_at": line["recorded_at"],
            "id": "expiry-2026-01-31",
            "up_to": "2026-01-31",
            "credits": 7,
            "accounts": 1,
            "holds_released": 0,
        }
        for name, line in zip(PROGRAMMES, first, strict=True)
    ]
    again = told(database, "expire", "--up-to", "2026-01-31")
    assert again == [line | {"ran_before": True} for line in first]
    # Yesterday's run has another name and nothing to do.
    assert [line["credits"] for line in told(database, "expire", "--programme", "west")] == [0]


def test_a_run_under_its_own_id_is_the_same_run_on_another_day(database: str) -> None:
    named = ("--programme", "east", "--id", "january 2026")
    [first] = told(database, "expire", "--up-to", "2026-01-31", *named)
    assert told(database, "expire", *named) == [first | {"ran_before": True}]
    done = ledger(database, "expire", "--up-to", "2026-01-30", *named)
    assert (done.exit_code, "content_differs" in done.stderr) == (1, True)


def test_a_day_that_is_not_over_is_a_refusal(database: str) -> None:
    done = ledger(database, "expire", "--up-to", "9999-12-31", "--json")
    assert (done.exit_code, done.stdout, done.stderr.count("expiry_not_due")) == (1, "", 2)


def test_pending_credits_lapse_and_a_repeat_under_the_id_tells_the_same(database: str) -> None:
    first = told(database, "lapse", "--id", "night")
    assert [(line["programme"], line["credits"], line["activities"]) for line in first] == [
        (name, 5, 1) for name in PROGRAMMES
    ]
    assert told(database, "lapse", "--id", "night") == [line | {"ran_before": True} for line in first]
    [line] = told(database, "lapse", "--programme", "east")
    assert (line["id"][:8], line["credits"]) == ("lapse-20", 0)


class Killed(Exception):
    """The process is gone."""


class Dying(Writer):
    """A writer whose process is killed before a run tells of its end."""

    def submit_many(self, programme_id: str, commands: Any, **options: Any) -> Any:
        if isinstance(commands[0], CompleteLapse):
            raise Killed
        return super().submit_many(programme_id, commands, **options)


def test_a_run_that_was_killed_is_carried_on_by_the_same_command(two: Database, database: str) -> None:
    run = RunLapse(occurred_at=LONG_AGO, id="night", up_to=LONG_AGO + timedelta(days=1))
    with closing(Dying(two)) as dying, pytest.raises(Killed):
        run_lapse(database=two, log=Log(two), writer=dying, programme_id="east", command=run)
    [line] = told(database, "lapse", "--programme", "east", "--id", "night")
    assert (line["ran_before"], line["credits"], line["up_to"]) == (False, 5, "2026-01-11T04:00:00Z")


def test_everything_stands_in_one_table(database: str) -> None:
    lines = ledger(database, "lapse", "--id", "night").stdout.splitlines()
    assert lines[0].split()[:3] == ["programme", "ran", "before"]
    assert [line.split()[:2] for line in lines[1:]] == [[name, "no"] for name in PROGRAMMES]
    assert ledger(database, "expire", "--programme", "nowhere").exit_code == 1
    assert ledger(database, "lapse", "--id", "línea").exit_code == 2


def test_who_loses_what_is_told_in_a_table_in_lines_and_for_reminders(two: Database, database: str) -> None:
    today = datetime.now(UTC).date()
    with closing(Writer(two)) as writer:
        for days in (3, 9):
            given = but(
                ADJUST,
                account="participant:ada",
                credits=days,
                lot=today + timedelta(days=days),
                id=f"{days}",
            )
            assert isinstance(writer.submit("east", given), Recorded)
    lot = str(today + timedelta(days=3))
    named = ("expiring", "--programme", "east", "--within-days", "5")
    assert told(database, *named) == [{"account": "participant:ada", "lot": lot, "credits": 3}]
    rows = list(csv.reader(io.StringIO(ledger(database, *named, "--csv").stdout)))
    assert rows == [["account", "lot", "credits"], ["participant:ada", lot, "3"]]
    table = ledger(database, *named).stdout.splitlines()
    assert table[1].split() == ["participant:ada", lot, "3"]
    assert table[2] == "3 credits in 1 lots"
    assert ledger(database, *named[:3]).stdout.splitlines()[-1] == "12 credits in 2 lots"
    assert ledger(database, *named, "--csv", "--json").exit_code == 2
    assert ledger(database, "expiring", "--programme", "nowhere").exit_code == 1
