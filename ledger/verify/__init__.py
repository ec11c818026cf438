"""Proving a programme: everything that can be derived from its log is derived again and compared.

Rule of the room: the log is the truth; what differs from it is reported with the event that explains
it, never mended here. `log` goes over the events, `redeciding` decides each again, `sums` adds up
legs, `tables` and `views` look at what was made of them, `run` puts it together.
"""

from ledger.verify.findings import Finding, ProgrammeReport
from ledger.verify.run import programmes, verify

__all__ = ["Finding", "ProgrammeReport", "programmes", "verify"]
