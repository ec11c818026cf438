"""The long campaigns: `python -m bench.soak`. Each step must pass; what was found is printed as a table.

Campaigns take the same tests that `make test` runs briefly, and run them for long: the search for a
difference from the reference model, several processes on one programme, and crashes.
"""

import subprocess
import sys
import time

import click
from rich.console import Console
from rich.table import Table

from bench.report import machine
from ledger import config

STEPS: dict[str, tuple[str, int, dict[str, str]]] = {
    "search against the reference model": (
        "tests/property/test_ledger_against_model.py",
        1,
        {"HYPOTHESIS_PROFILE": "soak"},
    ),
    "four processes on one programme": ("tests/integration/test_many_writers.py", 6, {}),
    "crashes of workers and of the database": ("tests/integration/test_crashes.py", 10, {}),
    "projectors killed at random": (
        "tests/integration/test_projector_crashes.py",
        1,
        {"LEDGER_KILLS": "50"},
    ),
}


@click.command()
@click.option("--times", default=1, help="Go through every campaign this many times.")
def main(times: int) -> None:
    """Run the campaigns one after the other."""
    table = Table(title="Soak")
    for heading in ("campaign", "runs", "passed", "seconds"):
        table.add_column(heading)
    failed = False
    for name, (tests, runs, variables) in STEPS.items():
        begun = time.monotonic()
        passed = sum(run(tests, variables) for _ in range(runs * times))
        failed |= passed < runs * times
        table.add_row(name, str(runs * times), str(passed), f"{time.monotonic() - begun:.0f}")
    console = Console()
    console.print(table)
    for name, value in machine().items():
        console.print(f"{name}: {value}", highlight=False)
    sys.exit(failed)


def run(tests: str, variables: dict[str, str]) -> bool:
    """Run some tests in a process of their own; whether they passed."""
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tests)
    environment = {**config.environment(config.load()), **variables}
    return subprocess.run(command, env=environment, check=False).returncode == 0  # noqa: S603


if __name__ == "__main__":
    main()
