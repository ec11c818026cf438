"""The shapes of answers about leaderboards, for the document alone."""

from typing import Any

from marshmallow import Schema, fields, validate

from ledger.projections.leaderboards_acts import PERIODS


def _described(text: str, **options: Any) -> dict[str, Any]:
    return {"required": True, "metadata": {"description": text}, **options}


def _whole(text: str, **options: Any) -> fields.Integer:
    return fields.Integer(**_described(text, **options), strict=True)


class BoardAnswer(Schema):
    """Which leaderboard it is, and where it was read."""

    position = _whole("The position this was read at.")
    period = fields.String(**_described("How long.", validate=validate.OneOf(list(PERIODS))))
    starts_on = fields.Date(**_described("Its first local day; null for all time.", allow_none=True))
    ends_on = fields.Date(**_described("Its last local day; null for all time.", allow_none=True))
    by = fields.String(**_described("What ranks.", validate=validate.OneOf(["grams", "credits"])))
    scenario_id = fields.String(**_described("Which scenario; null for all together.", allow_none=True))
    organisation_id = fields.String(**_described("Within which; null for everybody.", allow_none=True))


class PlaceAnswer(Schema):
    """A participant on a leaderboard."""

    rank = _whole("From 1; whoever has as much has the same, and the next one's leaves places out.")
    participant_id = fields.String(**_described("Who; null for whoever is hidden.", allow_none=True))
    amount_g = _whole("Grams avoided in the period.")
    credits = _whole("Credits earned in the period.")


class LeaderboardAnswer(BoardAnswer):
    """Participants in order of rank, those with the same rank in order of their ids."""

    members = _whole("How many participants there are on it.")
    places = fields.List(fields.Nested(PlaceAnswer), **_described("As many as were asked for, or are there."))


class StandingAnswer(BoardAnswer):
    """A participant among their neighbours."""

    members = _whole("How many participants there are on it.")
    own = fields.Nested(
        PlaceAnswer, **_described("The participant; null who did nothing that counts here.", allow_none=True)
    )
    places = fields.List(
        fields.Nested(PlaceAnswer),
        **_described("Those before, the participant, those after; hidden ones too."),
    )


class OrganisationPlaceAnswer(Schema):
    """An organisation on a leaderboard."""

    rank = _whole("From 1, as for participants.")
    organisation_id = fields.String(**_described("Which."))
    members = _whole("Participants of it, and of all that lie in it, with something to count.")
    amount_g = _whole("Grams that they avoided in the period.")
    credits = _whole("Credits that they earned in the period.")


class OrganisationsAnswer(BoardAnswer):
    """Organisations that lie directly in one, or in none, in order of rank, then of their ids."""

    places = fields.List(
        fields.Nested(OrganisationPlaceAnswer), **_described("As many as were asked for, or are there.")
    )
