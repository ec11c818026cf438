"""The shapes of answers about carbon sinks, for the document alone."""

from typing import Any

from marshmallow import Schema, fields

from api.answer_schemas import LoggedEventAnswer


def _whole(description: str, **options: Any) -> fields.Integer:
    return fields.Integer(strict=True, required=True, metadata={"description": description}, **options)


def _text(description: str, **options: Any) -> fields.String:
    return fields.String(required=True, metadata={"description": description}, **options)


def _event(description: str) -> fields.Nested:
    return fields.Nested(LoggedEventAnswer, required=True, metadata={"description": description})


class SinkSummaryAnswer(Schema):
    """A carbon-sink project and its units."""

    id = _text("As its opener chose it.")
    units = _whole("All that were ever delivered.")
    retired_units = _whole("Those that were donated.")
    free_units = _whole("Those that can be donated.")
    certificates = _whole("Donations so far.")
    opening = _event("Names, unit, place, reference, credits for a unit and vintage.")


class SinksAnswer(Schema):
    """Projects in order of their ids."""

    position = _whole("The position this was read at.")
    sinks = fields.List(fields.Nested(SinkSummaryAnswer), required=True)
    next_cursor = _text("For the next page; null on the last.", allow_none=True)


class DeliveryAnswer(Schema):
    """Units that were delivered together."""

    free_units = _whole("Those that can be donated.")
    next_serial = _whole("The lowest serial that is free; null when none is.", allow_none=True)
    event = _event("Its serials and where it is vouched for.")


class SinkAnswer(SinkSummaryAnswer):
    """A carbon-sink project with its deliveries."""

    position = _whole("The position this was read at.")
    deliveries = fields.List(
        fields.Nested(DeliveryAnswer), required=True, metadata={"description": "By their first serial."}
    )


class CertificateAnswer(Schema):
    """What a donor was given, and the events it rests on."""

    id = _text("Of the donation, as its caller chose it.")
    position = _whole("Position of the donation.")
    certificate = _text("Its number, with a check character.")
    donation = _event("Who donated, how much, and the serials that were retired.")
    project = _event("The project's opening.")
    deliveries = fields.List(
        fields.Nested(LoggedEventAnswer),
        required=True,
        metadata={"description": "Those the serials are of, in their order."},
    )
