"""Reading a log for its books: every event's legs, its local day and what it names itself by.

Rule of the room: the log is read page by page, and no connection is held while others work on a
page. Legs are the same in every version of an event, so a later release's events are read too.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, cast

import msgspec

from ledger.books.book import Entry
from ledger.domain.book import Leg
from ledger.domain.instants import Instant, local_date, zone
from ledger.domain.topics import BY_TOPIC
from ledger.store.database import Database
from ledger.store.scan import read_topics

Progress = Callable[[int], None]

_DAY: Final = timedelta(days=1)
_RUN: Final = "run_id"


class _Event(msgspec.Struct):
    """The part of an event that books are made of."""

    recorded_at: Instant
    legs: tuple[Leg, ...] = ()
    own_id: str = ""


def events(
    database: Database, programme_id: str, time_zone: str, *, until: int, on_progress: Progress
) -> Iterator[Entry]:
    """Give every event from the first to the one at a position.

    Args:
        database: where the log is.
        programme_id: whose.
        time_zone: of the programme.
        until: the last position.
        on_progress: told how far the log was read, after each page.
    """
    calendar, decoders = Calendar(time_zone), _Decoders()
    after = 0
    while after < until and (page := read_topics(database, programme_id, after=after, until=until)):
        for position, topic, state in page:
            event = decoders[topic](state)
            day = calendar.day_of(event.recorded_at)
            yield Entry(position, event.recorded_at, day, topic, event.own_id, event.legs)
        after = page[-1][0]
        on_progress(after)


class Calendar:
    """Local days of instants that never run backwards, by one comparison for all but a day's first."""

    def __init__(self, time_zone: str) -> None:
        self._time_zone = time_zone
        self._day = date.min
        self._over_at = datetime.min.replace(tzinfo=UTC)

    def day_of(self, instant: datetime) -> date:
        """Give the local day of an instant, which is no earlier than that of the one before."""
        if instant >= self._over_at:
            self._day = max(local_date(instant, self._time_zone), self._day)
            midnight = datetime.combine(self._day + _DAY, time(), zone(self._time_zone))
            self._over_at = midnight.astimezone(UTC)
        return self._day


class _Decoders(dict[str, Callable[[bytes], _Event]]):
    """By topic, as they are needed."""

    def __missing__(self, topic: str) -> Callable[[bytes], _Event]:
        decode = self[topic] = msgspec.json.Decoder(_struct_of(topic)).decode
        return decode


def _struct_of(topic: str) -> type[_Event]:
    """Give a struct that reads the topic's own name for what it names itself by as `own_id`."""
    name = naming_field(topic)
    fields: list[Any] = [] if name is None else [("own_id", str, msgspec.field(default="", name=name))]
    return cast("type[_Event]", msgspec.defstruct("_Event", fields, bases=(_Event,)))


def naming_field(topic: str) -> str | None:
    """Give the field by which the events of a topic are told apart; None where there is no such one.

    It is `id` where an event has one, else the first id in it: of a redemption, of an activity. That
    of a run comes last, for it is the same for all that the run does.
    """
    event = BY_TOPIC.get(topic)
    ids = [name for name in event.__struct_fields__ if name.endswith("_id")] if event else []
    if event is None or "id" in event.__struct_fields__:
        return "id"
    return next((name for name in ids if name != _RUN), ids[0] if ids else None)
