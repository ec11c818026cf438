"""What reconciliation gives: files, runs, matches, breaks; plain data, as it is shown.

Rule of the room: money is whole 分 and signed. Of bank statements it is below zero where it leaves the
account; of everything else above zero where the merchant earned it.
"""

from datetime import date, datetime
from typing import Any, Final, Literal, NamedTuple, get_args

import msgspec

from ledger.bills import BillKind
from ledger.domain.limits import (
    RECONCILIATION_NEAR_DAYS_MAX,
    RECONCILIATION_PAYMENT_DAYS_MAX,
    RECONCILIATION_REACH_DAYS_MAX,
)
from ledger.reconciling.sums import Summary

RULES_VERSION: Final = 1
"""Of everything that decides what a run finds; a change of it makes other runs of the same inputs."""

Relation = Literal["merchant", "trades", "flows", "bank"]
"""Which two sides are compared: the ledger's lines with merchants' files (merchant) or with trade bills
(trades), trade bills with the fund flow (flows), the ledger's payouts with bank statements (bank)."""

RELATION_OF_KIND: Final[dict[BillKind, Relation]] = {
    "merchant": "merchant",
    "wechat_trades": "trades",
    "wechat_fund_flow": "flows",
    "camt053": "bank",
}

Rule = Literal[
    "reference",
    "own_reference",
    "order_number",
    "parts",
    "taken_back",
    "amount_and_day",
    "store_sum",
    "day_sum",
    "day_net",
    "batch_sum",
    "statement_sum",
]

BreakCode = Literal[
    "amount_differs",
    "missing_in_ledger",
    "missing_at_merchant",
    "missing_payment",
    "duplicate",
    "out_of_period",
    "refund_unmatched",
    "fee_differs",
    "unknown_reference",
]
BREAK_CODES: Final[tuple[BreakCode, ...]] = get_args(BreakCode)

BreakStatus = Literal["open", "proposed", "resolved", "cleared"]
BREAK_STATUSES: Final[tuple[BreakStatus, ...]] = get_args(BreakStatus)

Resolution = Literal["accepted", "corrected", "resent"]
RESOLUTIONS: Final[tuple[Resolution, ...]] = get_args(Resolution)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a run looks for what belongs together."""

    near_days: int = 3
    """Rule 2: days between two sides that name nothing in common."""
    payment_days: int = 3
    """Days after which a payout should stand in the bank's statement."""
    reach_days: int = 31
    """Days before and after the period in which the other side of a line or row is looked for."""

    def problems(self) -> list[dict[str, str]]:
        """Say which of them are out of bounds."""
        bounds = {
            "near_days": RECONCILIATION_NEAR_DAYS_MAX,
            "payment_days": RECONCILIATION_PAYMENT_DAYS_MAX,
            "reach_days": RECONCILIATION_REACH_DAYS_MAX,
        }
        return [
            {"field": name, "message": f"must be a whole number from 0 to {most}"}
            for name, most in bounds.items()
            if not 0 <= getattr(self, name) <= most
        ]


class Scope(NamedTuple):
    """What a run is over: local days from `starts_on` to before `ends_on`."""

    starts_on: date
    ends_on: date
    merchant_id: str | None = None
    """The only merchant; None for all of them."""


class Example(msgspec.Struct, frozen=True):
    """A line of a file that could not be read."""

    line: int
    reason: str
    excerpt: str


class FileTotals(msgspec.Struct, frozen=True, kw_only=True):
    """What a file came to beyond its rows."""

    unreadable: int
    passed_over: int
    is_agreed: bool | None
    """Whether the file's own summary or balances agree with its rows; None where it has none."""
    of_kind: dict[str, Any]
    differences: list[Any]
    examples: list[Example]


class BillFile(NamedTuple):
    """A file that was imported."""

    file_id: str
    kind: BillKind
    merchant_id: str | None
    mapping_version: int | None
    content_sha256: str
    name: str
    size_bytes: int
    rows: int
    value_fen: int
    fee_fen: int
    first_on: date | None
    last_on: date | None
    until_on: date | None
    totals: FileTotals
    imported_at: datetime
    imported_by: str
    withdrawn_at: datetime | None


class Imported(NamedTuple):
    """What became of an import."""

    file: BillFile
    is_new: bool
    """False when the very file counted before: nothing was added."""


class SavedMapping(NamedTuple):
    """How a merchant's file is read."""

    merchant_id: str
    version: int
    mapping: dict[str, Any]
    saved_at: datetime
    saved_by: str


class Run(NamedTuple):
    """A comparison that was made."""

    run_id: str
    number: int
    starts_on: date
    ends_on: date
    merchant_id: str | None
    position: int
    file_ids: list[str]
    rules_version: int
    settings: Settings
    summary: Summary
    digest: str
    made_at: datetime
    made_by: str
    has_matches: bool


class Match(NamedTuple):
    """A line, payout or trade, and the row that it is."""

    match_no: int
    relation: Relation
    rule: Rule
    code: BreakCode | None
    """Of the break between them; None when they agree."""
    merchant_id: str | None
    kind: str
    item: str
    item_fen: int
    item_on: date | None
    file_id: str
    row_no: int
    row_fen: int
    row_on: date


class Finding(NamedTuple):
    """A break as one run found it."""

    break_id: str
    code: BreakCode
    relation: Relation
    kind: str
    merchant_id: str | None
    reference: str
    item: str | None
    item_fen: int | None
    item_fee_fen: int | None
    item_on: date | None
    position: int | None
    file_id: str | None
    row_no: int | None
    row_fen: int | None
    row_fee_fen: int | None
    row_on: date | None
    difference_fen: int


class Break(NamedTuple):
    """A break as it stands."""

    break_id: str
    code: BreakCode
    relation: Relation
    kind: str
    merchant_id: str | None
    reference: str
    """By which the other side knows it; empty where it has none."""
    item: str | None
    """The redemption, payout or trade; None when there is none on the first side."""
    item_fen: int | None
    item_fee_fen: int | None
    item_on: date | None
    position: int | None
    """Of the ledger's event."""
    file_id: str | None
    row_no: int | None
    line: int | None
    row_fen: int | None
    row_fee_fen: int | None
    row_on: date | None
    difference_fen: int
    """The other side less the first, as both count in the period of the latest run."""
    first_run_id: str
    first_found_at: datetime
    last_run_id: str
    last_found_at: datetime
    status: BreakStatus
    owner: str | None
    resolution: Resolution | None
    resolution_position: int | None
    resolution_topic: str | None
    resolved_by: str | None
    confirmed_by: str | None


class Happening(NamedTuple):
    """A line of a break's history."""

    number: int
    at: datetime
    by: str
    what: str
    note: str
    run_id: str | None
    told: dict[str, Any]
