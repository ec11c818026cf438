"""The books over HTTP: a programme's journal for the tools of bookkeepers, as text.

Rule of the room: text is sent while the log is read, holding no connection in between; the last
line says that nothing is missing.
"""

from collections.abc import Iterator
from http import HTTPStatus
from itertools import chain
from typing import Any, Final, cast, get_args

import structlog
from flask import Response

from api.access import Access
from api.answers import POSITION_HEADER
from api.periods import FROM, TO, open_period, period_parameters, text_of
from api.queries import require_known, some_of
from api.routes import ALWAYS, IN_PROGRAMME, POSITION_DOCUMENT, Routes
from api.serving import the_ledger
from ledger.books import ASSETS, NOTATIONS, Detail, TextFormat, Wanted, books_text
from ledger.domain.errors import BooksTooLong
from ledger.domain.limits import BOOKS_EVENTS_MAX
from ledger.keys import Role
from ledger.store.log import Log

routes = Routes("books", description="The double-entry books, for the tools of bookkeepers.")

_log = structlog.get_logger(__name__)

_ROLES: Final[tuple[Role, ...]] = ("finance", "auditor")
_TEXT: Final = "text/plain"
_DETAILS: Final = get_args(Detail)


def _choice(name: str, description: str, words: tuple[str, ...]) -> dict[str, Any]:
    schema = {"type": "string", "enum": list(words)}
    return {"in": "query", "name": name, "description": description, "schema": schema}


@routes.get(f"{IN_PROGRAMME}/books")
@routes.describes(
    Access(_ROLES, query=frozenset({FROM, TO, "format", "detail", "assets"})),
    {
        HTTPStatus.OK: {
            "description": "The journal. Without a last line that begins with `; The end` it is incomplete.",
            "headers": POSITION_DOCUMENT,
            "content": {_TEXT: {"schema": {"type": "string"}}},
        }
    },
    problems=(*ALWAYS, HTTPStatus.UNPROCESSABLE_ENTITY),
    parameters=[
        *period_parameters(),
        _choice("format", "For which tool; `hledger` when absent.", tuple(NOTATIONS)),
        _choice("detail", "An entry for each event (when absent), or one for each day.", _DETAILS),
        {
            "in": "query",
            "name": "assets",
            "description": f"Which, with commas: {', '.join(ASSETS)}; all when absent.",
            "schema": {"type": "string"},
        },
    ],
)
def read_books(programme_id: str) -> Response:
    """Read the books of a period, by local days of recording; what was before is one opening entry."""
    begin, end = open_period()
    assets = some_of("assets", ASSETS)
    wanted = Wanted(
        programme_id=programme_id,
        begin=begin,
        end=end,
        detail=cast("Detail", _word("detail", _DETAILS)),
        assets=tuple(asset for asset in ASSETS if asset in assets or not assets),
    )
    form = cast("TextFormat", _word("format", tuple(NOTATIONS)))
    database = the_ledger().database
    if (events := Log(database).head(programme_id) or 0) > BOOKS_EVENTS_MAX:
        raise BooksTooLong(events=events, events_max=BOOKS_EVENTS_MAX)
    position, pieces = books_text(database, wanted, form)
    first = next(pieces)  # before the status is sent, so that a failure at once is told as one
    response = Response(_sent(programme_id, chain((first,), pieces)), content_type=f"{_TEXT}; charset=utf-8")
    response.headers[POSITION_HEADER] = str(position)
    response.headers["Content-Disposition"] = f'attachment; filename="{programme_id}.{form}"'
    return response


def _sent(programme_id: str, pieces: Iterator[str]) -> Iterator[bytes]:
    try:
        for piece in pieces:
            yield piece.encode()
    except Exception:
        # The status has been sent; all that can be said now is said by the missing end.
        _log.exception("books failed", programme_id=programme_id)
        raise


def _word(name: str, words: tuple[str, ...]) -> str:
    """Give one of some words, or the first of them when nothing is there."""
    if (text := text_of(name)) is None:
        return words[0]
    require_known(name, [text], words)
    return text
