"""SQL by name: every query in a file is found whole, and a file with a slip is refused."""

from pathlib import Path

import pytest

from ledger.store import queries


def test_each_query_is_found_whole_with_its_own_comments(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        "-- What is read about trees.\n\n"
        "-- oldest: the tree planted first\n"
        "SELECT name\n-- ties: by name\nFROM trees;\n\n"
        "-- all_of_them: every tree, 100 %\n"
        "SELECT '%' || name FROM trees;\n",
    )
    assert queries.load(path) == {
        "oldest": "SELECT name\n-- ties: by name\nFROM trees;",
        "all_of_them": "SELECT '%' || name FROM trees;",
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELECT 1;\n",
        "SELECT 1;\n\n-- named: this one is\nSELECT 2;\n",
        "-- empty: it has no SQL\n",
        "-- empty: it has no SQL\n\n-- full: it has\nSELECT 1;\n",
        "-- twice: once\nSELECT 1;\n\n-- twice: and again\nSELECT 2;\n",
    ],
)
def test_a_file_with_a_slip_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="each named once"):
        queries.load(_file(tmp_path, text))


def _file(folder: Path, text: str) -> Path:
    path = folder / "queries.sql"
    path.write_text(text)
    return path
