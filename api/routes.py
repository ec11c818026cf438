"""How a route is written: what it takes, what it gives, who may call it; once, for code and document.

Rule of the room: a route only translates. Reading the body, checking the roles and writing the
OpenAPI entry happen here, the same for all of them.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from flask import Response
from flask_smorest import Blueprint  # type: ignore[import-untyped]  # has no types
from marshmallow import Schema

from api import strict_json
from api.access import ROLES_OF_COMMAND, Access, grants, signed, the_key
from api.answer_schemas import RecordedAnswer
from api.answers import POSITION_HEADER, REPLAY_HEADER
from api.bodies import JSON, read_body
from api.command_schemas import load, schema_of
from api.derived import derived, derived_fields
from ledger.domain.errors import FieldsInvalid
from ledger.domain.limits import BODY_BYTES_MAX
from ledger.domain.messages import SIGNATURE, Command, SignedCommand

View = Callable[..., Response]

IN_PROGRAMME: Final = "/programmes/<programme_id>"

POSITION_DOCUMENT: Final = {
    POSITION_HEADER: {
        "description": "Position of the last event, or the one this was read at.",
        "schema": {"type": "integer"},
    }
}
REPLAY_DOCUMENT: Final = {
    REPLAY_HEADER: {
        "description": "`true` when the same command was recorded before.",
        "schema": {"type": "string", "enum": ["true"]},
    }
}
ALWAYS: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
WITH_BODY: Final = (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
WITH_COMMAND: Final = (*WITH_BODY, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)


class Routes(Blueprint):  # type: ignore[misc]  # its base has no types
    """The routes of one subject."""

    def __init__(self, name: str, *, description: str) -> None:
        super().__init__(name, name, description=description)

    def get(self, rule: str) -> Callable[[View], View]:
        """Serve a reading at an address."""
        return super().get(rule)  # type: ignore[no-any-return]  # its base has no types

    def post(self, rule: str) -> Callable[[View], View]:
        """Serve a command at an address."""
        return super().post(rule)  # type: ignore[no-any-return]  # its base has no types

    def takes(
        self,
        command_type: type[Command],
        *,
        from_path: Sequence[str] = (),
        every_programme: bool = False,
        gives: type[Schema] = RecordedAnswer,
    ) -> Callable[[View], View]:
        """Read a command from the body and hand it to the view as `command`.

        Args:
            command_type: the command; its roles are those of `ROLES_OF_COMMAND`.
            from_path: fields that are named in the path and so may not stand in the body.
            every_programme: whether only a key for all programmes may do this.
            gives: what is answered.
        """
        access = Access(roles=ROLES_OF_COMMAND[command_type], every_programme=every_programme)
        schema_of(command_type)  # made now, not by the first request
        signature = SIGNATURE if issubclass(command_type, SignedCommand) else frozenset()
        body = schema_of(
            command_type, left_out=frozenset(from_path) | signature | derived_fields(command_type)
        )
        created = {
            "description": "Recorded, now or before.",
            "headers": {**POSITION_DOCUMENT, **REPLAY_DOCUMENT},
            "content": {JSON: {"schema": gives}},
        }

        def decorate(view: View) -> View:
            @wraps(view)
            def reading(**path: str) -> Response:
                value = strict_json.loads(read_body(content_type=JSON, bytes_max=BODY_BYTES_MAX))
                # What is named in the path stands in the command, so the view need not see it.
                value = signed(command_type, _with_path(value, path, from_path), the_key())
                value = derived(command_type, value, path.get("programme_id", ""))
                return view(command=load(command_type, value), **path)

            return self.describes(
                access,
                {HTTPStatus.CREATED: created},
                problems=(*ALWAYS, *WITH_COMMAND),
                requestBody={"required": True, "content": {JSON: {"schema": body}}},
            )(reading)

        return decorate

    def gives(
        self, schema: type[Schema], access: Access, *, parameters: Sequence[dict[str, Any]] = ()
    ) -> Callable[[View], View]:
        """Declare a reading: what it gives, who may have it, and what may stand in the query."""
        answer = {
            "description": "As of the position named.",
            "headers": POSITION_DOCUMENT,
            "content": {JSON: {"schema": schema}},
        }
        document = {"parameters": list(parameters)} if parameters else {}
        return self.describes(access, {HTTPStatus.OK: answer}, problems=ALWAYS, **document)

    def describes(
        self,
        access: Access,
        answers: dict[HTTPStatus, dict[str, Any]],
        *,
        problems: Sequence[HTTPStatus],
        **document: Any,
    ) -> Callable[[View], View]:
        """Declare who may call a view and what it answers, refusals included."""
        responses: dict[int, Any] = {status.value: problem_name(status) for status in problems}
        # An answer beats the problem of the same status; one that has both says so itself.
        responses.update({status.value: answer for status, answer in answers.items()})
        document |= {"responses": dict(sorted(responses.items()))}
        if access.roles:
            document |= {"security": [{"key": []}], "x-roles": list(access.roles)}

        def decorate(view: View) -> View:
            named = self.doc(operationId=view.__name__, **document)(view)
            return grants(access)(named)  # type: ignore[no-any-return]

        return decorate


def problem_name(status: HTTPStatus) -> str:
    """Give the name under which the document keeps the problems of a status."""
    return f"Problem{status.value}"


def _with_path(value: dict[str, Any], path: dict[str, str], from_path: Sequence[str]) -> dict[str, Any]:
    """The body's fields with those of the path, which are taken out of it.

    Raises:
        FieldsInvalid: the body repeats a field of the path.
    """
    if repeated := [name for name in from_path if name in value]:
        raise FieldsInvalid(
            errors=[{"field": name, "message": "is taken from the path"} for name in repeated]
        )
    return value | {name: path.pop(name) for name in from_path}
