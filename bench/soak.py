"""The long campaigns: `python -m bench.soak`. Each step must pass; what was found is printed as a table.

Campaigns take the same tests that `make test` runs briefly, and run them for long: the search for a
difference from the reference model, several processes on one programme, and crashes. At last a year of
every template is simulated, and counted by other means, and a month is closed from files that are wrong.
"""

import subprocess
import sys
import time

import click
from rich.console import Console
from rich.table import Table

from bench.report import machine
from ledger import config

TESTS = ("pytest", "-q", "-p", "no:cacheprovider")

STEPS: dict[str, tuple[tuple[str, ...], int, dict[str, str]]] = {
    "search against the reference model": (
        (*TESTS, "tests/property/test_ledger_against_model.py"),
        1,
        {"HYPOTHESIS_PROFILE": "soak"},
    ),
    "search for pages that change a leaderboard, and for bodies that two readers take differently": (
        (*TESTS, "tests/property/test_leaderboards.py", "tests/property/test_decoders_agree.py"),
        1,
        {"HYPOTHESIS_PROFILE": "soak"},
    ),
    "four processes on one programme": ((*TESTS, "tests/integration/test_many_writers.py"), 6, {}),
    "crashes of workers and of the database": ((*TESTS, "tests/integration/test_crashes.py"), 10, {}),
    "projectors killed at random": (
        (*TESTS, "tests/integration/test_projector_crashes.py"),
        1,
        {"LEDGER_KILLS": "50"},
    ),
    "a year of every template, twice": (("bench.year", "--twice"), 1, {}),
    "a month closed from files that are wrong in every way": (("bench.month",), 1, {}),
}
"""The module that each campaign runs with its arguments, how often, and settings of its own."""


@click.command()
@click.option("--times", default=1, help="Go through every campaign this many times.")
def main(times: int) -> None:
    """Run the campaigns one after the other."""
    table = Table(title="Soak")
    for heading in ("campaign", "runs", "passed", "seconds"):
        table.add_column(heading)
    failed = False
    for name, (module, runs, variables) in STEPS.items():
        begun = time.monotonic()
        passed = sum(run(module, variables) for _ in range(runs * times))
        failed |= passed < runs * times
        table.add_row(name, str(runs * times), str(passed), f"{time.monotonic() - begun:.0f}")
    console = Console()
    console.print(table)
    for name, value in machine().items():
        console.print(f"{name}: {value}", highlight=False)
    sys.exit(failed)


def run(module: tuple[str, ...], variables: dict[str, str]) -> bool:
    """Run a module in a process of its own; whether it ended well."""
    command = (sys.executable, "-m", *module)
    environment = {**config.environment(config.load()), **variables}
    return subprocess.run(command, env=environment, check=False).returncode == 0  # noqa: S603


if __name__ == "__main__":
    main()
