"""`ledger reconcile`: a month closed on the command line."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ledger.cli import main
from ledger.store.database import Database
from tests.integration.papers import MAPPING, Papers

PERIOD = ("--from", "2026-10-01", "--to", "2026-11-01")


class Line:
    """The command line over a market."""

    def __init__(self, database: str, papers: Papers, folder: Path) -> None:
        self.papers = papers
        self.folder = folder
        self._database = database

    def ask(self, command: str, *arguments: str) -> Result:
        """Run a command."""
        asked = ["reconcile", *command.split(), *arguments, "--programme", "market"]
        return CliRunner().invoke(main, asked, env={"DATABASE_URL": self._database})

    def told(self, command: str, *arguments: str) -> str:
        """Run a command that has to go well, and give what it says."""
        done = self.ask(command, *arguments)
        assert done.exit_code == 0, done.output
        return done.stdout

    def file(self, name: str, *rows: str) -> str:
        """Write a merchant's file."""
        path = self.folder / name
        path.write_text("\n".join(["order,amount,day,fee,own,store", *rows]), encoding="utf-8")
        return str(path)

    def mapping(self) -> str:
        """Write how it is read."""
        path = self.folder / "mapping.json"
        path.write_text(json.dumps(MAPPING), encoding="utf-8")
        return str(path)


@pytest.fixture
def line(database: str, tmp_path: Path) -> Iterator[Line]:
    """Two cups of coffee were drunk, of 9.00 and 8.00."""
    with Database(database) as opened:
        papers = Papers(opened, tmp_path, "market")
        papers.use("r1", 900)
        papers.use("r2", 800)
        papers.follow()
        yield Line(database, papers, tmp_path)
        papers.market.writer.close()


def test_a_month_is_closed(line: Line) -> None:
    file = line.file("october.csv", "r1,850,2026-10-01,,,", "r2,800,2026-10-01,,,")
    told = json.loads(line.told("import", file, "--kind", "merchant", "--merchant", "cafe", "--json"))
    assert (told["is_new"], told["rows"], told["name"], told["imported_by"]) == (
        True,
        2,
        "october.csv",
        "cli:operator",
    )
    again = line.ask("import", file, "--kind", "merchant", "--merchant", "cafe")
    assert again.exit_code == 0
    assert "nothing was added" in again.stderr
    shown = line.told("run", *PERIOD)
    assert "amount_differs" in shown
    assert shown.splitlines()[-1] == "ties out"
    run = json.loads(line.told("run", *PERIOD, "--json"))
    assert json.loads(line.told("report", "latest", "--json")) == run
    assert line.told("report", run["run_id"]) == shown
    assert line.told("check", run["run_id"]) == "the same\n"


def differing(line: Line) -> str:
    line.told(
        "import", line.file("a.csv", "r1,850,2026-10-01,,,", "=2,1,2026-10-01,,,", "r2,800,2026-10-01,,,"),
        "--kind", "merchant", "--merchant", "cafe", "--mapping", line.mapping(),
    )  # fmt: skip
    line.told("run", *PERIOD)
    [one] = [
        json.loads(text) for text in line.told("breaks", "--code", "amount_differs", "--json").splitlines()
    ]
    return str(one["break_id"])


def test_a_break_is_worked_off(line: Line) -> None:
    break_id = differing(line)
    assert "Wang" in line.told("assign", break_id, "--to", "Wang", "--by", "Li")
    line.told("note", break_id, "--note", "asked", "--by", "Wang")
    accepted = ("--as", "accepted", "--note", "too little")
    assert "proposed" in line.told("resolve", break_id, *accepted, "--by", "Wang")
    own = line.ask("confirm", break_id, "--by", "Wang")
    assert own.exit_code == 1
    assert "second_key_needed" in own.stderr
    line.told("refuse", break_id, "--note", "not so little", "--by", "Li")
    line.told("resolve", break_id, *accepted, "--by", "Wang")
    assert "resolved" in line.told("confirm", break_id, "--by", "Li")
    shown = json.loads(line.told("break", break_id, "--json"))
    assert [one["what"] for one in shown["history"]] == [
        *("found", "assigned", "noted", "proposed", "refused", "proposed", "resolved")
    ]
    assert (shown["resolved_by"], shown["confirmed_by"]) == ("cli:Wang", "cli:Li")
    assert "not so little" in line.told("break", break_id)
    assert break_id not in line.told("breaks", "--open")
    assert break_id in line.told("breaks", "--status", "resolved")


def test_breaks_as_csv_end_with_their_total(line: Line) -> None:
    differing(line)
    *breaks, total = csv.DictReader(io.StringIO(line.told("breaks", "--open", "--csv")))
    assert {one["reference"] for one in breaks} == {"r1", "'=2"}
    assert (total["break_id"], total["reference"], total["difference_fen"]) == ("total", "2", "-49")


def test_a_file_that_was_wrong_is_withdrawn(line: Line) -> None:
    differing(line)
    [file_id] = [json.loads(text)["file_id"] for text in line.told("files", "--json").splitlines()]
    assert "withdrawn" in line.told("withdraw", file_id, "--reason", "of May", "--by", "Li")
    assert "withdrawn" in line.told("files")
    assert "merchant" not in line.told("run", *PERIOD).split("ties out")[0].split("relation")[1]


def test_lines_that_cannot_be_read_are_shown_and_make_the_command_fail(line: Line) -> None:
    file = line.file("b.csv", "r1,9.0x,2026-10-01,,,")
    done = line.ask("import", file, "--kind", "merchant", "--merchant", "cafe")
    assert done.exit_code == 1
    assert "line 2: an amount is no plain decimal 9.0x" in done.stderr


def test_a_mapping_is_saved_and_shown(line: Line) -> None:
    assert line.told("mapping save", line.mapping(), "--merchant", "shop") == "shop: version 1\n"
    assert json.loads(line.told("mapping show", "--merchant", "shop"))["reference"] == "order"
    missing = line.ask("mapping show", "--merchant", "shop", "--version", "9")
    assert "mapping_not_found" in missing.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--from", "2026-10-01", "--to", "x"),
        ("run", *PERIOD, "--near-days", "99"),
        ("run", *PERIOD, "--merchant", " "),
        ("assign", "b-1", "--to", "Wang"),
        ("assign", "b-1", "--to", "", "--by", "Li"),
    ],
)
def test_a_wrong_use_is_told(line: Line, arguments: tuple[str, ...]) -> None:
    assert line.ask(*arguments).exit_code == 2
