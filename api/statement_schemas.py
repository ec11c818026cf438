"""The shapes of statements and of balances at a moment, for the document alone.

Rule of the room: as for `api.answer_schemas`.
"""

from typing import Any

from marshmallow import Schema, fields, validate

from ledger.domain.topics import BY_TOPIC
from ledger.projections.statement_balances import ASSETS


def _described(text: str, **options: Any) -> dict[str, Any]:
    return {"required": True, "metadata": {"description": text}, **options}


def _asset() -> fields.String:
    text = "Unit: whole grams, whole credits, or 分 for CNY."
    return fields.String(**_described(text, validate=validate.OneOf(ASSETS)))


class LotAmountAnswer(Schema):
    """Credits of one lot."""

    lot = fields.Date(**_described("Last day of validity."))
    amount = fields.Integer(**_described("Whole credits."), strict=True)


class TotalAnswer(Schema):
    """What an account held of an asset before and after a period."""

    asset = _asset()
    opening_amount = fields.Integer(**_described("Before the period's first entry."), strict=True)
    closing_amount = fields.Integer(
        **_described("After its last, entries of all topics counted."), strict=True
    )


class StatementEntryAnswer(Schema):
    """What one event did to one asset of an account."""

    position = fields.Integer(**_described("The event's place in the log."), strict=True)
    topic = fields.String(**_described("What happened.", validate=validate.OneOf(list(BY_TOPIC))))
    asset = _asset()
    amount = fields.Integer(
        **_described("Above zero into the account, below zero out of it; 0 where lots were exchanged."),
        strict=True,
    )
    balance = fields.Integer(**_described("What the account held of the asset after the event."), strict=True)
    counterparts = fields.List(
        fields.String(), **_described("Accounts on the other side, in order; without erased participants.")
    )
    occurred_at = fields.AwareDateTime(**_described("When it happened, as the caller told it."))
    recorded_at = fields.AwareDateTime(**_described("When the ledger wrote it."))
    lots = fields.List(
        fields.Nested(LotAmountAnswer),
        **_described("The credits by lot, with their sign; null for grams and money.", allow_none=True),
    )


class StatementAnswer(Schema):
    """A page of an account's statement."""

    account = fields.String(**_described("Its address."))
    position = fields.Integer(**_described("The chain of pages shows the account as of here."), strict=True)
    totals = fields.List(
        fields.Nested(TotalAnswer),
        **_described(
            "Before and after the period, by asset; null with a period of both kinds.", allow_none=True
        ),
    )
    entries = fields.List(fields.Nested(StatementEntryAnswer), **_described("In the order asked for."))
    next_cursor = fields.String(
        **_described(
            "For the next page; null on the last. A page before it may be short, or empty.", allow_none=True
        )
    )


class AmountAnswer(Schema):
    """How much of one asset."""

    asset = _asset()
    amount = fields.Integer(
        **_described("Every lot together; below zero for counter-accounts only."), strict=True
    )


class BalancesAtAnswer(Schema):
    """What an account held at a moment."""

    account = fields.String(**_described("Its address."))
    position = fields.Integer(
        **_described("The last event that counts; with `occurred_at`, the last that was known."), strict=True
    )
    recorded_at = fields.AwareDateTime(**_described("As it was asked for.", allow_none=True))
    occurred_at = fields.AwareDateTime(**_described("As it was asked for.", allow_none=True))
    balances = fields.List(
        fields.Nested(AmountAnswer), **_described("What is not nothing, in order of assets.")
    )
    lots = fields.List(
        fields.Nested(LotAmountAnswer),
        **_described(
            "Credits by lot; null when not asked for, or when too many entries would have to be read.",
            allow_none=True,
        ),
    )
