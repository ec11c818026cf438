"""A run over a whole programme: expire what is due, release holds past their deadline.

Rule of the room: the lists of what is due are hints; every account is decided anew under the
programme's order, so a run that stops half way, or runs twice, does no harm.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from ledger.deciding import Recorded, Written, outcome_body
from ledger.domain.errors import ContentDiffers, LedgerError
from ledger.domain.expiry import CompleteExpiry, CreditsExpired, ExpireCredits, RunExpiry, StartExpiry
from ledger.domain.limits import EXPIRY_ACCOUNTS_PER_COMMIT
from ledger.domain.messages import Command
from ledger.domain.redemption import RedemptionReleased, ReleaseHold
from ledger.store.append import accounts_due, holds_overdue
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.writer import Writer


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

    Overdue holds are released first, so that credits they gave back are expired in the same run.

    Raises:
        ProgrammeNotFound, ExpiryNotDue
        ContentDiffers: another run stands under this id.
        Unavailable: the run stopped; sent again it goes on.
    """
    stage = StartExpiry(occurred_at=command.occurred_at, id=command.id, up_to=command.up_to)
    started = writer.submit(programme_id, stage)
    done = [
        logged
        for logged in log.stream(programme_id, "expiry_run", command.id)
        if logged.originator_version > 1
    ]
    if done:
        written = Written(done[0].position, log.decode(done[0]), done[0].state)
        return Recorded(written.position, replayed=True, body=outcome_body([written], written.position))
    limit = min(EXPIRY_ACCOUNTS_PER_COMMIT, writer.group_commands_max)

    def overdue(after: str) -> list[str]:
        with database.connection() as connection:
            return holds_overdue(connection, programme_id, after=after, now=clock(), limit=limit)

    def due(after: str) -> list[str]:
        up_to = command.up_to.isoformat()
        with database.connection() as connection:
            return accounts_due(connection, programme_id, after=after, up_to=up_to, limit=limit)

    for redemption_ids in _pages(overdue):
        _submit(
            writer,
            programme_id,
            [
                ReleaseHold(occurred_at=command.occurred_at, run_id=command.id, redemption_id=own_id)
                for own_id in redemption_ids
            ],
        )
    for accounts in _pages(due):
        _submit(
            writer,
            programme_id,
            [
                ExpireCredits(
                    occurred_at=command.occurred_at, run_id=command.id, account=account, up_to=command.up_to
                )
                for account in accounts
            ],
        )
    return writer.submit(programme_id, _completion(log, programme_id, command, after=started.position))


def _pages(read: Callable[[str], list[str]]) -> Iterator[list[str]]:
    """Give page after page of names in order, each name once."""
    after = ""
    while page := read(after):
        yield page
        after = page[-1]


def _submit(writer: Writer, programme_id: str, commands: Sequence[Command]) -> None:
    for outcome in writer.submit_many(programme_id, commands):
        if isinstance(outcome, ContentDiffers):
            continue  # another run released this hold after it was listed here
        if isinstance(outcome, LedgerError):
            raise outcome


def _completion(log: Log, programme_id: str, command: RunExpiry, *, after: int) -> CompleteExpiry:
    """Add up from the log what the run did, also before it was interrupted."""
    credits_expired = accounts = holds_released = 0
    topics = [CreditsExpired.topic, RedemptionReleased.topic]
    for page in log.pages(programme_id, after=after, topics=topics):
        for logged in page:
            event = log.decode(logged)
            if isinstance(event, CreditsExpired) and event.run_id == command.id:
                credits_expired += event.credits
                accounts += 1
            elif isinstance(event, RedemptionReleased) and event.run_id == command.id:
                holds_released += 1
    return CompleteExpiry(
        occurred_at=command.occurred_at,
        id=command.id,
        up_to=command.up_to,
        credits=credits_expired,
        accounts=accounts,
        holds_released=holds_released,
    )
