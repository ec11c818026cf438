"""The shapes of explanations, for the document alone.

Rule of the room: as for `api.answer_schemas`.
"""

from typing import Any

from marshmallow import Schema, fields, validate

from ledger.explaining.language import TONGUES


def _described(text: str, **options: Any) -> dict[str, Any]:
    return {"required": True, "metadata": {"description": text}, **options}


class CheckAnswer(Schema):
    """A number that was recorded, and the same computed again from the inputs."""

    recorded = fields.Raw(**_described("As it stands in the log.", allow_none=True))
    recomputed = fields.Raw(**_described("As it comes out again.", allow_none=True))
    is_equal = fields.Boolean(**_described("Whether both are the same."))
    unit = fields.String(**_described("`fen` for money; else empty, and the sentence names the unit."))


class StepAnswer(Schema):
    """One link of a chain."""

    kind = fields.String(**_described("What is said; programs read this and the facts."))
    position = fields.Integer(**_described("Of the event that says so."), strict=True)
    topic = fields.String(**_described("Of that event; empty for a balance."))
    facts = fields.Dict(**_described("Exact values by name; what there is depends on the kind."))
    check = fields.Nested(
        CheckAnswer, **_described("Null where nothing was recorded that could be computed.", allow_none=True)
    )
    sentence = fields.String(**_described("For people, in the language asked for."))


class ExplainedLotAnswer(Schema):
    """What became of one lot of an account's credits."""

    lot = fields.Date(**_described("Last day of validity."))
    came_in_credits = fields.Integer(**_described("All that ever came in."), strict=True)
    went_out_credits = fields.Integer(**_described("All that ever went out."), strict=True)
    left_credits = fields.Integer(**_described("What is left."), strict=True)
    steps = fields.List(fields.Nested(StepAnswer), **_described("A line for each event, and what is left."))


class ExplainedEntryAnswer(Schema):
    """An entry of the account, or an event that entered nothing, with the chain that led to it."""

    position = fields.Integer(**_described("The event's place in the log."), strict=True)
    topic = fields.String(**_described("What happened."))
    asset = fields.String(**_described("Null where nothing was entered.", allow_none=True))
    amount = fields.Integer(**_described("Above zero into the account."), strict=True)
    steps = fields.List(fields.Nested(StepAnswer), **_described("In the order in which one follows another."))


class ExplanationAnswer(Schema):
    """Why an account holds what it holds."""

    account = fields.String(**_described("Its address."))
    position = fields.Integer(**_described("As of which it is explained."), strict=True)
    lang = fields.String(**_described("Of the sentences.", validate=validate.OneOf(TONGUES)))
    is_proven = fields.Boolean(**_described("Whether every check on this page is equal."))
    balances = fields.List(
        fields.Nested(StepAnswer), **_described("By asset; none on later pages, nor for one event.")
    )
    lots = fields.List(
        fields.Nested(ExplainedLotAnswer),
        **_described(
            "The credits lot by lot; of one event those it moved; null on later pages, for other assets, "
            "and where too many entries would have to be told.",
            allow_none=True,
        ),
    )
    entries = fields.List(fields.Nested(ExplainedEntryAnswer), **_described("Newest first."))
    next_cursor = fields.String(**_described("For the next page; null on the last.", allow_none=True))
