"""Documents of merchants' statements over HTTP: PDF, XLSX, CSV, JSON.

Rule of the room: a document is whole before any of it is sent, so that what cannot be written is told
as a refusal; it is kept in a file meanwhile, and sent from there.
"""

from functools import partial
from http import HTTPStatus
from typing import Any, Final, cast, get_args
from urllib.parse import quote

from flask import Response, request

from api.access import Access
from api.answers import POSITION_HEADER
from api.files import file_answer
from api.merchant_statements import ROLES, paper_of, read
from api.periods import text_of
from api.queries import require_known
from api.routes import ALWAYS, POSITION_DOCUMENT, Routes
from api.statement_commands import STATEMENT
from api.views import MIN_POSITION, MIN_POSITION_PARAMETER
from ledger.documents.words import Language
from ledger.documents.writing import MEDIA_TYPES, Format
from ledger.merchant_statements.files import document_name, require_writable, write_document

routes = Routes("statement-documents", description="Merchants' statements as documents.")

FORMATS: Final = get_args(Format)
LANGUAGES: Final = get_args(Language)
_AS_JSON: Final = {"type": "object", "required": ["statement", "lines"]}
_AS_BYTES: Final = {"type": "string", "format": "binary"}


def _choice(name: str, description: str, words: tuple[str, ...]) -> dict[str, Any]:
    schema = {"type": "string", "enum": list(words), "default": words[0]}
    return {"in": "query", "name": name, "description": description, "schema": schema}


@routes.get(f"{STATEMENT}/document")
@routes.describes(
    Access(ROLES, query=frozenset({"format", "language", MIN_POSITION})),
    {
        HTTPStatus.OK: {
            "description": "The document; the same bytes until the statement's next step.",
            "headers": {
                **POSITION_DOCUMENT,
                "ETag": {"description": "Send it as `If-None-Match`.", "schema": {"type": "string"}},
                "Content-Disposition": {"description": "With its name.", "schema": {"type": "string"}},
            },
            "content": {
                media_type.partition(";")[0]: {"schema": _AS_JSON if form == "json" else _AS_BYTES}
                for form, media_type in MEDIA_TYPES.items()
            },
        },
        HTTPStatus.NOT_MODIFIED: {"description": "`If-None-Match` has this document."},
    },
    problems=(*ALWAYS, HTTPStatus.UNPROCESSABLE_ENTITY),
    parameters=[
        _choice("format", "Which document.", FORMATS),
        _choice("language", "Of what is not data.", LANGUAGES),
        MIN_POSITION_PARAMETER,
    ],
)
def read_statement_document(programme_id: str, statement_id: str) -> Response:
    """Read a statement as a document to open, print or check."""
    form, language = cast("Format", _word("format", FORMATS)), cast("Language", _word("language", LANGUAGES))
    paper = paper_of(programme_id, statement_id)
    require_writable(paper, form)
    etag = f"{paper.statement.digest}-{paper.row.position}"
    if request.if_none_match.contains_weak(etag):
        response = Response(status=HTTPStatus.NOT_MODIFIED)
    else:
        reading = partial(read, programme_id)
        response = file_answer(
            lambda file: write_document(paper, reading, form, language, file), MEDIA_TYPES[form]
        )
        response.headers["Content-Disposition"] = _named(*document_name(paper, form, language))
    response.set_etag(etag, weak=True)
    response.headers[POSITION_HEADER] = str(paper.position)
    return response


def _named(plain: str, full: str) -> str:
    """Give the header that names a file: in ASCII for old programs, in full for others (RFC 5987)."""
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(full, safe='')}"


def _word(name: str, words: tuple[str, ...]) -> str:
    """Give one of some words, or the first of them when nothing is there."""
    if (text := text_of(name)) is None:
        return words[0]
    require_known(name, [text], words)
    return text
