"""The shapes of answers about stores, offers and vouchers, for the document alone."""

from typing import Any

from marshmallow import Schema, fields, validate

from api.answer_schemas import LoggedEventAnswer, RecordedAnswer


def _whole(description: str, **options: Any) -> fields.Integer:
    return fields.Integer(strict=True, required=True, metadata={"description": description}, **options)


def _text(description: str, **options: Any) -> fields.String:
    return fields.String(required=True, metadata={"description": description}, **options)


def _truth(description: str) -> fields.Boolean:
    return fields.Boolean(required=True, metadata={"description": description})


def _event(description: str) -> fields.Nested:
    return fields.Nested(LoggedEventAnswer, required=True, metadata={"description": description})


class StoreAnswer(Schema):
    """A store."""

    id = _text("As its opener chose it.")
    is_open = _truth("Whether vouchers are used there.")
    opening = _event("Its names and its merchant.")


class StoresAnswer(Schema):
    """A merchant's stores in order of their ids."""

    position = _whole("The position this was read at.")
    merchant_id = _text("Whose.")
    stores = fields.List(fields.Nested(StoreAnswer), required=True)
    next_cursor = _text("For the next page; null on the last.", allow_none=True)


class LeftAnswer(Schema):
    """How many vouchers can still be taken; null where nothing limits them."""

    stock = _whole("Of all there are.", allow_none=True)
    month = _whole("In this local month.", allow_none=True)
    participant = _whole("By the participant asked about.", allow_none=True)
    participant_month = _whole("By the participant asked about, in this local month.", allow_none=True)


class OfferSummaryAnswer(Schema):
    """An offer by its latest version."""

    id = _text("As its publisher chose it.")
    merchant_id = _text("Who gives it.")
    version = _whole("To be sent with whoever takes it.")
    is_open = _truth("Whether it can be taken.")
    face_value_fen = _whole("What the funds bear of one voucher: the list price less the discount.")
    vouchers = _whole("Held or used, all versions together.")
    left = fields.Nested(LeftAnswer, required=True)
    published = _event("The terms.")


class OfferAnswer(OfferSummaryAnswer):
    """One offer."""

    position = _whole("The position this was read at.")


class OffersAnswer(Schema):
    """Offers in order of their ids."""

    position = _whole("The position this was read at.")
    offers = fields.List(fields.Nested(OfferSummaryAnswer), required=True)
    next_cursor = _text("For the next page; null on the last.", allow_none=True)


class CodeAnswer(Schema):
    """What a participant shows in a store."""

    code = _text("20 characters in groups; a secret until it is used.")
    qr_payload = _text("What a QR code of it says.")
    deadline_at = fields.DateTime(
        required=True, metadata={"description": "The last instant at which it can be used."}
    )


class TakenAnswer(RecordedAnswer):
    """What taking an offer added to the log, and the voucher's code."""

    voucher = fields.Nested(CodeAnswer, required=True)


class VoucherAnswer(Schema):
    """A voucher as it stands."""

    redemption_id = _text("Of the redemption that it is.")
    position = _whole("Position of its last event.")
    status = _text(
        "Where it stands.",
        validate=validate.OneOf(["held", "fulfilled", "cancelled", "released", "refunded"]),
    )
    offer_id = _text("What was taken.")
    offer_version = _whole("By which terms.")
    merchant_id = _text("Who gives it.")
    code = _text("While it is held; null afterwards.", allow_none=True)
    qr_payload = _text("While it is held; null afterwards.", allow_none=True)
    deadline_at = fields.DateTime(
        required=True, metadata={"description": "The last instant at which it can be used."}
    )
    used_at = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "When it was used; null when it was not."}
    )
    store_id = _text("Where it was used; null when it was not.", allow_none=True)
