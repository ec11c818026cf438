"""Runs that let pending credits lapse whose claim windows are over.

Rule of the room: Events → State → Decide → Evolve; all pure. One command lapses the credits of one
activity, see `ledger.domain.claiming`; a run over a whole programme is many of them, begins and
ends with a record of itself.
"""

from datetime import datetime
from typing import ClassVar

from ledger.domain.errors import LapseNotDue
from ledger.domain.identifiers import CommandId
from ledger.domain.instants import Instant, utc
from ledger.domain.messages import Command, Event


class RunLapse(Command, frozen=True, kw_only=True, tag_field="kind", tag="lapse.run"):
    """Let all pending credits lapse whose claim window was over at `up_to` or before."""

    id: CommandId
    up_to: Instant


class StartLapse(Command, frozen=True, kw_only=True, tag_field="kind", tag="lapse.start"):
    """Record that a run begins."""

    id: CommandId
    up_to: Instant


class CompleteLapse(Command, frozen=True, kw_only=True, tag_field="kind", tag="lapse.complete"):
    """Record that a run has gone over the whole programme."""

    id: CommandId
    up_to: Instant
    credits: int
    activities: int


# --- Events -------------------------------------------------------------------------------------


class LapseStarted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A run began; what it does is recorded after this, and carries its id."""

    topic: ClassVar[str] = "lapse.started"

    id: str
    up_to: Instant


class LapseCompleted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A run went over the whole programme; a repeated run under its id answers with this."""

    topic: ClassVar[str] = "lapse.completed"

    id: str
    up_to: Instant
    credits: int
    activities: int


# --- Decide -------------------------------------------------------------------------------------


def start_lapse(command: StartLapse, recorded_at: datetime) -> LapseStarted:
    """Record the beginning of a run.

    Raises:
        LapseNotDue: `up_to` lies ahead, so windows would be counted that are still open.
    """
    if command.up_to > recorded_at:
        raise LapseNotDue(field="up_to", value=command.up_to, now=recorded_at)
    return LapseStarted(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        id=command.id,
        up_to=utc(command.up_to),
    )


def complete_lapse(command: CompleteLapse, recorded_at: datetime) -> LapseCompleted:
    """Record the end of a run with what it did from its beginning on."""
    return LapseCompleted(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        id=command.id,
        up_to=utc(command.up_to),
        credits=command.credits,
        activities=command.activities,
    )
