"""The ledger that this application serves.

Rule of the room: the application is given its ledger when it is made, and holds no other state.
"""

from typing import Final, cast

from flask import Flask, current_app

from ledger.bootstrap import Ledger

_EXTENSION: Final = "carbon-ledger"


def serve(app: Flask, ledger: Ledger) -> None:
    """Give an application its ledger."""
    app.extensions[_EXTENSION] = ledger


def the_ledger() -> Ledger:
    """Give the ledger of the application that answers this request."""
    return cast("Ledger", current_app.extensions[_EXTENSION])
