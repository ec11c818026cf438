"""The document of views names every view, its tables, and everything that a proof can find."""

import re
from pathlib import Path
from typing import get_args

import pytest

from ledger.projections.checksums import BLOCK_EVENTS, CHECKSUM_BYTES
from ledger.projections.registry import VIEWS
from ledger.verify.findings import Code

VIEWS_DOCUMENT = (Path(__file__).parents[2] / "docs/views.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_has_its_section_with_its_tables(view: str) -> None:
    _, *sections = re.split(r"(?m)^## `(\w+)`", VIEWS_DOCUMENT)
    section = dict(zip(sections[::2], sections[1::2], strict=True))[view]
    assert {table.name for table in VIEWS[view].tables} <= set(re.findall(r"`(\w+)`", section))


def test_every_finding_is_documented_and_no_other_in_the_order_of_the_code() -> None:
    table = VIEWS_DOCUMENT.partition("| finding | what it says |")[2].partition("\n\n")[0]
    named = [name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert named == list(get_args(Code))


def test_the_sum_of_an_event_is_described_as_it_is_made() -> None:
    assert f"of {BLOCK_EVENTS} events, each {CHECKSUM_BYTES} bytes" in VIEWS_DOCUMENT
