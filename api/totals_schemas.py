"""The shapes of answers about a programme in numbers, for the document alone."""

from typing import Any

from marshmallow import Schema, fields, validate


def _described(text: str, **options: Any) -> dict[str, Any]:
    return {"required": True, "metadata": {"description": text}, **options}


def _whole(text: str, **options: Any) -> fields.Integer:
    return fields.Integer(**_described(text, **options), strict=True)


def _places(unit: str) -> fields.Dict:
    return fields.Dict(
        keys=fields.String(),
        values=fields.Integer(strict=True),
        **_described(f"{unit} by the place they are in, as docs/views.md has it; all together nothing."),
    )


class ReadAt(Schema):
    """Where an answer was read."""

    position = _whole("The position this was read at.")


class ActiveAnswer(Schema):
    """Distinct participants with an activity."""

    day = _whole("On the day.")
    month = _whole("In its month, as far as is known.")


class ScenarioTotalsAnswer(Schema):
    """Activities of a scenario and verdict."""

    scenario_id = fields.String(**_described("Which scenario."))
    verdict = fields.String(
        **_described(
            "What became of them.",
            validate=validate.OneOf(["accepted", "discounted", "held", "rejected", "dismissed", "void"]),
        )
    )
    activities = _whole("How many.")
    amount_g = _whole("Grams avoided, as corrected.")
    credits = _whole("Credits issued for them, as corrected.")


class BonusTotalsAnswer(Schema):
    """Credits of a campaign."""

    campaign_id = fields.String(**_described("Which campaign."))
    credits = _whole("Credits issued by it for these activities, as corrected.")


class GramsAnswer(Schema):
    """Grams of CO2e."""

    avoided_g = _whole("Not emitted.")
    places = _places("Grams")


class CreditsAnswer(Schema):
    """Whole credits."""

    issued = _whole("Ever, for activities, net of those taken back.")
    given = _whole("That changed hands, as often as they did.")
    outstanding = _whole("That may yet be used, those included that are still to be claimed.")
    owed = _whole("That participants owe, because they had spent what was taken back.")
    places = _places("Credits")


class CommittedAnswer(Schema):
    """Money in 分."""

    committed_fen = _whole("By sponsors.")
    places = _places("分")


class TotalsAnswer(ReadAt):
    """A programme up to the end of a local day."""

    on = fields.Date(**_described("The day; null for all that was recorded.", allow_none=True))
    participants = _whole("Opened, explicitly or by a first activity.")
    active = fields.Nested(ActiveAnswer, **_described("On that day; null without one.", allow_none=True))
    activities = fields.List(
        fields.Nested(ScenarioTotalsAnswer), **_described("That happened up to that day.")
    )
    bonuses = fields.List(
        fields.Nested(BonusTotalsAnswer), **_described("What campaigns added to these activities.")
    )
    grams = fields.Nested(GramsAnswer, **_described("Recorded up to that day."))
    credits = fields.Nested(CreditsAnswer, **_described("Recorded up to that day."))
    money = fields.Nested(CommittedAnswer, **_described("Recorded up to that day."))


class SeriesRowAnswer(Schema):
    """A day or a month."""

    begins_on = fields.Date(**_described("Its first local day."))
    joined = _whole("Participants recorded for the first time.")
    active = _whole("Distinct participants with an activity.")
    activities = _whole("That happened in it, and count.")
    amount_g = _whole("Grams avoided by them.")
    activity_credits = _whole("Credits for them, whenever they were issued or corrected; no bonuses.")
    issued = _whole("Credits issued in it, for whatever activities, net of those taken back in it.")
    given = _whole("Credits that changed hands.")
    held = _whole("Credits set aside by holds.")
    redeemed = _whole("Credits used, net of refunds.")
    expired = _whole("Credits that ran out.")
    adjusted = _whole("Credits given by hand, net of those taken.")
    claimed = _whole("Credits that were pending and became spendable, or paid what was owed.")
    lapsed = _whole("Credits that nobody claimed in time.")
    retired = _whole("Credits donated to carbon-sink projects.")


class SeriesAnswer(ReadAt):
    """Days or months in order, those without anything too."""

    rows = fields.List(fields.Nested(SeriesRowAnswer), **_described("In order."))


class LiabilityMonthAnswer(Schema):
    """Credits whose last day is in one month."""

    expires_in = fields.String(**_described("The month, such as `2027-11`."))
    credits = _whole("That may yet be used.")
    places = _places("The same credits")


class LiabilityAnswer(ReadAt):
    """Credits that may yet be used."""

    credits = _whole("All together.")
    months = fields.List(fields.Nested(LiabilityMonthAnswer), **_described("In order, empty ones left out."))


class BurnAnswer(ReadAt):
    """How fast a fund is promised away."""

    fund_id = fields.String(**_described("Which fund."))
    on = fields.Date(**_described("The last local day of the count."))
    days = _whole("How many local days are counted.")
    available_fen = _whole("Nothing is promised against it, at the end of the last day.")
    encumbered_fen = _whole("Promised in these days.")
    returned_fen = _whole("Back in these days, from cancellations, releases and refunds.")
    backed_fen = _whole("Set aside in these days for credits issued on a budget, net of what came back.")
    burnt_fen = _whole("All of this, net; over `days` it is the rate.")
    days_left = _whole(
        "Whole days for which what is available lasts at this rate; null when nothing is burnt.",
        allow_none=True,
    )
