"""Moving credits by hand, which takes an approver's name and a reason.

Rule of the room: Events → State → Decide → Evolve; all pure. This is the only way for an operator
to change a balance (domain rule 14).
"""

from datetime import date, datetime
from typing import Annotated, ClassVar

import msgspec

from ledger.domain.addresses import ADJUSTED
from ledger.domain.book import Accounts
from ledger.domain.errors import AdjustmentZero, LotOutOfBounds
from ledger.domain.identifiers import CommandId, Holder, Name, Text
from ledger.domain.instants import ExpiryPolicy, expires_on, utc
from ledger.domain.limits import CREDITS_MAX, EXPIRY_MONTHS_MAX
from ledger.domain.messages import Command, Event
from ledger.domain.owners import require_known
from ledger.domain.programme import ProgrammeOpened
from ledger.domain.transfer import move_lots, take_spendable


class AdjustCredits(Command, frozen=True, kw_only=True, tag_field="kind", tag="credits.adjust"):
    """Give credits to a holder, or (below zero) take spendable ones away."""

    id: CommandId
    account: Holder
    credits: Annotated[int, msgspec.Meta(ge=-CREDITS_MAX, le=CREDITS_MAX)]
    lot: date | None = None
    """Last day of validity of credits given; None for what the programme's policy says."""
    approver: Name
    reason: Text


# --- Events -------------------------------------------------------------------------------------


class CreditsAdjusted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody with a name moved credits by hand."""

    topic: ClassVar[str] = "credits.adjusted"

    id: str
    account: str
    credits: int
    lot: date | None = None
    approver: str
    reason: str


# --- Decide -------------------------------------------------------------------------------------


def adjust_credits(
    command: AdjustCredits,
    accounts: Accounts,
    programme: ProgrammeOpened,
    today: str,
    recorded_at: datetime,
) -> CreditsAdjusted:
    """Decide an adjustment; a frozen holder can be adjusted, a closed one cannot.

    Raises, in this order:
        AdjustmentZero,
        LotOutOfBounds: `lot` has passed, is more than ten years away, or comes with a taking,
        AccountNotFound, AccountClosed,
        LotsExpired, InsufficientCredits
    """
    if command.credits == 0:
        raise AdjustmentZero(field="credits")
    if command.lot is not None:
        _require_lot_in_bounds(command.lot, command.credits, today)
    account = accounts[command.account]
    require_known(account, command.account)
    if command.credits > 0:
        lot = command.lot.isoformat() if command.lot else programme.lot_issued(recorded_at)
        moved = [(lot, command.credits)]
    else:
        taken = take_spendable(account, command.account, -command.credits, today)
        moved = [(lot, -amount) for lot, amount in taken]
    return CreditsAdjusted(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        legs=move_lots(moved, ADJUSTED, command.account),
        id=command.id,
        account=command.account,
        credits=command.credits,
        lot=command.lot,
        approver=command.approver,
        reason=command.reason,
    )


def _require_lot_in_bounds(lot: date, credits_given: int, today: str) -> None:
    this_day = date.fromisoformat(today)
    latest = expires_on(this_day, ExpiryPolicy(kind="months", months=EXPIRY_MONTHS_MAX))
    if credits_given < 0 or not this_day <= lot <= latest:
        raise LotOutOfBounds(field="lot", value=lot, earliest=this_day, latest=latest)
