"""The tools that read our books: hledger, ledger-cli and Beancount, each in its strictest way.

On a machine without a tool a test that needs it is skipped, unless the environment says CI=true.
"""

import csv
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from beancount import loader
from beancount.core import realization

from ledger.books import TextFormat, address_of
from ledger.books.accounts import CAPITALISED, OPENING, PLAIN

Balances = dict[tuple[str, str], int]
"""Whole grams, whole credits and 分 by address and asset; without those that are 0."""

ASSET_OF: Final = {"CNY": "CNY", "CREDIT": "CREDIT", "gCO2e": "gCO2e", "GCO2E": "gCO2e"}
FEN_PER_YUAN: Final = 100

# The ledger's own command is called ledger too, and may come first on the path.
_PROGRAMS: Final = {"hledger": Path("/usr/bin/hledger"), "ledger": Path("/usr/bin/ledger")}


def need(tool: TextFormat) -> None:
    """Skip the test where its tool is not there; Beancount is a requirement and always is."""
    program = _PROGRAMS.get(tool)
    if program is None or program.exists():
        return
    reason = f"{program} is not there: apt-get install {program.name}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    plain = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False, env=plain)


# ── What a tool finds wrong ──────────────────────────────────────────────────────────────────


def _hledger_findings(path: Path) -> str:
    return _run(_PROGRAMS["hledger"], "-f", path, "check", "--strict", "ordereddates").stderr


def _ledger_findings(path: Path) -> str:
    return _run(_PROGRAMS["ledger"], "--pedantic", "-f", path, "--args-only", "balance").stderr


def _beancount_findings(path: Path) -> str:
    _, errors, _ = loader.load_file(str(path))
    return "\n".join(error.message for error in errors)


_FINDINGS: Final[Mapping[TextFormat, Callable[[Path], str]]] = {
    "hledger": _hledger_findings,
    "ledger": _ledger_findings,
    "beancount": _beancount_findings,
}


def findings(tool: TextFormat, path: Path) -> str:
    """Have a tool check a journal, its assertions with it; give what it finds wrong, or nothing."""
    need(tool)
    return _FINDINGS[tool](path)


# ── What a tool adds up ──────────────────────────────────────────────────────────────────────


def _hledger_balances(path: Path, *query: str) -> Iterator[tuple[str, str, str]]:
    layout = ("--flat", "--no-total", "--layout=bare", "--output-format=csv")
    done = _run(_PROGRAMS["hledger"], "-f", path, "balance", *layout, *query)
    assert done.returncode == 0, done.stderr
    for account, commodity, amount in list(csv.reader(done.stdout.splitlines()))[1:]:
        yield address_of(account, PLAIN), commodity.strip('"'), amount


def _ledger_balances(path: Path) -> Iterator[tuple[str, str, str]]:
    line = "%(account)\t%(quantity(amount))\t%(commodity(amount))\n"
    done = _run(_PROGRAMS["ledger"], "--args-only", "-f", path, "register", "--format", line)
    assert done.returncode == 0, done.stderr
    for posting in done.stdout.splitlines():
        account, amount, commodity = posting.split("\t")
        if account != OPENING:
            yield address_of(account, PLAIN), commodity.strip('"'), amount


def _beancount_balances(path: Path) -> Iterator[tuple[str, str, str]]:
    entries, _, _ = loader.load_file(str(path))
    book: Any = realization  # it says nothing of its types
    for account in book.iter_children(book.realize(entries), leaf_only=True):
        for position in account.balance:
            units = position.units
            yield address_of(account.account, CAPITALISED), units.currency, str(units.number)


_BALANCES: Final[Mapping[TextFormat, Callable[..., Iterator[tuple[str, str, str]]]]] = {
    "hledger": _hledger_balances,
    "ledger": _ledger_balances,
    "beancount": _beancount_balances,
}


def balances(tool: TextFormat, path: Path, *query: str) -> Balances:
    """Have a tool add up a journal, or what a query finds in it; give its balances under our addresses."""
    need(tool)
    sums: Balances = {}
    for account, commodity, amount in _BALANCES[tool](path, *query):
        asset = ASSET_OF[commodity]
        exact = Decimal(amount) * (FEN_PER_YUAN if asset == "CNY" else 1)
        assert exact == int(exact), (account, amount)
        sums[account, asset] = sums.get((account, asset), 0) + int(exact)
    return {key: amount for key, amount in sums.items() if amount}
