"""What a run found: figures with their bars, the machine they were measured on, table and JSON."""

import json
import platform
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

SETTINGS_SHOWN = (
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "shared_buffers",
    "max_wal_size",
    "checkpoint_timeout",
    "wal_compression",
)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured number."""

    name: str
    rounds: list[float]
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def median(self) -> float:
        """The middle of the rounds."""
        return statistics.median(self.rounds)

    @property
    def holds(self) -> bool | None:
        """Whether the bar holds; None when there is none."""
        if self.at_least is not None:
            return self.median >= self.at_least
        if self.at_most is not None:
            return self.median <= self.at_most
        return None


@dataclass(kw_only=True)
class Report:
    """All figures of one run."""

    figures: list[Figure] = field(default_factory=list)
    database: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, rounds: Sequence[float], unit: str, **bar: Any) -> Figure:
        """Keep a figure and print it at once, for whoever is waiting."""
        figure = Figure(name=name, rounds=list(rounds), unit=unit, **bar)
        self.figures.append(figure)
        Console(stderr=True).print(f"  {name}: {shown(figure.median)} {unit}", highlight=False)
        return figure

    def print(self) -> None:
        """Print the table."""
        table = Table(title="Benchmarks: medians, with the lowest and highest round")
        for heading in ("figure", "median", "lowest", "highest", "unit", "bar", "holds", "note"):
            table.add_column(
                heading, justify="right" if heading in {"median", "lowest", "highest"} else "left"
            )
        for f in self.figures:
            bar = f"≥ {shown(f.at_least)}" if f.at_least is not None else ""
            bar = f"≤ {shown(f.at_most)}" if f.at_most is not None else bar
            holds = {None: "", True: "yes", False: "NO"}[f.holds]
            table.add_row(
                f.name,
                shown(f.median),
                shown(min(f.rounds)),
                shown(max(f.rounds)),
                f.unit,
                bar,
                holds,
                f.note,
            )
        console = Console()
        console.print(table, soft_wrap=True)
        for name, value in {**machine(), **self.database}.items():
            console.print(f"{name}: {value}", highlight=False)

    def write(self, path: Path) -> None:
        """Write everything as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        figures = [{**asdict(f), "median": f.median, "holds": f.holds} for f in self.figures]
        document = {"machine": machine(), "database": self.database, "figures": figures}
        path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def shown(value: float | None) -> str:
    """Write a number with as many digits as mean something."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def machine() -> dict[str, str]:
    """Describe where and what is measured."""
    git = ("git", "rev-parse", "--short", "HEAD")
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    cpu = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    cores = sum(line.startswith("processor") for line in Path("/proc/cpuinfo").read_text().splitlines())
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit,
        "cpu": f"{cpu}, {cores} cores",
        "python": platform.python_version(),
    }


def database_settings(connection: "psycopg.Connection[Any]") -> dict[str, str]:
    """Read the settings that bear on speed and durability."""
    shown_settings = {}
    for name in SETTINGS_SHOWN:
        row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
        shown_settings[name] = row[0] if row else ""
    return shown_settings
