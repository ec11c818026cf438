"""What a reader makes of a bill: rows, lines that it could not read, and totals at the end.

A row says what its file says, in integers of 分 and in the file's own days; what it means for the
ledger is for whoever matches it to say.
"""

from datetime import date, datetime
from typing import Final, Literal

import msgspec

from ledger.domain.limits import ECHO_CHARS_MAX

BillKind = Literal["merchant", "wechat_trades", "wechat_fund_flow", "camt053"]
RowKind = Literal["use", "refund", "payment", "fee", "other"]

Reason = Literal[
    "encoding_unknown",
    "line_too_long",
    "field_too_long",
    "line_malformed",
    "columns_differ",
    "reference_missing",
    "reference_unsuitable",
    "kind_unknown",
    "value_malformed",
    "value_not_whole_fen",
    "value_out_of_bounds",
    "sign_unsuitable",
    "digits_lost",
    "day_malformed",
    "time_malformed",
    "currency_unsuitable",
    "field_missing",
    "parts_differ",
    "parts_too_many",
    "statements_too_many",
    "summary_malformed",
    "summary_missing",
    "balance_missing",
    "document_type_refused",
    "file_truncated",
    "file_too_long",
]

REASONS: Final[dict[Reason, str]] = {
    "encoding_unknown": "it is not written in the encoding of the file, or in one that is not read",
    "line_too_long": "the line is longer than a row of a bill can be",
    "field_too_long": "a value is longer than one of a bill can be",
    "line_malformed": "what stands there is no row of this bill, or no XML",
    "columns_differ": "the row has more or fewer values than the header has names",
    "reference_missing": "the row has no id of its own, or names nothing that it belongs to",
    "reference_unsuitable": "an id is longer than 128 characters, or has signs that cannot be printed",
    "kind_unknown": "the row is neither a use nor a refund in the words of this bill",
    "value_malformed": "an amount is no plain decimal",
    "value_not_whole_fen": "an amount does not come to whole 分",
    "value_out_of_bounds": "an amount is larger than the ledger counts",
    "sign_unsuitable": "an amount has another sign than one of its kind can have",
    "digits_lost": "a sheet has a number of more than 15 digits and keeps no more; such ids must be texts",
    "day_malformed": "a day is none in the form of this bill",
    "time_malformed": "a time is none in the form of this bill, or never was in its zone",
    "currency_unsuitable": "an amount is in another currency than CNY",
    "field_missing": "a value that every row has is not there",
    "parts_differ": "the parts of a batch do not add up to it, so it is given as one row",
    "parts_too_many": "a batch has more parts than are read, so it is given as one row",
    "statements_too_many": "the file has more statements than are read; the rest was not",
    "summary_malformed": "the summary at the end cannot be read",
    "summary_missing": "the bill ends without the summary that every one has",
    "balance_missing": "a statement has no opening or no closing balance, so nothing proves that it is whole",
    "document_type_refused": "the XML declares a document type, which may hold entities; no bank sends one",
    "file_truncated": "the file ends or breaks off before it is complete",
    "file_too_long": "the file is longer than is read; the rest was not",
}
"""Why something was not read, in the words that people are shown."""


class BillRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One movement as a bill tells it.

    Attributes:
        line: where it stands in the file, from 1.
        kind: what it is: a use or a refund of a redemption, a payment from or to an account, a fee of
            the payment service or the bank, or something else.
        reference: the id by which the ledger knows it: a redemption's id, an order's number, an
            EndToEndId; ``""`` for none.
        own_reference: the source's own id: WeChat's order or refund number, AcctSvcrRef and the like;
            ``""`` for none.
        value_fen: 分, signed: above 0 in favour of the party whose file it is; a refund is negative.
        fee_fen: 分 of fee that the row itself bears, above 0 when paid and below 0 when given back;
            None where the file does not say. It is not part of `value_fen`.
        happened_on: the local day, as the file says.
        happened_at: the instant (UTC); None where the file has only days.
        store_id: the store or device that the file names.
        counterparty: the other party that the file names.
        part_of: `own_reference` of the batch entry that this row is a part of.
        note: what else may help people to find it.
        refund_reference: the id that the party whose file it is gave to a refund (商户退款单号).
        payment_reference: the source's own id of the payment that a refund, a fee or a flow belongs to
            (微信订单号), which several rows may share.
        merchant_reference: the merchant as the source names it (特约商户号, or else 商户号; an account).
        is_reversal: the row takes back an earlier one, as a payout that a bank returns.
        is_final: False while the source says that it is still under way, as a refund in processing.
    """

    line: int
    kind: RowKind
    reference: str
    own_reference: str
    value_fen: int
    fee_fen: int | None
    happened_on: date
    happened_at: datetime | None
    store_id: str | None
    counterparty: str | None
    part_of: str | None
    note: str
    refund_reference: str = ""
    payment_reference: str = ""
    merchant_reference: str = ""
    is_reversal: bool = False
    is_final: bool = True


class Unreadable(msgspec.Struct, frozen=True, gc=False):
    """A line, or a thing that stands there, that could not be read.

    Attributes:
        line: where it stands in the file, from 1.
        reason: why, one of `REASONS`.
        excerpt: the value that is wrong, or the beginning of the line.
    """

    line: int
    reason: Reason
    excerpt: str


Outcome = BillRow | Unreadable


class Difference(msgspec.Struct, frozen=True, gc=False):
    """A number of the file's own summary that its rows do not come to.

    Attributes:
        name: as the file calls it: a column of the summary, or a statement and its balance.
        unit: what is counted.
        stated: as the file says.
        found: as its rows come to.
    """

    name: str
    unit: Literal["rows", "fen"]
    stated: int
    found: int


class Balance(msgspec.Struct, frozen=True, gc=False):
    """A balance that a bank states.

    Attributes:
        statement_id: of the bank's statement.
        code: OPBD, PRCD, CLBD, ITBD and the like.
        value_fen: 分, below 0 when overdrawn.
        on: the day it is of.
    """

    statement_id: str
    code: str
    value_fen: int
    on: date | None


class KindTotal(msgspec.Struct, frozen=True, gc=False):
    """Rows of one kind: how many, their values (分, signed) and the fees that they bear."""

    rows: int
    value_fen: int
    fee_fen: int


class BillTotals(msgspec.Struct, frozen=True, kw_only=True):
    """What a bill came to, known when its last row was given.

    Attributes:
        rows: rows given.
        unreadable: lines or things that could not be read.
        value_fen: the sum of values (分, signed).
        fee_fen: the sum of the fees that rows bear.
        of_kind: the same by kind; kinds without rows are left out.
        first_on: the earliest day of a row; None without rows.
        last_on: the latest one.
        is_agreed: whether the file's own summary or balances agree with its rows; None where it has none.
        differences: where they do not.
        balances: those that a bank's statements state, in their order.
        passed_over: rows that do not count by the source's own word, such as pending entries.
    """

    rows: int
    unreadable: int
    value_fen: int
    fee_fen: int
    of_kind: dict[RowKind, KindTotal]
    first_on: date | None
    last_on: date | None
    is_agreed: bool | None
    differences: tuple[Difference, ...] = ()
    balances: tuple[Balance, ...] = ()
    passed_over: int = 0


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader gives last: how the file's own summary stood against its rows."""

    is_agreed: bool | None
    differences: tuple[Difference, ...] = ()
    balances: tuple[Balance, ...] = ()
    passed_over: int = 0


def unreadable(line: int, reason: Reason, text: str) -> Unreadable:
    """Tell of a line in few and printable signs."""
    return Unreadable(line, reason, shown(text))


def shown(text: str) -> str:
    """Give the beginning of what stands in a file, so that it can be shown anywhere."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:ECHO_CHARS_MAX])
