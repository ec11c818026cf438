"""The shapes of settlement answers, for the document alone."""

from typing import Any

from marshmallow import Schema, fields, validate


def _described(text: str, **options: Any) -> dict[str, Any]:
    return {"required": True, "metadata": {"description": text}, **options}


def _whole(text: str, **options: Any) -> fields.Integer:
    return fields.Integer(**_described(text, **options), strict=True)


class MoneyAnswer(Schema):
    """Money in 分."""

    face_value_fen = _whole("What funds bear.")
    fee_fen = _whole("Of it, what the platform withholds.")
    payable_fen = _whole("Of it, what the merchant gets.")


class CountAnswer(MoneyAnswer):
    """Some lines of one kind; uses and refunds are counted without sign."""

    count = _whole("How many.")


class ShareAnswer(MoneyAnswer):
    """What one fund bears; the shares of the fee are split as those of the face value are."""

    fund_id = fields.String(**_described("Which fund."))


class MerchantSums(Schema):
    """What lines of one merchant come to."""

    merchant_id = fields.String(**_described("Which merchant."))
    uses = fields.Nested(CountAnswer, **_described("Uses recorded in the period."))
    refunds = fields.Nested(CountAnswer, **_described("Refunds recorded in the period, of whatever uses."))
    amendments = fields.Nested(
        CountAnswer,
        **_described("Amendments recorded in the period, which disputes led to; with their signs."),
    )
    net = fields.Nested(MoneyAnswer, **_described("Uses less refunds, and amendments."))
    funds = fields.List(fields.Nested(ShareAnswer), **_described("The same net money by fund."))


class PeriodAnswer(Schema):
    """The period of an answer, and where it was read."""

    position = _whole("The position this was read at.")
    begin = fields.Date(
        **_described("The first local day; null for no beginning.", allow_none=True), data_key="from"
    )
    end = fields.Date(
        **_described("The local day after the last; null for no end.", allow_none=True), data_key="to"
    )


class MerchantSettlementAnswer(MerchantSums, PeriodAnswer):
    """One merchant's period."""


class SettlementAnswer(PeriodAnswer):
    """All merchants' period."""

    merchants = fields.List(fields.Nested(MerchantSums), **_described("Those with a line, by id."))
    next_cursor = fields.String(**_described("For the next page; null on the last.", allow_none=True))


class MomentAnswer(Schema):
    """When a step was taken."""

    position = _whole("Of its event.")
    occurred_at = fields.DateTime(**_described("When it happened."))
    recorded_at = fields.DateTime(**_described("When it was recorded; its local day is the line's."))


class RedemptionMoney(MoneyAnswer):
    """A redemption as finance sees it."""

    redemption_id = fields.String(**_described("Which redemption."))
    merchant_id = fields.String(**_described("Where."))
    participant_id = fields.String(**_described("Who; null once erased.", allow_none=True))
    offer_id = fields.String(**_described("What the caller called the offer.", allow_none=True))
    store_id = fields.String(**_described("The store of the use.", allow_none=True))
    status = fields.String(
        **_described(
            "As of the position of the answer.",
            validate=validate.OneOf(["held", "fulfilled", "cancelled", "released", "refunded"]),
        )
    )
    credits = _whole("Whole credits.")
    funds = fields.List(fields.Nested(ShareAnswer), **_described("In declared order."))
    deadline_at = fields.DateTime(**_described("Until when the hold could be used."))
    held = fields.Nested(MomentAnswer, **_described("The hold."))
    fulfilled = fields.Nested(MomentAnswer, **_described("The use.", allow_none=True))
    reversed = fields.Nested(
        MomentAnswer,
        **_described("The cancellation, release or refund; the status says which.", allow_none=True),
    )


class RedemptionSettlementAnswer(RedemptionMoney):
    """One redemption; amounts as fixed at the hold."""

    position = _whole("The position this was read at.")


class LineAnswer(RedemptionMoney):
    """A line of a statement; every amount of a refund is below zero, and an amendment may be."""

    kind = fields.String(**_described("What it is.", validate=validate.OneOf(["use", "refund", "amendment"])))
    local_day = fields.Date(**_described("The day it counts on."))
    position = _whole("Of the event that made the line.")


class SettlementLinesAnswer(PeriodAnswer):
    """Lines of a statement."""

    merchant_id = fields.String(**_described("Whose."))
    lines = fields.List(fields.Nested(LineAnswer), **_described("By local day and position."))
    next_cursor = fields.String(
        **_described("For the next page, read at the same position; null on the last.", allow_none=True)
    )


class FundMoneyAnswer(Schema):
    """Where a fund's money is."""

    fund_id = fields.String(**_described("Which fund."))
    position = _whole("The position this was read at.")
    committed_fen = _whole("By sponsors; the sum of the others.")
    available_fen = _whole("Nothing is promised against it.")
    encumbered_fen = _whole("Set aside by open holds.")
    payable_fen = _whole("Used, and in no statement yet.")
    fees_fen = _whole("Withheld for the platform.")
    paid_fen = _whole("Paid to merchants.")
    backing_fen = _whole("Set aside for credits issued on a budget.")
    recoverable_fen = _whole("Refunded after the merchant was settled, and to be given back first.")
    settling_fen = _whole("In statements, and not yet paid to merchants.")
