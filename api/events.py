"""A programme's log as a stream, for auditors.

Rule of the room: every byte of an event goes out as it was stored, and the last line says how many
there were, so that nobody takes half a log for a whole one.
"""

import hashlib
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

import structlog
from flask import Response

from api.access import Access
from api.bodies import NDJSON
from api.queries import query_parameter, whole_number
from api.routes import ALWAYS, IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain.errors import ProgrammeNotFound
from ledger.domain.limits import PAGE_EVENTS_MAX, POSITION_MAX
from ledger.store.log import Log, LoggedEvent

routes = Routes("events", description="The log itself.")

_log = structlog.get_logger(__name__)

_LINE: Final = b'{"position":%d,"originator_id":"%b","originator_version":%d,"topic":"%b","data":%b}\n'
_TRAILER: Final = b'{"end":true,"events":%d,"position":%d,"sha256":"%b"}\n'

_DOCUMENT: Final = {
    "description": "One event a line, then the trailer: count, last position, SHA-256 of the lines before.",
    "content": {NDJSON: {"schema": {"type": "string"}}},
}


@routes.get(f"{IN_PROGRAMME}/events")
@routes.describes(
    Access(("auditor",), query=frozenset({"after", "limit"})),
    {HTTPStatus.OK: _DOCUMENT},
    problems=ALWAYS,
    parameters=[
        query_parameter("after", "Begin after this position.", least=0, most=POSITION_MAX, default=0),
        query_parameter("limit", "Stop after this many events; all by default.", least=1, most=POSITION_MAX),
    ],
)
def stream_events(programme_id: str) -> Response:
    """Stream the log as it stands now; a stream without its trailer is incomplete."""
    after = whole_number("after", least=0, most=POSITION_MAX, default=0)
    limit = whole_number("limit", least=1, most=POSITION_MAX, default=POSITION_MAX)
    log = the_ledger().log
    if (head := log.head(programme_id)) is None:
        raise ProgrammeNotFound(programme_id=programme_id)
    return Response(_lines(log, programme_id, after, min(head, after + limit)), content_type=NDJSON)


def _lines(log: Log, programme_id: str, after: int, until: int) -> Iterator[bytes]:
    """The events with `after` < position ≤ `until`, page by page, then the trailer."""
    digest, count, position = hashlib.sha256(), 0, after
    try:
        while position < until:
            page = log.page(programme_id, after=position, limit=min(PAGE_EVENTS_MAX, until - position))
            lines = b"".join(map(_line, page))
            digest.update(lines)
            count, position = count + len(page), page[-1].position
            yield lines
    except Exception:
        # The status has been sent; all that can be said now is said by the missing trailer.
        _log.exception("stream failed", programme_id=programme_id, position=position)
        raise
    yield _TRAILER % (count, position, digest.hexdigest().encode())


def _line(logged: LoggedEvent) -> bytes:
    return _LINE % (
        logged.position,
        str(logged.originator_id).encode(),
        logged.originator_version,
        logged.topic.encode(),
        logged.state,
    )
