"""The page that shows the API, from files of our own: no outside host is asked for anything."""

from http import HTTPStatus
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, send_from_directory

from api.access import Access, grants

FOLDER: Final = Path(__file__).parent / "static"

# The page's own styles are set by its script, hence 'unsafe-inline' for styles and for nothing else.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

routes = Blueprint("docs", __name__)


@routes.get("/docs")
@grants(Access(()))
def show_docs() -> Response:
    """Show the operations of this API."""
    response = send_from_directory(FOLDER, "docs.html")
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response


@routes.get("/docs/<path:name>")
@grants(Access(()))
def docs_asset(name: str) -> Response:
    """Give a file of the page."""
    return send_from_directory(FOLDER, name)


@routes.get("/")
@grants(Access(()))
def to_docs() -> Response:
    """Lead whoever opens the bare address in a browser to the page."""
    return Response(status=HTTPStatus.FOUND, headers={"Location": "/docs"})
