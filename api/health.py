"""Whether the process is alive and whether it can serve, for whatever watches over it."""

from http import HTTPStatus
from typing import Final

from flask import Response

from api.access import Access
from api.answer_schemas import StateAnswer
from api.answers import found
from api.bodies import JSON
from api.routes import Routes
from api.serving import the_ledger

routes = Routes("state", description="For whatever watches over the process; no key is needed.")

_OPEN: Final = Access(())
_OK: Final = {"content": {JSON: {"schema": StateAnswer}}}


@routes.get("/health")
@routes.describes(_OPEN, {HTTPStatus.OK: {"description": "The process is alive.", **_OK}}, problems=())
def read_health() -> Response:
    """Ask whether the process is alive; nothing else is looked at."""
    return found({"status": "ok"})


@routes.get("/ready")
@routes.describes(
    _OPEN,
    {HTTPStatus.OK: {"description": "Requests can be served.", **_OK}},
    problems=(HTTPStatus.SERVICE_UNAVAILABLE,),
)
def read_readiness() -> Response:
    """Ask whether requests can be served: database reachable, migrations current, writer at work."""
    the_ledger().ready()
    return found({"status": "ok"})
