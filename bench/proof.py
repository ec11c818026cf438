"""Building every view anew, deciding every event again and writing everything out: time and memory."""

import re
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from bench.programme import PROGRAMME
from bench.report import Report
from ledger import config

KB_PER_MB = 1024
LOOK_S = 0.05


def measure(conninfo: str, report: Report, *, events: int) -> None:
    """Run the auditor's commands on a log whose views are up to date, each in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="ledger-bench-export-") as folder:
        for name, arguments in (
            ("rebuild all", ("rebuild", "all", "--json")),
            ("verify", ("verify", "--json")),
            (
                "replay --until",
                ("replay", "--programme", PROGRAMME, "--until", str(events), "--to", folder + "/export"),
            ),
        ):
            elapsed_s, memory_mb = run(conninfo, *arguments)
            report.add(f"ledger {name}: {events:,} events", [elapsed_s], "s")
            report.add(f"ledger {name}: rate", [events / elapsed_s], "events/s")
            report.add(f"ledger {name}: memory at most", [memory_mb], "MB")
        written = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        report.add("what replay --until wrote", [written / 1_000_000], "MB")


def run(conninfo: str, *arguments: str) -> tuple[float, float]:
    """Run a command; give its seconds and its largest memory in MB."""
    settings = replace(config.load(), database_url=conninfo)
    begun, memory_kb = time.perf_counter(), 0
    with tempfile.TemporaryFile() as answers:
        process = subprocess.Popen(  # noqa: S603 - the command is ours
            [sys.executable, "-m", "ledger.cli", *arguments], env=config.environment(settings), stdout=answers
        )
        while process.poll() is None:
            memory_kb = max(memory_kb, peak_kb(process.pid))
            time.sleep(LOOK_S)
        elapsed_s = time.perf_counter() - begun
        answers.seek(0)
        said = answers.read().decode()
    assert process.returncode == 0, said[-2000:]
    return elapsed_s, memory_kb / KB_PER_MB


def peak_kb(process_id: int) -> int:
    """Give the largest memory that a process ever had, in KB; 0 when it is over."""
    try:
        status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) if found else 0
