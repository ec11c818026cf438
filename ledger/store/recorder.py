"""The event library's recorder of one programme's events.

Rule of the room: positions are the programme's own, gapless from 1, ordered by the lock on its
head row; there is no table lock, no sequence and no table made here.
"""

from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any, Final
from uuid import UUID

import msgspec
import psycopg
from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    ListenNotifySubscription,
    Notification,
    StoredEvent,
    Subscription,
)
from eventsourcing.postgres import PostgresApplicationRecorder

from ledger.domain.book import Accounts, Leg
from ledger.store.append import Append, append, lock_head
from ledger.store.database import Database
from ledger.store.queries import load

LOG: Final = load(Path(__file__).parent / "sql" / "log.sql")
POSITION_MAX: Final = 2**63 - 1
POLL_S: Final = 0.05


class ProgrammeRecorder(PostgresApplicationRecorder):
    """Reads and appends the log of one programme."""

    def __init__(self, datastore: Database, programme_id: str) -> None:
        super().__init__(datastore, events_table_name="events")
        self.database = datastore
        self.programme_id = programme_id

    def create_table(self) -> None:
        """Do nothing: only migrations make tables."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_kwargs: Any) -> Sequence[int]:
        """Append events as they are, in one transaction, with the sums of their legs.

        Decided events come through `ledger.writer`; this is the library's own way in, for events
        that were decided elsewhere. It takes facts that move value only.

        Returns:
            The position of each event.

        Raises:
            IntegrityError: a place in a stream is taken; nothing was written.
        """
        if not stored_events:
            return []
        accounts = Accounts()
        for stored in stored_events:
            accounts.post(msgspec.json.decode(stored.state, type=_Legs).legs)
        balances, _ = accounts.drain()
        with self.database.connection() as connection:
            try:
                with connection.transaction():
                    head = lock_head(connection, self.programme_id)
                    if head is None:
                        raise IntegrityError(f"no programme {self.programme_id}")
                    group = Append(head.position, head.configured_at_position, head.recorded_at)
                    for stored in stored_events:
                        group.add(
                            _bytes_of(stored.originator_id),
                            stored.originator_version,
                            stored.topic,
                            stored.state,
                        )
                    group.balances = balances
                    append(connection, group.packed(self.programme_id))
            except psycopg.errors.UniqueViolation as taken:
                raise IntegrityError(str(taken)) from taken
        return list(range(head.position + 1, head.position + 1 + len(stored_events)))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Read one stream of this programme."""
        parameters = {
            "programme_id": self.programme_id,
            "stream_id": originator_id,
            "after": gt or 0,
            "until": lte if lte is not None else 2**31 - 1,
            "limit": limit if not desc else None,
        }
        with self.database.connection() as connection:
            rows = connection.execute(LOG["stream"], parameters, binary=True).fetchall()
        stored = [StoredEvent(row[1], row[2], row[3], row[4]) for row in rows]
        return stored[::-1][:limit] if desc else stored

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Read a page of this programme's log; a notification's id is its position."""
        after = 0 if start is None else start - 1 if inclusive_of_start else start
        parameters = {
            "programme_id": self.programme_id,
            "after": after,
            "until": POSITION_MAX if stop is None else stop,
            "limit": limit,
            "topics": list(topics),
        }
        query = LOG["page_of_topics" if topics else "page"]
        with self.database.connection() as connection:
            rows = connection.execute(query, parameters, binary=True).fetchall()
        return [Notification(row[1], row[2], row[3], row[4], id=row[0]) for row in rows]

    def max_notification_id(self) -> int | None:
        """Give the position of the programme's latest event, None before the first."""
        with self.database.connection() as connection:
            head = connection.execute(
                LOG["head"], {"programme_id": self.programme_id}, binary=True
            ).fetchone()
        return head[0] if head and head[0] else None

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Follow the log: yields what is recorded after `gt`, then waits for more."""
        return HeadSubscription(self, gt, topics)


class HeadSubscription(ListenNotifySubscription[ProgrammeRecorder]):
    """Follows one programme by looking at its head.

    A notification with every commit would halve the speed of single commits, and a missed one
    would stop a follower; the head is one indexed row.
    """

    def __init__(self, recorder: ProgrammeRecorder, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._looker = Thread(target=self._look, name=f"follow {recorder.programme_id}", daemon=True)
        self._looker.start()

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        try:
            super().__exit__(*args, **kwargs)
        finally:
            self._looker.join()

    def _look(self) -> None:
        seen: int | None = -1
        try:
            while not self._has_been_stopped and not self._thread_error:
                position = self._recorder.max_notification_id()
                if position != seen:
                    seen = position
                    self._has_been_notified.set()
                sleep(POLL_S)
        except BaseException as failed:  # noqa: BLE001 - handed to whoever iterates
            self._thread_error = self._thread_error or failed
            self.stop()


class _Legs(msgspec.Struct):
    legs: tuple[Leg, ...] = ()


def _bytes_of(originator_id: UUID | str) -> bytes:
    return originator_id.bytes if isinstance(originator_id, UUID) else UUID(originator_id).bytes
