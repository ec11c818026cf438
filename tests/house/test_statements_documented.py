"""The document of statements says what they show, and its program finds out what was changed."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from ledger.documents.as_csv import EXACT_DIGITS_MAX
from ledger.documents.paper import FONTS
from ledger.documents.summary import RowName
from ledger.documents.words import TEXTS
from ledger.domain.limits import PDF_LINES_MAX, SHEET_LINES_MAX

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/statements.md").read_text(encoding="utf-8")
KEPT = ROOT / "tests/data/statements/teahouse-000003.json"


@pytest.mark.parametrize("name", get_args(RowName))
def test_every_row_of_the_summary_stands_in_the_document(name: RowName) -> None:
    assert re.search(rf"(?m)^\| .*{TEXTS[name][0]}", DOCUMENT)


@pytest.mark.parametrize("sheet", ["summary", "funds", "payouts", "lines"])
def test_every_sheet_stands_in_the_document(sheet: str) -> None:
    zh, en = TEXTS[sheet]
    assert f"{en} {zh}" in DOCUMENT


@pytest.mark.parametrize(
    "bound",
    [
        f"At most {PDF_LINES_MAX:,} lines",
        f"A sheet takes {SHEET_LINES_MAX:,} lines",
        f"more than {EXACT_DIGITS_MAX} digits",
    ],
)
def test_the_document_names_the_bounds_as_they_are(bound: str) -> None:
    assert bound in DOCUMENT


def _checked(path: Path, program: Path) -> str:
    [text] = re.findall(r"```python\n(.+?)```", DOCUMENT, re.DOTALL)
    program.write_text(text, encoding="utf-8")
    done = subprocess.run([sys.executable, program, path], capture_output=True, text=True, check=True)
    return done.stdout


def test_the_program_of_the_document_finds_the_digests_as_recorded(tmp_path: Path) -> None:
    assert _checked(KEPT, tmp_path / "check.py") == "lines: as recorded\nstatement: as recorded\n"


def test_the_program_of_the_document_finds_what_was_changed(tmp_path: Path) -> None:
    document = json.loads(KEPT.read_bytes())
    document["statement"]["total_fen"] += 1
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(document), encoding="utf-8")
    assert _checked(changed, tmp_path / "check.py") == "lines: as recorded\nstatement: changed\n"
    document["lines"][3]["fee_fen"] += 1
    changed.write_text(json.dumps(document), encoding="utf-8")
    assert _checked(changed, tmp_path / "check.py") == "lines: changed\nstatement: changed\n"


@pytest.mark.parametrize("font", sorted(FONTS.glob("*.woff")), ids=lambda font: font.name)
def test_every_font_is_the_one_that_its_readme_tells_of(font: Path) -> None:
    readme = (FONTS / "README.md").read_text(encoding="utf-8")
    [row] = re.findall(rf"(?m)^\| `{re.escape(font.name)}` \| .+$", readme)
    assert f"`{hashlib.sha256(font.read_bytes()).hexdigest()}`" in row
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FONTS / "LICENSE").read_text(encoding="utf-8")
