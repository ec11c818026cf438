"""The books of a busy town: time and memory of writing them, and of the tools that read them."""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.programme import PROGRAMME
from bench.proof import KB_PER_MB, LOOK_S, peak_kb, run
from bench.report import Report
from bench.town import Town

EVENTS = 100_000
DETAILS = ("event", "day")
FORMATS = ("hledger", "ledger", "beancount", "parquet")

READERS = {
    "hledger": ("/usr/bin/hledger", "check", "--strict", "-f"),
    "ledger": ("/usr/bin/ledger", "--args-only", "--pedantic", "balance", "-f"),
    "beancount": (sys.executable, "-m", "beancount.scripts.check", "--no-cache"),
}
READ_S_MAX = 900
"""After which a tool is stopped, and the figure left out."""


def measure(conninfo: str, report: Report, *, events: int = EVENTS) -> None:
    """Fill a log, write its books in every format and detail, and have each tool check them."""
    with Town(conninfo) as town:
        town.fill(events)
        events = town.position
    with tempfile.TemporaryDirectory(prefix="ledger-bench-books-") as folder:
        for detail in DETAILS:
            for form in FORMATS:
                file = Path(folder) / f"{detail}.{form}"
                options = ("--programme", PROGRAMME, "--format", form, "--detail", detail)
                elapsed_s, memory_mb = run(conninfo, "books", "export", *options, "--out", str(file))
                what = f"books export, {form} by {detail}"
                report.add(f"{what}: {events:,} events", [elapsed_s], "s")
                report.add(f"{what}: rate", [events / elapsed_s], "events/s")
                report.add(f"{what}: memory at most", [memory_mb], "MB")
                report.add(f"{what}: the file", [file.stat().st_size / 1_000_000], "MB")
                if form in READERS and shutil.which(READERS[form][0]):
                    _read(form, detail, file, report)


def _read(form: str, detail: str, file: Path, report: Report) -> None:
    """Have a tool check the books."""
    begun, memory_kb = time.perf_counter(), 0
    with subprocess.Popen(  # noqa: S603 - the command is ours
        [*READERS[form], str(file)], stdout=subprocess.DEVNULL
    ) as process:
        while process.poll() is None and time.perf_counter() - begun < READ_S_MAX:
            memory_kb = max(memory_kb, peak_kb(process.pid))
            time.sleep(LOOK_S)
        elapsed_s = time.perf_counter() - begun
        if process.poll() is None:
            process.kill()
            return
    assert process.returncode == 0
    report.add(f"{form} checks the books by {detail}", [elapsed_s], "s")
    report.add(f"{form} checks the books by {detail}: memory at most", [memory_kb / KB_PER_MB], "MB")
