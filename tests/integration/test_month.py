"""A small month closed from files that are wrong in every way: exactly what is wrong in them is found."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from bench.month_close import Told, close
from bench.month_plan import Plan
from bench.month_setup import Month, follow, prepare
from bench.month_sides import Injected
from bench.month_verdict import compare
from bench.month_write import PROGRAMME
from ledger.reconciling import Reconciliation
from ledger.reconciling.shapes import BREAK_CODES, Finding
from ledger.reconciling.sums import Summary
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.verify import verify
from tests.integration.bookkeepers import need

PLAN = Plan(merchants=10, redemptions=1_500, participants=100, defects=2, bank_defects=1, disputes=2)

WHERE = {
    "merchant": set(BREAK_CODES) - {"missing_payment"},
    "trades": set(BREAK_CODES) - {"missing_payment", "fee_differs"},
    "flows": set(BREAK_CODES) - {"missing_in_ledger", "missing_at_merchant"},
    "bank": {
        "amount_differs",
        "missing_in_ledger",
        "missing_payment",
        "duplicate",
        "refund_unmatched",
        "unknown_reference",
    },
}
"""The codes that there can be between two sides, as docs/reconciliation.md defines them."""


class Closed(NamedTuple):
    """A month that was prepared and closed."""

    conninfo: str
    month: Month
    told: Told


@pytest.fixture(scope="module")
def closed(server: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closed]:
    need("hledger")
    name, folder = "month_closed", tmp_path_factory.mktemp("month")
    names = sql.Identifier(name), sql.Identifier(migrated_template)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
    conninfo = make_conninfo(server, dbname=name)
    try:
        month = prepare(conninfo, folder, PLAN, lambda _text: None)
        yield Closed(conninfo, month, close(conninfo, folder))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(names[0]))


def test_exactly_what_is_wrong_is_found_and_the_books_agree_to_the_fen(closed: Closed) -> None:
    told = closed.told
    assert told.problems == []


def test_every_code_was_injected_wherever_it_can_occur(closed: Closed) -> None:
    _, month, told = closed
    injected: dict[str, set[str]] = {relation: set() for relation in WHERE}
    for one in month.injected:
        injected[one.relation].add(one.code)
    assert injected == WHERE
    assert {relation: set(codes) for relation, codes in told.relations.items()} == WHERE
    assert {code: found.found for code, found in told.found.items()} == {
        code: sum(one.code == code for one in month.injected) for code in BREAK_CODES
    }


def test_what_is_only_untidy_is_matched_by_every_rule_for_it(closed: Closed) -> None:
    told = closed.told
    rules = {rule.partition(": ")[2] for rule in told.matched}
    assert rules == {
        "reference",
        "own_reference",
        "order_number",
        "parts",
        "taken_back",
        "amount_and_day",
        "store_sum",
    }


def test_every_break_was_resolved_and_everybody_paid_whom_the_bank_paid(closed: Closed) -> None:
    _, month, told = closed
    assert told.breaks_resolved == len(month.injected)
    assert told.settled == 10 - len({"amount_differs", "missing_payment", "came_back_unknown"})
    assert told.accounts > 30


def test_the_comparison_comes_out_the_same_after_all_that_was_corrected_since(closed: Closed) -> None:
    with Database(closed.conninfo) as database:
        log = Log(database)
        work = Reconciliation(database, log, lambda: datetime(2026, 12, 1, tzinfo=UTC), view_wait_ms_max=0)
        follow(database, closed.month.view_position)
        assert work.runs.check(PROGRAMME, closed.told.run_id)


def test_every_event_of_the_month_is_decided_again_to_the_same(closed: Closed) -> None:
    with Database(closed.conninfo, connections_max=10) as database:
        [report] = verify(database, programme_id=PROGRAMME, views={})
    assert report.findings == []


def test_a_break_that_was_missed_and_one_that_was_invented_are_told() -> None:
    injected = Injected("amount_differs", "merchant", "use", "m001", "R1", 5)
    found = Finding(
        break_id="b-1",
        code="duplicate",
        relation="merchant",
        kind="use",
        merchant_id="m001",
        reference="R1",
        item="R1",
        item_fen=900,
        item_fee_fen=0,
        item_on=None,
        position=1,
        file_id="f",
        row_no=1,
        row_fen=900,
        row_fee_fen=0,
        row_on=None,
        difference_fen=900,
    )
    told, nothing = Told(), msgspec.convert(NOTHING, Summary)
    compare(told, [injected], [found], nothing)
    assert [problem.partition(":")[0] for problem in told.problems] == ["missed", "invented"]
    assert (told.found["amount_differs"].recall, told.found["duplicate"].precision) == (0, 0)
    told = Told()
    compare(told, [injected], [found._replace(code="amount_differs")], nothing)
    assert len(told.problems) == 2, "another difference is another break"
    told = Told()
    compare(told, [injected], [found._replace(code="amount_differs", difference_fen=5)], nothing)
    assert told.problems == []


NOTHING = {"relations": [], "told": {}, "untold": {}, "payouts_not_due": [0, 0], "unreadable_lines": 0}
