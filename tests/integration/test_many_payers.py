"""Processes take the same money out of funds at once: never more than is free, nor than a sponsor's part.

What moved is added up from the log. The same is done with the locks and the fence taken away, where
it must be seen.
"""

import multiprocessing
import random
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from typing import Any, Final

import msgspec
import psycopg
import pytest

from ledger.domain.adjustment import AdjustCredits
from ledger.domain.fund import CommitMoney
from ledger.domain.fund_registers import Contribution
from ledger.domain.messages import Command
from ledger.domain.money import ProposeMoney
from ledger.domain.redemption import CancelRedemption, FundWeight, HoldRedemption
from ledger.store import append
from ledger.store.database import Database
from ledger.verify import verify
from ledger.writer import Recorded, Writer
from tests.integration.test_many_writers import drop_every_net
from tests.unit.builders import NOW, OPEN_FUND, OPEN_MERCHANT, OPEN_PARTICIPANT, OPEN_PROGRAMME, but
from tests.unit.money_commands import COMMIT, OPEN_SPONSOR, SET_ALARMS, approval

PROGRAMME: Final = OPEN_PROGRAMME.id
PROCESSES: Final = 2
THREADS: Final = 4
TURNS: Final = 100
"""Commands of each process."""

FUNDS: Final = ("city", "bank")
SPONSORS: Final = ("council", "grid")
PART_FEN: Final = 5_000
"""What each sponsor has in each fund."""

HOLD: Final = HoldRedemption(
    occurred_at=NOW,
    id="",
    participant_id="ada",
    merchant_id="cafe",
    credits=1,
    face_value_fen=1,
    funds=(FundWeight(fund_id="city", weight=1), FundWeight(fund_id="bank", weight=1)),
    deadline_at=NOW + timedelta(days=7),
)


def proposal(turn: int) -> ProposeMoney:
    """Give the proposal of a turn: money of either sponsor out of either fund, or into the other."""
    draw = random.Random(turn)
    fund_id, other = draw.sample(FUNDS, 2)
    is_transfer = draw.random() < 0.5
    return but(
        COMMIT,
        id=f"p{turn}",
        movement="transfer" if is_transfer else "withdraw",
        fund_id=fund_id,
        to_fund_id=other if is_transfer else None,
        sponsor_id=draw.choice(SPONSORS),
        value_fen=draw.randint(100, 400),
    )


def command_of(turn: int) -> Command:
    """Give one process's command of a turn: no other process sends it."""
    draw = random.Random(-turn)
    match turn // PROCESSES % 4:
        case 0:
            return but(HOLD, id=f"h{turn}", face_value_fen=draw.randint(300, 900))
        case 2 if draw.random() < 0.8:
            held = f"h{turn - 2 * PROCESSES}"
            return CancelRedemption(occurred_at=NOW, redemption_id=held, reason="改主意了")
        case _:
            return approval(proposal(turn))


OPENING: Final[list[Command]] = [
    OPEN_PROGRAMME,
    but(OPEN_PARTICIPANT, organisation_id=None),
    OPEN_MERCHANT,
    *(but(OPEN_FUND, id=fund_id) for fund_id in FUNDS),
    *(but(OPEN_SPONSOR, id=sponsor_id) for sponsor_id in SPONSORS),
    *(
        CommitMoney(
            occurred_at=NOW,
            id=f"{fund_id} {sponsor_id}",
            fund_id=fund_id,
            sponsor_id=sponsor_id,
            value_fen=PART_FEN,
        )
        for fund_id in FUNDS
        for sponsor_id in SPONSORS
    ),
    AdjustCredits(
        occurred_at=NOW, id="many", account="participant:ada", credits=9_999, approver="李", reason="x"
    ),
    but(SET_ALARMS, thresholds_fen=(9_000, 5_000, 1_000)),
    *(proposal(turn) for turn in range(TURNS * PROCESSES)),
]

_together: list[Any] = []
"""In each process: where it waits for the others before it begins."""


def meet_at(barrier: Any) -> None:
    """Let a process know where it waits."""
    _together.append(barrier)


def work(conninfo: str, number: int, *, locks_head: bool) -> list[str]:
    """Be one process; give what went wrong that is no refusal."""
    if not locks_head:
        append._LOG["lock_head"] = append._LOG["lock_head"].replace("FOR UPDATE", "")
    failed: list[str] = []
    turns = iter(range(number, TURNS * PROCESSES, PROCESSES))
    lock = threading.Lock()
    with Database(conninfo) as database:
        writer = Writer(database, clock=lambda: NOW)

        def send_all() -> None:
            while True:
                with lock:
                    turn = next(turns, None)
                if turn is None:
                    return
                try:
                    writer.submit_many(PROGRAMME, [command_of(turn)])
                except Exception as problem:  # noqa: BLE001 - whatever it is, it is told
                    failed.append(repr(problem))

        _together[0].wait(60)
        threads = [threading.Thread(target=send_all) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        writer.close()
    return failed


def run(conninfo: str, *, locks_head: bool = True) -> list[str]:
    spawn = multiprocessing.get_context("spawn")
    pool: dict[str, Any] = {"initializer": meet_at, "initargs": (spawn.Barrier(PROCESSES),)}
    with ProcessPoolExecutor(PROCESSES, mp_context=spawn, **pool) as processes:
        started = [processes.submit(work, conninfo, n, locks_head=locks_head) for n in range(PROCESSES)]
        return [problem for process in started for problem in process.result()]


# --- What must be so afterwards -----------------------------------------------------------------


class Recount:
    """Adds up a log by itself, and tells what cannot be."""

    def __init__(self) -> None:
        self.balances: Counter[str] = Counter()
        self.parts: Counter[str] = Counter()
        self._standing: set[tuple[str, int]] = set()

    def add(self, topic: str, event: dict[str, Any]) -> Iterator[str]:
        """Add the next event; tell what it should not have done."""
        for account, asset, _, amount in event.get("legs", ()):
            if asset == "CNY" and account.startswith("fund:"):
                self.balances[account] += amount
                if self.balances[account] < 0:
                    yield f"overdrawn: {account} by {topic}"
        if topic in ("fund.committed", "fund.withdrawn", "fund.transferred"):
            self._move(topic, event)
        if topic in ("fund.alarm_raised", "fund.alarm_cleared"):
            yield from self._alarm(topic, event)
        if negative := [key for key, part in self.parts.items() if part < 0]:
            yield f"part: {negative} after {topic}"

    def _move(self, topic: str, event: dict[str, Any]) -> None:
        sponsor_id, value_fen = event["sponsor_id"], event["value_fen"]
        sign = 1 if topic == "fund.committed" else -1
        self.parts[f"{event['fund_id']}\n{sponsor_id}"] += sign * value_fen
        if topic == "fund.transferred":
            self.parts[f"{event['to_fund_id']}\n{sponsor_id}"] += value_fen

    def _alarm(self, topic: str, event: dict[str, Any]) -> Iterator[str]:
        alarm = event["fund_id"], event["threshold_fen"]
        if (alarm in self._standing) == (topic == "fund.alarm_raised"):
            yield f"alarm: {topic} of {alarm} out of turn"
        self._standing ^= {alarm}
        if self.balances[f"fund:{alarm[0]}:available"] != event["available_fen"]:
            yield f"alarm: {topic} of {alarm} tells another balance"


def problems(conninfo: str) -> Iterator[str]:
    """Tell everything that was taken twice, or that nobody had."""
    recount = Recount()
    with psycopg.connect(conninfo) as connection:
        for topic, state in connection.execute("SELECT topic, state FROM events ORDER BY position"):
            yield from recount.add(topic, msgspec.json.decode(state))
        stored = connection.execute("SELECT account, amount FROM balances WHERE account LIKE 'fund:%'")
        if {row for row in stored if row[1]} != {row for row in recount.balances.items() if row[1]}:
            yield "balances: the table is not the log's"
        entries = connection.execute("SELECT key, value FROM registers WHERE register = 'contributions'")
        told = {key: msgspec.json.decode(value, type=Contribution).part_fen for key, value in entries}
        if told != recount.parts:
            yield "parts: the register is not the log's"


@pytest.fixture
def opened(database: str) -> str:
    with Database(database) as own:
        writer = Writer(own, clock=lambda: NOW)
        outcomes = writer.submit_many(PROGRAMME, OPENING)
        assert [outcome for outcome in outcomes if not isinstance(outcome, Recorded)] == []
        writer.close()
    return database


def test_two_processes_never_take_more_than_is_free_nor_than_a_sponsors_part(opened: str) -> None:
    assert run(opened) == []
    assert list(problems(opened)) == []
    with psycopg.connect(opened) as connection:
        topics = Counter(topic for (topic,) in connection.execute("SELECT topic FROM events"))
    for topic in ("fund.withdrawn", "fund.transferred", "redemption.held", "redemption.cancelled"):
        assert topics[topic] >= 5, topics
    assert topics["money.approved"] < topics["money.proposed"], "there was not enough for all"
    assert topics["fund.alarm_raised"] >= 2, topics
    with Database(opened, connections_max=10, statement_ms_max=0) as database:
        [report] = verify(database, views={})
    assert report.findings == []


def test_without_locks_the_same_checks_fail(opened: str) -> None:
    drop_every_net(opened)
    run(opened, locks_head=False)
    kinds = {problem.partition(":")[0] for problem in problems(opened)}
    assert kinds & {"overdrawn", "part"}, kinds
