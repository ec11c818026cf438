"""Rows about statements, as the tables have them and as they are read.

Rule of the room: fields stand in the order of the columns, after `programme_id`; money is in 分, days
are the programme's local ones.
"""

from datetime import date, datetime
from typing import NamedTuple


class StatementRow(NamedTuple):
    """A statement, as far as it has come."""

    statement_id: str
    number: str
    merchant_id: str
    starts_on: date
    ends_on: date
    """Exclusive."""
    status: str
    """`issued`, `approved` or `settled`."""
    uses: int
    used_face_value_fen: int
    used_fee_fen: int
    refunds: int
    refunded_face_value_fen: int
    """Not below zero."""
    refunded_fee_fen: int
    amendments: int
    amended_fen: int
    """Below zero, what amendments take off."""
    carried_in_fen: int
    total_fen: int
    due_fen: int
    """What of the total the statement pays; not below zero."""
    carried_out_fen: int
    held_back_fen: int
    """Of what is due: disputed."""
    moved_fen: int
    """Of what is due: taken out by amendments, to come in a later statement."""
    paid_fen: int
    under_way_fen: int
    lines_digest: str
    digest: str
    objection_days: int
    objections_until: date
    """The first local day on which none of its lines can be disputed any more."""
    issued_at: datetime
    issued_by: str
    approved_at: datetime | None
    approved_by: str | None
    is_early: bool
    settled_at: datetime | None
    """None again when money that was paid has come back."""
    position: int
    """Of the event that changed it last."""

    @property
    def payable_fen(self) -> int:
        """What can be paid now, approval aside."""
        return self.due_fen - self.held_back_fen - self.moved_fen - self.paid_fen - self.under_way_fen


class StatementFundRow(NamedTuple):
    """What one fund bears of a statement."""

    statement_id: str
    fund_id: str
    has_lines: bool
    """False where only something was brought forward."""
    face_value_fen: int
    """Of the lines, refunds taken off."""
    fee_fen: int
    carried_in_fen: int
    due_fen: int
    """Its part of what is due; below zero where more of its uses was taken back than it bears, which
    other funds then bear in its place."""
    carried_out_fen: int
    evened_fen: int
    """Of what is due: moved between funds, so that together it is nothing, when the statement was settled
    with nothing more to pay."""
    position: int

    @property
    def earned_fen(self) -> int:
        """What the merchant has earned of it by the lines."""
        return self.face_value_fen - self.fee_fen


class PayoutRow(NamedTuple):
    """A payout, as far as it has come."""

    payout_id: str
    statement_id: str
    merchant_id: str
    value_fen: int
    status: str
    """`instructed`, `confirmed`, `failed` or `returned`."""
    fund_ids: list[str]
    share_fen: list[int]
    """By fund, of the value."""
    instructed_at: datetime
    instructed_by: str
    confirmed_at: datetime | None
    bank_reference: str | None
    ended_at: datetime | None
    """Of the latest of confirmation, failure and return."""
    ended_by: str | None
    reason: str | None
    """Of the failure or the return."""
    position: int


class DisputeRow(NamedTuple):
    """An objection to a line of a statement, and what came of it."""

    statement_id: str
    kind: str
    """Of the line: `use` or `refund`."""
    redemption_id: str
    merchant_id: str
    reason: str
    earned_fen: int
    """What the merchant earns by the line as it stands in the statement."""
    held_back_fen: int
    fund_ids: list[str]
    share_fen: list[int]
    """By fund, of what is held back."""
    opened_position: int
    opened_at: datetime
    opened_by: str
    outcome: str | None
    """`upheld` or `amended`; None while it is open."""
    resolution: str | None
    """Why it was resolved so."""
    amended_fen: int | None
    """What the line is worth after all."""
    amendment_fen: int
    """The line of a later statement."""
    resolved_at: datetime | None
    resolved_by: str | None
    position: int
