"""Funds in a real database: what a migration makes of older logs, alarms amid a log, what verifying sees."""

from pathlib import Path

import psycopg
import pytest

from ledger.domain.fund import CommitMoney
from ledger.store.database import Database
from ledger.store.migrations import FOLDER
from ledger.verify import verify
from ledger.writer import Recorded, Writer
from tests.integration.told import Damage, proving_database
from tests.unit.builders import COMMIT_MONEY, NOW, OPEN_FUND, OPEN_PROGRAMME, but
from tests.unit.money_commands import OPEN_SPONSOR, SET_ALARMS, WITHDRAW, approval

CONTRIBUTIONS = (
    "SELECT programme_id, key, due_at::text, value FROM registers"
    " WHERE register = 'contributions' ORDER BY programme_id, key"
)


def record(conninfo: str, *commands: object) -> list[Recorded]:
    with Database(conninfo) as database:
        writer = Writer(database, clock=lambda: NOW)
        outcomes = [writer.submit(OPEN_PROGRAMME.id, command) for command in commands]  # type: ignore[arg-type]
        writer.close()
    return outcomes


def test_a_log_that_had_commitments_gets_the_parts_that_its_writer_would_have_kept(database: str) -> None:
    funds = [but(OPEN_FUND, id=fund_id) for fund_id in ("city", "city-2")]
    commitments: list[CommitMoney] = [
        but(COMMIT_MONEY, id=f"c{n}", fund_id=fund_id, sponsor_id=sponsor_id, value_fen=10**n)
        for n, (fund_id, sponsor_id) in enumerate(
            [("city", "a"), ("city", "a-b"), ("city-2", "a"), ("city", "a"), ("city-2", "a")]
        )
    ]
    record(database, OPEN_PROGRAMME, *funds, *commitments)
    kept = Damage(database).rows(CONTRIBUTIONS)
    assert len(kept) == 3
    (path,) = Path(FOLDER).glob("0012_*.sql")
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DELETE FROM registers WHERE register = 'contributions'")
        connection.execute(path.read_bytes().partition(b"-- What went in and out")[0])
    assert Damage(database).rows(CONTRIBUTIONS) == kept


@pytest.fixture
def alarmed(database: str) -> str:
    """A log in which a withdrawal raises two alarms."""
    record(
        database,
        OPEN_PROGRAMME,
        OPEN_SPONSOR,
        OPEN_FUND,
        COMMIT_MONEY,
        but(SET_ALARMS, thresholds_fen=(8_000, 9_000)),
        WITHDRAW,
        approval(WITHDRAW),
    )
    return database


def found(conninfo: str) -> list[tuple[str, str | None]]:
    with proving_database(conninfo) as proving:
        [report] = verify(proving, views={})
    return [(finding.code, finding.topic) for finding in report.findings]


def test_alarms_stand_right_after_what_raised_them_in_a_stream_of_their_own(alarmed: str) -> None:
    rows = Damage(alarmed).rows("SELECT topic, originator_version FROM events ORDER BY position")
    assert rows[-4:] == [
        ("money.approved", 2),
        ("fund.withdrawn", 3),
        ("fund.alarm_raised", 1),
        ("fund.alarm_raised", 2),
    ]
    assert found(alarmed) == []


def test_a_repeat_after_an_alarm_gets_the_first_answer_without_it(alarmed: str) -> None:
    (again,) = record(alarmed, approval(WITHDRAW, by="key_third"))
    assert again.replayed
    assert again.position == 8
    assert b"alarm" not in again.body


def test_an_alarm_that_tells_another_amount_is_found(alarmed: str) -> None:
    change = (
        "UPDATE events"
        "   SET state = convert_to(replace(convert_from(state, 'UTF8'), 'fen\":7000', 'fen\":7001'), 'UTF8')"
        " WHERE topic = 'fund.alarm_raised'"
    )
    with psycopg.connect(alarmed, autocommit=True) as connection:
        assert connection.execute(change).rowcount == 2
    assert found(alarmed) == [("event_differs", "fund.alarm_raised")] * 2


def test_an_alarm_that_is_missing_is_found(alarmed: str) -> None:
    with psycopg.connect(alarmed, autocommit=True) as connection:
        connection.execute("DELETE FROM events WHERE position = (SELECT max(position) FROM events)")
        connection.execute("UPDATE heads SET position = position - 1")
    assert ("event_missing", None) in found(alarmed)
