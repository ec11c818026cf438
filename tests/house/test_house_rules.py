"""Bans that no linter knows: floats, clocks, SQL in Python, long files, vague names, machine paths."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

LINES_MAX = 300
LONGER_FOR_A_REASON = {
    "ledger/config.py": "every setting is read in one place",
    "ledger/domain/errors.py": "one tree is read in one place; every leaf is a few lines of data",
    "ledger/domain/limits.py": "every bound with its reason is read in one place",
    "ledger/domain/redemption.py": "five steps of one state machine, each read beside the one before it",
}
SQL_ALLOWED = {("ledger/store/database.py", "SELECT 1")}
DDL_ALLOWED = {
    "ledger/store/sql/migrations.sql",  # the list of migrations is there before the first one
    "ledger/store/sql/shadow.sql",  # tables beside the live ones, of their shape, for one run
}

_SQL = re.compile(
    r"\b(SELECT|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|TRUNCATE|WITH\s+\w+\s+AS|"
    r"(CREATE|ALTER|DROP)\s+(TABLE|INDEX|TYPE|FUNCTION|SCHEMA|ROLE))\b"
)
_DDL = re.compile(r"\b(CREATE|ALTER|DROP|GRANT|REVOKE)\s+(TABLE|INDEX|TYPE|FUNCTION|SCHEMA|ROLE)\b")
_MACHINE = re.compile(r"/(?:work|root)/|files\.pythonhosted|\bpypi\.org|registry\.npmjs")
_VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "manager", "service", "misc"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(*folders: str) -> list[str]:
    paths = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path.relative_to(ROOT).as_posix() for path in paths)


def tree(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def is_documented(node: ast.Module | ast.ClassDef | Function) -> bool:
    return bool(ast.get_docstring(node))


def at(path: str, node: ast.expr | ast.stmt) -> str:
    return f"{path}:{node.lineno}"


# ── Numbers and time ─────────────────────────────────────────────────────────────────────────


def floats(path: str) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        match node:
            case ast.Constant(value=float() | complex()) | ast.Name(id="float" | "complex"):
                yield at(path, node)


def test_the_domain_knows_no_float() -> None:
    assert [found for path in python_files("ledger/domain") for found in floats(path)] == []


def clocks(path: str) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        match node:
            case ast.Attribute(attr="now" | "utcnow" | "today", value=ast.Name(id="datetime" | "date")):
                yield at(path, node)
            case ast.Attribute(attr="utcnow") | ast.Attribute(value=ast.Name(id="time")):
                yield at(path, node)
            case ast.Import(names=names) if any(name.name == "time" for name in names):
                yield at(path, node)
            case ast.ImportFrom(module="time"):
                yield at(path, node)


def test_neither_the_domain_nor_a_projection_reads_a_clock() -> None:
    files = python_files("ledger/domain", "ledger/projections")
    assert [found for path in files for found in clocks(path)] == []


# ── SQL ──────────────────────────────────────────────────────────────────────────────────────


def texts(path: str) -> Iterator[ast.Constant]:
    """Every text in a file but its docstrings."""
    module = tree(path)
    bare = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
            yield node


def test_no_sql_stands_in_python() -> None:
    found = [
        at(path, text)
        for path in python_files("ledger", "api")
        for text in texts(path)
        if _SQL.search(str(text.value)) and (path, text.value) not in SQL_ALLOWED
    ]
    assert found == []


def test_sql_stands_in_its_folders_and_only_migrations_change_tables() -> None:
    files = [
        path.relative_to(ROOT) for folder in ("ledger", "api") for path in (ROOT / folder).rglob("*.sql")
    ]
    assert files
    assert [path for path in files if path.parent.name != "sql"] == []
    ddl = {path.as_posix() for path in files if _DDL.search((ROOT / path).read_text(encoding="utf-8"))}
    assert ddl == DDL_ALLOWED


# ── Files ────────────────────────────────────────────────────────────────────────────────────


def test_no_file_is_long_without_a_reason() -> None:
    lines = {
        path: len((ROOT / path).read_text(encoding="utf-8").splitlines())
        for path in python_files("ledger", "api")
    }
    long = {path for path, count in lines.items() if count > LINES_MAX}
    assert long - LONGER_FOR_A_REASON.keys() == set()
    assert LONGER_FOR_A_REASON.keys() - long == set(), "a file that became short needs no reason"


def test_no_module_has_a_name_that_says_nothing() -> None:
    files = python_files("ledger", "api", "bench", "tests")
    assert [path for path in files if _VAGUE & set(Path(path).with_suffix("").parts)] == []


def committed() -> list[Path]:
    """Every file of the checkout that git knows or would add, or every file where there is no git."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        found = (path for path in ROOT.rglob("*") if not {".venv", "var"} & set(path.parts))
        return [path for path in found if path.is_file()]
    return [path for path in (ROOT / name for name in names.split("\0") if name) if path.is_file()]


def test_no_file_names_a_place_of_one_machine_or_a_registry() -> None:
    found = []
    for path in committed():
        content = path.read_bytes()
        if b"\0" not in content and _MACHINE.search(content.decode("utf-8", errors="replace")):
            found.append(path.relative_to(ROOT).as_posix())
    assert found == []


# ── Docstrings ───────────────────────────────────────────────────────────────────────────────


def undocumented(path: str) -> Iterator[str]:
    module = tree(path)
    if module.body and not is_documented(module):
        yield path
    rooms: list[ast.Module | ast.ClassDef] = [module]
    while rooms:
        for node in rooms.pop().body:
            if not isinstance(node, ast.ClassDef | Function) or node.name.startswith("_"):
                continue
            if not is_documented(node):
                yield f"{at(path, node)} {node.name}"
            if isinstance(node, ast.ClassDef):
                rooms.append(node)


def test_everything_public_says_what_it_does() -> None:
    assert [found for path in python_files("ledger", "api") for found in undocumented(path)] == []


# ── The bans themselves ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("source", "finds"),
    [
        ("half = 0.5", floats),
        ("def f(x: float) -> int: ...", floats),
        ("x = float(y)", floats),
        ("from datetime import datetime\nx = datetime.now(UTC)", clocks),
        ("x = date.today()", clocks),
        ("import datetime as d\nx = d.datetime.utcnow()", clocks),
        ("import time\nx = time.time()", clocks),
        ("from time import monotonic", clocks),
        ("def f() -> None:\n    pass", undocumented),
        ('"""A module."""\n\n\nclass A:\n    """A class."""\n\n    def f(self) -> None: ...', undocumented),
    ],
)
def test_a_ban_finds_what_it_bans(tmp_path: Path, source: str, finds: object) -> None:
    path = tmp_path / "slip.py"
    path.write_text(source, encoding="utf-8")
    assert callable(finds)
    assert list(finds(str(path)))


@pytest.mark.parametrize(
    "text",
    [
        "SELECT name FROM trees",
        "INSERT INTO trees VALUES (1)",
        "UPDATE trees SET name = 'x'",
        "DELETE\n FROM trees",
        "CREATE TABLE trees ()",
    ],
)
def test_sql_is_recognised(text: str) -> None:
    assert _SQL.search(text)


@pytest.mark.parametrize(
    "text", ["/{}/main/ledger".format("work"), "/{}/.cache".format("root"), "https://{}.org/x".format("pypi")]
)
def test_a_place_of_one_machine_is_recognised(text: str) -> None:
    assert _MACHINE.search(text)
