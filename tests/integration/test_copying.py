"""Rows that are packed by hand: PostgreSQL takes them for what they are."""

from contextlib import closing

import pytest

from ledger.store.arrays import microseconds_since_2000, packed_text
from ledger.store.copying import BLOCK_BYTES, INT8_BYTES, beginning, copy_packed, int8s
from ledger.store.database import Database
from tests.unit.builders import NOW

TABLE = "CREATE TEMP TABLE packed (text text, number bigint, instant timestamptz, last text)"
QUERY = "COPY packed (text, number, instant, last) FROM STDIN (FORMAT BINARY)"
TEXTS = ["", "a", "碳普惠", "x" * 1_000]
INT8_MAX = 2**63 - 1
NUMBERS = [0, -1, INT8_MAX, -INT8_MAX - 1]
NOW_US = microseconds_since_2000(NOW)
ROW_BYTES = 2 + 4 + 4 + 8 + 4 + 8 + 4
"""Of a row whose texts are empty: columns, and each column's length before it."""


def _row(text: str, number: int, last: str = "") -> bytes:
    numbers = int8s(2).pack(INT8_BYTES, number, INT8_BYTES, NOW_US)
    return beginning(4, text) + numbers + packed_text(last)


def _read_back(conninfo: str, rows: list[bytes]) -> list[tuple[object, ...]]:
    with closing(Database(conninfo)) as database, database.connection() as connection:
        connection.execute(
            "CREATE TEMP TABLE packed (text text, number bigint, instant timestamptz, last text)"
        )
        copy_packed(connection, QUERY, rows)
        return connection.execute("SELECT text, number, instant, last FROM packed ORDER BY ctid").fetchall()


def test_packed_rows_are_read_back_as_they_were_told(database: str) -> None:
    told = [(text, number, NOW, text[::-1]) for text in TEXTS for number in NUMBERS]
    assert _read_back(database, [_row(text, number, last) for text, number, _, last in told]) == told


def test_no_rows_are_copied_as_none(database: str) -> None:
    assert _read_back(database, []) == []


@pytest.mark.parametrize("beyond_bytes", [-1, 0, 1])
def test_rows_around_the_size_of_a_block_all_arrive(database: str, beyond_bytes: int) -> None:
    signature_bytes = 19
    filling = "x" * (BLOCK_BYTES - signature_bytes - ROW_BYTES + beyond_bytes)
    found = _read_back(database, [_row(filling, 1), _row("a", 2) + _row("b", 3)])
    assert [(text, number) for text, number, _, _ in found] == [(filling, 1), ("a", 2), ("b", 3)]
