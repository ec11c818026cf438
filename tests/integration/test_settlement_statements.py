"""Statements, disputes and payouts in the settlement view, over a real database."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from ledger.domain.errors import StatementNotFound
from ledger.domain.messages import Command, Event
from ledger.domain.payout import ConfirmPayout, InstructPayout, ReturnPayout
from ledger.domain.programme import OpenProgramme
from ledger.domain.redemption import FundWeight
from ledger.domain.settling import Line, Lines, lines_digest, with_line
from ledger.domain.statement import ApproveStatement, CloseStatement, DisputeLine, ResolveDispute
from ledger.following import Follower
from ledger.projections.registry import VIEWS
from ledger.projections.settlement import Settlement
from ledger.projections.settlement_queries import (
    FundMoney,
    FundPlaces,
    LinesAfter,
    Money,
    Period,
    fund_places,
    merchant_settlement,
    statement_lines,
)
from ledger.projections.settlement_statement_rows import StatementRow
from ledger.projections.settlement_statements import LinesAfter as Place
from ledger.projections.settlement_statements import (
    SettledLine,
    disputes_of,
    funds_of,
    lines_of_statement,
    merchant_statement,
    merchant_statements,
    payouts,
    payouts_of,
    statements_named,
)
from ledger.store.database import Database
from ledger.verify import verify
from ledger.writer import Recorded, Writer
from tests.integration.market import Market
from tests.integration.told import proving_database
from tests.property.test_settlement_lifecycle import COMMON, Lifecycle
from tests.unit.builders import ADJUST, NOW, OPEN_PARTICIPANT, but

VIEW = Settlement.name
OF_VIEW = {VIEW: VIEWS[VIEW]}
MAKER, CHECKER = "key_a", "key_b"
MORNING = datetime(2026, 11, 22, 1, tzinfo=UTC)
"""Nine o'clock in Shanghai."""
DAY = timedelta(days=1)
FIRST, SECOND = "cafe:2026-11-23", "cafe:2026-11-24"


@pytest.fixture
def opened(database: str) -> Iterator[Database]:
    with Database(database) as made:
        yield made


class Settling(Market):
    """A market whose merchants are settled."""

    def __init__(self, opened: Database) -> None:
        super().__init__(opened, at=MORNING)
        self.do(self.give("participant:ada", 500), self.commit(10_000, "city"), self.commit(10_000, "bank"))

    def used(self, own_id: str, face_value_fen: int, fund_id: str, **fields: Any) -> None:
        funds = (FundWeight(fund_id=fund_id, weight=1),)
        self.do(self.hold(own_id, credits=1, face_value_fen=face_value_fen, funds=funds, **fields))
        self.do(self.use(own_id, store_id="gate"))

    def close(self, merchant_id: str = "cafe") -> str:
        """Settle all days that are over, on the next one."""
        self.wait(DAY)
        ends_on = (self.at + timedelta(hours=8)).date()
        self.do(CloseStatement(occurred_at=self.at, merchant_id=merchant_id, ends_on=ends_on, by=MAKER))
        return f"{merchant_id}:{ends_on}"

    def about(self, statement_id: str, by: str = MAKER, **fields: Any) -> dict[str, Any]:
        return {"occurred_at": self.at, "statement_id": statement_id, "by": by, **fields}

    def dispute(self, statement_id: str, redemption_id: str) -> None:
        of_line = self.about(statement_id, redemption_id=redemption_id, line="use", reason="没有来")
        self.do(DisputeLine(**of_line))

    def resolve(self, statement_id: str, redemption_id: str, amended_fen: int | None) -> None:
        of_line = self.about(statement_id, CHECKER, redemption_id=redemption_id, line="use", reason="查过")
        outcome: Any = "upheld" if amended_fen is None else "amended"
        self.do(ResolveDispute(**of_line, outcome=outcome, amended_fen=amended_fen))

    def approve(self, statement_id: str) -> None:
        self.do(ApproveStatement(**self.about(statement_id, CHECKER), is_early=True))

    def instruct(self, statement_id: str, own_id: str) -> None:
        self.do(InstructPayout(**self.about(statement_id), id=own_id))

    def confirm(self, statement_id: str, own_id: str) -> None:
        self.do(ConfirmPayout(**self.about(statement_id), payout_id=own_id, bank_reference="B-1"))

    def pay(self, statement_id: str, own_id: str) -> None:
        self.instruct(statement_id, own_id)
        self.confirm(statement_id, own_id)

    def bring_back(self, statement_id: str, own_id: str) -> None:
        self.do(ReturnPayout(**self.about(statement_id), payout_id=own_id, reason="账号有误"))

    def shown(self, statement_id: str) -> StatementRow:
        with self.reading(VIEW) as reading:
            return merchant_statement(reading, statement_id)

    def lines(self, statement_id: str, **options: Any) -> list[SettledLine]:
        with self.reading(VIEW) as reading:
            return list(lines_of_statement(reading, merchant_statement(reading, statement_id), **options))

    def places(self, fund_id: str) -> dict[str, int]:
        """Where a fund's money is, but for places that have none."""
        with self.reading(VIEW) as reading:
            places = fund_places(reading, fund_id)
        return {name: value for name, value in places._asdict().items() if value}

    def catch_up(self) -> None:
        with self.database.connection() as connection:
            query = (
                "SELECT COALESCE(max(position), 0) FROM tracking WHERE programme_id = %s AND view_name = %s"
            )
            ((at,),) = connection.execute(query, (self.programme_id, VIEW)).fetchall()
        self.follow(VIEW, after=at)


@pytest.fixture
def market(opened: Database) -> Iterator[Settling]:
    made = Settling(opened)
    yield made
    made.writer.close()


# --- One statement ---------------------------------------------------------------------------------


def test_a_statement_is_shown_as_far_as_it_has_come(market: Settling) -> None:
    market.used("tea", 900, "city", fee_fen=90)
    assert market.close() == FIRST
    market.catch_up()
    issued = market.shown(FIRST)
    assert (issued.status, issued.number, issued.merchant_id) == ("issued", "cafe-000001", "cafe")
    assert (issued.starts_on, issued.ends_on) == (date(2026, 11, 22), date(2026, 11, 23))
    assert (issued.uses, issued.total_fen, issued.due_fen, issued.payable_fen) == (1, 810, 810, 810)
    assert (issued.issued_at, issued.issued_by) == (market.at, MAKER)
    assert issued.objections_until == date(2026, 11, 23) + timedelta(days=issued.objection_days)
    market.approve(FIRST)
    market.catch_up()
    approved = market.shown(FIRST)
    assert (approved.status, approved.approved_by, approved.is_early) == ("approved", CHECKER, True)
    market.instruct(FIRST, "PAY-1")
    market.catch_up()
    assert (market.shown(FIRST).under_way_fen, market.shown(FIRST).payable_fen) == (810, 0)
    market.confirm(FIRST, "PAY-1")
    market.catch_up()
    settled = market.shown(FIRST)
    assert (settled.status, settled.paid_fen, settled.settled_at) == ("settled", 810, market.at)
    market.bring_back(FIRST, "PAY-1")
    market.catch_up()
    back = market.shown(FIRST)
    assert (back.status, back.paid_fen, back.payable_fen, back.settled_at) == ("approved", 0, 810, None)
    market.pay(FIRST, "PAY-2")
    market.catch_up()
    assert market.shown(FIRST).status == "settled"
    with market.reading(VIEW) as reading:
        first, second = payouts_of(reading, [FIRST])[FIRST]
    assert (first.status, first.confirmed_at, first.reason) == ("returned", market.at, "账号有误")
    assert (second.status, second.bank_reference, second.reason) == ("confirmed", "B-1", None)
    assert (second.fund_ids, second.share_fen) == (["city"], [810])


def test_the_lines_of_a_statement_give_its_digest_however_they_are_read(market: Settling) -> None:
    for number in range(5):
        market.used(f"r{number}", 300 + number, "city")
    market.do(market.refund("r3"))
    market.close()
    market.used("later", 5, "bank")
    market.catch_up()
    lines = market.lines(FIRST)
    assert [line.redemption_id for line in lines] == ["r0", "r1", "r2", "r3", "r4", "r3"]
    assert [line.earned_fen for line in lines] == [300, 301, 302, 303, 304, -303]
    assert all((line.store_id, line.recorded_at) == ("gate", MORNING) for line in lines)
    for at_a_time in (1, 3, 6, 7):
        assert market.lines(FIRST, at_a_time=at_a_time) == lines
    assert market.lines(FIRST, after=Place(lines[3].local_day, lines[3].position)) == lines[4:]
    day = Lines()
    for line in lines:
        funds = ()
        kind: Any = line.kind
        told = Line(kind, line.redemption_id, line.face_value_fen, line.fee_fen, funds)
        day = with_line(day, line.position, told)
    digests = [(str(lines[0].local_day), day.digest)]
    assert lines_digest(digests) == market.shown(FIRST).lines_digest


def test_a_disputed_line_is_held_back_and_its_amendment_is_a_line_of_the_next_statement(
    market: Settling,
) -> None:
    market.used("tea", 900, "city")
    market.used("cake", 600, "bank")
    market.close()
    market.dispute(FIRST, "tea")
    market.catch_up()
    assert [line.is_held_back for line in market.lines(FIRST)] == [True, False]
    assert (market.shown(FIRST).held_back_fen, market.shown(FIRST).payable_fen) == (900, 600)
    with market.reading(VIEW) as reading:
        (dispute,) = disputes_of(reading, FIRST)
    assert (dispute.fund_ids, dispute.share_fen, dispute.outcome) == (["city"], [900], None)
    assert (dispute.opened_at, dispute.opened_by, dispute.resolved_at) == (market.at, MAKER, None)
    market.approve(FIRST)
    market.pay(FIRST, "PAY-1")
    market.catch_up()
    assert market.places("city") == {"committed_fen": 10_000, "available_fen": 9_100, "settling_fen": 900}
    assert market.places("bank") == {"committed_fen": 10_000, "available_fen": 9_400, "paid_fen": 600}
    market.resolve(FIRST, "tea", 500)
    market.catch_up()
    assert [line.is_held_back for line in market.lines(FIRST)] == [False, False]
    first = market.shown(FIRST)
    assert (first.status, first.held_back_fen, first.moved_fen, first.paid_fen) == ("settled", 0, 900, 600)
    assert market.places("city") == {"committed_fen": 10_000, "available_fen": 9_500, "payable_fen": 500}
    with market.reading(VIEW) as reading:
        (dispute,) = disputes_of(reading, FIRST)
        *_, amendment = statement_lines(reading, "cafe", Period(), after=LinesAfter(market.position), limit=9)
        sums = merchant_settlement(reading, "cafe", Period())
    assert (dispute.outcome, dispute.amended_fen, dispute.amendment_fen) == ("amended", 500, 500)
    assert (dispute.resolution, dispute.resolved_by) == ("查过", CHECKER)
    assert (amendment.kind, amendment.credits, amendment.money) == ("amendment", 0, Money(500, 0))
    assert amendment.funds == (FundMoney("city", Money(500, 0)),)
    assert (amendment.moment.recorded_at, amendment.moment.position) == (market.at, amendment.position)
    assert (sums.amendments.lines, sums.amendments.money, sums.net) == (1, Money(500, 0), Money(2_000, 0))
    market.close()
    market.approve(SECOND)
    market.pay(SECOND, "PAY-2")
    market.catch_up()
    assert [(line.kind, line.earned_fen) for line in market.lines(SECOND)] == [("amendment", 500)]
    assert market.places("city") == {"committed_fen": 10_000, "available_fen": 9_500, "paid_fen": 500}


def test_a_refund_after_an_amendment_gives_back_what_the_use_is_worth_since(market: Settling) -> None:
    market.used("tea", 900, "city", fee_fen=90)
    market.close()
    market.dispute(FIRST, "tea")
    market.resolve(FIRST, "tea", 310)
    market.do(market.refund("tea"))
    market.catch_up()
    assert market.places("city") == {"committed_fen": 10_000, "available_fen": 10_000}
    with market.reading(VIEW) as reading:
        *_, refund = statement_lines(reading, "cafe", Period(), after=LinesAfter(market.position), limit=9)
    assert (refund.kind, refund.money, refund.credits) == ("refund", Money(-400, -90), -1)
    assert refund.funds == (FundMoney("city", Money(-400, -90)),)
    assert refund.redemption.money == Money(900, 90)
    market.close()
    market.catch_up()
    second = market.shown(SECOND)
    assert (second.refunded_face_value_fen, second.refunded_fee_fen, second.total_fen) == (400, 90, 0)


def test_what_one_fund_has_paid_too_much_another_one_bears_in_its_place(market: Settling) -> None:
    market.used("tea", 100, "city")
    market.close()
    market.approve(FIRST)
    market.pay(FIRST, "PAY-1")
    market.do(market.refund("tea"))
    market.catch_up()
    assert market.places("city") == {
        "committed_fen": 10_000,
        "available_fen": 9_900,
        "payable_fen": -100,
        "paid_fen": 100,
        "recoverable_fen": 100,
    }
    market.used("cake", 160, "bank")
    second = market.close()
    market.approve(second)
    market.pay(second, "PAY-2")
    market.catch_up()
    with market.reading(VIEW) as reading:
        (payout,) = payouts_of(reading, [second])[second]
        funds = {fund.fund_id: fund for fund in funds_of(reading, [second])[second]}
    assert (payout.value_fen, payout.fund_ids, payout.share_fen) == (60, ["bank", "city"], [160, -100])
    assert (funds["city"].due_fen, funds["city"].earned_fen, funds["city"].has_lines) == (-100, -100, True)
    # The city's money is back, and the bank has paid for the one use that there was.
    assert market.places("city") == {"committed_fen": 10_000, "available_fen": 10_000}
    assert market.places("bank") == {"committed_fen": 10_000, "available_fen": 9_840, "paid_fen": 160}


def test_a_statement_that_pays_nothing_carries_everything_forward_fund_by_fund(market: Settling) -> None:
    market.used("tea", 100, "city")
    first = market.close()
    market.approve(first)
    market.pay(first, "PAY-1")
    market.do(market.refund("tea"))
    market.used("cake", 30, "bank")
    second = market.close()
    market.catch_up()
    assert (market.shown(second).due_fen, market.shown(second).carried_out_fen) == (0, -70)
    market.used("pie", 90, "bank")
    third = market.close()
    market.catch_up()
    with market.reading(VIEW) as reading:
        funds = {fund.fund_id: fund for fund in funds_of(reading, [third])[third]}
    assert (funds["city"].has_lines, funds["city"].carried_in_fen, funds["city"].due_fen) == (
        False,
        -100,
        -100,
    )
    assert (funds["bank"].carried_in_fen, funds["bank"].face_value_fen, funds["bank"].due_fen) == (
        30,
        90,
        120,
    )


# --- Many statements -------------------------------------------------------------------------------


def test_statements_are_found_by_merchant_status_and_end(market: Settling) -> None:
    market.used("a", 100, "city")
    market.used("b", 100, "city", merchant_id="shop")
    market.close()
    market.do(CloseStatement(occurred_at=market.at, merchant_id="shop", ends_on=date(2026, 11, 23), by=MAKER))
    market.used("c", 100, "city")
    market.close()
    market.approve(FIRST)
    market.catch_up()
    shop = "shop:2026-11-23"

    def found(**wanted: Any) -> list[str]:
        with market.reading(VIEW) as reading:
            return [row.statement_id for row in merchant_statements(reading, **{"limit": 9, **wanted})]

    assert found() == [FIRST, SECOND, shop]
    assert found(limit=2) == [FIRST, SECOND]
    assert found(after=SECOND) == [shop]
    assert found(merchant_id="shop") == [shop]
    assert found(merchant_id="nobody") == []
    assert found(status="approved") == [FIRST]
    assert found(status="issued") == [SECOND, shop]
    assert found(ends_from=date(2026, 11, 24)) == [SECOND]
    assert found(ends_to=date(2026, 11, 24)) == [FIRST, shop]
    with market.reading(VIEW) as reading:
        assert set(statements_named(reading, [shop, "nobody:2026-11-23"])) == {shop}
        with pytest.raises(StatementNotFound):
            merchant_statement(reading, "nobody:2026-11-23")
        assert payouts_of(reading, [shop]) == {shop: []}
        assert disputes_of(reading, shop) == []


def test_payouts_are_found_by_status_and_come_by_id(market: Settling) -> None:
    market.used("a", 100, "city")
    market.close()
    market.approve(FIRST)
    market.instruct(FIRST, "PAY-2")
    market.confirm(FIRST, "PAY-2")
    market.bring_back(FIRST, "PAY-2")
    market.instruct(FIRST, "PAY-1")
    market.catch_up()

    def found(**wanted: Any) -> list[str]:
        with market.reading(VIEW) as reading:
            return [row.payout_id for row in payouts(reading, **{"limit": 9, **wanted})]

    assert found() == ["PAY-1", "PAY-2"]
    assert found(limit=1) == ["PAY-1"]
    assert found(after="PAY-1") == ["PAY-2"]
    assert found(status="returned") == ["PAY-2"]
    assert found(status="instructed") == ["PAY-1"]
    assert found(status="failed") == []


def test_a_fund_without_statements_has_nothing_in_them(market: Settling) -> None:
    market.used("a", 100, "city")
    market.catch_up()
    with market.reading(VIEW) as reading:
        assert fund_places(reading, "bank") == FundPlaces(10_000, 10_000)
        assert merchant_statements(reading, limit=9) == []


# --- A life made up --------------------------------------------------------------------------------


class Proved(Lifecycle):
    """Everything that can happen, recorded in a database, followed in small pages, and proved."""

    conninfo: ClassVar[str]
    programmes: ClassVar[Iterator[int]] = count(1)

    def teardown(self) -> None:
        programme_id = f"life-{next(self.programmes)}"
        with Database(self.conninfo) as opened:
            position = record(opened, programme_id, self.world.told)
            follower = Follower(opened, programme_id, clock=lambda: NOW, views=OF_VIEW, page_events_max=5)
            at = 0
            while at < position:
                taken = follower.step({VIEW: at}, until=position)
                assert taken, f"stopped after {at}"
                at += taken
        with proving_database(self.conninfo) as proving:
            [report] = verify(proving, programme_id=programme_id, views=OF_VIEW)
        assert report.findings == []


def record(opened: Database, programme_id: str, told: list[tuple[Command, tuple[Event, ...]]]) -> int:
    """Have the same happen in a programme of its own; give the position of its last event."""
    at, position = [NOW], 0
    writer = Writer(opened, clock=lambda: at[0])
    for told_command, events in told:
        commands = [told_command]
        if isinstance(told_command, OpenProgramme):
            given = but(ADJUST, account="participant:ada", credits=10**6)
            commands = [
                but(told_command, id=programme_id),
                but(OPEN_PARTICIPANT, organisation_id=None),
                given,
            ]
        at[0] = max(at[0], *(event.recorded_at for event in events)) if events else at[0]
        for command in commands:
            outcome = writer.submit(programme_id, command)
            assert isinstance(outcome, Recorded), outcome
            position = max(position, outcome.position)
    writer.close()
    return position


def test_whatever_happens_the_view_is_proved(database: str) -> None:
    Proved.conninfo = database
    few = settings(max_examples=6, stateful_step_count=30, derandomize=True, **COMMON)
    run_state_machine_as_test(Proved, settings=few)
