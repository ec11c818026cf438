"""Several writers close the same periods while others use and refund: each line is in one statement.

Every writer has a memory of its own, as processes have, and a clock of its own, one ahead of the
other; the simulated time goes over a midnight in Shanghai while all of them are at work.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest

from ledger.domain.errors import LedgerError, SecondKeyNeeded
from ledger.domain.payout import InstructPayout
from ledger.domain.redemption import RedemptionFulfilled, RedemptionRefunded
from ledger.domain.statement import ApproveStatement, CloseStatement, StatementIssued
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.verify import verify
from ledger.writer import Recorded, Writer
from tests.integration.market import Market
from tests.integration.told import proving_database

MIDNIGHT: Final = datetime(2026, 11, 22, 16, tzinfo=UTC)
"""In Shanghai, where the 23rd begins."""
ENDS_ON: Final = date(2026, 11, 23)
EVENING: Final = MIDNIGHT - timedelta(hours=2)
MERCHANTS: Final = ("cafe", "shop")
REDEMPTIONS: Final = 240
SECONDS: Final = 1.5
"""For which writers work, half before midnight and half after."""


@pytest.fixture
def market(database: str) -> Iterator[Market]:
    with Database(database, connections_max=12) as opened:
        market = Market(opened, at=EVENING)
        holds = [
            market.hold(
                f"r{n}", merchant_id=MERCHANTS[n % 2], credits=1, face_value_fen=100 + n, fee_fen=n % 7
            )
            for n in range(REDEMPTIONS)
        ]
        market.do(
            market.give("participant:ada", 1_000), market.commit(100_000), market.commit(100_000, "bank")
        )
        market.do(*holds)
        market.do(*(market.use(f"r{n}") for n in range(40)))
        yield market
        market.writer.close()


class Hour:
    """Simulated time that begins shortly before midnight and runs with the real one."""

    def __init__(self) -> None:
        self._begun_s = time.monotonic()

    def clock(self, ahead: timedelta) -> Callable[[], datetime]:
        """A clock that is ahead of the others."""

        def now() -> datetime:
            passed = timedelta(seconds=time.monotonic() - self._begun_s - SECONDS / 2)
            return MIDNIGHT + passed + ahead

        return now


def close(merchant_id: str, by: str, ends_on: date = ENDS_ON) -> CloseStatement:
    return CloseStatement(occurred_at=EVENING, merchant_id=merchant_id, ends_on=ends_on, by=by)


def work(writers: Sequence[Writer], market: Market) -> list[Recorded]:
    """Use, refund and close from several threads; give what closers were told."""
    told: list[Recorded] = []
    deadline_s = time.monotonic() + SECONDS

    def use(writer: Writer, numbers: range) -> None:
        for n in numbers:
            commands = [market.use(f"r{n}")]
            commands += [market.refund(f"r{n - 40}")] if n % 3 == 0 else []
            for outcome in writer.submit_many(market.programme_id, commands):
                assert isinstance(outcome, Recorded), outcome
            time.sleep(SECONDS / len(numbers) / 2)

    def keep_closing(writer: Writer, by: str) -> None:
        while time.monotonic() < deadline_s:
            for merchant_id in MERCHANTS:
                (outcome,) = writer.submit_many(market.programme_id, [close(merchant_id, by)])
                if isinstance(outcome, Recorded):
                    told.append(outcome)
                else:
                    assert outcome.code == "period_not_over", outcome

    halves = range(40, REDEMPTIONS, 2), range(41, REDEMPTIONS, 2)
    threads = [
        *(threading.Thread(target=use, args=pair) for pair in zip(writers, halves, strict=True)),
        *(
            threading.Thread(target=keep_closing, args=(writer, f"key_{n}"))
            for n, writer in enumerate(writers)
        ),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def events_of(market: Market) -> list[tuple[int, Any]]:
    log = Log(market.database)
    pages = log.pages(market.programme_id)
    return [(logged.position, log.decode(logged)) for page in pages for logged in page]


def test_whoever_closes_a_period_and_whatever_is_used_meanwhile_each_line_is_in_one_statement(
    market: Market, database: str
) -> None:
    hour = Hour()
    writers = [
        Writer(market.database, clock=hour.clock(ahead))
        for ahead in (timedelta(), timedelta(milliseconds=40))
    ]
    told = work(writers, market)
    for writer in writers:
        writer.close()
    events = events_of(market)
    issued = {
        event.merchant_id: (position, event) for position, event in events if type(event) is StatementIssued
    }
    assert sum(type(event) is StatementIssued for _, event in events) == len(MERCHANTS)
    assert len({outcome.body for outcome in told}) == len(MERCHANTS), "the same statement for everybody"
    assert sum(not outcome.replayed for outcome in told) == len(MERCHANTS)
    for merchant_id, (position, statement) in issued.items():
        merchant_of = {f"r{n}": MERCHANTS[n % 2] for n in range(REDEMPTIONS)}
        lines = [
            (at, event)
            for at, event in events
            if isinstance(event, RedemptionFulfilled | RedemptionRefunded)
            and merchant_of[event.redemption_id] == merchant_id
        ]
        before = [event for _, event in lines if event.recorded_at < MIDNIGHT]
        assert all(at < position for at, event in lines if event.recorded_at < MIDNIGHT)
        assert 20 < len(before) < len(lines), "some were used after the close"
        assert statement.uses == sum(isinstance(event, RedemptionFulfilled) for event in before)
        assert statement.refunds == sum(isinstance(event, RedemptionRefunded) for event in before)
    with proving_database(database) as proving:
        [report] = verify(proving)
    assert report.findings == []


def test_whoever_closed_a_statement_cannot_approve_it_in_another_process(market: Market) -> None:
    writers = [Writer(market.database, clock=lambda: MIDNIGHT) for _ in range(2)]
    (closed,) = writers[0].submit_many(market.programme_id, [close("cafe", "key_a")])
    assert isinstance(closed, Recorded)
    approve = ApproveStatement(occurred_at=EVENING, statement_id=f"cafe:{ENDS_ON}", is_early=True, by="key_a")
    for writer in writers:
        with pytest.raises(SecondKeyNeeded):
            writer.submit(market.programme_id, approve)
    other = ApproveStatement(occurred_at=EVENING, statement_id=f"cafe:{ENDS_ON}", is_early=True, by="key_b")
    first = writers[1].submit(market.programme_id, other)
    again = writers[0].submit(market.programme_id, approve)
    assert (again.body, again.replayed) == (first.body, True), "approved is approved, whoever asks"
    for writer in writers:
        writer.close()


def test_two_processes_instruct_what_is_due_once(market: Market) -> None:
    writers = [Writer(market.database, clock=lambda: MIDNIGHT) for _ in range(2)]
    approve = ApproveStatement(occurred_at=EVENING, statement_id=f"cafe:{ENDS_ON}", is_early=True, by="key_b")
    for command in (close("cafe", "key_a"), approve):
        for writer in writers:
            writer.submit(market.programme_id, command)
    outcomes: list[Any] = []

    def instruct(number: int) -> None:
        command = InstructPayout(
            occurred_at=EVENING, id=f"PAY-{number}", statement_id=f"cafe:{ENDS_ON}", by="key_a"
        )
        outcomes.extend(writers[number % 2].submit_many(market.programme_id, [command]))

    threads = [threading.Thread(target=instruct, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = [outcome.code for outcome in outcomes if isinstance(outcome, LedgerError)]
    assert refused == ["nothing_to_pay"] * 5
    for writer in writers:
        writer.close()
