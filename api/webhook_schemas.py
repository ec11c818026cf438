"""The shapes of answers about webhooks, for the document alone.

Rule of the room: as in `api.answer_schemas`; answers are written from what the ledger gives.
"""

from typing import Any

from marshmallow import Schema, fields, validate

from ledger.domain.topics import BY_TOPIC


def _described(text: str, **options: Any) -> dict[str, Any]:
    return {"required": True, "metadata": {"description": text}, **options}


def _instant(text: str) -> fields.DateTime:
    return fields.DateTime(**_described(text, allow_none=True))


class WebhookAnswer(Schema):
    """A webhook as it stands."""

    id = fields.String(**_described("As its maker chose it."))
    url = fields.String(**_described("Where messages go."))
    topics = fields.List(
        fields.String(validate=validate.OneOf(list(BY_TOPIC))), **_described("Those wanted; all when empty.")
    )
    state = fields.String(
        **_described(
            "`failing`: the receiver seems to be away.",
            validate=validate.OneOf(["active", "paused", "failing"]),
        )
    )
    delivered_up_to = fields.Integer(
        **_described("Every wanted event up to here was delivered, waits, or is a dead letter."), strict=True
    )
    position = fields.Integer(**_described("Where the log stands."), strict=True)
    waiting = fields.Integer(**_described("Messages that wait for another attempt."), strict=True)
    dead = fields.Integer(**_described("Messages given up."), strict=True)
    failures_in_a_row = fields.Integer(**_described("Attempts that failed since one did not."), strict=True)
    last_error = fields.String(**_described("Of the last attempt that failed.", allow_none=True))
    last_error_at = _instant("When that was.")
    last_delivered_at = _instant("When the receiver last took something.")
    next_attempt_at = _instant("When something is tried again; null when nothing waits for that.")
    created_at = fields.DateTime(**_described("When it was made."))
    previous_secret_until = _instant("Until when the secret before the last rotation signs too.")


class NewSecretAnswer(WebhookAnswer):
    """A webhook with a secret just made, shown this once."""

    secret = fields.String(**_described("`whsec_…`: what messages are signed with."))


class WebhooksAnswer(Schema):
    """The webhooks of a programme."""

    webhooks = fields.List(fields.Nested(WebhookAnswer), **_described("In order of their ids."))


class DeadLetterAnswer(Schema):
    """A message that was given up."""

    position = fields.Integer(**_described("Of its event."), strict=True)
    topic = fields.String(**_described("Of its event."))
    attempts = fields.Integer(**_described("Those made."), strict=True)
    last_attempt_at = fields.DateTime(**_described("When the last was."))
    last_error = fields.String(**_described("What came of it."))


class DeadLettersAnswer(Schema):
    """A page of dead letters."""

    dead = fields.List(fields.Nested(DeadLetterAnswer), **_described("In order of position."))
    next_after = fields.Integer(
        **_described("`after` of the next page; null on the last one.", allow_none=True), strict=True
    )
