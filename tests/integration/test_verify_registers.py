"""Registers: decisions stand on them, so an entry that is not what the log gives is found and named."""

import psycopg
import pytest

from ledger.domain.caps import MonthUsed, YearUsed
from ledger.domain.claiming import Pending
from ledger.domain.fund_registers import Contribution
from ledger.domain.offer_use import OfferTaken, OfferUsed
from ledger.domain.registers import Entry
from ledger.domain.review import Held
from ledger.domain.sink import Sink
from ledger.domain.standing import Standing
from ledger.domain.voucher import Voucher
from ledger.store.database import Database
from ledger.verify import verify
from tests.integration.drives import Drives
from tests.integration.told import Damage, proving_database
from tests.unit.builders import ADJUST, but
from tests.unit.offer_commands import OFFER, TAKE

REGISTERS = (
    *(Contribution, MonthUsed, YearUsed, Held, Pending, Sink, Standing),
    *(OfferUsed, OfferTaken, Voucher),
)


@pytest.fixture
def kept(database: str) -> str:
    """A database in which every register of the rules has an entry."""
    with Database(database) as opened:
        market = Drives(opened)
        market.do(
            market.drive(1, 10),
            market.drive(2, 10, "bo", "charge"),
            market.drive(3, 10, flag="jump"),
            *(market.commit(10_000, fund_id) for fund_id in ("city", "bank")),
            but(ADJUST, occurred_at=market.at),
            but(OFFER, occurred_at=market.at),
            but(TAKE, occurred_at=market.at),
        )
        market.writer.close()
    return database


def found(conninfo: str) -> list[tuple[str, str]]:
    """Code and register of everything that verifying finds."""
    with proving_database(conninfo) as proving:
        [report] = verify(proving)
    return [(finding.code, finding.subject.split()[1]) for finding in report.findings]


def test_entries_that_nobody_touched_are_what_the_log_gives(kept: str) -> None:
    names = {name for (name,) in Damage(kept).rows("SELECT DISTINCT register FROM registers")}
    assert names >= {register.register for register in REGISTERS}
    assert found(kept) == []


@pytest.mark.parametrize("register", REGISTERS)
@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE registers SET value = regexp_replace(value, '[0-9]', '7', 'g')",
        "UPDATE registers SET due_at = CASE WHEN due_at = 'infinity' THEN now() ELSE 'infinity' END",
        "UPDATE registers SET key = key || 'x'",
        "DELETE FROM registers",
    ],
)
def test_a_damaged_entry_is_found(kept: str, register: type[Entry], harm: str) -> None:
    with psycopg.connect(kept, autocommit=True) as connection:
        where = " WHERE ctid = (SELECT min(ctid) FROM registers WHERE register = %s)"
        assert connection.execute((harm + where).encode(), (register.register,)).rowcount == 1
    findings = found(kept)
    assert findings
    assert set(findings) == {("register_differs", register.register)}
