"""A month closed from files that are wrong in every way: `python -m bench.month`.

A seed makes a month of merchants, redemptions, files and defects. What is told apart from what is
measured: the log and the files are there before; from the first file's import to hledger's verdict is
one process, whose time and memory count. Exits with 1 unless exactly what is wrong was found.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time as timing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import click
import msgspec
import psycopg
from rich.console import Console
from rich.table import Table

from bench.month_close import TOLD, Told
from bench.month_plan import Plan
from bench.month_setup import Month, prepare
from bench.month_verdict import HLEDGER
from bench.programme import new_database, server
from bench.report import database_settings, machine
from ledger import config
from ledger.bootstrap import prepare_process

ELAPSED_S_MAX: Final = 60
GROWTH_MB_MAX: Final = 40
"""That a month ten times as large may take more in memory: its findings, the accounts of its programme."""


@dataclass(frozen=True, kw_only=True)
class Round:
    """One month, prepared and closed."""

    plan: Plan
    month: Month
    told: Told
    setup_s: float


def month(conninfo: str, plan: Plan, *, keep: Path | None = None) -> Round:
    """Prepare a month in a new database, and close it in a process of its own."""
    begun_s = timing.perf_counter()
    with new_database(conninfo) as database, tempfile.TemporaryDirectory(prefix="ledger-month-") as name:
        folder = Path(name)
        prepared = prepare(database, folder, plan, _say)
        setup_s = timing.perf_counter() - begun_s
        settings = replace(config.load(), database_url=database)
        command = (sys.executable, "-m", "bench.month_close", name)
        subprocess.run(command, env=config.environment(settings), check=True)  # noqa: S603 - ours
        told = msgspec.json.decode((folder / TOLD).read_bytes(), type=Told)
        if keep is not None:
            shutil.copytree(folder, keep, dirs_exist_ok=True)
    return Round(plan=plan, month=prepared, told=told, setup_s=setup_s)


def _say(text: str) -> None:
    click.echo(text, err=True)


@click.command()
@click.option("--merchants", default=200)
@click.option("--redemptions", default=300_000)
@click.option("--participants", default=20_000)
@click.option("--seed", default=20_261_101)
@click.option("--defects", default=12, help="Of each way in which a file can be wrong.")
@click.option(
    "--tenth/--no-tenth", default=True, help="Close a month of a tenth too, and compare the memory."
)
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the files, what was injected and told.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), default=Path("var/month.json"))
def main(
    *,
    merchants: int,
    redemptions: int,
    participants: int,
    seed: int,
    defects: int,
    tenth: bool,
    keep: Path | None,
    json_path: Path,
) -> None:
    """Close a month, print what was found, write JSON; exit with 1 unless all of it was right."""
    prepare_process()
    if not Path(HLEDGER).exists():
        raise click.ClickException(f"{HLEDGER} is not there: apt-get install hledger")
    plan = Plan(
        merchants=merchants,
        redemptions=redemptions,
        participants=participants,
        seed=seed,
        defects=defects,
        bank_defects=max(1, min(5, merchants // 20)),
    )
    plans = [replace(plan, redemptions=redemptions // 10), plan] if tenth else [plan]
    with server() as conninfo:
        with psycopg.connect(conninfo) as connection:
            settings = database_settings(connection)
        rounds = []
        for one in plans:
            rounds.append(month(conninfo, one, keep=keep if one is plan else None))
            show(rounds[-1])
    problems = [problem for one in rounds for problem in one.told.problems]
    if tenth:
        small, large = (one.told.memory_mb for one in rounds)
        click.echo(f"memory at most: {small:.0f} MB of a tenth, {large:.0f} MB of all")
        if large > small + GROWTH_MB_MAX:
            problems.append("memory grows with the month")
    _write(json_path, rounds, settings, problems)
    sys.exit(bool(problems))


def _write(path: Path, rounds: list[Round], settings: dict[str, str], problems: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "machine": machine(),
        "database": settings,
        "months": [_summary(one) for one in rounds],
        "problems": problems,
    }
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    click.echo(f"written to {path}")


def _summary(one: Round) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(one.told)
    for code, found in one.told.found.items():
        told["found"][code] |= {"precision": found.precision, "recall": found.recall}
    return {
        "plan": asdict(one.plan),
        "setup_s": one.setup_s,
        "commands_per_s": one.month.commands_per_s,
        "events": one.month.view_position,
        "lines": one.month.lines,
        "files": len(one.month.files),
        **told,
    }


def show(one: Round) -> None:
    """Print what was found in a month, and how long it took."""
    told, console = one.told, Console()
    title = f"{one.plan.merchants} merchants, {one.plan.redemptions:,} redemptions"
    table = Table("code", "injected", "found", "precision", "recall", title=title)
    for code, found in told.found.items():
        rates = (f"{rate:.3f}" for rate in (found.precision, found.recall))
        table.add_row(code, str(found.injected), str(found.found), *rates)
    console.print(table)
    for relation, codes in told.relations.items():
        console.print(f"{relation}: {', '.join(codes)}", highlight=False)
    times = Table("phase", "s", "of work", title=f"{told.elapsed_s:.1f} s, {told.memory_mb:.0f} MB at most")
    for name, elapsed_s in told.phases_s.items():
        times.add_row(name, f"{elapsed_s:.2f}", f"{told.cpu_s[name]:.2f}")
    console.print(times)
    console.print(
        f"before: {one.setup_s:.0f} s, {one.month.commands_per_s:,.0f} commands/s, "
        f"{one.month.view_position:,} events. {len(one.month.files)} files of {told.rows:,} rows; "
        f"{told.breaks_resolved:,} breaks resolved; {told.settled} of {one.plan.merchants} merchants paid; "
        f"{told.accounts} accounts as hledger has them.",
        highlight=False,
    )
    for problem in told.problems:
        console.print(f"[red]{problem}[/]", highlight=False)
    console.print(f"{len(told.problems)} problems")


if __name__ == "__main__":
    main()
