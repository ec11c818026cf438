"""Registers made anew from the log: what differs is put right, and settlement goes on from there."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec
import pytest
from click.testing import CliRunner

from ledger.cli import main
from ledger.domain.errors import LogUnsound, ProgrammeNotFound, RegisterIncomplete
from ledger.domain.payout import PayoutOf
from ledger.domain.redemption import Disputed
from ledger.domain.registers import Entry
from ledger.domain.settling import Unsettled, UnsettledDay
from ledger.domain.statement import CloseStatement, StatementIssued
from ledger.register_rebuild import RegisterReport, rebuild_registers
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.verify import verify
from ledger.writer import Writer
from tests.integration.market import Market
from tests.integration.told import Damage, proving_database
from tests.unit.builders import but
from tests.unit.statement_commands import APPROVE, CAFE_STATEMENT, CLOSE_STATEMENT, DISPUTE, ENDS_ON, INSTRUCT

NOON: Final = datetime(2026, 11, 22, 4, tzinfo=UTC)
REGISTERS: Final = (Unsettled, UnsettledDay, Disputed, PayoutOf)


@pytest.fixture
def market(database: str) -> Iterator[Market]:
    """Uses on three days: the first is settled, with a dispute and a payout; the others are not."""
    with Database(database) as opened:
        market = Market(opened, at=NOON)
        market.do(market.give("participant:ada", 500), market.commit(100_000), market.commit(100_000, "bank"))
        use_some(market, 0)
        market.wait(timedelta(days=1))
        market.do(CLOSE_STATEMENT, but(DISPUTE, redemption_id="r0-0"), APPROVE, INSTRUCT)
        use_some(market, 1)
        market.wait(timedelta(days=1))
        use_some(market, 2)
        market.do(market.refund("r1-0"))
        yield market
        market.writer.close()


def use_some(market: Market, day: int) -> None:
    for n in range(3):
        own_id, merchant_id = f"r{day}-{n}", ("cafe", "shop")[n % 2]
        market.do(market.hold(own_id, merchant_id=merchant_id, fee_fen=30), market.use(own_id))


def rebuilt(market: Market) -> RegisterReport:
    [report] = rebuild_registers(market.database, programme_id=market.programme_id)
    return report


def rows(market: Market) -> list[str]:
    return market.rows("registers", "public")


def close(ends_on: date = date(2026, 11, 24)) -> CloseStatement:
    return but(CLOSE_STATEMENT, ends_on=ends_on)


def test_registers_that_nobody_touched_are_left_as_they_are(market: Market) -> None:
    before = rows(market)
    report = rebuilt(market)
    assert report.is_equal
    assert (report.entries, report.position) == (len(before), market.position)
    assert rows(market) == before


def test_what_is_missing_changed_or_one_too_many_is_put_right(market: Market, database: str) -> None:
    before, damage = rows(market), Damage(database)
    gone = damage.run("DELETE FROM registers WHERE register = 'unsettled_days' OR key = 'shop'")
    assert damage.run("UPDATE registers SET value = '{}' WHERE register = 'disputed'") == 1
    assert damage.run("UPDATE registers SET due_at = now() WHERE register = 'payouts'") == 1
    market.do(market.give("participant:ada", 1))  # a log that goes on
    damage.run("INSERT INTO registers VALUES ('market', 'payouts', 'PAY-9', 'infinity', '{}')")
    report = rebuilt(market)
    assert (report.missing, report.changed, report.unexpected) == (gone, 2, 1)
    assert rows(market) == before
    assert rebuilt(market).is_equal
    with proving_database(database) as proving:
        [proved] = verify(proving)
    assert proved.findings == []


@pytest.mark.usefixtures("market")
@pytest.mark.parametrize("register", REGISTERS)
def test_an_entry_that_is_not_what_the_log_gives_is_found(database: str, register: type[Entry]) -> None:
    assert Damage(database).run(f"DELETE FROM registers WHERE register = '{register.register}'")
    with proving_database(database) as proving:
        [proved] = verify(proving)
    assert {finding.code for finding in proved.findings} == {"register_differs"}
    assert {finding.subject.split()[1] for finding in proved.findings} == {register.register}


def test_a_log_with_uses_from_before_the_register_is_settled_after_a_rebuild(
    market: Market, database: str
) -> None:
    lines = rows(market)
    Damage(database).run("DELETE FROM registers")  # as the release before leaves it
    fresh = Writer(market.database, clock=lambda: market.at)
    with pytest.raises(RegisterIncomplete) as refused:
        fresh.submit(market.programme_id, close())
    assert refused.value.details() == {
        "merchant_id": "cafe",
        "payable_fen": 870 * 3,
        "register_fen": 0,
    }
    fresh.close()
    assert rebuilt(market).missing == len(lines)
    started_anew = Writer(market.database, clock=lambda: market.at)
    started_anew.submit(market.programme_id, close())
    started_anew.close()
    issued = [
        event
        for logged in Log(market.database).page(market.programme_id, after=0)
        if type(event := Log(market.database).decode(logged)) is StatementIssued
    ]
    assert [(one.number, one.uses, one.starts_on) for one in issued] == [
        ("cafe-000001", 2, NOON.date()),
        ("cafe-000002", 2, ENDS_ON),
    ]
    assert issued[0].statement_id == CAFE_STATEMENT


def test_nothing_is_changed_where_the_log_is_unsound(market: Market, database: str) -> None:
    Damage(database).run("DELETE FROM registers WHERE register = 'unsettled'")
    Damage(database).run("UPDATE events SET topic = 'no.such' WHERE topic = 'payout.instructed'")
    before = rows(market)
    with pytest.raises(LogUnsound) as refused:
        rebuilt(market)
    assert refused.value.finding == "event_unreadable"
    assert rows(market) == before


def test_a_programme_that_nobody_opened_is_refused(market: Market) -> None:
    with pytest.raises(ProgrammeNotFound):
        list(rebuild_registers(market.database, programme_id="elsewhere"))


def test_the_command_line_rebuilds_every_programme(
    market: Market, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database)
    Damage(database).run("DELETE FROM registers WHERE register = 'unsettled'")
    done = CliRunner().invoke(main, ["registers", "rebuild", "--json"])
    assert done.exit_code == 0, done.output
    report = msgspec.json.decode(done.stdout, type=RegisterReport)
    assert (report.programme_id, report.missing) == (market.programme_id, 2)
    shown = CliRunner().invoke(main, ["registers", "rebuild", "--programme", market.programme_id])
    assert shown.exit_code == 0
    assert "missing" in shown.stdout
