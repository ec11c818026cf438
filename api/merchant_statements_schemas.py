"""The shapes of answers about merchants' statements, for the document alone."""

from typing import Any, Final, get_args

from marshmallow import Schema, fields, validate

from api.answer_schemas import ProblemAnswer
from ledger.domain.payout import PayoutStatus
from ledger.domain.settling import LineKind
from ledger.domain.statement import DisputedKind, Outcome, StatementStatus

_AT: Final = "The position this was read at."
_NEXT: Final = "For the next page; null on the last."


def _described(text: str, **options: Any) -> dict[str, Any]:
    return {"required": True, "metadata": {"description": text}, **options}


def _whole(text: str, **options: Any) -> fields.Integer:
    return fields.Integer(**_described(text, **options), strict=True)


def _text(text: str, **options: Any) -> fields.String:
    return fields.String(**_described(text, **options))


def _day(text: str, **options: Any) -> fields.Date:
    return fields.Date(**_described(text, **options))


def _instant(text: str, **options: Any) -> fields.DateTime:
    return fields.DateTime(**_described(text, **options))


class ClosedStatementAnswer(Schema):
    """A statement as it was issued, in short."""

    merchant_id = _text("Whose.")
    statement_id = _text("Merchant and end of the period, such as `cafe:2026-12-01`.")
    number = _text("Merchant and count, such as `cafe-000012`.")
    starts_on = _day("First local day of the period.")
    ends_on = _day("The local day after the last.")
    lines = _whole("How many it has.")
    total_fen = _whole("All lines, and what was brought forward.")
    due_fen = _whole("What of it this statement pays.")
    carried_out_fen = _whole("What goes on to the next statement.")
    digest = _text("SHA-256 over its numbers.")
    position = _whole("Of its event.")


class NotClosedAnswer(Schema):
    """A merchant for whom there is no statement of the period, and why."""

    merchant_id = _text("Whose.")
    problem = fields.Nested(ProblemAnswer, **_described("As a request for this merchant alone is refused."))


class ClosedAnswer(Schema):
    """What came of closing a period for many merchants."""

    ends_on = _day("As it was asked.")
    statements = fields.List(
        fields.Nested(ClosedStatementAnswer), **_described("Issued now or before, by merchant.")
    )
    refused = fields.List(fields.Nested(NotClosedAnswer), **_described("By merchant."))
    next_cursor = _text(_NEXT, allow_none=True)


# --- Statements as they stand -------------------------------------------------------------------


class NamesOfMerchant(Schema):
    """Who a merchant is."""

    merchant_id = _text("Whose.")
    merchant_name_zh = _text("Chinese name.")
    merchant_name_en = _text("English name.")


class StandingAnswer(NamesOfMerchant):
    """How far a statement has come, in 分."""

    statement_id = _text("Merchant and end of the period.")
    number = _text("Merchant and count.")
    starts_on = _day("First local day of the period.")
    ends_on = _day("The local day after the last.")
    status = _text("How far it has come.", validate=validate.OneOf(get_args(StatementStatus)))
    total_fen = _whole("All lines, and what was brought forward.")
    due_fen = _whole("What of it this statement pays.")
    held_back_fen = _whole("Of what is due: disputed.")
    moved_fen = _whole("Of what is due: amended, to come with a later statement.")
    paid_fen = _whole("Of what is due: confirmed.")
    under_way_fen = _whole("Of what is due: instructed.")
    payable_now_fen = _whole("The rest of what is due.")
    carried_out_fen = _whole("What goes on to the next statement.")
    issued_at = _instant("When it was closed.")
    approved_at = _instant("When it was approved.", allow_none=True)
    settled_at = _instant("When all was paid; null again when money came back.", allow_none=True)
    digest = _text("SHA-256 over its numbers.")
    changed_position = _whole("Of the event that changed it last.")


class StatementSummaryAnswer(StandingAnswer):
    """A statement in a list."""

    lines = _whole("How many it has.")
    objections_end_on = _day("The first local day on which no line can be disputed any more.")


class StatementsAnswer(Schema):
    """Statements by their ids."""

    position = _whole(_AT)
    statements = fields.List(fields.Nested(StatementSummaryAnswer), **_described("By id."))
    next_cursor = _text(_NEXT, allow_none=True)


class FundOfStatementAnswer(Schema):
    """What one fund bears of a statement's lines."""

    fund_id = _text("Which.")
    name_zh = _text("Chinese name.")
    name_en = _text("English name.")
    face_value_fen = _whole("Refunds taken off.")
    fee_fen = _whole("Its part of the fees.")
    earned_fen = _whole("Face value less fee.")


class PayoutOfStatementAnswer(Schema):
    """A payout of a statement."""

    id = _text("The bank's EndToEndId.")
    status = _text("Where its money is.", validate=validate.OneOf(get_args(PayoutStatus)))
    value_fen = _whole("How much.")
    instructed_at = _instant("When.")
    confirmed_at = _instant("When its money had left.", allow_none=True)
    bank_reference = _text("By which the bank knows it.", allow_none=True)
    reason = _text("Why it failed or came back.", allow_none=True)


class DisputeAnswer(Schema):
    """An objection to a line, and what came of it."""

    redemption_id = _text("Whose line.")
    line = _text("Which of them.", validate=validate.OneOf(get_args(DisputedKind)))
    reason = _text("Why it was disputed.")
    earned_fen = _whole("What the statement says is earned by it.")
    held_back_fen = _whole("What is, or was, not paid for it.")
    opened_at = _instant("When it was disputed.")
    opened_by = _text("By which key.")
    outcome = _text(
        "Null while it is open.", allow_none=True, validate=validate.OneOf([*get_args(Outcome), None])
    )
    resolution = _text("Why it was resolved so.", allow_none=True)
    amended_fen = _whole("What is earned by it after all.", allow_none=True)
    amendment_fen = _whole("The line of a later statement.")
    resolved_at = _instant("When it was resolved.", allow_none=True)
    resolved_by = _text("By which key.", allow_none=True)


class StatementStepAnswer(Schema):
    """One step of a statement."""

    position = _whole("Of its event.")
    topic = _text("What was done.")
    occurred_at = _instant("When it happened.")
    recorded_at = _instant("When it was recorded.")
    by = _text("Which key did it; null where it followed from the step before.", allow_none=True)
    details = fields.Dict(**_described("The rest of its event."))


class WholeStatementAnswer(StandingAnswer):
    """A statement with everything about it but its lines; amounts in 分."""

    programme_id = _text("Of which programme.")
    programme_name_zh = _text("Chinese name.")
    programme_name_en = _text("English name.")
    time_zone = _text("In which its days begin.")
    issued_by = _text("The key that closed it.")
    approved_by = _text("The key that approved it.", allow_none=True)
    is_early = fields.Boolean(
        **_described("Whether it was approved before the time for objections was over.")
    )
    objection_days = _whole("Local days for objections, from the one of its issue.")
    objections_until = _instant("Until then lines can be disputed.")
    uses = _whole("How many.")
    used_face_value_fen = _whole("Not below zero.")
    used_fee_fen = _whole("Not below zero.")
    refunds = _whole("How many.")
    refunded_face_value_fen = _whole("Not below zero.")
    refunded_fee_fen = _whole("Not below zero.")
    amendments = _whole("How many.")
    amended_fen = _whole("What they add; below zero, what they take off.")
    carried_in_fen = _whole("Brought forward.")
    funds = fields.List(fields.Nested(FundOfStatementAnswer), **_described("By id."))
    payouts = fields.List(fields.Nested(PayoutOfStatementAnswer), **_described("As they were instructed."))
    disputes = fields.List(fields.Nested(DisputeAnswer), **_described("As they began."))
    history = fields.List(fields.Nested(StatementStepAnswer), **_described("Who did what, when."))
    lines_digest = _text("SHA-256 over its lines.")
    position = _whole(_AT)


class LineOfStatementAnswer(Schema):
    """A line; amounts of a refund are below zero."""

    position = _whole("Of its event.")
    kind = _text("What it is.", validate=validate.OneOf(get_args(LineKind)))
    local_day = _day("On which it was recorded.")
    recorded_at = _instant("When.")
    redemption_id = _text("Of which redemption.")
    offer_id = _text("Which offer was taken.", allow_none=True)
    store_id = _text("Where it was used.", allow_none=True)
    face_value_fen = _whole("What funds bear.")
    fee_fen = _whole("Of it, what the platform withholds.")
    earned_fen = _whole("Of it, what the merchant gets.")
    is_held_back = fields.Boolean(**_described("Whether it is under dispute."))


class StatementLinesAnswer(Schema):
    """Lines of a statement, in the order of its digest."""

    statement_id = _text("Of which.")
    position = _whole(_AT)
    lines = fields.List(fields.Nested(LineOfStatementAnswer), **_described("By position."))
    next_cursor = _text(_NEXT, allow_none=True)


class ShareOfPayoutAnswer(Schema):
    """Out of which fund."""

    fund_id = _text("Which.")
    value_fen = _whole("How much.")


class PayoutAnswer(NamesOfMerchant):
    """A payout."""

    payout_id = _text("The bank's EndToEndId.")
    status = _text("Where its money is.", validate=validate.OneOf(get_args(PayoutStatus)))
    statement_id = _text("Of which statement.")
    value_fen = _whole("How much, in 分.")
    funds = fields.List(fields.Nested(ShareOfPayoutAnswer), **_described("Out of which; they sum to it."))
    instructed_at = _instant("When.")
    instructed_by = _text("By which key.")
    confirmed_at = _instant("When its money had left.", allow_none=True)
    bank_reference = _text("By which the bank knows it.", allow_none=True)
    ended_at = _instant("When it was confirmed, failed or came back, the latest.", allow_none=True)
    ended_by = _text("By which key.", allow_none=True)
    reason = _text("Why it failed or came back.", allow_none=True)


class PayoutsAnswer(Schema):
    """Payouts by their ids."""

    position = _whole(_AT)
    payouts = fields.List(fields.Nested(PayoutAnswer), **_described("By id."))
    next_cursor = _text(_NEXT, allow_none=True)
