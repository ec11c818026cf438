"""`ledger programme` on the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ledger.cli import main
from ledger.templates import shipped_template, template_names

Run = Callable[..., Result]


@pytest.fixture
def run(database: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DATABASE_URL", database)

    def running(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["programme", *arguments])

    return running


def test_the_templates_are_listed_with_what_they_are_for(run: Run) -> None:
    listed = run("templates")
    assert listed.exit_code == 0
    for name in template_names():
        assert name in listed.stdout
        assert shipped_template(name).name_zh in listed.stdout


def test_a_programme_is_tried_made_exported_and_made_again(run: Run, tmp_path: Path) -> None:
    wanted = (
        "create",
        "--template",
        "city-nev",
        "--id",
        "chengdu",
        "--name-zh",
        "成都碳普惠",
        "--name-en",
        "C",
    )
    tried = run(*wanted, "--dry-run")
    assert (tried.exit_code, "Nothing was written" in tried.stderr) == (0, True), tried.stderr
    made = run(*wanted)
    assert made.exit_code == 0, made.stderr
    assert made.stdout == tried.stdout
    assert "nev-day, nev-trip, charging" in made.stdout
    for step in (
        "ledger key create --programme chengdu",
        "/funds/green-travel/commitments",
        "/sinks/bamboo/",
    ):
        assert step in made.stderr
    again = run(*wanted)
    assert (again.exit_code, "programme_open" in again.stderr) == (1, True)
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    assert run("export", "--programme", "chengdu", "--as-template", str(one)).exit_code == 0
    copied = run("create", "--template", str(one), "--id", "mianyang", "--json")
    assert copied.exit_code == 0, copied.stderr
    commands = [json.loads(line) for line in copied.stdout.splitlines()]
    assert (commands[0]["id"], commands[0]["name_zh"]) == ("mianyang", "成都碳普惠")
    assert run("export", "--programme", "mianyang", "--as-template", str(two)).exit_code == 0
    assert one.read_bytes() == two.read_bytes()
    over = run("export", "--programme", "mianyang", "--as-template", str(two))
    assert over.exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("create", "--template", "village", "--id", "one"), 1, "template_not_found"),
        (("create", "--template", "community", "--id", "One!"), 2, "--id"),
        (
            ("create", "--template", "community", "--id", "one", "--time-zone", "Mars/Base"),
            1,
            "time_zone_unknown",
        ),
        (("create", "--template", "community", "--id", "one", "--valid-from", "soon"), 2, "--valid-from"),
        (("create", "--template", "community", "--id", "one", "--name-en", ""), 1, "template_unreadable"),
        (("export", "--programme", "none", "--as-template", "none.json"), 1, "programme_not_found"),
    ],
)
def test_what_cannot_be_made_is_refused_with_its_code(
    run: Run, arguments: tuple[str, ...], status: int, told: str
) -> None:
    refused = run(*arguments)
    assert (refused.exit_code, told in refused.stderr) == (status, True), refused.stderr
    assert not Path("none.json").exists()
