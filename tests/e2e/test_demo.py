"""The demonstration a newcomer runs first: it succeeds, again and again, and leaves nothing running."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

LEDGER = Path(sys.executable).with_name("ledger")


def _folder() -> Iterator[Path]:
    # Shorter than pytest's own, so that the database's socket fits inside.
    with tempfile.TemporaryDirectory(prefix="ledger-") as path:
        yield Path(path)


folder = pytest.fixture(_folder, name="folder")
shown_in = pytest.fixture(_folder, name="shown_in", scope="module")


def _run(folder: Path, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "DATABASE_URL": "", "LEDGER_DATA_DIR": str(folder), **settings}
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


@pytest.fixture(scope="module")
def twice(shown_in: Path) -> "list[subprocess.CompletedProcess[str]]":
    """Two runs on the same data, neither of which left anything running."""
    runs = []
    for _ in range(2):
        runs.append(_run(shown_in, "demo"))
        assert _processes_of(shown_in) == []
    return runs


@pytest.fixture(scope="module")
def told(twice: "list[subprocess.CompletedProcess[str]]") -> str:
    """What the first of them told."""
    return twice[0].stdout


def test_the_demonstration_succeeds_twice_on_the_same_data_and_leaves_nothing_running(
    shown_in: Path, twice: "list[subprocess.CompletedProcess[str]]"
) -> None:
    programmes = []
    for done in twice:
        assert done.returncode == 0, done.stdout + done.stderr
        assert "All checks passed" in done.stdout
        programmes += re.findall(r"programme (demo-\d{8}-\d{6})", done.stdout)
    assert len(set(programmes)) == 2

    checked = _run(shown_in, "replay", "--check")
    assert checked.returncode == 0
    programmes += [f"{programme}-nev" for programme in programmes]
    assert all(re.search(rf"{programme} .* equal", checked.stdout) for programme in programmes)
    assert _processes_of(shown_in) == []


def test_it_names_its_data_shows_every_step_and_ends_every_key(shown_in: Path, told: str) -> None:
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
    keys = _run(shown_in, "key", "list").stdout.splitlines()[1:]
    assert len(keys) == 30  # five for each of three programmes, twice
    assert not any(key.rstrip().endswith("no") for key in keys)


def test_a_second_programme_shows_what_stands_between_an_act_and_a_credit(told: str) -> None:
    for part in (
        "demo-.*-nev of the template city-nev: 21 commands, all or none",
        r"read +11 ",
        r"accepted +4 ",
        r"discounted +1 ",
        r"held +2 +1 manual, 1 jump",
        r"rejected +2 +1 rollback, 1 invalid_sentinel",
        r"duplicates +1 ",
        r"unreadable +1 +1 odometer_malformed",
        "day-05 released by Wang Li: 7,021 g, 70 credits",
        "day-02 corrected to 36.2 km: -3,814 g and -38 credits, so 5,114 g and 51 credits stand",
        r"session-1, .* is rejected \(claimed\): day-01 of oem stands, from 2024-05-05T16:00:00Z",
        r"a claim now is refused \(credits_not_ripe\): the template has credits ripen for 48 hours",
        r"200 of them retired for 2 .*, serials 1 to 2: certificate demo-.*-nev/bamboo/000001-[0-9A-Z]\n",
        "应得 70 积分，实发 70 积分，未被任何上限削减。复算：70，与记录一致。",
        "70 credits desired, 70 credits awarded: no cap clipped them. Recomputed: 70, equal",
        r"demo-[0-9-]*-nev: ledger replay --check agrees.* ledger verify has decided each of them again",
    ):
        assert re.search(part, told), part
    # Credits ripen for two days and can be claimed for seven more.
    waiting = re.findall(r"are ripening, to be claimed from (\S+) to just before (\S+)", told)
    begun = re.search(r"programme demo-(\d{8}-\d{6})-nev", told)
    assert len(waiting) == 2
    assert begun is not None
    for ripens_at, claim_by in waiting:
        ripens, over = datetime.fromisoformat(ripens_at), datetime.fromisoformat(claim_by)
        waited = ripens - datetime.strptime(f"{begun[1]}+0000", "%Y%m%d-%H%M%S%z")
        assert timedelta(days=2) <= waited < timedelta(days=2, minutes=2)
        assert over - ripens == timedelta(days=7)


def test_it_ends_with_a_statement_that_is_closed_approved_paid_and_reconciled(told: str) -> None:
    for part in (
        r"grocery-000001 +社区菜店 Greengrocer +issued +12 +139\.68 +139\.68",
        r"closed a second time: the same statements, byte for byte",
        r"line grocery-04 is disputed: 11\.64 元 held back",
        r"may not approve them \(second_key_needed\)",
        r"missing_at_merchant +grocery +grocery-07 +12\.00",
        r"amount_differs +grocery +grocery-09 +12\.00 +11\.50",
        r"every statement is settled",
    ):
        assert re.search(part, told), part
    found = re.search(r"closed, approved, paid and reconciled: (\S+\.pdf)", told)
    assert found is not None
    assert Path(found[1]).read_bytes().startswith(b"%PDF-")


def test_it_leaves_a_named_database_alone_and_asks_again_for_views_that_are_not_there_yet(
    folder: Path,
) -> None:
    nowhere = "postgresql://nobody@192.0.2.1/nowhere"
    done = _run(folder, "demo", DATABASE_URL=nowhere, LEDGER_VIEW_WAIT_MS_MAX="0")
    assert done.returncode == 0, done.stdout + done.stderr
