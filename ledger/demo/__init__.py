"""A small city programme over HTTP, from nothing to its first redemption, and then its audit.

Rule of the room: this is a caller like any other. It speaks HTTP alone and knows no rule of the
ledger; only the keys are made in-process, as an operator would make them with `ledger key create`.
"""

from ledger.demo.caller import DemoFailed
from ledger.demo.show import now, show

__all__ = ["DemoFailed", "now", "show"]
