"""The document of moving describes the file as it is, and every refusal."""

import re
from pathlib import Path

from ledger.domain import errors, limits
from ledger.moving.format import FORMAT, VERSION, Manifest, Sum

DOCUMENT = (Path(__file__).parents[2] / "docs/moving.md").read_text(encoding="utf-8")


def _column(heading: str) -> list[str]:
    """The names in the first column of a table."""
    table = DOCUMENT.partition(heading)[2].partition("\n\n")[0]
    return [name for row in table.splitlines()[2:] for name in re.findall(r"`([^`]+)`", row.split("|")[1])]


def test_every_field_of_the_manifest_is_described_in_order() -> None:
    assert _column("| field | meaning |") == list(Manifest.__struct_fields__)
    assert f"| `format` | `{FORMAT}` |" in DOCUMENT
    assert f"| `version` | {VERSION}; " in DOCUMENT
    assert ", ".join(f"`{name}`" for name in Sum.__struct_fields__) in DOCUMENT


def test_every_refusal_is_named() -> None:
    moving: set[type[errors.LedgerError]] = {
        errors.LedgerFileUnreadable,
        errors.LedgerFileAltered,
        errors.LedgerFileNewerThanCode,
        errors.EventNewerThanCode,
        errors.LogUnsound,
        errors.ProgrammeExists,
        errors.ImportRunning,
    }
    assert set(_column("| code | when |")) == {leaf.code for leaf in moving}


def test_the_bounds_are_as_they_are() -> None:
    assert f"at most {limits.LEDGER_FILE_LINE_BYTES_MAX:,} bytes" in DOCUMENT
    assert f"at most {limits.LEDGER_FILE_MANIFEST_BYTES_MAX:,} bytes" in DOCUMENT
