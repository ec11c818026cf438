"""Refusals as problem documents (RFC 9457): the one table from families of errors to statuses.

Rule of the room: a leaf says what happened, a family says which status that is; nothing else in
this tree chooses a status for a refusal.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from ledger.domain import errors
from ledger.domain.errors import LedgerError
from ledger.domain.limits import BODY_BYTES_MAX, RETRY_AFTER_S

CONTENT_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:carbon-ledger:problem:"

STATUS_OF_FAMILY: Final[Mapping[type[LedgerError], HTTPStatus]] = {
    errors.InvalidInput: HTTPStatus.BAD_REQUEST,
    errors.NotAuthenticated: HTTPStatus.UNAUTHORIZED,
    errors.NotPermitted: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.WrongMethod: HTTPStatus.METHOD_NOT_ALLOWED,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.WrongContent: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.Refused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Internal: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    # What stops a start also makes a running process not ready.
    errors.CannotStart: HTTPStatus.SERVICE_UNAVAILABLE,
}

_log = structlog.get_logger(__name__)


def status_of(error: LedgerError) -> HTTPStatus:
    """Give the status of an error's family."""
    return next(status for family, status in STATUS_OF_FAMILY.items() if isinstance(error, family))


def problem(error: LedgerError) -> dict[str, Any]:
    """Give the problem document of an error.

    `errors` and `field` stand where RFC 9457's readers look for them, all other details under
    `details`, where no name of theirs can collide with the document's own.
    """
    details = msgspec.to_builtins(error.details())
    listed = {name: details.pop(name) for name in ("errors", "field") if name in details}
    shown = ", ".join(f"{name} = {value}" for name, value in details.items())
    return {
        "type": TYPE_PREFIX + error.code,
        "title": error.message(),
        "status": status_of(error).value,
        "code": error.code,
        "detail": f"{error.message()} ({shown})" if shown else error.message(),
        "next_step": error.next_step,
        **listed,
        "details": details,
    }


def problem_bytes(error: LedgerError) -> bytes:
    """Give the problem document as JSON."""
    return msgspec.json.encode(problem(error))


def answer(error: LedgerError) -> Response:
    """Give the whole response to a refused request."""
    response = Response(problem_bytes(error), status_of(error), content_type=CONTENT_TYPE)
    match error:
        case errors.NotAuthenticated():
            response.headers["WWW-Authenticate"] = 'Bearer realm="carbon-ledger"'
        case errors.MethodNotAllowed():
            response.headers["Allow"] = ", ".join(error.allowed)
        case errors.Unavailable() | errors.CannotStart():
            response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def register(app: Flask) -> None:
    """Make every refusal of an application a problem document, the framework's own too."""
    app.register_error_handler(LedgerError, answer)
    app.register_error_handler(HTTPException, _answer_framework)
    app.register_error_handler(Exception, _answer_unexpected)


def _answer_framework(refused: HTTPException) -> Response:
    """Answer what the framework itself refuses, in our words."""
    return answer(_of_framework(refused))


def _of_framework(refused: HTTPException) -> LedgerError:
    match refused.code:
        case HTTPStatus.NOT_FOUND:
            return errors.RouteNotFound()
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return errors.MethodNotAllowed(allowed=sorted(getattr(refused, "valid_methods", None) or ()))
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return errors.BodyTooLarge(bytes_max=request.max_content_length or BODY_BYTES_MAX)
        case _:
            return errors.RequestUnreadable()


def _answer_unexpected(error: Exception) -> Response:
    """Answer a fault of ours: everything goes to the log, nothing of it to the caller."""
    _log.exception("request failed", exc_info=error, method=request.method, endpoint=request.endpoint)
    return answer(errors.InternalError())
