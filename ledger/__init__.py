"""A programme is a ledger: an event-sourced credit ledger for carbon-inclusion programmes."""

from typing import Final

RELEASE: Final = "0.1.0"
"""Of the code; as in pyproject.toml."""
