"""The shapes of answers, for the document alone: answers are written from what the ledger gives.

Rule of the room: nothing here runs with a request; `tests/e2e/test_schemathesis.py` holds the
answers to these shapes.
"""

from typing import Any

from marshmallow import INCLUDE, Schema, fields, validate

from api.strict_json import REASONS
from ledger.domain.topics import BY_TOPIC
from ledger.keys import ROLES


def _described(text: str, **options: Any) -> dict[str, Any]:
    return {"required": True, "metadata": {"description": text}, **options}


class LoggedEventAnswer(Schema):
    """An event as it stands in the log."""

    position = fields.Integer(**_described("Place in the programme's log, from 1."), strict=True)
    topic = fields.String(**_described("What happened.", validate=validate.OneOf(list(BY_TOPIC))))
    data = fields.Dict(**_described("The event as it was stored, byte for byte; see docs/events.md."))


class RecordedAnswer(Schema):
    """What a command added to the log; a repeat gets the same bytes."""

    position = fields.Integer(**_described("Position of the last of the events."), strict=True)
    events = fields.List(fields.Nested(LoggedEventAnswer), **_described("In order."))


class FieldErrorAnswer(Schema):
    """One wrong field."""

    field = fields.String(**_described("Its name; dots lead into nested objects and lists."))
    message = fields.String(**_described("What is wrong with it."))


class ProblemAnswer(Schema):
    """A refusal (RFC 9457)."""

    type = fields.String(**_described("`urn:carbon-ledger:problem:` and the code."))
    title = fields.String(**_described("What went wrong; the same for every occurrence."))
    status = fields.Integer(**_described("The HTTP status."), strict=True)
    code = fields.String(**_described("Frozen; for programs. docs/errors.md lists them all."))
    detail = fields.String(**_described("What went wrong this time."))
    next_step = fields.String(**_described("What to do about it."))
    details = fields.Dict(**_described("Numbers and names of this occurrence, by the code."))
    field = fields.String(metadata={"description": "The field that a rule found wrong."})
    errors = fields.List(
        fields.Nested(FieldErrorAnswer), metadata={"description": "With `fields_invalid`: every wrong field."}
    )


class BalanceAnswer(Schema):
    """How much of one asset, of one lot."""

    asset = fields.String(**_described("Unit: whole grams, whole credits, or 分 for CNY."))
    lot = fields.Date(**_described("Last day of validity of credits; null otherwise.", allow_none=True))
    amount = fields.Integer(**_described("Below zero for counter-accounts only."), strict=True)


class AccountAnswer(Schema):
    """An account's balances at a position."""

    account = fields.String(**_described("Its address."))
    status = fields.String(
        **_described(
            "Of the owner; null where the account has none of its own.",
            allow_none=True,
            validate=validate.OneOf(["open", "frozen", "closed"]),
        )
    )
    position = fields.Integer(**_described("The position this was read at."), strict=True)
    balances = fields.List(fields.Nested(BalanceAnswer), **_described("In order of asset and lot."))


class OwnerAnswer(Schema):
    """A participant, organisation, merchant or fund."""

    id = fields.String(**_described("As its opener chose it."))
    status = fields.String(**_described("open, frozen or closed.", allow_none=True))
    position = fields.Integer(**_described("The position this was read at."), strict=True)
    opening = fields.Nested(
        LoggedEventAnswer,
        **_described("The opening event; null for whom a first activity opened.", allow_none=True),
    )


class RedemptionAnswer(Schema):
    """A redemption and every step it took."""

    id = fields.String(**_described("As its holder chose it."))
    status = fields.String(
        **_described(
            "Where it stands.",
            validate=validate.OneOf(["held", "fulfilled", "cancelled", "released", "refunded"]),
        )
    )
    position = fields.Integer(**_described("Position of its last step."), strict=True)
    events = fields.List(fields.Nested(LoggedEventAnswer), **_described("In order."))


class ProgrammeAnswer(Schema):
    """A programme's terms and how far its log goes."""

    id = fields.String(**_described("As its opener chose it."))
    position = fields.Integer(**_described("Position of the latest event."), strict=True)
    opening = fields.Nested(LoggedEventAnswer, **_described("The terms."))


class PublishedAnswer(Schema):
    """Everything of one kind that was published, version by version."""

    events = fields.List(fields.Nested(LoggedEventAnswer), **_described("In order of publication."))


class StateAnswer(Schema):
    """How the process is."""

    status = fields.String(**_described("`ok`."))


class EventLine(Schema):
    """One line of a streamed log; the last line is the trailer."""

    class Meta:
        """The trailer has other fields."""

        unknown = INCLUDE


REASON_LIST = ", ".join(f"`{reason}` ({meaning})" for reason, meaning in REASONS.items())
ROLE_LIST = ", ".join(ROLES)
