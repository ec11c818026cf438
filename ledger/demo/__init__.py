"""A small programme over HTTP, from nothing to its first redemption; a stricter one; a month that is closed.

Rule of the room: this is a caller like any other. It speaks HTTP and knows no rule of the ledger;
what an operator does with a command of `ledger` alone (keys, a programme of a template, a file of a
vehicle platform) is done in-process, by the call that the command makes.
"""

from ledger.demo.caller import DemoFailed
from ledger.demo.show import now, show

__all__ = ["DemoFailed", "now", "show"]
