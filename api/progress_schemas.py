"""The shapes of answers about a participant's progress in campaigns, for the document alone."""

from typing import Any

from marshmallow import Schema, fields, validate


def _described(text: str, **options: Any) -> dict[str, Any]:
    return {"required": True, "metadata": {"description": text}, **options}


def _whole(text: str, **options: Any) -> fields.Integer:
    return fields.Integer(strict=True, **_described(text, **options))


def _text(text: str, **options: Any) -> fields.String:
    return fields.String(**_described(text, **options))


class NextLevelAnswer(Schema):
    """The next level of a tier."""

    from_g = _whole("Grams from which it holds.")
    multiplier = _text("What acts earn from there on.")
    missing_g = _whole("Grams to go.")


class BonusProgressAnswer(Schema):
    """How far somebody is, by `kind`; docs/campaigns.md says which fields each has."""

    kind = _text(
        "What the campaign is about.",
        validate=validate.OneOf(["multiplier", "first_time", "streak", "tier"]),
    )
    multiplier = fields.String(metadata={"description": "multiplier, tier: by which the next act counts."})
    credits = fields.Integer(
        strict=True, metadata={"description": "first_time, streak: what there is to earn."}
    )
    is_done = fields.Boolean(metadata={"description": "first_time: whether the first act was done."})
    source = fields.String(allow_none=True, metadata={"description": "first_time: of that act."})
    activity_id = fields.String(allow_none=True, metadata={"description": "first_time: of that act."})
    days = fields.Integer(strict=True, metadata={"description": "streak: local days of a full run."})
    days_done = fields.Integer(
        strict=True, metadata={"description": "streak: of the run that goes on today or ended yesterday."}
    )
    days_missing = fields.Integer(strict=True, metadata={"description": "streak: to a full run."})
    begun_on = fields.Date(
        allow_none=True, metadata={"description": "streak: first day of the run; null where none goes on."}
    )
    is_counted_today = fields.Boolean(metadata={"description": "streak: whether today counts already."})
    set_off_runs = fields.Integer(
        strict=True, metadata={"description": "streak: full runs to come for which nothing is given."}
    )
    year = fields.Integer(strict=True, metadata={"description": "tier: local year of the grams."})
    amount_g = fields.Integer(strict=True, metadata={"description": "tier: grams of the year so far."})
    next_level = fields.Nested(
        NextLevelAnswer, allow_none=True, metadata={"description": "tier: null at the highest level."}
    )


class CampaignProgressAnswer(Schema):
    """A campaign in force, and how far a participant is in it."""

    campaign_id = _text("Which campaign.")
    campaign_version = _whole("The version that holds.")
    name_zh = _text("Its Chinese name.")
    name_en = _text("Its English name.")
    scenario_ids = fields.List(fields.String(), **_described("Whose acts count; of all when empty."))
    valid_from = fields.DateTime(**_described("First instant at which an act counts."))
    valid_to = fields.DateTime(
        **_described("First at which none does any more; null for none.", allow_none=True)
    )
    awarded_credits = _whole("What the participant has been given by it, as corrected.")
    credits_max = _whole("What a participant may be given by it; null for no cap.", allow_none=True)
    credits_left = _whole("What that leaves; null for no cap.", allow_none=True)
    bonus = fields.Nested(BonusProgressAnswer, required=True)


class ProgressAnswer(Schema):
    """A participant's progress in the campaigns in force, by their ids."""

    position = _whole("The position this was read at.")
    participant_id = _text("Whose progress.")
    campaigns = fields.List(fields.Nested(CampaignProgressAnswer), required=True)
