"""The document of the books names accounts, options, columns and limits as they are; examples are real."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ledger.books import ASSETS, PLACES, TextFormat, Wanted, export_books
from ledger.books.accounts import CAPITALISED
from ledger.books.rows import SCHEMA
from ledger.cli import main
from ledger.domain import limits
from ledger.store.database import Database
from tests.contract.restoring import LOGS_FOLDER, read_log, restore
from tests.integration.bookkeepers import need

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENT = (DOCS / "books.md").read_text(encoding="utf-8")
EVENTS = (DOCS / "events.md").read_text(encoding="utf-8")

FILES: dict[TextFormat, str] = {
    "hledger": "old-town.journal",
    "ledger": "old-town.ledger",
    "beancount": "old-town.beancount",
}


def _table(heading: str, text: str = DOCUMENT) -> list[list[str]]:
    """The cells of a table, without back quotes."""
    rows = text.partition(heading)[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows]


def test_every_account_stands_in_the_table_in_order() -> None:
    table = _table("| address | account | why there |")
    assert [(address, account) for address, account, _ in table] == list(PLACES.items())
    assert all(why for _, _, why in table)


def test_every_address_that_events_have_has_a_place() -> None:
    cells = [row[0] for row in _table("| account | what stands in it | may be below zero |", EVENTS)]
    addresses = {name.strip("` ") for cell in cells for name in cell.split(",")}
    assert addresses
    assert {re.sub(r"\{\w+\}", "{id}", address) for address in addresses} <= PLACES.keys()


def test_ids_are_written_for_beancount_as_the_table_says() -> None:
    for own_id, written in _table("| id | in Beancount |"):
        assert CAPITALISED.written(own_id) == written


def test_every_column_of_the_parquet_file_is_described_with_its_type() -> None:
    table = _table("| column | type | meaning |")
    assert [(name, kind) for name, kind, _ in table] == [(field.name, str(field.type)) for field in SCHEMA]


def test_every_option_is_described_and_every_command_takes_its_options() -> None:
    books: Any = main.commands["books"]
    options = {name for parameter in books.commands["export"].params for name in parameter.opts}
    named = {name for [cell, _] in _table("| option | |") for name in re.findall(r"--\w+", cell)}
    assert options == named | {"--programme", "--format"}
    [commands] = re.findall(r"(?ms)^```sh\n(.*?)^```", DOCUMENT)
    assert set(re.findall(r"--\w+", commands)) <= options


def test_assets_and_the_limit_are_named_as_they_are() -> None:
    assert ", ".join(f"`{asset}`" for asset in ASSETS) in DOCUMENT
    assert f"logs of up to {limits.BOOKS_EVENTS_MAX:,} events" in DOCUMENT


# ── The examples ─────────────────────────────────────────────────────────────────────────────

EXAMPLES = [
    (command, output)
    for block in re.findall(r"(?ms)^```console\n(.*?)^```", DOCUMENT)
    for command, output in re.findall(r"(?ms)^\$ ([^\n]+)\n(.*?)(?=^\$ |\Z)", block)
]


def _words(text: str) -> list[list[str]]:
    """What stands on each line; how wide columns are is left to the tool."""
    return [line.split() for line in text.splitlines() if line.split()]


def _tool(word: str) -> tuple[TextFormat, str]:
    if word == "bean-check":
        return "beancount", str(Path(sys.executable).with_name(word))
    tool: TextFormat = "hledger" if word == "hledger" else "ledger"
    return tool, f"/usr/bin/{tool}"


@pytest.fixture
def folder(database: str, tmp_path: Path) -> Path:
    """A folder with the books of a log that never changes."""
    with Database(database) as opened:
        restore(opened, "old-town", read_log(LOGS_FOLDER / "0.1.0.ndjson"))
        for tool, name in FILES.items():
            export_books(opened, Wanted(programme_id="old-town"), tool, tmp_path / name)
    return tmp_path


def test_every_example_gives_what_the_document_shows(folder: Path) -> None:
    assert {_tool(command.split()[0])[0] for command, _ in EXAMPLES} == FILES.keys()
    for command, output in EXAMPLES:
        word, *arguments = shlex.split(command)
        tool, program = _tool(word)
        need(tool)
        done = subprocess.run(
            [program, *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(folder), "COLUMNS": "80"},
        )
        assert (done.returncode, done.stderr) == (0, ""), command
        assert _words(done.stdout) == _words(output), command
