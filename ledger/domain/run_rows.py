"""How the commands of runs over a whole programme are decided: what expires, what lapses.

Rule of the room: as of `ledger.domain.decisions`, of which this is a part.
"""

from collections.abc import Iterable
from typing import Any, Final

from ledger.domain import expiry, lapse
from ledger.domain.messages import Command
from ledger.domain.row import Row
from ledger.domain.state import ProgrammeState


def _reads_nothing(_command: Any, _state: ProgrammeState) -> Iterable[str]:
    return ()


RUN_ROWS: Final[dict[type[Command], Row]] = {
    expiry.ExpireCredits: Row(
        stream=lambda c: ("expiry", f"{c.run_id}\n{c.account}"),
        begins=(expiry.CreditsExpired,),
        reads=lambda c, _: (c.account,),
        decide=lambda c, s, at: expiry.expire_credits(c, s.accounts, s.today(at), at),
    ),
    expiry.StartExpiry: Row(
        stream=lambda c: ("expiry_run", c.id),
        begins=(expiry.ExpiryStarted,),
        reads=_reads_nothing,
        decide=lambda c, s, at: expiry.start_expiry(c, s.today(at), at),
    ),
    expiry.CompleteExpiry: Row(
        stream=lambda c: ("expiry_run", c.id),
        begins=(expiry.ExpiryCompleted,),
        reads=_reads_nothing,
        decide=lambda c, _, at: expiry.complete_expiry(c, at),
        version=lambda _command, _state: 2,
    ),
    lapse.StartLapse: Row(
        stream=lambda c: ("lapse_run", c.id),
        begins=(lapse.LapseStarted,),
        reads=_reads_nothing,
        decide=lambda c, _, at: lapse.start_lapse(c, at),
    ),
    lapse.CompleteLapse: Row(
        stream=lambda c: ("lapse_run", c.id),
        begins=(lapse.LapseCompleted,),
        reads=_reads_nothing,
        decide=lambda c, _, at: lapse.complete_lapse(c, at),
        version=lambda _command, _state: 2,
    ),
}
