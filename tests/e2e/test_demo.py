"""The demonstration a newcomer runs first: it succeeds, again and again, and leaves nothing running."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

LEDGER = Path(sys.executable).with_name("ledger")


@pytest.fixture
def folder() -> Iterator[Path]:
    # Shorter than pytest's own, so that the database's socket fits inside.
    with tempfile.TemporaryDirectory(prefix="ledger-") as path:
        yield Path(path)


def _run(folder: Path, *arguments: str, database_url: str = "") -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "DATABASE_URL": database_url, "LEDGER_DATA_DIR": str(folder)}
    return subprocess.run(
        [LEDGER, *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def _processes_of(folder: Path) -> list[str]:
    """Command lines and environments that name the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            named = process.joinpath("cmdline").read_bytes() + process.joinpath("environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in named:
            found.append(process.name)
    return found


def test_the_demonstration_succeeds_twice_on_the_same_data_and_leaves_nothing_running(folder: Path) -> None:
    programmes = []
    for _ in range(2):
        done = _run(folder, "demo")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "All checks passed" in done.stdout
        programmes += re.findall(r"programme (demo-\d{8}-\d{6})", done.stdout)
        assert _processes_of(folder) == []
    assert len(set(programmes)) == 2

    checked = _run(folder, "replay", "--check")
    assert checked.returncode == 0
    assert all(re.search(rf"{programme} .* equal", checked.stdout) for programme in programmes)
    assert _processes_of(folder) == []


def test_it_names_its_data_shows_every_step_and_ends_every_key(folder: Path) -> None:
    told = _run(folder, "demo").stdout
    for part in (
        "RSK Twizy EV Dataset (CC-BY-4.0)",
        "T3_06_07_2021",
        "illustrative",
        "76,568",  # grams together
        "757",  # credits together
        "Idempotent-Replay",
        "insufficient_credits",
        "485.00",
        "82 legs",
        "11 accounts",
    ):
        assert part in told
    keys = _run(folder, "key", "list").stdout.splitlines()[1:]
    assert len(keys) == 4
    assert not any(key.rstrip().endswith("no") for key in keys)


def test_it_leaves_a_named_database_alone(folder: Path) -> None:
    done = _run(folder, "demo", database_url="postgresql://nobody@192.0.2.1/nowhere")
    assert done.returncode == 0, done.stdout + done.stderr
