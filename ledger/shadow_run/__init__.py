"""Shadow runs: what acts of the past would have earned under rules that are only proposed.

Rule of the room: nothing is written, and nothing is decided that is not decided by the very functions
that decide for callers. `proposal` reads what is proposed, `acts` gives the acts of a log as corrected,
`state` is what decisions stand on, `tally` adds up, `run` goes over the log,
`place` lets one run at a time stand beside a server's other work.
"""

from ledger.shadow_run.place import ShadowRuns
from ledger.shadow_run.proposal import Proposal, read_proposal
from ledger.shadow_run.run import shadow_run
from ledger.shadow_run.tally import ShadowReport

__all__ = ["Proposal", "ShadowReport", "ShadowRuns", "read_proposal", "shadow_run"]
