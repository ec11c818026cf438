"""Rows as COPY reads them in binary, packed by whoever knows what many of them have in common.

Rule of the room: no nulls; the layout is that of COPY's binary format in the manual. The driver
packs value by value, which is several times slower where columns repeat from row to row.
"""

import struct
from collections.abc import Iterable
from typing import Any, Final

from ledger.store.arrays import packed_text

_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER: Final = struct.pack(">h", -1)
_COLUMNS: Final = struct.Struct(">h")

INT8_BYTES: Final = 8
BLOCK_BYTES: Final = 65_536
"""Sent at once: PostgreSQL is at work on a block while the next one is packed."""


def int8s(count: int) -> struct.Struct:
    """Give the layout of so many `bigint` columns side by side; before each goes `INT8_BYTES`.

    A `timestamptz` is one too: microseconds since 2000.
    """
    return struct.Struct(">" + "iq" * count)


def beginning(columns: int, first: str) -> bytes:
    """Give how a row begins: with the number of its columns, and a text in the first of them."""
    return _COLUMNS.pack(columns) + packed_text(first)


def copy_packed(connection: Any, query: str, rows: Iterable[bytes | bytearray]) -> None:
    """Send packed rows, in pieces of one or more.

    Args:
        connection: inside the transaction that is to have the rows.
        query: COPY … FROM STDIN (FORMAT BINARY).
        rows: whole rows, one after the other.
    """
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        block = bytearray(_SIGNATURE)
        for piece in rows:
            block += piece
            if len(block) >= BLOCK_BYTES:
                copy.write(block)
                block = bytearray()
        copy.write(block + _TRAILER)
