"""The application: one factory, which puts the rooms of this tree together.

Rule of the room: the ledger is an argument; nothing is opened here and no environment is read.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, Response
from flask_smorest import Api  # type: ignore[import-untyped]  # has no types

from api import (
    access,
    activities,
    adjustments,
    balances,
    books,
    breaks,
    bulk,
    campaigns,
    claims,
    docs_page,
    events,
    expiries,
    explanations,
    funds,
    health,
    leaderboards,
    merchant_payouts,
    merchant_statement_files,
    merchant_statements,
    merchants,
    methodologies,
    metrics,
    offers,
    organisations,
    participants,
    policies,
    problems,
    programmes,
    progress,
    reconciliation,
    reconciliation_runs,
    redemptions,
    reviews,
    scenarios,
    settlement,
    shadow_runs,
    sinks,
    sponsors,
    statement_commands,
    statements,
    stores,
    templates,
    totals,
    transfers,
    vouchers,
    webhooks,
)
from api.access import Access, grants
from api.answer_schemas import ProblemAnswer
from api.published import VersionConverter
from api.routes import problem_name
from api.serving import serve
from api.typed_fields import document_field
from ledger.bootstrap import Ledger

PREFIX: Final = "/v1"

IN_VERSION: Final = (
    programmes,
    templates,
    activities,
    reviews,
    claims,
    transfers,
    redemptions,
    participants,
    organisations,
    merchants,
    stores,
    offers,
    vouchers,
    funds,
    methodologies,
    scenarios,
    policies,
    campaigns,
    progress,
    shadow_runs,
    sinks,
    sponsors,
    adjustments,
    expiries,
    bulk,
    balances,
    statements,
    explanations,
    settlement,
    reconciliation,
    reconciliation_runs,
    breaks,
    statement_commands,
    merchant_statements,
    merchant_statement_files,
    merchant_payouts,
    books,
    totals,
    leaderboards,
    events,
    webhooks,
)

CONFIGURATION: Final[Mapping[str, Any]] = {
    "API_TITLE": "Carbon ledger",
    "API_VERSION": "v1",
    "OPENAPI_VERSION": "3.1.0",
    "API_SPEC_OPTIONS": {
        "info": {"description": "An event-sourced credit ledger for carbon-inclusion programmes."},
        "components": {
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key, `clk_…`; `x-roles` says which roles may call an operation.",
                }
            }
        },
    },
    # OPTIONS is answered 405 like any other method that a route does not know.
    "PROVIDE_AUTOMATIC_OPTIONS": False,
}


class DocumentedApi(Api):  # type: ignore[misc]  # its base has no types
    """The OpenAPI document, without the error form of the library: ours are problem documents."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """Leave errors to `api.problems`."""


def create_app(ledger: Ledger) -> Flask:
    """Make the WSGI application that serves a ledger.

    Args:
        ledger: opened by the caller, who also closes it.
    """
    app = Flask(__name__, static_folder=None)
    app.config.from_mapping(CONFIGURATION)
    # "a//b" is an address nobody serves; redirecting it would lose the body of a POST.
    app.url_map.merge_slashes = False
    app.url_map.converters["version"] = VersionConverter
    serve(app, ledger)
    access.register(app)
    problems.register(app)
    _document(app)
    app.register_blueprint(docs_page.routes)
    return app


def _document(app: Flask) -> None:
    """Register every documented route, and the document itself."""
    marshmallow_plugin = MarshmallowPlugin()
    api = DocumentedApi(app, spec_kwargs={"marshmallow_plugin": marshmallow_plugin})
    converter: Any = marshmallow_plugin.converter
    converter.add_attribute_function(document_field)
    api.register_converter(VersionConverter, VersionConverter.document)
    for status in set(problems.STATUS_OF_FAMILY.values()):
        api.spec.components.response(problem_name(status), _problem_response(status))
    for room in IN_VERSION:
        api.register_blueprint(room.routes, url_prefix=PREFIX)
    api.register_blueprint(health.routes)
    api.register_blueprint(metrics.routes)
    document = app.json.dumps(api.spec.to_dict())

    @app.get("/openapi.json")
    @grants(Access(()))
    def openapi_document() -> Response:
        return Response(document, content_type="application/json")


def _problem_response(status: HTTPStatus) -> dict[str, Any]:
    return {
        "description": f"{status.phrase}: a problem document.",
        "content": {problems.CONTENT_TYPE: {"schema": ProblemAnswer}},
    }
