"""Paying a statement out: instructed → confirmed | failed; confirmed → returned.

Rule of the room: Events → State; all pure. How much is paid is never asked of the caller: it is what
of the statement is due, not disputed and not paid or under way yet.
"""

from typing import ClassVar, Literal

import msgspec

from ledger.domain.identifiers import Name, PayoutId, StatementId, Text
from ledger.domain.messages import Event, SignedCommand
from ledger.domain.registers import Entry

PayoutStatus = Literal["instructed", "confirmed", "failed", "returned"]


class InstructPayout(SignedCommand, frozen=True, kw_only=True, tag_field="kind", tag="payout.instruct"):
    """Say that what is due of a statement is to be paid; the bank is told by others."""

    id: PayoutId
    """The bank's EndToEndId; of one payout in the whole programme."""
    statement_id: StatementId


class ConfirmPayout(SignedCommand, frozen=True, kw_only=True, tag_field="kind", tag="payout.confirm"):
    """Say that the money has left for the merchant."""

    statement_id: StatementId
    payout_id: PayoutId
    bank_reference: Name
    """By which the bank knows the payment."""


class FailPayout(SignedCommand, frozen=True, kw_only=True, tag_field="kind", tag="payout.fail"):
    """Say that the bank has not paid."""

    statement_id: StatementId
    payout_id: PayoutId
    reason: Text


class ReturnPayout(SignedCommand, frozen=True, kw_only=True, tag_field="kind", tag="payout.return"):
    """Say that the money of a confirmed payout has come back."""

    statement_id: StatementId
    payout_id: PayoutId
    reason: Text


# --- Events -------------------------------------------------------------------------------------


class PayoutInstructed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """What is due of a statement is to be paid."""

    topic: ClassVar[str] = "payout.instructed"

    id: str
    statement_id: str
    merchant_id: str
    value_fen: int
    by: str


class PayoutConfirmed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The money has left for the merchant."""

    topic: ClassVar[str] = "payout.confirmed"

    statement_id: str
    payout_id: str
    merchant_id: str
    value_fen: int
    bank_reference: str
    by: str


class PayoutFailed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The bank has not paid; what was under way can be paid again."""

    topic: ClassVar[str] = "payout.failed"

    statement_id: str
    payout_id: str
    merchant_id: str
    value_fen: int
    reason: str
    by: str


class PayoutReturned(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The money of a confirmed payout has come back; it can be paid again."""

    topic: ClassVar[str] = "payout.returned"

    statement_id: str
    payout_id: str
    merchant_id: str
    value_fen: int
    reason: str
    by: str


# --- State --------------------------------------------------------------------------------------


class Payout(msgspec.Struct, frozen=True, kw_only=True):
    """One payout of a statement."""

    value_fen: int
    status: PayoutStatus = "instructed"


class PayoutOf(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """Of which statement a payout is; the key is the payout's id. It stays: an id is used once."""

    register: ClassVar[str] = "payouts"

    statement_id: str


STATUS_AFTER: dict[type[Event], PayoutStatus] = {
    PayoutConfirmed: "confirmed",
    PayoutFailed: "failed",
    PayoutReturned: "returned",
}
