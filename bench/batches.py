"""Batches of 1,000 transfers in process, beside the same event rows written raw."""

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg

from bench.programme import BATCH, PROGRAMME, Programme
from bench.report import Report
from ledger.domain.messages import Command
from ledger.store.arrays import ByteaArray, Int4Array, Int8Array, TextArray, UuidArray, register

ROUNDS = 5
TURNS = 3
"""Turns in a round: what is compared takes short turns and so meets the same neighbours."""
BATCHES = 20
"""Batches in a turn."""
CALLERS = 2
"""Callers that post batches: while one batch commits, the next is decided."""

FLOOR_TABLE = """
DROP TABLE IF EXISTS floor_events;
CREATE TABLE floor_events (LIKE events INCLUDING ALL)
"""
FLOOR_INSERT = """
INSERT INTO floor_events (programme_id, position, originator_id, originator_version, topic, state)
SELECT %(programme_id)s, e.* FROM unnest(
    %(positions)s::bigint[], %(ids)s::uuid[], %(versions)s::integer[], %(topics)s::text[], %(states)s::bytea[]
) AS e
"""


def measure(programme: Programme, report: Report) -> None:
    """Measure uniform and merchant-heavy batches and the floor, in turns."""
    with psycopg.connect(programme.conninfo, autocommit=True) as connection:
        register(connection)
        connection.execute(FLOOR_TABLE)
        turn(programme)

        def uniform_and_floor() -> tuple[float, float]:
            begin = head(connection)
            return turn(programme), write_raw(connection, begin)

        rounds = [
            in_turns(
                lambda: (
                    *uniform_and_floor(),
                    turn(programme, to_one_merchant=0.9),
                    turn(programme, callers=1),
                )
            )
            for _ in range(ROUNDS)
        ]
        uniform, floor, merchant, alone = ([figures[n] for figures in rounds] for n in range(4))
        connection.execute("DROP TABLE floor_events")
    report.add("batches of 1,000 transfers, two callers", uniform, "transfers/s", at_least=25_000)
    report.add("the same, one caller", alone, "transfers/s", note="nothing decided while a batch commits")
    report.add("floor: the same event rows, raw unnest", floor, "rows/s")
    ratios = [ours / raw for ours, raw in zip(uniform, floor, strict=True)]
    report.add("batches / floor", ratios, "ratio", at_least=0.40)
    ratios = [heavy / even for heavy, even in zip(merchant, uniform, strict=True)]
    report.add("90 % to one merchant / uniform", ratios, "ratio", at_least=0.95)


def in_turns(take_turns: Callable[[], tuple[float, ...]]) -> tuple[float, ...]:
    """Let everything that is compared have its turns; give the rate of each over the round."""
    turns = [take_turns() for _ in range(TURNS)]
    # Every turn does the same amount of work, so the rate over all is their harmonic mean.
    return tuple(statistics.harmonic_mean(rates) for rates in zip(*turns, strict=True))


def turn(programme: Programme, *, callers: int = CALLERS, to_one_merchant: float = 0.0) -> float:
    """Post one turn's batches and give transfers a second."""
    batches = [programme.transfers(to_one_merchant=to_one_merchant) for _ in range(BATCHES)]
    return post(programme, batches, callers=callers)


def measure_quota(conninfo: str, report: Report) -> None:
    """Measure the same batches where every giver has a monthly quota to be counted against."""
    with Programme(conninfo, quota_credits=1_000_000_000) as programme:
        turn(programme)
        rates = [in_turns(lambda: (turn(programme),))[0] for _ in range(ROUNDS)]
    report.add("batches, two callers, each giver's monthly quota counted", rates, "transfers/s")


def post(programme: Programme, batches: list[list[Command]], *, callers: int = CALLERS) -> float:
    """Post batches from some threads and give transfers a second."""
    queue = iter(batches)
    lock = threading.Lock()
    begun = time.perf_counter()
    run_callers(callers, lambda: drain(queue, lock, programme.record))
    return len(batches) * len(batches[0]) / (time.perf_counter() - begun)


def run_callers(callers: int, work: Callable[[], None]) -> None:
    """Run the same work in some threads until all are done."""
    threads = [threading.Thread(target=work) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def drain(queue: Iterator[Any], lock: threading.Lock, work: Callable[[Any], None]) -> None:
    """Take items until there are none."""
    while True:
        with lock:
            item = next(queue, None)
        if item is None:
            return
        work(item)


def head(connection: "psycopg.Connection[Any]") -> int:
    """Read the position of the latest event."""
    row = connection.execute("SELECT position FROM heads WHERE programme_id = %s", (PROGRAMME,)).fetchone()
    assert row is not None
    return int(row[0])


def write_raw(connection: "psycopg.Connection[Any]", begin: int) -> float:
    """Insert the rows that were just stored into an identical table, 1,000 a transaction; rows a second."""
    rows = connection.execute(
        "SELECT position, originator_id, originator_version, topic, state FROM events"
        " WHERE programme_id = %s AND position > %s ORDER BY position",
        (PROGRAMME, begin),
        binary=True,
    ).fetchall()
    chunks = [rows[at : at + BATCH] for at in range(0, len(rows), BATCH)]
    begun = time.perf_counter()
    for chunk in chunks:
        with connection.transaction():
            connection.execute(
                FLOOR_INSERT,
                {
                    "programme_id": PROGRAMME,
                    "positions": Int8Array.of([row[0] for row in chunk]),
                    "ids": UuidArray.of([row[1].bytes for row in chunk]),
                    "versions": Int4Array.of([row[2] for row in chunk]),
                    "topics": TextArray.of_texts([row[3] for row in chunk]),
                    "states": ByteaArray.of([row[4] for row in chunk]),
                },
                prepare=True,
            )
    return len(rows) / (time.perf_counter() - begun)
