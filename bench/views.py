"""Catching up: how fast the projector takes a busy town's log into every view, and into each alone."""

import resource
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import psycopg

from bench.programme import NOW, PROGRAMME
from bench.report import Report
from bench.town import Town
from ledger import config
from ledger.bootstrap import PAGES_GARBAGE_THRESHOLD, open_ledger, prepare_process
from ledger.domain.owners import OpenParticipant
from ledger.following import Follower
from ledger.projections.registry import VIEWS
from ledger.projector import Projector, system_clock
from ledger.server import running_projectors
from ledger.store.database import Database

EVENTS = 1_000_000
EACH_EVENTS = 200_000
READS = 60


def measure(conninfo: str, report: Report, *, events: int = EVENTS) -> int:
    """Fill a log, then follow it: each view alone over the first part, all of them over the whole.

    Returns:
        How many events are in the log at the end; every view shows them all.
    """
    with Town(conninfo) as town:
        town.fill(events)
        with psycopg.connect(conninfo, autocommit=True) as connection:
            # As a log of some age is; else the server does it by itself beside what is measured.
            connection.execute("VACUUM (ANALYZE)")
        prepare_process(garbage_threshold=PAGES_GARBAGE_THRESHOLD)  # as a projector's process is
        alone = {name: _alone(conninfo, name, min(events, EACH_EVENTS)) for name in VIEWS}
        with psycopg.connect(conninfo, autocommit=True) as connection:
            tables = [table.name for view in VIEWS.values() for table in view.tables]
            connection.execute("TRUNCATE tracking, " + ", ".join(f"views.{table}" for table in tables))
        begun = time.perf_counter()
        with closing(Projector(conninfo)) as projector:
            while projector.step():
                pass
        elapsed_s = time.perf_counter() - begun
    report.add(
        f"all views: catching up with {events:,} events",
        [town.position / elapsed_s],
        "events/s",
        at_least=40_000,
    )
    report.add("all views: seconds", [elapsed_s], "s")
    for name, rate in alone.items():
        report.add(f"{name} alone", [rate], "events/s", at_least=40_000)
    report.add(
        "memory of the process, at most", [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024], "MB"
    )
    return _own_writes(conninfo, report)


def _own_writes(conninfo: str, report: Report) -> int:
    """Measure how long a reader waits to see what it has just written, when nobody else writes."""
    settings = replace(config.load(), database_url=conninfo, projectors=1)
    view, waits_ms, position = next(iter(VIEWS)), [], 0
    with running_projectors(settings), closing(open_ledger(settings)) as ledger:
        for number in range(READS):
            time.sleep(0.1)
            opening = OpenParticipant(occurred_at=NOW, id=f"reader-{number}")
            position = ledger.writer.submit(PROGRAMME, opening).position
            begun = time.perf_counter()
            with ledger.reading(PROGRAMME, view, min_position=position):
                waits_ms.append((time.perf_counter() - begun) * 1000)
        for name in VIEWS:
            with ledger.reading(PROGRAMME, name, min_position=position):
                pass
    report.add("a reader's wait for its own write, idle", waits_ms[len(waits_ms) // 4 :], "ms", at_most=10)
    return position


def _alone(conninfo: str, name: str, events: int) -> float:
    """Follow the first part of the log with one view, reading ahead as a projector does; events a second."""
    with (
        ThreadPoolExecutor(2) as pool,
        closing(Database(conninfo, statement_ms_max=120_000)) as database,
    ):
        follower = Follower(database, PROGRAMME, clock=system_clock, views={name: VIEWS[name]})
        begun, at = time.perf_counter(), 0
        while taken := follower.step({name: at}, until=events, pool=pool):
            at += taken
        assert at == events, f"{name} stopped at {at}"
        return at / (time.perf_counter() - begun)
