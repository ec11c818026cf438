"""The commands that rebuild, prove and export: what they tell, and when they exit with 1."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command_line import Done, ledger
from tests.integration.told import PROGRAMME, Damage

Run = Callable[..., Done]


@pytest.fixture
def run(told: str) -> Run:
    def running(*arguments: str) -> Done:
        return ledger(*arguments, DATABASE_URL=told)

    return running


def test_rebuild_tells_what_differed_and_puts_it_right(run: Run, damage: Damage) -> None:
    damage.run("UPDATE views.checksums SET position = 3")
    [(head,)] = damage.rows("SELECT position FROM heads")
    compared = run("rebuild", "checksums", "--compare-only")
    assert compared.returncode == 1
    changed = f"checksums programme_id=green-city block=0: changed, explained by event {head}"
    assert changed in compared.stdout
    assert f"  position: live 3, rebuilt {head}" in compared.stdout
    report = json.loads(run("rebuild", "all", "--json").stdout)
    assert (report["is_equal"], report["views"][0]["is_replaced"]) == (False, True)
    again = run("rebuild", "checksums", "--programme", PROGRAMME, "--fresh")
    assert (again.returncode, again.stdout.splitlines()[1].split()[-1]) == (0, "equal")


def test_rebuild_of_a_programme_that_nobody_opened_is_a_refusal(run: Run) -> None:
    done = run("rebuild", "all", "--programme", "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("programme_not_found: ")


def test_rebuild_of_a_view_that_is_none_is_a_wrong_use(run: Run) -> None:
    assert run("rebuild", "nothing").returncode == 2


def test_verify_tells_what_differs(run: Run, damage: Damage, tmp_path: Path) -> None:
    proved = run("verify", "--programme", PROGRAMME, "--state", str(tmp_path / "state"))
    assert (proved.returncode, proved.stdout.splitlines()[1].split()[-1]) == (0, "proved")
    damage.run("UPDATE balances SET amount = amount + 1 WHERE account = 'fees'")
    shown = run("verify")
    assert shown.returncode == 1
    assert "balance_differs" in shown.stdout
    assert "redemption.fulfilled" in shown.stdout
    [line] = run("verify", "--since", "20", "--json").stdout.splitlines()
    report = json.loads(line)
    assert report["findings_count"] == {"balance_differs": 1, "settled_money_differs": 1}
    assert (report["since"], report["is_equal"]) == (20, False)


def test_replay_writes_views_of_a_position(run: Run, tmp_path: Path) -> None:
    to = str(tmp_path / "out")
    done = run("replay", "--until", "30", "--to", to, "--programme", PROGRAMME)
    assert (done.returncode, done.stderr) == (0, "")
    assert "checksums.parquet" in done.stdout
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["position"] == 30
    again = run("replay", "--until", "30", "--to", to, "--programme", PROGRAMME)
    assert again.returncode == 2
    assert "there is something here already" in again.stderr
    other = run("replay", "--until", "30", "--to", f"{to}2", "--programme", PROGRAMME, "--json")
    assert json.loads(other.stdout) == json.loads((tmp_path / "out" / "manifest.json").read_text())


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--check", "--until", "3"),
        ("--until", "3", "--to", "x"),
        ("--to", "x", "--programme", "p"),
        ("--until", "0", "--to", "x", "--programme", "p"),
    ],
)
def test_replay_needs_one_of_its_two_ways(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("replay", *arguments).returncode == 2
