"""A programme's log as a stream, for auditors and for other systems.

Rule of the room: every byte of an event goes out as it was stored, and the last line says how many
there were, so that nobody takes half a log for a whole one.
"""

import hashlib
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final, NamedTuple

import structlog
from flask import Response, request

from api import event_stream
from api.access import Access
from api.bodies import NDJSON
from api.event_lines import line
from api.queries import invalid, plain_number, query_parameter, some_of, whole_number
from api.routes import ALWAYS, IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain.errors import ProgrammeNotFound
from ledger.domain.limits import PAGE_EVENTS_MAX, POSITION_MAX, WAIT_S_MAX
from ledger.domain.topics import BY_TOPIC
from ledger.followers import Place
from ledger.store.log import Log

routes = Routes("events", description="The log itself.")

_log = structlog.get_logger(__name__)

LAST_EVENT_ID: Final = "Last-Event-ID"

LOOK_S: Final = 1.0
"""How often a caller who waits is looked at: one who has gone gives the place back."""

_TRAILER: Final = b'{"end":true,"events":%d,"position":%d,"sha256":"%b"}\n'

_DOCUMENT: Final = {
    "description": "One event a line, then the trailer: count, how far was read, SHA-256 of those lines.",
    "content": {
        NDJSON: {"schema": {"type": "string"}},
        event_stream.CONTENT_TYPE: {"schema": {"type": "string"}},
    },
}
_TOPICS: Final = {
    "in": "query",
    "name": "topics",
    "description": "Only events of these topics.",
    "style": "form",
    "explode": False,
    "schema": {"type": "array", "minItems": 1, "items": {"type": "string", "enum": list(BY_TOPIC)}},
}
_RESUMED: Final = {
    "in": "header",
    "name": LAST_EVENT_ID,
    "description": "With `Accept: text/event-stream`: begin after this position, whatever `after` says.",
    "schema": {"type": "integer", "minimum": 0, "maximum": POSITION_MAX},
}


class Asked(NamedTuple):
    """What a request for lines asks for."""

    programme_id: str
    after: int
    limit: int
    topics: tuple[str, ...]
    wait_s: int


@routes.get(f"{IN_PROGRAMME}/events")
@routes.describes(
    Access(("auditor",), query=frozenset({"after", "limit", "topics", "wait_s"})),
    {HTTPStatus.OK: _DOCUMENT},
    problems=ALWAYS,
    parameters=[
        query_parameter("after", "Begin after this position.", least=0, most=POSITION_MAX, default=0),
        query_parameter("limit", "Stop after this many events; all by default.", least=1, most=POSITION_MAX),
        query_parameter(
            "wait_s", "When there is nothing yet, wait so many seconds.", least=0, most=WAIT_S_MAX, default=0
        ),
        _TOPICS,
        _RESUMED,
    ],
)
def stream_events(programme_id: str) -> Response:
    """Stream the log; a stream of lines without its trailer is incomplete."""
    asked = Asked(
        programme_id,
        after=whole_number("after", least=0, most=POSITION_MAX, default=0),
        limit=whole_number("limit", least=1, most=POSITION_MAX, default=POSITION_MAX),
        topics=some_of("topics", BY_TOPIC),
        wait_s=whole_number("wait_s", least=0, most=WAIT_S_MAX, default=0),
    )
    return _event_stream(asked) if _wants_event_stream() else _lines_to_the_end(asked)


def _wants_event_stream() -> bool:
    """Whether server-sent events are asked for by name: who takes anything gets lines."""
    accepted = request.accept_mimetypes
    best = accepted.best_match((NDJSON, event_stream.CONTENT_TYPE))
    return best == event_stream.CONTENT_TYPE and best in accepted.values()


def _lines_to_the_end(asked: Asked) -> Response:
    """Answer with what stands now, or with what comes first within the time given."""
    ledger = the_ledger()
    head = _head(asked.programme_id)
    may_wait = asked.wait_s and (asked.topics or head <= asked.after)
    place = ledger.followers.enter(asked.programme_id) if may_wait else None
    response = Response(_lines(ledger.log, asked, head, place), content_type=NDJSON)
    if place is not None:
        # Also when nobody ever reads a line of it.
        response.call_on_close(place.leave)
    return response


def _event_stream(asked: Asked) -> Response:
    """Answer with server-sent events for as long as a stream may last."""
    for name in ("limit", "wait_s"):
        if name in request.args:
            raise invalid(name, f"does not go with {event_stream.CONTENT_TYPE}, which goes on by itself")
    resumed, after = request.headers.get(LAST_EVENT_ID), asked.after
    if resumed is not None:
        after = plain_number(resumed, LAST_EVENT_ID, least=0, most=POSITION_MAX)
    _head(asked.programme_id)
    ledger = the_ledger()
    return event_stream.response(
        ledger.log, ledger.followers, asked.programme_id, after=after, topics=asked.topics
    )


def _head(programme_id: str) -> int:
    if (head := the_ledger().log.head(programme_id)) is None:
        raise ProgrammeNotFound(programme_id=programme_id)
    return head


def _lines(log: Log, asked: Asked, head: int, place: Place | None) -> Iterator[bytes]:
    """The events wanted, window by window, then the trailer; with a place, as soon as there are some."""
    digest, count, position = hashlib.sha256(), 0, asked.after
    deadline = time.monotonic() + asked.wait_s
    try:
        while True:
            while position < head and count < asked.limit:
                limit = min(PAGE_EVENTS_MAX, asked.limit - count)
                events, position = log.window(
                    asked.programme_id, after=position, until=head, limit=limit, topics=asked.topics
                )
                if events:
                    count += len(events)
                    lines = b"".join(map(line, events))
                    digest.update(lines)
                    yield lines
            left_s = deadline - time.monotonic()
            if count or place is None or place.is_over or left_s <= 0:
                break
            head = place.wait(position, min(left_s, LOOK_S))
            # Nothing is sent by this, but the server notices when nobody is there to send it to.
            yield b""
    except Exception:
        # The status has been sent; all that can be said now is said by the missing trailer.
        _log.exception("stream failed", programme_id=asked.programme_id, position=position)
        raise
    yield _TRAILER % (count, position, digest.hexdigest().encode())
