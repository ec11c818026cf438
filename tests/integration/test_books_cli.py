"""`ledger books export`: what it writes, what it tells, and which uses are wrong."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from ledger.cli import main
from tests.integration.bookkeepers import findings
from tests.integration.told import PROGRAMME

Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]


@pytest.fixture
def export(told: str) -> Run:
    def running(*arguments: str | Path, programme: str = PROGRAMME) -> Done:
        return subprocess.run(
            [sys.executable, "-m", "ledger.cli", "books", "export", "--programme", programme, *arguments],
            env={**os.environ, "DATABASE_URL": told},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return running


def test_the_books_of_a_period_are_written_and_told_of(export: Run, tmp_path: Path) -> None:
    path = tmp_path / "november.journal"
    period = ("--from", "2026-11-23", "--to", "2026-12-01", "--detail", "day", "--assets", "gCO2e,CNY")
    done = export("--format", "hledger", *period, "--out", path, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["file"], told["bytes"]) == (str(path), path.stat().st_size)
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"; The books of {PROGRAMME} from 2026-11-23 until before 2026-12-01; ")
    assert "; CNY, gCO2e; one entry for each day.\n" in text
    assert "CREDIT  ;" not in text
    assert f"{told['entries']} entries with {told['legs']} legs in {told['accounts']} accounts" in done.stderr
    assert findings("hledger", path) == ""
    assert path.stat().st_mode & 0o077 == 0, "its owner alone can read it"


def test_a_programme_that_nobody_opened_is_a_refusal(export: Run, tmp_path: Path) -> None:
    done = export("--format", "parquet", "--out", tmp_path / "books.parquet", programme="nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("programme_not_found: ")
    assert list(tmp_path.iterdir()) == []


def _wrong(*arguments: str | Path) -> str:
    """What is said of a wrong use, which comes to no database."""
    words = ["books", "export", "--programme", PROGRAMME, *map(str, arguments)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2
    return " ".join(re.sub("[│╭╮╰╯─]", " ", done.stderr).split())


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--format", "gnucash"), "gnucash"),
        (("--format", "hledger", "--from", "2026-11-23", "--to", "2026-11-23"), "later day than --from"),
        (("--format", "hledger", "--assets", "EUR"), "'EUR' is none of CNY, CREDIT, gCO2e"),
        (("--format", "hledger", "--assets", "CNY,CNY"), "named twice"),
        (("--format", "hledger", "--from", "yesterday"), "yesterday"),
    ],
)
def test_a_wrong_use_is_told(tmp_path: Path, arguments: tuple[str, ...], complaint: str) -> None:
    assert complaint in _wrong(*arguments, "--out", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_what_stands_under_the_name_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("mine")
    assert "something here already" in _wrong("--format", "hledger", "--out", path)
    assert "no such folder" in _wrong("--format", "hledger", "--out", tmp_path / "nowhere" / "out")
    assert path.read_text() == "mine"
