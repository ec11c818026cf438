"""Reading leaderboards: the top and somebody's neighbours, with a million on a board, and with 10,000.

The boards are filled by SQL, in the shapes in which the view fills them, and then held against ranks
that are counted one by one.
"""

import random
import time
from array import array
from collections.abc import Callable
from contextlib import closing
from datetime import date
from typing import Any

import psycopg

from bench.programme import PROGRAMME, city
from bench.report import Report
from ledger.projections.leaderboards import Leaderboards
from ledger.projections.leaderboards_board import LARGE_MEMBERS, LEAF_BITS, stored_numbers
from ledger.projections.leaderboards_buckets import PACKED_BOUNDS
from ledger.projections.leaderboards_fields import BYS, By
from ledger.projections.leaderboards_queries import Leaderboard, Question
from ledger.reading import reading
from ledger.store.database import Database
from ledger.writer import Recorded, Writer

MEMBERS = 1_000_000
READS = 1_000
SAMPLES = 40
MONTH, OTHER_MONTH = date(2026, 11, 1), date(2026, 10, 1)
ORGANISATIONS = 20
"""One, and nineteen that lie in it; every second participant belongs to one of the nineteen."""
LARGE, SMALL = 1, 2
"""Numbers of the boards."""

FILL = (
    "SELECT setseed(0.5)",
    """INSERT INTO views.leaderboard_people
       SELECT %(programme)s, substr(md5(n::text), 1, 24), n,
              CASE WHEN n %% 2 = 0 THEN 2 + n / 2 %% (%(organisations)s - 1) ELSE 0 END, 'shown', n
         FROM generate_series(1, %(members)s) AS n""",
    """INSERT INTO views.leaderboard_organisations
       SELECT %(programme)s, 'o' || n, n, CASE WHEN n = 1 THEN 0 ELSE 1 END, n
         FROM generate_series(1, %(organisations)s) AS n""",
    """INSERT INTO views.leaderboards
       VALUES (%(programme)s, 'month', %(month)s, '', %(large)s, 1, 1),
              (%(programme)s, 'month', %(other_month)s, '', %(small)s, 0, 1)""",
    """INSERT INTO views.leaderboard_scores
       SELECT %(programme)s, %(large)s, participant_id, organisation, a.amount_g, a.amount_g / 100, number
         FROM views.leaderboard_people,
              LATERAL (SELECT (20000 * exp(random_normal(0, 0.8)) + 0 * number)::bigint) AS a (amount_g)""",
    """INSERT INTO views.leaderboard_fields
       SELECT %(programme)s, %(large)s, f.field, count(*), count(*), sum(amount_g), sum(credits),
              max(position)
         FROM views.leaderboard_scores s,
              LATERAL (SELECT DISTINCT unnest(ARRAY[0, LEAST(organisation, 1), organisation])) AS f (field)
        GROUP BY f.field""",
    """INSERT INTO views.leaderboard_counts
       SELECT %(programme)s, %(large)s, f.field, c.by_credits, c.bucket, count(*), 1
         FROM views.leaderboard_scores s,
              LATERAL (SELECT DISTINCT unnest(ARRAY[0, LEAST(organisation, 1), organisation])) AS f (field),
              LATERAL (VALUES (false, width_bucket(amount_g, %(bounds)s)),
                              (true, width_bucket(credits, %(bounds)s))) AS c (by_credits, bucket)
        GROUP BY f.field, c.by_credits, c.bucket""",
    """INSERT INTO tracking (programme_id, view_name, position, rebuilds)
       VALUES (%(programme)s, %(view)s, 1, 0)""",
)


def measure(conninfo: str, report: Report, *, members: int = MEMBERS) -> None:
    """Fill two boards and read them."""
    with closing(Database(conninfo)) as database:
        with closing(Writer(database)) as writer:
            assert isinstance(writer.submit(PROGRAMME, city()), Recorded)
        _fill(conninfo, members)
        _verify(conninfo, database)
        dice = random.Random(20_261_101)
        ids = _ids(conninfo)
        for name, on, organisation, known in (
            (f"{members:,} on a board", MONTH, "", ids),
            (f"{members // 2:,} of 20 organisations", MONTH, "o1", ids),
            (f"{LARGE_MEMBERS:,} on a board", OTHER_MONTH, "", ids[:LARGE_MEMBERS]),
        ):
            for by in BYS:
                question = Question("month", on, by, "", organisation)
                _reads(
                    database,
                    report,
                    f"{name}, by {by}: top 100",
                    question,
                    lambda b: b.top(offset=0, limit=100),
                )
                _reads(
                    database,
                    report,
                    f"{name}, by {by}: rank and 5 neighbours either way",
                    question,
                    lambda b, known=known: b.around(dice.choice(known), neighbours=5),
                )
                _reads(
                    database,
                    report,
                    f"{name}, by {by}: 100 from anywhere",
                    question,
                    lambda b, known=known: b.top(offset=dice.randrange(len(known)), limit=100),
                )


def _fill(conninfo: str, members: int) -> None:
    names: dict[str, Any] = {
        "programme": PROGRAMME,
        "members": members,
        "organisations": ORGANISATIONS,
        "month": MONTH,
        "other_month": OTHER_MONTH,
        "large": LARGE,
        "small": SMALL,
        "view": Leaderboards.name,
    }
    with (
        closing(Database(conninfo, statement_ms_max=600_000)) as database,
        database.connection() as connection,
    ):
        for statement in FILL:
            connection.execute(statement, {**names, "bounds": PACKED_BOUNDS})
        _fill_small(connection)
        connection.execute("VACUUM (ANALYZE)")


def _fill_small(connection: Any) -> None:
    """Put the first 10,000 on a board that is still small."""
    rows = connection.execute(
        "SELECT p.number, s.organisation, s.amount_g, s.credits FROM views.leaderboard_people p"
        " JOIN views.leaderboard_scores s USING (participant_id) WHERE p.number <= %s ORDER BY p.number",
        (LARGE_MEMBERS,),
    ).fetchall()
    leaves: dict[int, list[Any]] = {}
    for row in rows:
        leaves.setdefault(row[0] >> LEAF_BITS, []).append(row)
    for leaf, inside in leaves.items():
        columns = [
            stored_numbers(array(code, column))
            for code, column in zip("iiqq", zip(*inside, strict=True), strict=True)
        ]
        connection.execute(
            "INSERT INTO views.leaderboard_leaves VALUES (%s, %s, %s, %s, %s, %s, %s, 1)",
            (PROGRAMME, SMALL, leaf, *columns),
        )
    connection.execute(
        "INSERT INTO views.leaderboard_fields VALUES (%s, %s, 0, %s, %s, 0, 0, 1)",
        (PROGRAMME, SMALL, len(rows), len(rows)),
    )


def _ids(conninfo: str) -> list[str]:
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute("SELECT participant_id FROM views.leaderboard_people ORDER BY number")
        return [own_id for (own_id,) in rows]


def _verify(conninfo: str, database: Database) -> None:
    """Hold some ranks against counting everybody who has more."""
    ids = random.Random(1).sample(_ids(conninfo), SAMPLES)
    columns: dict[By, Any] = {"grams": "amount_g", "credits": "credits"}
    with psycopg.connect(conninfo) as connection:
        for by, column in columns.items():
            for organisation in ("", "o1"):
                within = "" if not organisation else "AND o.organisation > 0"
                query: Any = (
                    f"SELECT 1 + count(*) FILTER (WHERE o.{column} > s.{column} {within})"  # noqa: S608
                    " FROM views.leaderboard_scores s, views.leaderboard_scores o"
                    f" WHERE s.participant_id = %s AND (s.organisation > 0 OR {not organisation})"
                )
                for own_id in ids[: SAMPLES // 2]:
                    naive = connection.execute(query, (own_id,)).fetchone()
                    with reading(database, PROGRAMME, Leaderboards.name) as snapshot:
                        board = Leaderboard(snapshot, Question("month", MONTH, by, "", organisation))
                        own = board.around(own_id, neighbours=0).own
                    assert naive is not None
                    assert own is None or own.rank == naive[0], (own_id, own, naive)


def _reads(
    database: Database,
    report: Report,
    name: str,
    question: Question,
    read: Callable[[Leaderboard], Any],
) -> None:
    """Read many times, each in a snapshot of its own, as a request does."""
    times_ms = []
    for _ in range(READS):
        begun = time.perf_counter()
        with reading(database, PROGRAMME, Leaderboards.name) as snapshot:
            read(Leaderboard(snapshot, question))
        times_ms.append((time.perf_counter() - begun) * 1000)
    times_ms.sort()
    report.add(f"{name}, p50", [times_ms[len(times_ms) // 2]], "ms")
    report.add(f"{name}, p99", [times_ms[len(times_ms) * 99 // 100]], "ms", at_most=20)
