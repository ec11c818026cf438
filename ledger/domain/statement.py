"""Merchants' statements (对账单): issued → approved → settled.

Rule of the room: Events → State → Evolve; deciding stands in `statement_closing.py`,
`statement_disputing.py` and `statement_paying.py`. A statement never changes once it is issued: what
is found wrong in it comes as a line of a later one.
"""

from datetime import date, timedelta
from functools import cached_property
from typing import Annotated, ClassVar, Final, Literal

import msgspec

from ledger.domain.identifiers import EntityId, StatementId, Text
from ledger.domain.limits import OBJECTION_DAYS_DEFAULT, OBJECTION_DAYS_MAX, VALUE_FEN_MAX
from ledger.domain.messages import Event, SignedCommand
from ledger.domain.payout import STATUS_AFTER, Payout, PayoutInstructed
from ledger.domain.redemption import FundShare
from ledger.domain.registers import key_of

StatementStatus = Literal["issued", "approved", "settled"]
DisputedKind = Literal["use", "refund"]
"""Lines that can be disputed; an amendment is the end of a dispute."""
Outcome = Literal["upheld", "amended"]


class CloseStatement(SignedCommand, frozen=True, kw_only=True, tag_field="kind", tag="statement.close"):
    """Settle a merchant's days up to one that is over, in a statement that goes on from the last one."""

    circumstances: ClassVar[frozenset[str]] = frozenset({"by", "occurred_at"})

    merchant_id: EntityId
    ends_on: date
    """The first local day that is not in the statement any more; today at the latest."""
    objection_days: Annotated[int, msgspec.Meta(ge=0, le=OBJECTION_DAYS_MAX)] = OBJECTION_DAYS_DEFAULT
    """Local days, from the one on which it is issued, on which its lines can be disputed."""


class DisputeLine(SignedCommand, frozen=True, kw_only=True, tag_field="kind", tag="statement.dispute"):
    """Object to a line of a statement; it is held back until that is resolved."""

    statement_id: StatementId
    redemption_id: EntityId
    line: DisputedKind
    reason: Text


class ResolveDispute(SignedCommand, frozen=True, kw_only=True, tag_field="kind", tag="statement.resolve"):
    """Say what a disputed line is worth: what the statement says, or something else."""

    statement_id: StatementId
    redemption_id: EntityId
    line: DisputedKind
    outcome: Outcome
    reason: Text
    amended_fen: Annotated[int, msgspec.Meta(ge=-VALUE_FEN_MAX, le=VALUE_FEN_MAX)] | None = None
    """What the merchant earns by the line after all; only where it is amended. Of a refund not above 0."""


class ApproveStatement(SignedCommand, frozen=True, kw_only=True, tag_field="kind", tag="statement.approve"):
    """Say that a statement may be paid; another key than the one that closed it does."""

    circumstances: ClassVar[frozenset[str]] = frozenset({"by", "occurred_at"})

    statement_id: StatementId
    is_early: bool = False
    """Whether the merchant has agreed before its time for objections is over."""


# --- Events -------------------------------------------------------------------------------------


class FundBears(msgspec.Struct, frozen=True, kw_only=True):
    """What one fund bears of a statement's lines, refunds taken off, in 分."""

    fund_id: str
    face_value_fen: int
    fee_fen: int


class StatementIssued(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A period of a merchant was closed."""

    topic: ClassVar[str] = "statement.issued"

    statement_id: str
    number: str
    """Merchant and count, such as `cafe-000012`."""
    merchant_id: str
    starts_on: date
    """First local day of the period."""
    ends_on: date
    """First local day after it."""
    objection_days: int = OBJECTION_DAYS_DEFAULT
    uses: int = 0
    used_face_value_fen: int = 0
    used_fee_fen: int = 0
    refunds: int = 0
    refunded_face_value_fen: int = 0
    """Not below zero."""
    refunded_fee_fen: int = 0
    amendments: int = 0
    amended_fen: int = 0
    """What amendments add; below zero, what they take off."""
    carried_in_fen: int = 0
    """From the statement before: below zero what the merchant owed."""
    total_fen: int = 0
    """All lines and what was brought forward."""
    due_fen: int = 0
    """What of the total this statement pays; never below zero."""
    carried_out_fen: int = 0
    """The rest: below zero what the merchant owes, above zero what is kept back because it owes it since."""
    funds: tuple[FundBears, ...] = ()
    lines_digest: str
    """SHA-256 over the digests of the days."""
    digest: str
    """SHA-256 over all that is said above, as JSON with sorted keys and no blanks."""
    by: str


class LineWasDisputed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody objected to a line."""

    topic: ClassVar[str] = "statement.disputed"

    statement_id: str
    merchant_id: str
    redemption_id: str
    line: DisputedKind
    reason: str
    earned_fen: int
    """What the merchant earns by the line as it stands; below zero for a refund."""
    held_back_fen: int
    """What is not paid until it is resolved."""
    by: str


class DisputeResolved(Event, frozen=True, kw_only=True, omit_defaults=True):
    """What a disputed line is worth was said."""

    topic: ClassVar[str] = "statement.dispute_resolved"

    statement_id: str
    merchant_id: str
    redemption_id: str
    line: DisputedKind
    outcome: Outcome
    reason: str
    amended_fen: int | None = None
    held_back_fen: int
    """What was held back: paid with this statement when upheld, in none of its payouts when amended."""
    amendment_fen: int = 0
    """The line of the next statement: what the amended line is worth, less what this statement pays of it."""
    shares: tuple[FundShare, ...] = ()
    """The same by funds."""
    changes: tuple[FundShare, ...] = ()
    """What each fund bears more than before; below zero, less."""
    by: str


class StatementApproved(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A statement may be paid."""

    topic: ClassVar[str] = "statement.approved"

    statement_id: str
    merchant_id: str
    is_early: bool = False
    by: str


class StatementSettled(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Everything due of a statement is paid, and nothing in it is disputed."""

    topic: ClassVar[str] = "statement.settled"

    statement_id: str
    merchant_id: str
    paid_fen: int
    moved_fen: int
    """Of what was due: what amendments took out, to come in a later statement."""


EVENTS: Final[tuple[type[Event], ...]] = (
    StatementIssued,
    LineWasDisputed,
    DisputeResolved,
    StatementApproved,
    StatementSettled,
    PayoutInstructed,
    *STATUS_AFTER,
)
"""Every event in the stream of a statement."""


# --- State --------------------------------------------------------------------------------------


def line_key(line: DisputedKind, redemption_id: str) -> str:
    """Give the key of a line in its statement: there is one line of a kind of each redemption."""
    return key_of(line, redemption_id)


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """A line that was objected to."""

    earned_fen: int
    held_back_fen: int
    outcome: Outcome | None = None


class Statement(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What later decisions need of one statement."""

    issued: StatementIssued
    version: int = 1
    """Events in its stream."""
    approved_by: str | None = None
    is_settled: bool = False
    disputes: dict[str, Dispute] = {}
    payouts: dict[str, Payout] = {}

    @property
    def status(self) -> StatementStatus:
        """How far it has come."""
        if self.is_settled:
            return "settled"
        return "issued" if self.approved_by is None else "approved"

    @cached_property
    def held_back_fen(self) -> int:
        """What is not paid because it is disputed."""
        return sum(one.held_back_fen for one in self.disputes.values() if one.outcome is None)

    @cached_property
    def moved_fen(self) -> int:
        """What amendments took out of its payouts."""
        return sum(one.held_back_fen for one in self.disputes.values() if one.outcome == "amended")

    @cached_property
    def paid_fen(self) -> int:
        """What was paid out and has not come back."""
        return self._payouts_fen("confirmed")

    @cached_property
    def under_way_fen(self) -> int:
        """What was instructed, and of which nothing has been heard since."""
        return self._payouts_fen("instructed")

    @property
    def payable_fen(self) -> int:
        """What can be paid now, approval aside."""
        return self.issued.due_fen - self.held_back_fen - self.moved_fen - self.paid_fen - self.under_way_fen

    @property
    def is_done(self) -> bool:
        """Whether nothing of it is left to pay, to hear of or to resolve."""
        is_open = any(one.outcome is None for one in self.disputes.values())
        return not (is_open or self.payable_fen or self.under_way_fen)

    def objections_end_on(self, issued_on: date) -> date:
        """Give the first local day on which its lines cannot be disputed any more."""
        return issued_on + timedelta(days=self.issued.objection_days)

    def _payouts_fen(self, status: str) -> int:
        return sum(payout.value_fen for payout in self.payouts.values() if payout.status == status)
