"""The batch figure with two million events in the store, the bytes they take, and their replay."""

import time
from typing import Any

import psycopg

from bench.batches import ROUNDS, in_turns, turn
from bench.programme import BATCH, PROGRAMME, Programme
from bench.report import Report
from ledger.replay import check

EVENTS = 2_000_000

TABLES = ("heads", "events", "configuration", "balances", "owners", "holds")


def measure(programme: Programme, empty: Programme, report: Report, *, events: int = EVENTS) -> None:
    """Fill a store, measure the batches in it and in an empty one in turns, the bytes and the replay."""
    with psycopg.connect(programme.conninfo, autocommit=True) as connection:
        bytes_before, events_before = stored_bytes(connection), head(connection)
        while head(connection) < events:
            for _ in range(50):
                programme.record(programme.transfers(BATCH))
        connection.execute("VACUUM (ANALYZE)")
        turn(empty)
        rounds = [in_turns(lambda: (turn(programme), turn(empty))) for _ in range(ROUNDS)]
        grown = stored_bytes(connection) - bytes_before
        report.add(
            f"batches with {events:,} events in the store", [rate for rate, _ in rounds], "transfers/s"
        )
        report.add("grown / empty", [rate / empty_rate for rate, empty_rate in rounds], "ratio", at_least=0.9)
        per_transfer = grown / (head(connection) - events_before)
        report.add("bytes per transfer, all tables and indexes", [per_transfer], "B", at_most=450)
    replay_rates = []
    for _ in range(3):
        begun = time.perf_counter()
        found = check(programme.database, PROGRAMME)
        assert found.is_equal, found
        replay_rates.append(found.events / (time.perf_counter() - begun))
    report.add("replay --check", replay_rates, "events/s", at_least=100_000)


def head(connection: "psycopg.Connection[Any]") -> int:
    """Read the position of the latest event."""
    row = connection.execute("SELECT position FROM heads WHERE programme_id = %s", (PROGRAMME,)).fetchone()
    assert row is not None
    return int(row[0])


def stored_bytes(connection: "psycopg.Connection[Any]") -> int:
    """Add up all tables with their indexes."""
    row = connection.execute(
        "SELECT sum(pg_total_relation_size(name::regclass))::bigint FROM unnest(%s::text[]) AS name",
        (list(TABLES),),
    ).fetchone()
    assert row is not None
    return int(row[0])
