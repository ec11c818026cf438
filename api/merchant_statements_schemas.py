"""The shapes of answers about merchants' statements, for the document alone."""

from typing import Any

from marshmallow import Schema, fields

from api.answer_schemas import ProblemAnswer


def _described(text: str, **options: Any) -> dict[str, Any]:
    return {"required": True, "metadata": {"description": text}, **options}


def _whole(text: str, **options: Any) -> fields.Integer:
    return fields.Integer(**_described(text, **options), strict=True)


def _text(text: str, **options: Any) -> fields.String:
    return fields.String(**_described(text, **options))


def _day(text: str, **options: Any) -> fields.Date:
    return fields.Date(**_described(text, **options))


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
    next_cursor = _text("For the next page; null on the last.", allow_none=True)
