"""Credits that run out.

Rule of the room: Events → State → Decide → Evolve; all pure. One command expires one account's due
lots; a run over a whole programme is many of them and ends with a record of itself.
"""

from datetime import date, datetime
from typing import Annotated, ClassVar

import msgspec

from ledger.domain.addresses import EXPIRED
from ledger.domain.book import Accounts
from ledger.domain.errors import ExpiryNotDue
from ledger.domain.identifiers import CommandId
from ledger.domain.instants import utc
from ledger.domain.limits import ACCOUNT_CHARS_MAX
from ledger.domain.messages import Command, Event
from ledger.domain.transfer import move_lots


class RunExpiry(Command, frozen=True, kw_only=True, tag_field="kind", tag="expiry.run"):
    """Expire every lot whose last day is `up_to` or earlier, and release holds past their deadline."""

    id: CommandId
    up_to: date


class ExpireCredits(Command, frozen=True, kw_only=True, tag_field="kind", tag="credits.expire"):
    """Expire one account's due lots, as part of a run."""

    run_id: CommandId
    account: Annotated[str, msgspec.Meta(max_length=ACCOUNT_CHARS_MAX)]
    up_to: date


class StartExpiry(Command, frozen=True, kw_only=True, tag_field="kind", tag="expiry.start"):
    """Record that a run begins."""

    id: CommandId
    up_to: date


class CompleteExpiry(Command, frozen=True, kw_only=True, tag_field="kind", tag="expiry.complete"):
    """Record that a run has gone over the whole programme."""

    id: CommandId
    up_to: date
    credits: int
    accounts: int
    holds_released: int


# --- Events -------------------------------------------------------------------------------------


class CreditsExpired(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An account's due lots ran out."""

    topic: ClassVar[str] = "credits.expired"

    run_id: str
    account: str
    up_to: date
    credits: int


class ExpiryStarted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A run began; what it does is recorded after this, and carries its id."""

    topic: ClassVar[str] = "expiry.started"

    id: str
    up_to: date


class ExpiryCompleted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A run went over the whole programme; a repeated run under its id answers with this."""

    topic: ClassVar[str] = "expiry.completed"

    id: str
    up_to: date
    credits: int
    accounts: int
    holds_released: int


# --- Decide -------------------------------------------------------------------------------------


def require_due(up_to: date, today: str) -> None:
    """Refuse to expire credits whose last day is not over in the programme's time zone.

    Raises:
        ExpiryNotDue
    """
    if up_to.isoformat() >= today:
        raise ExpiryNotDue(field="up_to", value=up_to, today=date.fromisoformat(today))


def expire_credits(
    command: ExpireCredits, accounts: Accounts, today: str, recorded_at: datetime
) -> CreditsExpired | None:
    """Expire what is due in one account; None when nothing is.

    Raises:
        ExpiryNotDue
    """
    require_due(command.up_to, today)
    last_day = command.up_to.isoformat()
    due = [(lot, amount) for lot, amount in accounts[command.account].lots_in_order() if lot <= last_day]
    if not due:
        return None
    return CreditsExpired(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        legs=move_lots(due, command.account, EXPIRED),
        run_id=command.run_id,
        account=command.account,
        up_to=command.up_to,
        credits=sum(amount for _, amount in due),
    )


def start_expiry(command: StartExpiry, today: str, recorded_at: datetime) -> ExpiryStarted:
    """Record the beginning of a run.

    Raises:
        ExpiryNotDue
    """
    require_due(command.up_to, today)
    return ExpiryStarted(
        occurred_at=utc(command.occurred_at), recorded_at=recorded_at, id=command.id, up_to=command.up_to
    )


def complete_expiry(command: CompleteExpiry, recorded_at: datetime) -> ExpiryCompleted:
    """Record the end of a run with what it did from its beginning on."""
    return ExpiryCompleted(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        id=command.id,
        up_to=command.up_to,
        credits=command.credits,
        accounts=command.accounts,
        holds_released=command.holds_released,
    )
