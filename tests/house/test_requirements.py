"""What is installed is pinned and hashed, and says nothing of the machine that pinned it."""

import re
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).parents[2] / "requirements"


@pytest.mark.parametrize("name", ["runtime", "dev"])
def test_every_requirement_is_pinned_with_hashes_and_without_addresses(name: str) -> None:
    locked = (REQUIREMENTS / f"{name}.txt").read_text()
    entries = re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n", "", locked).strip())
    assert all(re.match(r"\S+==\S+ .*\\\n\s+--hash=sha256:", entry) for entry in entries)
    assert not re.search(r"(?i)https?:|--(extra-)?index|--find-links|file:|(?m:^\S*/)", locked)


@pytest.mark.parametrize("name", ["runtime", "dev"])
def test_every_wish_is_among_the_pins(name: str) -> None:
    wishes = (REQUIREMENTS / f"{name}.in").read_text()
    locked = (REQUIREMENTS / f"{name}.txt").read_text()
    for wished in re.findall(r"(?m)^[a-z][a-z0-9-]*", wishes):
        assert f"\n{wished}==" in locked


def test_what_runs_is_what_was_tested() -> None:
    runtime, dev = (
        set(re.findall(r"(?m)^\S+==\S+", (REQUIREMENTS / f"{name}.txt").read_text()))
        for name in ("runtime", "dev")
    )
    assert runtime <= dev
