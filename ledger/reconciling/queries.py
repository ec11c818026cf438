"""The queries of this room, by name."""

from pathlib import Path
from typing import Final

from ledger.store.queries import load

_FOLDER: Final = Path(__file__).parent / "sql"

FILES: Final = load(_FOLDER / "files.sql")
RUNS: Final = load(_FOLDER / "runs.sql")
BREAKS: Final = load(_FOLDER / "breaks.sql")
TABLES: Final = load(_FOLDER / "matching_tables.sql")
LINES: Final = load(_FOLDER / "matching_lines.sql")
FREE: Final = load(_FOLDER / "matching_free.sql")
BANK: Final = load(_FOLDER / "matching_bank.sql")
FLOWS: Final = load(_FOLDER / "matching_flows.sql")
FINDING: Final = load(_FOLDER / "finding.sql")
