"""Programmes' logs, for everyone who reads events.

Rule of the room: one library application per programme, composed of our mapper and our recorder;
it reads no environment and makes no table.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import InfrastructureFactory, Mapper, TrackingRecorder
from eventsourcing.postgres import PostgresFactory
from eventsourcing.utils import Environment, EnvType

from ledger.domain.identifiers import stream_id
from ledger.domain.limits import PAGE_EVENTS_MAX, SCANNED_EVENTS_MAX
from ledger.domain.messages import Event
from ledger.store.append import head_of
from ledger.store.arrays import UuidArray
from ledger.store.database import Database
from ledger.store.mapper import EventMapper, MsgspecTranscoder, mapper
from ledger.store.recorder import LOG, POSITION_MAX, ProgrammeRecorder
from ledger.store.tracking import ProgrammeTracking

APPLICATIONS_KEPT_MAX = 256


class LoggedEvent(NamedTuple):
    """An event as it stands in the log."""

    position: int
    originator_id: UUID
    originator_version: int
    topic: str
    state: bytes
    """The stored bytes: JSON."""


Row = tuple[int, UUID, int, str, bytes]
"""The same, as it was read."""


class Window(NamedTuple):
    """A stretch of a log that was read."""

    events: list[LoggedEvent]
    """Those wanted, in order."""
    position: int
    """How far was read; nothing wanted stands between the last of the events and here."""


class ProgrammeFactory(PostgresFactory):
    """Gives the library our parts for one programme."""

    def __init__(self, database: Database, programme_id: str) -> None:
        InfrastructureFactory.__init__(self, Environment("ledger", {}))
        self.datastore = database
        self._database = database
        self._programme_id = programme_id

    def mapper(self, *_args: Any, **_kwargs: Any) -> Mapper[Any]:
        """Give the mapper by topics."""
        return EventMapper(MsgspecTranscoder())

    def application_recorder(self) -> ProgrammeRecorder:
        """Give the recorder of this programme."""
        return ProgrammeRecorder(self._database, self._programme_id)

    def tracking_recorder(self, *_args: Any) -> ProgrammeTracking:  # type: ignore[override]
        """Give the recorder of this programme's views."""
        return ProgrammeTracking(self._database, self._programme_id)

    def close(self) -> None:
        """Leave the pool open: it belongs to whoever opened the ledger."""


class ProgrammeApplication(Application[UUID]):
    """The library's application over one programme's log."""

    def __init__(self, database: Database, programme_id: str) -> None:
        self._factory = ProgrammeFactory(database, programme_id)
        super().__init__()

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:  # noqa: ARG002
        """Give an empty environment: settings are arguments here."""
        return Environment(name, {})

    def construct_factory(self, env: Environment) -> InfrastructureFactory[TrackingRecorder]:  # noqa: ARG002
        """Give our factory."""
        return self._factory  # type: ignore[return-value]


class Log:
    """Reads the logs of all programmes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.application = lru_cache(maxsize=APPLICATIONS_KEPT_MAX)(self._application)

    def _application(self, programme_id: str) -> ProgrammeApplication:
        return ProgrammeApplication(self._database, programme_id)

    def head(self, programme_id: str) -> int | None:
        """Give the position of a programme's latest event; None when nobody opened the programme."""
        with self._database.connection() as connection:
            head = head_of(connection, programme_id)
        return head.position if head and head.position else None

    def heads(self, programme_ids: Sequence[str]) -> dict[str, int]:
        """Give where several logs stand, of those that were begun."""
        with self._database.connection() as connection:
            rows = connection.execute(LOG["heads"], {"programme_ids": list(programme_ids)}).fetchall()
        return dict(rows)

    def programmes(self) -> list[str]:
        """Give the ids of all programmes, in order."""
        with self._database.connection() as connection:
            return [row[0] for row in connection.execute(LOG["programmes"])]

    def page(
        self,
        programme_id: str,
        *,
        after: int,
        limit: int = PAGE_EVENTS_MAX,
        until: int = POSITION_MAX,
        topics: Sequence[str] = (),
    ) -> list[LoggedEvent]:
        """Read up to `limit` events, of all topics or of some, `after` < position ≤ `until`, in order."""
        rows = self.rows(programme_id, after=after, limit=limit, until=until, topics=topics)
        return [LoggedEvent(*row) for row in rows]

    def rows(
        self,
        programme_id: str,
        *,
        after: int,
        limit: int,
        until: int = POSITION_MAX,
        topics: Sequence[str] = (),
    ) -> list[Row]:
        """Read the same as `page`, for whoever makes something of their own of every event."""
        parameters = {
            "programme_id": programme_id,
            "after": after,
            "until": until,
            "limit": limit,
            "topics": list(topics),
        }
        query = LOG["page_of_topics" if topics else "page"]
        with self._database.connection() as connection:
            return connection.execute(query, parameters, binary=True).fetchall()

    def window(
        self,
        programme_id: str,
        *,
        after: int,
        until: int,
        limit: int = PAGE_EVENTS_MAX,
        topics: Sequence[str] = (),
    ) -> "Window":
        """Read on from `after`: up to `limit` events, and not so far that it takes long to find any.

        Args:
            programme_id: whose log.
            after: the position before the first that is looked at.
            until: the last that is; no further than the log goes.
            limit: events at most.
            topics: those wanted; all when empty.
        """
        reach = min(until, after + (SCANNED_EVENTS_MAX if topics else limit))
        if reach <= after:
            return Window([], after)
        events = self.page(programme_id, after=after, until=reach, limit=limit, topics=topics)
        return Window(events, events[-1].position if len(events) == limit else reach)

    def pages(
        self, programme_id: str, *, after: int = 0, until: int = POSITION_MAX, topics: Sequence[str] = ()
    ) -> Iterator[list[LoggedEvent]]:
        """Read a log page by page, holding no connection in between."""
        while page := self.page(programme_id, after=after, until=until, topics=topics):
            yield page
            after = page[-1].position

    def stream(self, programme_id: str, kind: str, own_id: str) -> list[LoggedEvent]:
        """Read the events of the fact that its caller names `own_id`."""
        parameters = {
            "programme_id": programme_id,
            "stream_ids": UuidArray.of([stream_id(programme_id, kind, own_id)]),
        }
        with self._database.connection() as connection:
            rows = connection.execute(LOG["streams"], parameters, binary=True).fetchall()
        return [LoggedEvent(*row) for row in rows]

    def configuration(self, programme_id: str) -> list[LoggedEvent]:
        """Read the events by which the programme's commands are decided."""
        with self._database.connection() as connection:
            rows = connection.execute(
                LOG["configuration"], {"programme_id": programme_id}, binary=True
            ).fetchall()
        return [LoggedEvent(*row) for row in rows]

    def decode(self, logged: LoggedEvent) -> Event:
        """Give the event that was stored."""
        return mapper().event_of(logged.topic, logged.state)
