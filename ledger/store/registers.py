"""Entries of registers as they are stored: JSON, with the instant from which they are due.

Rule of the room: the table is written by `append_events`, and by whoever makes it anew from a log
under the lock of its head; here it is packed and read.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from psycopg import Connection

from ledger.domain.registers import Entry, EntryKey
from ledger.store.arrays import TextArray, TimestampArray, microseconds_since_2000
from ledger.store.database import Database
from ledger.store.queries import load

QUERIES: Final = load(Path(__file__).parent / "sql" / "append.sql")

INFINITY_US: Final = 2**63 - 1
"""How PostgreSQL writes a time that never comes."""

ROWS_AT_A_TIME: Final = 10_000

_encode = msgspec.json.Encoder().encode
_END: Final = "\x7f"
"""After every character that a key may hold."""

Kept = TypeVar("Kept", bound=Entry)


class Row(NamedTuple):
    """An entry as it is stored."""

    register: str
    key: str
    due_us: int
    """Microseconds since 2000; `INFINITY_US` for never."""
    value: str
    """JSON; empty takes the entry out."""


def row_of(key: EntryKey, entry: Entry | None) -> Row:
    """Give what is to be stored of an entry."""
    register, own_key = key
    if entry is None:
        return Row(register.register, own_key, INFINITY_US, "")
    due = entry.due()
    due_us = INFINITY_US if due is None else microseconds_since_2000(due)
    return Row(register.register, own_key, due_us, _encode(entry).decode())


def packed(rows: Iterable[Row]) -> list[bytes]:
    """Give the parameters of `append_events` for registers, in order of the keys."""
    rows = sorted(rows)
    return [
        TextArray.of_texts([row.register for row in rows]),
        TextArray.of([row.key.encode() for row in rows]),
        TimestampArray.of([row.due_us for row in rows]),
        TextArray.of([row.value.encode() for row in rows]),
    ]


def load_entries(
    connection: Connection[Any], programme_id: str, keys: Iterable[EntryKey]
) -> Mapping[EntryKey, Entry | None]:
    """Read the entries named; None for a key under which nothing stands."""
    found: dict[EntryKey, Entry | None] = dict.fromkeys(keys)
    types = {register.register: register for register, _ in found}
    rows = connection.execute(
        QUERIES["registers_of"],
        {
            "programme_id": programme_id,
            "registers": TextArray.of_texts([register.register for register, _ in found]),
            "keys": TextArray.of([key.encode() for _, key in found]),
        },
        binary=True,
    )
    for name, key, value in rows:
        register = types[name]
        found[register, key] = msgspec.json.decode(value, type=register)
    return found


def stored_rows(connection: Connection[Any], programme_id: str) -> Iterator[Row]:
    """Read every entry of a programme as a stream, inside a transaction, in no order."""
    with connection.cursor(name="stored_registers") as cursor:
        cursor.itersize = ROWS_AT_A_TIME
        cursor.execute(QUERIES["registers_stored"], {"programme_id": programme_id})
        for row in cursor:
            yield Row(*row)


def replace_rows(connection: Connection[Any], programme_id: str, rows: Iterable[Row]) -> None:
    """Put rows in place of those under the same keys; one without a value only takes them out."""
    registers, keys, dues, values = packed(rows)
    parameters = {"programme_id": programme_id, "registers": registers, "keys": keys}
    connection.execute(QUERIES["take_registers_out"], parameters)
    connection.execute(QUERIES["put_registers"], parameters | {"dues": dues, "texts": values})


def entries_due(
    database: Database, programme_id: str, register: type[Kept], *, after: str, now: datetime, limit: int
) -> list[tuple[str, Kept]]:
    """Read the next entries, in order of their keys, whose time has come."""
    return _read(database, "entries_due", programme_id, register, after=after, now=now, limit=limit)


def entries_at(
    database: Database, programme_id: str, register: type[Kept], keys: Iterable[str]
) -> list[Kept]:
    """Read the entries under some keys, those that stand."""
    with database.connection() as connection:
        found = load_entries(connection, programme_id, [(register, key) for key in keys])
    return [entry for entry in found.values() if isinstance(entry, register)]


def programmes_with_due(database: Database, register: type[Entry], *, now: datetime) -> list[str]:
    """Read which programmes have entries of a register whose time has come."""
    parameters = {"register": register.register, "now": now}
    with database.connection() as connection:
        return [row[0] for row in connection.execute(QUERIES["programmes_with_due"], parameters)]


def entries_from(
    database: Database, programme_id: str, register: type[Kept], *, prefix: str, after: str, limit: int
) -> list[tuple[str, Kept]]:
    """Read the next entries, in order, of the keys that begin with a text."""
    bounds = {"prefix": prefix, "end": prefix + _END}
    return _read(database, "entries_from", programme_id, register, after=after, limit=limit, **bounds)


def _read(
    database: Database, query: str, programme_id: str, register: type[Kept], **parameters: Any
) -> list[tuple[str, Kept]]:
    parameters |= {"programme_id": programme_id, "register": register.register}
    with database.connection() as connection:
        rows = connection.execute(QUERIES[query], parameters).fetchall()
    return [(key, msgspec.json.decode(value, type=register)) for key, value in rows]
