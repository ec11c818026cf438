"""A statement (对账单) as its documents show it: what is due to one merchant for a period, and why.

Rule of the room: this is data and nothing else. Whoever reads the ledger fills it in, every document
shows the same numbers, and a document is a function of what stands here: no clock, no database. Money
is whole 分. Lines come beside a statement, as an iterable, since there may be many.
"""

from datetime import date, datetime
from typing import Literal

import msgspec

LineKind = Literal["use", "refund", "amendment"]


class StatementLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line: a use (核销), the refund (退款) of one, or an amendment (调整) after a dispute.

    Every amount is signed as it counts towards the total, so those of a refund are at or below zero.
    """

    position: int
    """Place of its event in the programme's log; lines stand in this order."""

    kind: LineKind
    local_day: date
    """The day it was recorded on, in the statement's time zone."""

    recorded_at: datetime
    """Aware, of any zone; documents show it in the statement's."""

    redemption_id: str
    offer_id: str | None
    store_id: str | None
    face_value_fen: int
    fee_fen: int
    earned_fen: int
    """The merchant's: face value less fee, or what an amendment adds."""

    is_held_back: bool
    """Whether it is under dispute, and so not paid yet."""


class FundPart(msgspec.Struct, frozen=True, kw_only=True):
    """What one fund (资金池) pays of a statement: sums over its lines, signed as these are."""

    fund_id: str
    name_zh: str
    name_en: str
    face_value_fen: int
    fee_fen: int
    earned_fen: int


class PayoutPart(msgspec.Struct, frozen=True, kw_only=True):
    """One payout (打款) of a statement."""

    id: str
    status: str
    """``instructed``, ``confirmed``, ``failed`` or ``returned``."""

    value_fen: int
    instructed_at: datetime
    confirmed_at: datetime | None
    bank_reference: str | None
    reason: str | None
    """Why it failed or was returned."""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """Head and numbers of a statement; its lines come beside it.

    Sums of uses and of refunds are at or above zero; whatever reduces what is due is shown with a
    minus. ``total_fen`` is uses less refunds, each less its fee, and amendments, and what was carried in.
    """

    programme_id: str
    programme_name_zh: str
    programme_name_en: str
    merchant_id: str
    merchant_name_zh: str
    merchant_name_en: str

    statement_id: str
    number: str
    starts_on: date
    ends_on: date
    """The day after the last one: periods are half-open."""

    time_zone: str
    """IANA name of the programme's zone, in which days begin and instants are shown."""

    issued_at: datetime
    """Aware; also the instant that files name as that of their making."""

    issued_by: str
    approved_at: datetime | None
    approved_by: str | None
    status: str
    """``issued``, ``approved`` or ``settled``."""

    objection_days: int
    """Local days, from the one on which it was issued, on which a line may be disputed."""

    objections_until: datetime
    """Aware; until then a line may be disputed."""

    uses: int
    used_face_value_fen: int
    used_fee_fen: int
    refunds: int
    refunded_face_value_fen: int
    refunded_fee_fen: int
    amendments: int
    amended_fen: int
    """Signed."""

    carried_in_fen: int
    """Brought forward from the statement before: below zero what the merchant owed."""

    total_fen: int
    """Signed; below zero nothing is due, and it is carried out."""

    carried_out_fen: int
    """Carried forward to the next statement: a total below zero, or what is kept back of another."""

    held_back_fen: int
    """What is not paid because it is disputed; not below zero."""

    moved_fen: int
    """What amendments took out of its payouts, to come with a later statement; not below zero."""

    payable_now_fen: int
    """What may still be instructed now: total, less what is carried out, held back, moved or
    paid."""

    funds: tuple[FundPart, ...]
    payouts: tuple[PayoutPart, ...]
    lines_digest: str
    """SHA-256 in hexadecimal over the lines; see docs/statements.md."""

    digest: str
    """SHA-256 in hexadecimal over the statement's numbers, ``lines_digest`` among them."""
