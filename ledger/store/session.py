"""One connection at work for one programme: what the writer does to the database.

Rule of the room: the driver's errors that mean something to the writer are translated here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from psycopg import Connection

from ledger.domain.book import Account
from ledger.domain.errors import EventNewerThanCode
from ledger.domain.identifiers import StreamId
from ledger.domain.messages import Event
from ledger.domain.registers import Entry, EntryKey
from ledger.store import append as appending
from ledger.store.append import Head
from ledger.store.arrays import UuidArray
from ledger.store.database import Database
from ledger.store.mapper import mapper
from ledger.store.recorder import LOG
from ledger.store.registers import load_entries

Stream = list[tuple[int, Event, bytes]] | EventNewerThanCode
"""Position, event and bytes of all events of a stream; or why they cannot be read."""


class StreamTaken(Exception):
    """A place in a stream is taken: somebody recorded something under this id before."""


class Session:
    """Reads and writes of one programme over one connection."""

    def __init__(self, connection: Connection[Any], programme_id: str) -> None:
        self._connection = connection
        self._programme_id = programme_id
        self._mapper = mapper()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything inside one transaction."""
        with self._connection.transaction():
            yield

    def head(self) -> Head | None:
        """Read where the log stands."""
        return appending.head_of(self._connection, self._programme_id)

    def lock_head(self) -> Head | None:
        """Read where the log stands and keep others from appending until the transaction ends."""
        return appending.lock_head(self._connection, self._programme_id)

    def create_head(self, recorded_at: datetime) -> None:
        """Make the head of a programme that is about to be opened."""
        appending.create_head(self._connection, self._programme_id, recorded_at)

    def accounts(self, addresses: Iterable[str]) -> dict[str, Account]:
        """Read the accounts named."""
        return appending.load_accounts(self._connection, self._programme_id, addresses)

    def registers(self, keys: Iterable[EntryKey]) -> Mapping[EntryKey, Entry | None]:
        """Read the entries of registers named."""
        return load_entries(self._connection, self._programme_id, keys)

    def streams(self, stream_ids: Sequence[StreamId]) -> dict[StreamId, Stream]:
        """Read all events of the streams named.

        A stream with an event of a later release comes as the reason why it cannot be read: it
        concerns nobody but those who ask for it.
        """
        parameters = {"programme_id": self._programme_id, "stream_ids": UuidArray.of(stream_ids)}
        found: dict[StreamId, list[tuple[int, Event, bytes]]] = {}
        unreadable: dict[StreamId, EventNewerThanCode] = {}
        for position, stream, _, topic, state in self._connection.execute(
            LOG["streams"], parameters, binary=True
        ):
            try:
                event = self._mapper.event_of(topic, state)
            except EventNewerThanCode as newer:
                unreadable[StreamId(stream.bytes)] = newer
            else:
                found.setdefault(StreamId(stream.bytes), []).append((position, event, state))
        return {**found, **unreadable}

    def configuration(self) -> list[Event]:
        """Read the events by which commands are decided, in order."""
        rows = self._connection.execute(
            LOG["configuration"], {"programme_id": self._programme_id}, binary=True
        )
        return [self._mapper.event_of(row[3], row[4]) for row in rows]

    def append(self, parameters: Sequence[bytes]) -> bool:
        """Write a packed group; False when the head no longer stands where the group expects it.

        Raises:
            StreamTaken: an id was used before; nothing was written.
        """
        try:
            return appending.append(self._connection, parameters)
        except psycopg.errors.UniqueViolation as taken:
            raise StreamTaken from taken


@contextmanager
def open_session(database: Database, programme_id: str) -> Iterator[Session]:
    """Borrow a connection for one programme.

    Raises:
        DatabaseUnavailable: as `Database.connection`.
    """
    with database.connection() as connection:
        yield Session(connection, programme_id)
