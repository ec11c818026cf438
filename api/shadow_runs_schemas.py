"""The shape of what a shadow run found, for the document alone."""

from typing import Any

from marshmallow import Schema, fields


def _described(text: str, **options: Any) -> dict[str, Any]:
    return {"required": True, "metadata": {"description": text}, **options}


def _whole(text: str) -> fields.Integer:
    return fields.Integer(strict=True, **_described(text))


def _text(text: str) -> fields.String:
    return fields.String(**_described(text))


def _day(text: str, **options: Any) -> fields.Date:
    return fields.Date(**_described(text, **options))


class AmountsAnswer(Schema):
    """What was really given, and what would have been."""

    acts = _whole("How many.")
    real_credits = _whole("Credits that they have earned, bonuses included, as corrected.")
    shadow_credits = _whole("Credits that they would have.")
    real_fen = _whole("分 that budgets have set aside for them.")
    shadow_fen = _whole("分 that budgets would have.")


class OfDayAnswer(AmountsAnswer):
    """By local day of the acts."""

    on = _day("The day.")


class OfCampaignAnswer(Schema):
    """By campaign and version."""

    campaign_id = _text("Which campaign.")
    campaign_version = _whole("Which version.")
    real_credits = _whole("What it has given.")
    shadow_credits = _whole("What it would have.")


class OfFundAnswer(Schema):
    """What a fund would have borne."""

    fund_id = _text("Which fund.")
    money_fen = _whole("What it has available now, and what it has really set aside for these acts.")
    real_fen = _whole("What it has set aside.")
    shadow_fen = _whole("What it would have.")
    last_clipped_on = _day("The last day on which it was too small; null for never.", allow_none=True)


class OfParticipantAnswer(Schema):
    """Who would have had more, or less."""

    participant_id = _text("Who.")
    real_credits = _whole("What they have.")
    shadow_credits = _whole("What they would have.")


class ShadowAnswer(Schema):
    """What a shadow run found."""

    programme_id = _text("Whose acts.")
    position = _whole("Up to which the log was gone over.")
    first_on = _day("The first local day of the acts.")
    last_on = _day("The last.")
    total = fields.Nested(AmountsAnswer, required=True)
    clipped = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(strict=True),
        **_described("How often each cap would have cut, by its name."),
    )
    not_computable = _whole("Acts without a measurement that the proposed rule needs; they earn nothing.")
    participants = _whole("Who did any of the acts.")
    gained = _whole("How many would have more.")
    unchanged = _whole("How many as much.")
    lost = _whole("How many less.")
    deciles = fields.List(
        fields.Integer(strict=True),
        **_described("Differences of participants: the least, each tenth, the greatest; empty without any."),
    )
    winners = fields.List(fields.Nested(OfParticipantAnswer), **_described("Those with most more."))
    losers = fields.List(fields.Nested(OfParticipantAnswer), **_described("Those with most less."))
    days = fields.List(fields.Nested(OfDayAnswer), **_described("Day by day."))
    campaigns = fields.List(fields.Nested(OfCampaignAnswer), **_described("By their ids."))
    funds = fields.List(fields.Nested(OfFundAnswer), **_described("By their ids."))
