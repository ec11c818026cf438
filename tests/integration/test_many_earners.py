"""Two processes record acts of one participant at once: no cap, claim or budget is ever passed.

What was awarded is added up from the log. The same is done with the locks and the fence taken away,
where it must be seen.
"""

import multiprocessing
import random
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import psycopg
import pytest

from ledger.domain.activity import RecordActivity
from ledger.domain.budget import Budget
from ledger.domain.caps import Caps
from ledger.domain.exclusion import ExclusionRule
from ledger.domain.messages import Command
from ledger.store import append
from ledger.store.database import Database
from ledger.verify import verify
from ledger.writer import Recorded, Writer
from tests.integration.test_many_writers import drop_every_net
from tests.unit.builders import COMMIT_MONEY, NOW, OPEN_FUND, OPEN_PROGRAMME, but
from tests.unit.carbon_commands import (
    HOUR,
    PUBLISH_DRIVE,
    PUBLISH_DRIVING,
    PUBLISH_POLICY,
    corrected,
    drive,
    driven,
)

PROGRAMME: Final = OPEN_PROGRAMME.id
PROCESSES: Final = 2
THREADS: Final = 4
TURNS: Final = 400
"""Commands of each process."""

DAYS: Final = 30
DAY_CREDITS, DAY_ACTS, BUDGET_FEN = 15, 3, 300
SLOTS: Final = 60
"""Hours of the car for which somebody claims; each is asked for several times."""

OPENING: Final[list[Command]] = [
    OPEN_PROGRAMME,
    OPEN_FUND,
    but(COMMIT_MONEY, value_fen=BUDGET_FEN),
    PUBLISH_DRIVING,
    but(PUBLISH_DRIVE, id="capped", caps=Caps(day_credits=DAY_CREDITS, day_acts=DAY_ACTS)),
    but(PUBLISH_DRIVE, id="claimed", exclusion=(ExclusionRule(group="car", subject="vehicle"),)),
    but(PUBLISH_DRIVE, id="paid", budget=Budget(fund_id="city", fen_per_credit=3)),
    but(PUBLISH_POLICY, year_credits=None, partners=()),
]


def command_of(turn: int) -> Command:
    """Give one process's command of a turn: no other process sends it."""
    draw = random.Random(turn)
    km = str(draw.randint(1, 9))
    match turn // PROCESSES % 4:
        case 0:
            on = NOW - timedelta(days=draw.randrange(DAYS))
            return drive(f"c{turn}", km, scenario_id="capped", occurred_at=on)
        case 1:
            begin = turn // 8 % SLOTS  # that of the other process's neighbouring turn too
            return driven(
                f"s{turn}",
                0,
                0,
                began_at=NOW - begin * HOUR - HOUR,
                ended_at=NOW - begin * HOUR,
                scenario_id="claimed",
            )
        case 2:
            return drive(f"p{turn}", km, scenario_id="paid")
        case _:
            # An act of some turns before, perhaps of the other process and not recorded yet.
            return corrected(km, f"x{turn}", f"c{(turn // 8 - draw.randrange(8)) * 8 + draw.randrange(2)}")


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

        def send_all(thread: int) -> None:
            draw = random.Random(f"{number} {thread}")
            while True:
                with lock:
                    batch = [turn for _, turn in zip(range(draw.choice([1, 1, 5])), turns, strict=False)]
                if not batch:
                    return
                try:
                    writer.submit_many(PROGRAMME, [command_of(turn) for turn in batch])
                except Exception as problem:  # noqa: BLE001 - whatever it is, it is told
                    failed.append(repr(problem))

        _together[0].wait(60)
        threads = [threading.Thread(target=send_all, args=(n,)) for n in range(THREADS)]
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


def awarded(conninfo: str) -> dict[str, tuple[Any, int]]:
    """Every activity that counts, as it was reported, and what it has earned by now."""
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute(
            "SELECT originator_id::text, topic, state FROM events"
            " WHERE topic IN ('reduction.recorded', 'credits.issued', 'credits.corrected')"
            " ORDER BY originator_id, originator_version"
        ).fetchall()
    acts: dict[str, tuple[Any, int]] = {}
    for stream, topic, state in rows:
        event = msgspec.json.decode(state)
        if topic == "reduction.recorded":
            acts[stream] = event, 0
        else:
            acts[stream] = acts[stream][0], event["awarded_credits"]
    return acts


def problems(conninfo: str) -> Iterator[str]:
    """Tell everything that has been passed."""
    acts = awarded(conninfo).values()
    days: Counter[str] = Counter()
    earning: Counter[str] = Counter()
    slots: Counter[str] = Counter()
    paid = 0
    for reported, earned in acts:
        match reported["scenario_id"]:
            case "capped":
                days[reported["occurred_at"]] += earned
                earning[reported["occurred_at"]] += earned > 0
            case "claimed":
                slots[reported["began_at"]] += 1
            case _:
                paid += earned
    if max(days.values(), default=0) > DAY_CREDITS:
        yield f"day_credits: {days.most_common(3)}"
    if max(earning.values(), default=0) > DAY_ACTS:
        yield f"day_acts: {earning.most_common(3)}"
    if max(slots.values(), default=0) > 1:
        yield f"claims: {slots.most_common(3)}"
    if paid * 3 > BUDGET_FEN:
        yield f"budget: {paid}"
    with psycopg.connect(conninfo) as connection:
        for account, amount in connection.execute(
            "SELECT account, amount FROM balances WHERE account LIKE 'fund:%' AND amount < 0"
        ):
            yield f"below zero: {account} holds {amount}"


@pytest.fixture
def opened(database: str) -> str:
    with Database(database) as own:
        writer = Writer(own, clock=lambda: NOW)
        assert all(isinstance(outcome, Recorded) for outcome in writer.submit_many(PROGRAMME, OPENING))
        writer.close()
    return database


def test_two_processes_pass_no_cap_no_claim_and_no_budget(opened: str) -> None:
    assert run(opened) == []
    assert list(problems(opened)) == []
    acts = awarded(opened).values()
    earned = Counter(dict.fromkeys(("capped", "claimed", "paid"), 0))
    for reported, credits_earned in acts:
        earned[reported["scenario_id"]] += credits_earned
    assert earned["capped"] > 0
    assert earned["paid"] * 3 == BUDGET_FEN, "all of it is used"
    slots = {reported["began_at"] for reported, _ in acts if reported["scenario_id"] == "claimed"}
    asked = {
        command.began_at
        for command in map(command_of, range(TURNS * PROCESSES))
        if isinstance(command, RecordActivity) and command.scenario_id == "claimed"
    }
    assert {datetime.fromisoformat(slot) for slot in slots} == asked, "each is credited once"
    with Database(opened, connections_max=10, statement_ms_max=0) as database:
        [report] = verify(database, views={})
    assert report.findings == []


def test_without_locks_the_same_checks_fail(opened: str) -> None:
    drop_every_net(opened)
    run(opened, locks_head=False)
    kinds = {problem.partition(":")[0] for problem in problems(opened)}
    assert kinds >= {"day_credits", "day_acts", "claims"}, kinds


def test_without_the_fence_two_writers_award_the_same_room_twice(opened: str) -> None:
    """The least that must be seen: both have read the register, and one has not seen the other's act."""
    with Database(opened) as database:
        writers = [Writer(database, clock=lambda: NOW) for _ in range(2)]
        first, second = (drive(f"first {n}", "50", scenario_id="capped") for n in range(2))
        writers[0].submit(PROGRAMME, drive("look", "1", scenario_id="capped"))
        drop_every_net(opened)
        assert isinstance(writers[1].submit(PROGRAMME, second), Recorded)
        assert isinstance(writers[0].submit(PROGRAMME, first), Recorded)
        for writer in writers:
            writer.close()
    assert any(problem.startswith("day_") for problem in problems(opened))
