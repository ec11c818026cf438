"""A run over a whole programme: let pending credits lapse that nobody claimed in time.

Rule of the room: as of `ledger.runs`. A lapse takes credits, never the reduction.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from ledger.deciding import Recorded
from ledger.domain.claiming import CreditsLapsed, LapseCredits, Pending
from ledger.domain.lapse import CompleteLapse, RunLapse, StartLapse
from ledger.runs import Run, Stage, carry_out
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.store.registers import entries_due
from ledger.writer import Writer

STREAM: Final = "lapse_run"


def run_lapse(
    *, database: Database, log: Log, writer: Writer, programme_id: str, command: RunLapse
) -> Recorded:
    """Carry a run to its end; repeated under its id it goes on, or answers with its end again.

    Raises:
        ProgrammeNotFound, LapseNotDue
        ContentDiffers: another run stands under this id.
        Unavailable: the run stopped; sent again it goes on.
    """
    occurred_at, run_id = command.occurred_at, command.id

    def due(after: str, limit: int) -> Sequence[str]:
        return keys_due(database, programme_id, after=after, up_to=command.up_to, limit=limit)

    def lapse(key: str) -> LapseCredits:
        _, source, activity_id = key.split("\n")
        return LapseCredits(occurred_at=occurred_at, run_id=run_id, source=source, activity_id=activity_id)

    run = Run(
        kind=STREAM,
        own_id=run_id,
        start=StartLapse(occurred_at=occurred_at, id=run_id, up_to=command.up_to),
        stages=(Stage(due, lapse),),
        does=(CreditsLapsed,),
        completion=lambda done: _completion(command, done),
    )
    return carry_out(run, log=log, writer=writer, programme_id=programme_id)


def keys_due(database: Database, programme_id: str, *, after: str, up_to: datetime, limit: int) -> list[str]:
    """Read the next keys of pending credits, in order, whose window was over at an instant."""
    entries = entries_due(database, programme_id, Pending, after=after, now=up_to, limit=limit)
    return [key for key, _ in entries]


def _completion(command: RunLapse, done: Iterator[Any]) -> CompleteLapse:
    lapsed = [event.credits for event in done]
    return CompleteLapse(
        occurred_at=command.occurred_at,
        id=command.id,
        up_to=command.up_to,
        credits=sum(lapsed),
        activities=len(lapsed),
    )
