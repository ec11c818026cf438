"""A programme's log as server-sent events (WHATWG HTML, section 9.2).

Rule of the room: the id of an event is its position, so that a reader who comes again with
`Last-Event-ID` misses nothing; every stream ends by itself after a while, and then readers do.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Final

import structlog
from flask import Response

from api.event_lines import line
from ledger.domain.errors import DatabaseUnavailable
from ledger.domain.limits import PAGE_EVENTS_MAX
from ledger.followers import Followers, Place
from ledger.store.log import Log, LoggedEvent

CONTENT_TYPE: Final = "text/event-stream"

LOOK_S: Final = 1.0
"""How often a reader who waits is looked at: one who has gone gives the place back."""
RETRY_MS: Final = 1_000
"""How long a reader waits before it comes again."""

_BEGIN: Final = b"retry: %d\n\n" % RETRY_MS
_EVENT: Final = b"id: %d\nevent: %b\ndata: %b\n"  # the line brings the other line feed
_HEARTBEAT: Final = b": alive\n\n"
_HEARTBEAT_WITH_ID: Final = b": alive\nid: %d\n\n"
"""An id without data moves the reader's Last-Event-ID over events that it did not want."""

_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

_log = structlog.get_logger(__name__)


def response(
    log: Log, followers: Followers, programme_id: str, *, after: int, topics: Sequence[str]
) -> Response:
    """Answer with the events after a position, and with those to come.

    Raises:
        ShuttingDown, TooManyFollowers
    """
    place = followers.enter(programme_id)
    frames = _frames(log, place, followers, programme_id, after, topics)
    answer = Response(frames, headers=_HEADERS, content_type=CONTENT_TYPE)
    answer.call_on_close(place.leave)
    return answer


def _frames(
    log: Log, place: Place, followers: Followers, programme_id: str, after: int, topics: Sequence[str]
) -> Iterator[bytes]:
    """What is sent: events as soon as they stand, and a sign of life when there are none."""
    ends_at = time.monotonic() + followers.stream_s_max
    position = told = head = after
    told_at = time.monotonic()
    yield _BEGIN
    try:
        while not place.is_over and (now := time.monotonic()) < ends_at:
            if position < head:
                events, position = log.window(
                    programme_id, after=position, until=head, limit=PAGE_EVENTS_MAX, topics=topics
                )
                if events:
                    told, told_at = events[-1].position, now
                    yield b"".join(map(_frame, events))
                continue
            if now - told_at >= followers.heartbeat_s:
                yield _HEARTBEAT if position == told else _HEARTBEAT_WITH_ID % position
                told, told_at = position, now
            head = place.wait(position, min(LOOK_S, followers.heartbeat_s, ends_at - now))
            # Nothing is sent by this, but the server notices when nobody is there to send it to.
            yield b""
    except DatabaseUnavailable as lost:
        # The reader comes again, with the id of the last event that it has.
        _log.warning("event stream ends", programme_id=programme_id, position=position, reason=lost.reason)


def _frame(logged: LoggedEvent) -> bytes:
    return _EVENT % (logged.position, logged.topic.encode(), line(logged))
