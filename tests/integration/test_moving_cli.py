"""The commands that move a programme: what they tell, and when they refuse."""

import json
from pathlib import Path

from tests.command_line import Done, ledger
from tests.integration.told import PROGRAMME

NOWHERE = "postgresql://127.0.0.1:1/nowhere"


def _run(conninfo: str, *arguments: str) -> Done:
    return ledger(*arguments, DATABASE_URL=conninfo)


def test_a_programme_moves_by_two_commands_and_a_look_at_the_file_needs_no_database(
    told: str, database: str, tmp_path: Path
) -> None:
    to = str(tmp_path / "school.ledger")
    exported = _run(told, "export-ledger", "--programme", PROGRAMME, "--to", to)
    assert (exported.returncode, exported.stdout.split()[:2]) == (0, ["programme", PROGRAMME])
    assert "stop the programme's callers before you move it" in exported.stderr
    checked = _run(NOWHERE, "import-ledger", "--check", to)
    assert (checked.returncode, checked.stdout) == (0, exported.stdout)
    imported = _run(database, "import-ledger", to, "--json")
    manifest = json.loads(imported.stdout)
    assert (imported.returncode, manifest["programme_id"]) == (0, PROGRAMME)
    assert manifest["events_sha256"] in exported.stdout
    assert "Keys and webhooks did not come along" in imported.stderr
    again = _run(database, "import-ledger", to)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.startswith("programme_exists: ")


def test_a_file_is_never_written_over_and_a_wrong_place_is_a_wrong_use(told: str, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("mine")
    for to, said in (
        (there, "there is something here already"),
        (there / "in it", "there is no such folder"),
    ):
        done = _run(told, "export-ledger", "--programme", PROGRAMME, "--to", str(to))
        assert done.returncode == 2
        assert said in done.stderr
    assert there.read_text() == "mine"


def test_what_is_no_ledger_file_is_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("something else")
    done = _run(NOWHERE, "import-ledger", "--check", str(tmp_path / "other"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("ledger_file_unreadable: ")
    assert _run(NOWHERE, "import-ledger", "--check", str(tmp_path / "nothing")).returncode == 2
