"""One command at a time: 64 threads, and alone beside a single-row insert with its own commit."""

import statistics
import threading
import time
import uuid

import psycopg

from bench.batches import ROUNDS, drain, run_callers
from bench.programme import PROGRAMME, Programme
from bench.report import Report

THREADS = 64
COMMANDS = 12_000
ALONE = 500
BLOCK = 25
"""Commands between a turn of ours and one of the floor's: both meet the same neighbours."""

FLOOR_INSERT = (
    "INSERT INTO floor_singles (programme_id, position, originator_id, originator_version, topic, state)"
    " VALUES (%s, %s, %s, 1, 'credits.transferred', %s)"
)


def measure(programme: Programme, report: Report) -> None:
    """Measure many threads and a lone one."""
    rates, slowest_ms = [], []
    for _ in range(ROUNDS):
        rate, latencies_ms = many_threads(programme)
        rates.append(rate)
        slowest_ms.append(latencies_ms[int(len(latencies_ms) * 0.99)])
    report.add("64 threads, one command at a time", rates, "transfers/s", at_least=5_000)
    report.add("64 threads: 99th percentile", slowest_ms, "ms", at_most=40)
    ours, floor = [], []
    with psycopg.connect(programme.conninfo, autocommit=True) as connection:
        connection.execute("CREATE TABLE floor_singles (LIKE events INCLUDING ALL)")
        for _ in range(ROUNDS):
            pairs = [(alone_ms(programme), single_row_ms(connection)) for _ in range(ALONE // BLOCK)]
            ours.append(statistics.median(latency for alone, _ in pairs for latency in alone))
            floor.append(statistics.median(latency for _, single in pairs for latency in single))
        connection.execute("DROP TABLE floor_singles")
    report.add("alone: median of a command", ours, "ms")
    report.add("floor: a single-row insert with its own commit", floor, "ms")
    report.add("alone / floor", [a / b for a, b in zip(ours, floor, strict=True)], "ratio", at_most=2)


def many_threads(programme: Programme) -> tuple[float, list[float]]:
    """Post from 64 threads; give commands a second and every latency in order."""
    queue, lock = iter(programme.transfers(COMMANDS)), threading.Lock()
    latencies_ms: list[float] = []

    def post(command: object) -> None:
        begun = time.perf_counter()
        programme.writer.submit(PROGRAMME, command)  # type: ignore[arg-type]
        latencies_ms.append((time.perf_counter() - begun) * 1000)

    begun = time.perf_counter()
    run_callers(THREADS, lambda: drain(queue, lock, post))
    return COMMANDS / (time.perf_counter() - begun), sorted(latencies_ms)


def alone_ms(programme: Programme) -> list[float]:
    """Give the latencies of a lone caller."""
    latencies = []
    for command in programme.transfers(BLOCK):
        begun = time.perf_counter()
        programme.writer.submit(PROGRAMME, command)
        latencies.append((time.perf_counter() - begun) * 1000)
    return latencies


def single_row_ms(connection: "psycopg.Connection[object]") -> list[float]:
    """Give the latencies of inserting one event row and committing."""
    row = connection.execute("SELECT coalesce(max(position), 0) FROM floor_singles").fetchone()
    state = connection.execute(
        "SELECT state FROM events ORDER BY position DESC LIMIT 1", binary=True
    ).fetchone()
    assert row is not None
    assert state is not None
    latencies = []
    for position in range(row[0] + 1, row[0] + 1 + BLOCK):  # type: ignore[index]
        stream = uuid.uuid4()
        begun = time.perf_counter()
        connection.execute(FLOOR_INSERT, (PROGRAMME, position, stream, state[0]), prepare=True)  # type: ignore[index]
        latencies.append((time.perf_counter() - begun) * 1000)
    return latencies
