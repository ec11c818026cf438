"""What a successful request is answered with.

Rule of the room: a stored event goes out as the bytes that were stored, never written anew.
"""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final

import msgspec
from flask import Response

from api.bodies import JSON
from ledger.store.log import LoggedEvent
from ledger.writer import Recorded

POSITION_HEADER: Final = "Ledger-Position"
REPLAY_HEADER: Final = "Idempotent-Replay"


def recorded(outcome: Recorded) -> Response:
    """Answer a command that was recorded, now or when it came before."""
    headers = {POSITION_HEADER: str(outcome.position)}
    if outcome.replayed:
        headers[REPLAY_HEADER] = "true"
    return Response(outcome.body, HTTPStatus.CREATED, headers, content_type=JSON)


def found(document: dict[str, Any]) -> Response:
    """Answer a reading with a document, and with the position it was read at where it names one."""
    response = Response(msgspec.json.encode(document), content_type=JSON)
    if "position" in document:
        response.headers[POSITION_HEADER] = str(document["position"])
    return response


def event_document(logged: LoggedEvent) -> dict[str, Any]:
    """Give an event as it stands in the log."""
    return {"position": logged.position, "topic": logged.topic, "data": msgspec.Raw(logged.state)}


def event_documents(events: Iterable[LoggedEvent]) -> list[dict[str, Any]]:
    """Give several."""
    return [event_document(logged) for logged in events]
