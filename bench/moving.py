"""Moving a busy town to another deployment: time and memory of each command, in a process of its own."""

import tempfile
from pathlib import Path

from bench.programme import PROGRAMME
from bench.proof import run
from bench.report import Report
from bench.town import Town

EVENTS = 200_000


def measure(conninfo: str, others: list[str], report: Report, *, events: int = EVENTS) -> None:
    """Fill a log, write it into a file, look at the file, and take it in: with and without deciding again.

    Args:
        conninfo: of an empty database, in which the town comes to be.
        others: two more, to which it moves.
        report: what is told.
        events: in the log.
    """
    with Town(conninfo) as town:
        town.fill(events)
        events = town.position
    with tempfile.TemporaryDirectory(prefix="ledger-bench-moving-") as folder:
        file = Path(folder) / "town.ledger"
        for name, database, arguments in (
            ("export-ledger", conninfo, ("export-ledger", "--programme", PROGRAMME, "--to", str(file))),
            ("import-ledger --check", conninfo, ("import-ledger", "--check", str(file))),
            ("import-ledger", others[0], ("import-ledger", str(file))),
            (
                "import-ledger --without-deciding",
                others[1],
                ("import-ledger", "--without-deciding", str(file)),
            ),
        ):
            elapsed_s, memory_mb = run(database, *arguments)
            report.add(f"ledger {name}: {events:,} events", [elapsed_s], "s")
            report.add(f"ledger {name}: rate", [events / elapsed_s], "events/s")
            report.add(f"ledger {name}: memory at most", [memory_mb], "MB")
        report.add("the file", [file.stat().st_size / 1_000_000], "MB")
