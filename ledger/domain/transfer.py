"""Giving credits away.

Rule of the room: Events → State → Decide → Evolve; all pure. Lots keep their expiry date: a gift
does not live longer than the original.
"""

from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

from ledger.domain.addresses import CREDIT
from ledger.domain.book import Account, Accounts, Leg, take_earliest
from ledger.domain.errors import (
    InsufficientCredits,
    LotsExpired,
    SameAccount,
    TransferNotAllowed,
    TransferQuotaExceeded,
)
from ledger.domain.identifiers import CommandId, Holder
from ledger.domain.instants import utc
from ledger.domain.limits import CREDITS_MAX
from ledger.domain.messages import Command, Event
from ledger.domain.owners import require_open
from ledger.domain.programme import ProgrammeOpened


class TransferCredits(Command, frozen=True, kw_only=True, tag_field="kind", tag="credits.transfer"):
    """Move credits from one holder to another."""

    id: CommandId
    from_account: Holder
    to_account: Holder
    credits: Annotated[int, msgspec.Meta(ge=1, le=CREDITS_MAX)]


# --- Events -------------------------------------------------------------------------------------


class CreditsTransferred(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Credits changed hands, the lots that expire first going first."""

    topic: ClassVar[str] = "credits.transferred"

    id: str
    from_account: str
    to_account: str
    credits: int


# --- Decide -------------------------------------------------------------------------------------


def transfer_credits(
    command: TransferCredits,
    accounts: Accounts,
    programme: ProgrammeOpened,
    today: str,
    recorded_at: datetime,
) -> CreditsTransferred:
    """Decide a transfer on the programme's local day `today` (ISO date).

    Raises, in this order:
        SameAccount, TransferNotAllowed,
        AccountNotFound, AccountClosed, AccountFrozen: the giver, then the receiver,
        LotsExpired, InsufficientCredits, TransferQuotaExceeded
    """
    giver_address, receiver_address, needed = command.from_account, command.to_account, command.credits
    if giver_address == receiver_address:
        raise SameAccount(account=giver_address)
    if not programme.transferable:
        raise TransferNotAllowed(programme_id=programme.id)
    giver, receiver = accounts[giver_address], accounts[receiver_address]
    if giver.status != "open":
        require_open(giver, giver_address)
    if receiver.status != "open":
        require_open(receiver, receiver_address)
    taken = take_spendable(giver, giver_address, needed, today)
    quota = programme.transfer_quota_credits
    if quota is not None and giver_address.startswith("participant:"):
        given = giver.given_credits if giver.given_month == today[:7] else 0
        if given + needed > quota:
            raise TransferQuotaExceeded(
                account=giver_address, quota_credits=quota, given_credits=given, asked_credits=needed
            )
    return CreditsTransferred(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        legs=move_lots(taken, giver_address, receiver_address),
        id=command.id,
        from_account=giver_address,
        to_account=receiver_address,
        credits=needed,
    )


def move_lots(lots: list[tuple[str, int]], source: str, target: str) -> tuple[Leg, ...]:
    """Give the legs that move credits of some lots, which keep their last day."""
    if len(lots) == 1:
        ((lot, amount),) = lots
        return Leg(source, CREDIT, lot, -amount), Leg(target, CREDIT, lot, amount)
    return (
        *(Leg(source, CREDIT, lot, -amount) for lot, amount in lots),
        *(Leg(target, CREDIT, lot, amount) for lot, amount in lots),
    )


def take_spendable(account: Account, address: str, credits_needed: int, today: str) -> list[tuple[str, int]]:
    """Choose the lots that pay for `credits_needed`, the earliest first, none that has run out.

    Raises:
        LotsExpired: with its expired lots the account would have had enough.
        InsufficientCredits: it would not.
    """
    lots = account.lots_in_order()
    spendable = lots if not lots or lots[0][0] >= today else [held for held in lots if held[0] >= today]
    taken = take_earliest(spendable, credits_needed)
    if taken is not None:
        return taken
    spendable_credits = sum(amount for _, amount in spendable)
    if account.total(CREDIT) >= credits_needed:
        raise LotsExpired(
            account=address,
            needed_credits=credits_needed,
            spendable_credits=spendable_credits,
            expired_credits=account.total(CREDIT) - spendable_credits,
        )
    raise InsufficientCredits(
        account=address, needed_credits=credits_needed, spendable_credits=spendable_credits
    )


# --- Evolve -------------------------------------------------------------------------------------


def count_against_quota(event: CreditsTransferred, accounts: Accounts, month: str) -> None:
    """Count what a participant gave away against the quota of the local month of its recording."""
    if event.from_account.startswith("participant:"):
        accounts.add_given(event.from_account, month, event.credits)
