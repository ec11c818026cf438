"""A run over a whole programme: expire what is due, release holds past their deadline.

Rule of the room: as of `ledger.runs`. Overdue holds are released first, so that credits they gave
back are expired in the same run.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from ledger.deciding import Recorded
from ledger.domain.expiry import CompleteExpiry, CreditsExpired, ExpireCredits, RunExpiry, StartExpiry
from ledger.domain.redemption import RedemptionReleased, ReleaseHold
from ledger.runs import Run, Stage, carry_out
from ledger.store.append import accounts_due, holds_overdue
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.writer import Writer

STREAM = "expiry_run"


def run_expiry(
    *,
    database: Database,
    log: Log,
    writer: Writer,
    programme_id: str,
    command: RunExpiry,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Recorded:
    """Carry a run to its end; repeated under its id it goes on, or answers with its end again.

    Raises:
        ProgrammeNotFound, ExpiryNotDue
        ContentDiffers: another run stands under this id.
        Unavailable: the run stopped; sent again it goes on.
    """
    occurred_at, run_id, up_to = command.occurred_at, command.id, command.up_to

    def overdue(after: str, limit: int) -> Sequence[str]:
        with database.connection() as connection:
            return holds_overdue(connection, programme_id, after=after, now=clock(), limit=limit)

    def due(after: str, limit: int) -> Sequence[str]:
        with database.connection() as connection:
            return accounts_due(connection, programme_id, after=after, up_to=up_to.isoformat(), limit=limit)

    def release(redemption_id: str) -> ReleaseHold:
        return ReleaseHold(occurred_at=occurred_at, run_id=run_id, redemption_id=redemption_id)

    def expire(account: str) -> ExpireCredits:
        return ExpireCredits(occurred_at=occurred_at, run_id=run_id, account=account, up_to=up_to)

    run = Run(
        kind=STREAM,
        own_id=run_id,
        start=StartExpiry(occurred_at=occurred_at, id=run_id, up_to=up_to),
        stages=(Stage(overdue, release), Stage(due, expire)),
        does=(CreditsExpired, RedemptionReleased),
        completion=lambda done: _completion(command, done),
    )
    return carry_out(run, log=log, writer=writer, programme_id=programme_id)


def _completion(command: RunExpiry, done: Iterator[Any]) -> CompleteExpiry:
    credits_expired = accounts = holds_released = 0
    for event in done:
        if isinstance(event, CreditsExpired):
            credits_expired += event.credits
            accounts += 1
        else:
            holds_released += 1
    return CompleteExpiry(
        occurred_at=command.occurred_at,
        id=command.id,
        up_to=command.up_to,
        credits=credits_expired,
        accounts=accounts,
        holds_released=holds_released,
    )
