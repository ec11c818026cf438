"""The shapes of answers about activities and what waits, for the document alone."""

from typing import Any, get_args

from marshmallow import Schema, fields, validate

from api.answer_schemas import LoggedEventAnswer
from ledger.domain.activity import ActivityStatus, CreditsState
from ledger.domain.caps import CapName
from ledger.domain.quality import EvidenceTier, QualityFlag


def _described(text: str, **options: Any) -> dict[str, Any]:
    return {"required": True, "metadata": {"description": text}, **options}


def _whole(text: str) -> fields.Integer:
    return fields.Integer(strict=True, **_described(text))


def _text(text: str, **options: Any) -> fields.String:
    return fields.String(**_described(text, **options))


def _instant(text: str, **options: Any) -> fields.DateTime:
    return fields.DateTime(**_described(text, **options))


def _texts(text: str) -> fields.List[str]:
    return fields.List(fields.String(), **_described(text))


_POSITION = "The position this was read at."
_NEXT_CURSOR = "For the next page, which may be empty; null on the last."


class BlockingClaimAnswer(Schema):
    """A claim because of which another activity counts for nothing."""

    group = _text("The exclusion group.")
    programme_id = _text("Whose activity it is: the programme's own, or a partner's.")
    source = _text("Its source.")
    id = _text("The source's own id of it.")
    begins_at = _instant("From when it claims the subject.")
    ends_at = _instant("Until when, excluded.")


class CreditsOfActivityAnswer(Schema):
    """What an activity has earned, and what has become of it."""

    state = _text("Where the credits are.", validate=validate.OneOf(get_args(CreditsState)))
    desired = _whole("What the conversion rule gives.")
    awarded = _whole("What caps left of it.")
    clipped_by = _text(
        "The cap by which less was awarded than desired.",
        allow_none=True,
        validate=validate.OneOf([*get_args(CapName), None]),
    )
    pending = _whole("How many still wait to be claimed, without bonuses.")
    lot = _text("Their last local day; null before any were issued.", allow_none=True)
    ripens_at = _instant("From when they can be claimed; null where they need not be.", allow_none=True)
    claim_by = _instant("First instant at which they can no longer be claimed.", allow_none=True)


class BonusOfActivityAnswer(Schema):
    """What an activity has earned by one campaign."""

    campaign_id = _text("Which campaign.")
    campaign_version = _whole("By which version.")
    desired = _whole("What the campaign gives.")
    awarded = _whole("What caps left of it.")
    pending = _whole("How many still wait to be claimed, with the activity's own.")


class ActivityAnswer(Schema):
    """An activity, what has become of it, and every event that made it so."""

    source = _text("The system that reported it.")
    id = _text("The source's own id.")
    position = _whole("Position of its last event.")
    status = _text("What has become of it.", validate=validate.OneOf(get_args(ActivityStatus)))
    participant_id = _text("Whose it is.")
    scenario_id = _text("As what it was reported.")
    scenario_version = _whole("By which it counts.")
    occurred_at = _instant("When it happened.")
    flags = fields.List(
        fields.String(validate=validate.OneOf(get_args(QualityFlag))),
        **_described("What is not quite right with its data."),
    )
    evidence = _text("What it rests on.", validate=validate.OneOf(get_args(EvidenceTier)))
    reasons = _texts("Why it is held, was rejected, or was held before it was dismissed.")
    standing = fields.Nested(
        BlockingClaimAnswer,
        **_described("The claim because of which it counts for nothing.", allow_none=True),
    )
    amount_g = _whole("Grams that it avoids, as corrected.")
    share = _text("The part of the reduction that evidence and quality leave.")
    credits = fields.Nested(CreditsOfActivityAnswer, required=True)
    bonuses = fields.List(
        fields.Nested(BonusOfActivityAnswer), **_described("What campaigns added, by their ids.")
    )
    corrections = _texts("Ids of its corrections, in order.")
    events = fields.List(fields.Nested(LoggedEventAnswer), **_described("In order."))


class HeldActivityAnswer(Schema):
    """An activity that waits."""

    source = _text("The system that reported it.")
    activity_id = _text("The source's own id.")
    participant_id = _text("Whose it is.")
    scenario_id = _text("As what it was reported.")
    occurred_at = _instant("When it happened.")
    recorded_at = _instant("Since when it is held.")
    waits_for = _texts("Flags that nobody has looked at yet, and `cross_check`.")


class HeldAnswer(Schema):
    """Held activities in order of source and id."""

    position = _whole(_POSITION)
    held = fields.List(fields.Nested(HeldActivityAnswer), required=True)
    next_cursor = _text(_NEXT_CURSOR, allow_none=True)


class PendingCreditsAnswer(Schema):
    """Credits of an activity that wait to be claimed."""

    source = _text("The system that reported the activity.")
    activity_id = _text("The source's own id of it.")
    scenario_id = _text("As what it was reported.")
    credits = _whole("How many, with bonuses.")
    bonus_credits = _whole("How many of them were added by campaigns.")
    occurred_at = _instant("When the act happened.")
    ripens_at = _instant("From when they can be claimed.")
    claim_by = _instant("First instant at which they no longer can; null for no end.", allow_none=True)
    state = _text(
        "`ripening`, `claimable`, or `over`: then they lapse with the next run.",
        validate=validate.OneOf(["ripening", "claimable", "over"]),
    )


class PendingAnswer(Schema):
    """A participant's pending credits in order of source and id."""

    position = _whole(_POSITION)
    participant_id = _text("Whose they are.")
    pending = fields.List(fields.Nested(PendingCreditsAnswer), required=True)
    next_cursor = _text(_NEXT_CURSOR, allow_none=True)


class EndingLotAnswer(Schema):
    """Credits of one last day in an account."""

    account = _text("Who loses them.")
    lot = fields.Date(**_described("The last local day on which they can be spent."))
    credits = _whole("How many.")


class ExpiringAnswer(Schema):
    """Lots that run out soon, in order of account and last day."""

    position = _whole(_POSITION)
    lots = fields.List(fields.Nested(EndingLotAnswer), required=True)
    next_cursor = _text("For the next page, which may be empty; null on the last.", allow_none=True)
