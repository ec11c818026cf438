"""Taking in a programme that was moved here: its events as they are, and the rows made from them.

Rule of the room: everything happens in one transaction, under the lock of the programme's head, so
that a programme is there whole or not at all; nothing here says what the rows are.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import psycopg
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from ledger.domain.book import BalanceKey
from ledger.domain.errors import ImportRunning, ProgrammeExists
from ledger.domain.state import EPOCH
from ledger.store.append import OwnerRow, create_head, lock_head
from ledger.store.arrays import Int8Array, TextArray, TimestampArray
from ledger.store.database import Database
from ledger.store.log import LoggedEvent
from ledger.store.queries import load
from ledger.store.registers import Row as RegisterRow
from ledger.store.registers import packed

_QUERIES: Final = load(Path(__file__).parent / "sql" / "moving.sql")
_EVENT_TYPES: Final = ("text", "int8", "uuid", "int4", "text", "bytea")

ROWS_AT_A_TIME: Final = 10_000
TABLES: Final = (
    "events",
    "configuration",
    "balances",
    "owners",
    "holds",
    "registers",
    "stopped_views",
    "webhooks",
    "webhook_deliveries",
)
"""In which a programme that is taken in may have nothing."""
TABLES_WITH_POSITIONS: Final = ("heads", "tracking")
"""In which it may stand at its beginning: somebody has tried to open it."""

Row = TypeVar("Row")


class Unstorable(Exception):
    """The database cannot hold this, whatever the log says."""


class Arrival:
    """A programme that is being taken in."""

    def __init__(self, connection: Connection[Any], programme_id: str) -> None:
        self.connection = connection
        """On which everything is written that nobody else can see yet."""
        self.programme_id = programme_id

    def add_events(self, page: Sequence[LoggedEvent]) -> None:
        """Add the next events.

        Raises:
            Unstorable: a place in a stream is taken, or something is no text.
        """
        own_id = self.programme_id
        with (
            _translated(),
            self.connection.cursor() as cursor,
            cursor.copy(_QUERIES["copy_events"]) as copy,
        ):
            copy.set_types(_EVENT_TYPES)
            for event in page:
                copy.write_row((own_id, *event))

    def add_balances(self, balances: Iterable[tuple[BalanceKey, int]]) -> None:
        """Add what stands in accounts.

        Raises:
            Unstorable: as everything that adds rows.
        """
        with _translated():
            for rows in _some(balances):
                self._add(
                    "add_balances",
                    accounts=_texts(account for (account, _, _), _ in rows),
                    assets=_texts(asset for (_, asset, _), _ in rows),
                    lots=_texts(lot or "" for (_, _, lot), _ in rows),
                    amounts=Int8Array.of([amount for _, amount in rows]),
                )

    def add_owners(self, owners: Iterable[OwnerRow]) -> None:
        """Add who is open, frozen or closed."""
        with _translated():
            for rows in _some(owners):
                self._add(
                    "add_owners",
                    accounts=_texts(row.account for row in rows),
                    statuses=_texts(row.status for row in rows),
                    months=_texts(row.given_month for row in rows),
                    given=Int8Array.of([row.given_credits for row in rows]),
                )

    def add_holds(self, holds: Iterable[tuple[str, datetime]]) -> None:
        """Add open holds: redemption and deadline."""
        with _translated():
            for rows in _some(holds):
                self._add(
                    "add_holds",
                    redemption_ids=_texts(own_id for own_id, _ in rows),
                    deadlines=TimestampArray.of_instants(deadline_at for _, deadline_at in rows),
                )

    def add_registers(self, entries: Iterable[RegisterRow]) -> None:
        """Add what registers say."""
        with _translated():
            for rows in _some(entries):
                registers, keys, dues, values = packed(rows)
                self._add("add_registers", registers=registers, keys=keys, dues=dues, texts=values)

    def add_configuration(self, positions: Iterable[int]) -> None:
        """Add the positions of the events that change the rules."""
        for rows in _some(positions):
            self._add("add_configuration", positions=Int8Array.of(rows))

    def set_head(self, position: int, configured_at_position: int, recorded_at: datetime) -> None:
        """Say where the log stands; the last thing that is written."""
        parameters = {
            "position": position,
            "configured_at_position": configured_at_position,
            "recorded_at": recorded_at,
        }
        done = self.connection.execute(
            _QUERIES["set_head"], {"programme_id": self.programme_id, **parameters}
        )
        assert done.rowcount == 1

    def _add(self, query: str, **columns: bytes) -> None:
        self.connection.execute(_QUERIES[query], {"programme_id": self.programme_id, **columns})


@contextmanager
def arriving(database: Database, programme_id: str, views: Iterable[tuple[str, str]]) -> Iterator[Arrival]:
    """Begin to take in a programme: all that is written in the block is there at its end, or nothing is.

    Args:
        database: where to, with statements that may take long.
        programme_id: of which nothing may be here.
        views: schema and name of the views' tables.

    Raises:
        ImportRunning: somebody else takes in the same programme.
        ProgrammeExists: something of it is here.
    """
    names = {"programme_id": programme_id}
    with database.connection() as connection, connection.transaction():
        row = connection.execute(_QUERIES["take_turn"], names).fetchone()
        if row is None or not row[0]:
            raise ImportRunning(programme_id=programme_id)
        create_head(connection, programme_id, EPOCH)
        lock_head(connection, programme_id)
        places = [*(("has_moved", "public", table) for table in TABLES_WITH_POSITIONS)]
        places += [("has_rows", "public", table) for table in TABLES]
        places += [("has_rows", schema, table) for schema, table in views]
        found = [
            table for query, schema, table in places if _is_true(connection, query, schema, table, names)
        ]
        if found:
            raise ProgrammeExists(programme_id=programme_id, tables=found)
        yield Arrival(connection, programme_id)


def _is_true(connection: Connection[Any], query: str, schema: str, table: str, names: dict[str, str]) -> bool:
    row = connection.execute(SQL(_QUERIES[query]).format(table=Identifier(schema, table)), names).fetchone()
    return bool(row and row[0])


def _some(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Give rows in portions of a bounded size."""
    left = iter(rows)
    while portion := list(islice(left, ROWS_AT_A_TIME)):
        yield portion


def _texts(texts: Iterable[str]) -> TextArray:
    """Pack texts that do not recur."""
    return TextArray(TextArray.of([text.encode() for text in texts]))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (psycopg.DataError, psycopg.IntegrityError, UnicodeEncodeError, struct.error) as refused:
        raise Unstorable(str(refused)) from refused
