"""Webhooks over HTTP: an operator has events told, and sees what became of the messages.

Rule of the room: a secret stands in the answer to whoever had it made, and in no other.
"""

import re
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from flask import Response
from marshmallow import Schema

from api import strict_json
from api.access import Access
from api.answers import found
from api.bodies import JSON, read_body
from api.command_schemas import load, schema_of
from api.queries import plain_number, query_parameter, require_known, whole_number
from api.routes import ALWAYS, IN_PROGRAMME, WITH_COMMAND, Routes, View
from api.serving import the_ledger
from api.webhook_schemas import DeadLettersAnswer, NewSecretAnswer, WebhookAnswer, WebhooksAnswer
from ledger.domain.errors import WebhookNotFound
from ledger.domain.identifiers import ENTITY_ID, EntityId, Text
from ledger.domain.limits import (
    BODY_BYTES_MAX,
    DEAD_PAGE_MAX,
    ECHO_CHARS_MAX,
    POSITION_MAX,
    WEBHOOK_OVERLAP_S_MAX,
    WEBHOOK_URL_CHARS_MAX,
)
from ledger.domain.topics import BY_TOPIC
from ledger.keys import Role
from ledger.webhooks.standing import NewSecret, Webhook

routes = Routes("webhooks", description="Events told to other systems, as Standard Webhooks has it.")

ALL: Final = f"{IN_PROGRAMME}/webhooks"
ONE: Final = f"{ALL}/<webhook_id>"

READERS: Final[tuple[Role, ...]] = ("auditor", "operator")
WRITERS: Final[tuple[Role, ...]] = ("operator",)

OVERLAP_S: Final = 86_400
"""For how long an old secret signs too unless it is said otherwise: a day to tell the receiver."""

_ENTITY_ID: Final = re.compile(ENTITY_ID)

Position = Annotated[int, msgspec.Meta(ge=0, le=POSITION_MAX)]


class CreateWebhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tell the events to come, or those after a position too."""

    id: EntityId
    url: Annotated[str, msgspec.Meta(min_length=1, max_length=WEBHOOK_URL_CHARS_MAX)]
    topics: Annotated[tuple[Text, ...], msgspec.Meta(max_length=len(BY_TOPIC))] = ()
    after: Position | None = None


class RotateSecret(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Make a new secret; the old one signs beside it for a while."""

    overlap_s: Annotated[int, msgspec.Meta(ge=0, le=WEBHOOK_OVERLAP_S_MAX)] = OVERLAP_S


class ReplayWebhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Send once more what came after a position."""

    after: Position


class EmptyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An object without fields."""


def changes(
    body_type: type[msgspec.Struct], schema: type[Schema], status: HTTPStatus = HTTPStatus.OK
) -> Callable[[View], View]:
    """Declare a change of a webhook: what its body is, and what it gives."""
    answer = {"description": "As it stands now.", "content": {JSON: {"schema": schema}}}

    def decorate(view: View) -> View:
        @wraps(view)
        def reading(**path: str) -> Response:
            value = strict_json.loads(read_body(content_type=JSON, bytes_max=BODY_BYTES_MAX))
            return view(body=load(body_type, value), **path)

        return routes.describes(
            Access(WRITERS),
            {status: answer},
            problems=(*ALWAYS, *WITH_COMMAND),
            requestBody={"required": True, "content": {JSON: {"schema": schema_of(body_type)}}},
        )(reading)

    return decorate


@routes.post(ALL)
@changes(CreateWebhook, NewSecretAnswer, HTTPStatus.CREATED)
def create_webhook(body: CreateWebhook, programme_id: str) -> Response:
    """Have a programme's events told to an address; the answer shows the secret, this once."""
    require_known("topics", body.topics, BY_TOPIC)
    made = the_ledger().webhooks.create(
        programme_id, webhook_id=body.id, url=body.url, topics=body.topics, after=body.after
    )
    return _new_secret(made, HTTPStatus.CREATED)


@routes.get(ALL)
@routes.gives(WebhooksAnswer, Access(READERS))
def list_webhooks(programme_id: str) -> Response:
    """List a programme's webhooks as they stand; never a secret."""
    webhooks = the_ledger().webhooks.all_of(programme_id)
    return found({"webhooks": [_document(webhook) for webhook in webhooks]})


@routes.get(ONE)
@routes.gives(WebhookAnswer, Access(READERS))
def read_webhook(programme_id: str, webhook_id: str) -> Response:
    """Read how far a webhook is: what was delivered, what waits, what was given up, and why."""
    return found(_document(the_ledger().webhooks.read(programme_id, _known(webhook_id))))


@routes.post(f"{ONE}/rotate")
@changes(RotateSecret, NewSecretAnswer)
def rotate_webhook(body: RotateSecret, programme_id: str, webhook_id: str) -> Response:
    """Make a new secret, shown this once; for a while messages are signed with both."""
    made = the_ledger().webhooks.rotate(programme_id, _known(webhook_id), overlap_s=body.overlap_s)
    return _new_secret(made, HTTPStatus.OK)


@routes.post(f"{ONE}/pause")
@changes(EmptyBody, WebhookAnswer)
def pause_webhook(body: EmptyBody, programme_id: str, webhook_id: str) -> Response:  # noqa: ARG001 - it is empty
    """Send nothing more until it is resumed; the log keeps what is missed."""
    return found(_document(the_ledger().webhooks.pause(programme_id, _known(webhook_id))))


@routes.post(f"{ONE}/resume")
@changes(EmptyBody, WebhookAnswer)
def resume_webhook(body: EmptyBody, programme_id: str, webhook_id: str) -> Response:  # noqa: ARG001 - it is empty
    """Send again from where it stood, and try what waits at once."""
    return found(_document(the_ledger().webhooks.resume(programme_id, _known(webhook_id))))


@routes.post(f"{ONE}/replay")
@changes(ReplayWebhook, WebhookAnswer)
def replay_webhook(body: ReplayWebhook, programme_id: str, webhook_id: str) -> Response:
    """Send everything after a position once more, under the same message ids."""
    return found(_document(the_ledger().webhooks.replay(programme_id, _known(webhook_id), after=body.after)))


@routes.post(f"{ONE}/delete")
@changes(EmptyBody, WebhookAnswer)
def delete_webhook(body: EmptyBody, programme_id: str, webhook_id: str) -> Response:  # noqa: ARG001 - it is empty
    """End a webhook, with its secret and its dead letters; answers as it last stood."""
    return found(_document(the_ledger().webhooks.delete(programme_id, _known(webhook_id))))


@routes.get(f"{ONE}/dead")
@routes.gives(
    DeadLettersAnswer,
    Access(READERS, query=frozenset({"after", "limit"})),
    parameters=[
        query_parameter("after", "Begin after this position.", least=0, most=POSITION_MAX, default=0),
        query_parameter("limit", "At most so many.", least=1, most=DEAD_PAGE_MAX, default=100),
    ],
)
def list_dead_letters(programme_id: str, webhook_id: str) -> Response:
    """List messages that were given up, a page at a time."""
    after = whole_number("after", least=0, most=POSITION_MAX, default=0)
    limit = whole_number("limit", least=1, most=DEAD_PAGE_MAX, default=100)
    dead = the_ledger().webhooks.dead(programme_id, _known(webhook_id), after=after, limit=limit)
    is_last = len(dead) < limit
    return found(
        {
            "dead": [letter._asdict() for letter in dead],
            "next_after": None if is_last else dead[-1].position,
        }
    )


@routes.post(f"{ONE}/dead/<position>/retry")
@changes(EmptyBody, WebhookAnswer)
def retry_dead_letter(body: EmptyBody, programme_id: str, webhook_id: str, position: str) -> Response:  # noqa: ARG001 - it is empty
    """Try a message that was given up again, with all its attempts before it."""
    number = plain_number(position, "position", least=1, most=POSITION_MAX)
    return found(_document(the_ledger().webhooks.retry(programme_id, _known(webhook_id), number)))


def _known(webhook_id: str) -> str:
    """An id that could be one.

    Raises:
        WebhookNotFound
    """
    if _ENTITY_ID.fullmatch(webhook_id) is None:
        raise WebhookNotFound(webhook_id=webhook_id[:ECHO_CHARS_MAX])
    return webhook_id


def _document(webhook: Webhook) -> dict[str, Any]:
    document = webhook._asdict()
    del document["programme_id"]
    return document


def _new_secret(made: NewSecret, status: HTTPStatus) -> Response:
    response = found({**_document(made.webhook), "secret": made.secret})
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response
