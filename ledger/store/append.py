"""The one statement that writes, and what decisions read before it.

Rule of the room: everything a group changes travels in one call of `append_events`, so that a
group is written whole or not at all, also when the call is delegated to another node.
"""

import struct
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple
from weakref import WeakSet

import psycopg
from psycopg import Connection
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult

from ledger.domain.book import Account, BalanceKey
from ledger.store.arrays import (
    ByteaArray,
    Int4Array,
    Int8Array,
    TextArray,
    TimestampArray,
    UuidArray,
    microseconds_since_2000,
)
from ledger.store.queries import load
from ledger.store.registers import Row, packed

_QUERIES: Final = load(Path(__file__).parent / "sql" / "append.sql")
_prepared: "WeakSet[Connection[Any]]" = WeakSet()
"""Connections on which the statement is prepared."""

STATEMENT_NAME: Final = b"append_events"
NO_SUCH_STATEMENT: Final = b"26000"
"""PostgreSQL, appendix A. The driver drops all statements, ours too, after a transaction was undone."""
TRUE: Final = b"\x01"
_INT8: Final = struct.Struct(">q")
_LOG: Final = load(Path(__file__).parent / "sql" / "log.sql")


class Head(NamedTuple):
    """Where a programme's log stands."""

    position: int
    configured_at_position: int
    recorded_at: datetime


class OwnerRow(NamedTuple):
    """What is stored of an owner of accounts."""

    account: str
    status: str
    given_month: str
    given_credits: int


def owner_row(address: str, account: Account) -> OwnerRow:
    """Give what is to be stored of an owner as it stands now."""
    assert account.status is not None
    return OwnerRow(address, account.status, account.given_month, account.given_credits)


class Append:
    """A group of events about to be written, with all that follows from them."""

    __slots__ = (
        "balances",
        "configured",
        "configured_at",
        "expected",
        "held",
        "originator_ids",
        "owners",
        "recorded_at",
        "registers",
        "released",
        "states",
        "topics",
        "versions",
    )

    def __init__(self, expected: int, configured_at: int, recorded_at: datetime) -> None:
        self.expected = expected
        """Position the head must still have."""
        self.configured_at = configured_at
        self.recorded_at = recorded_at
        self.originator_ids: list[bytes] = []
        self.versions: list[int] = []
        self.topics: list[str] = []
        self.states: list[bytes] = []
        self.balances: dict[BalanceKey, int] = {}
        self.owners: list[OwnerRow] = []
        self.held: list[tuple[str, datetime]] = []
        self.released: list[str] = []
        self.configured: list[int] = []
        self.registers: list[Row] = []

    def __len__(self) -> int:
        return len(self.states)

    def add(self, stream: bytes, version: int, topic: str, state: bytes) -> int:
        """Add an event and give the position it will have."""
        self.originator_ids.append(stream)
        self.versions.append(version)
        self.topics.append(topic)
        self.states.append(state)
        return self.expected + len(self.states)

    def packed(self, programme_id: str) -> list[bytes]:
        """Give the parameters of `append_events`, in its order, as they travel."""
        balances = [(*key, amount) for key, amount in self.balances.items() if amount]
        owners = self.owners
        return [
            programme_id.encode(),
            _INT8.pack(self.expected),
            _INT8.pack(self.configured_at),
            _INT8.pack(microseconds_since_2000(self.recorded_at)),
            UuidArray.of(self.originator_ids),
            Int4Array.of(self.versions),
            TextArray.of_texts(self.topics),
            ByteaArray.of(self.states),
            TextArray.of_texts([account for account, _, _, _ in balances]),
            TextArray.of_texts([asset for _, asset, _, _ in balances]),
            TextArray.of_texts([lot or "" for _, _, lot, _ in balances]),
            Int8Array.of([amount for _, _, _, amount in balances]),
            TextArray.of_texts([owner.account for owner in owners]),
            TextArray.of_texts([owner.status for owner in owners]),
            TextArray.of_texts([owner.given_month for owner in owners]),
            Int8Array.of([owner.given_credits for owner in owners]),
            TextArray.of_texts([redemption_id for redemption_id, _ in self.held]),
            TimestampArray.of_instants(deadline_at for _, deadline_at in self.held),
            TextArray.of_texts(self.released),
            Int8Array.of(self.configured),
            *packed(self.registers),
        ]


def append(connection: Connection[Any], parameters: Sequence[bytes]) -> bool:
    """Write a group, given as its packed parameters.

    Speaks to libpq directly: for a lone command the driver's own preparations of two dozen parameters
    cost as much as the server's work.

    Returns:
        False when the head no longer stands where the group expects it; then nothing was written.

    Raises:
        psycopg.errors.UniqueViolation: a place in a stream is taken; nothing was written.
        psycopg.OperationalError: the connection was lost; the group may or may not be written.
    """
    libpq, formats = connection.pgconn, [Format.BINARY] * len(parameters)
    if libpq.transaction_status != TransactionStatus.IDLE:
        # Not by the prepared statement, which may be gone: trying would break the transaction.
        query = _QUERIES["append_events"].encode()
        result = libpq.exec_params(query, parameters, None, formats, Format.BINARY)
    else:
        _prepare_once(connection)
        result = libpq.exec_prepared(STATEMENT_NAME, parameters, formats, Format.BINARY)
        if result.error_field(DiagnosticField.SQLSTATE) == NO_SUCH_STATEMENT:
            _prepared.discard(connection)
            _prepare_once(connection)
            result = libpq.exec_prepared(STATEMENT_NAME, parameters, formats, Format.BINARY)
    _require(connection, result)
    return result.get_value(0, 0) == TRUE


def _prepare_once(connection: Connection[Any]) -> None:
    if connection not in _prepared:
        _require(connection, connection.pgconn.prepare(STATEMENT_NAME, _QUERIES["append_events"].encode()))
        _prepared.add(connection)


def _require(connection: Connection[Any], result: PGresult) -> None:
    """Raise the driver's error for a statement that failed."""
    if result.status in {ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK}:
        return
    if connection.pgconn.status != ConnStatus.OK or not result.error_field(DiagnosticField.SQLSTATE):
        # An error without a code is not the server's. libpq does not always call the connection
        # broken by then, and nobody shall get it again.
        connection.close()
        raise psycopg.OperationalError(result.get_error_message())
    raise psycopg.errors.error_from_result(result, encoding="utf-8")


def head_of(connection: Connection[Any], programme_id: str) -> Head | None:
    """Read where a log stands."""
    return _head(connection, "head", programme_id)


def lock_head(connection: Connection[Any], programme_id: str) -> Head | None:
    """Read where a log stands and keep everybody else from appending until the transaction ends."""
    return _head(connection, "lock_head", programme_id)


def _head(connection: Connection[Any], query: str, programme_id: str) -> Head | None:
    row = connection.execute(_LOG[query], {"programme_id": programme_id}, binary=True).fetchone()
    return Head(*row) if row else None


def create_head(connection: Connection[Any], programme_id: str, recorded_at: datetime) -> None:
    """Make the head of a programme that has none."""
    connection.execute(_LOG["create_head"], {"programme_id": programme_id, "recorded_at": recorded_at})


def load_accounts(
    connection: Connection[Any], programme_id: str, addresses: Iterable[str]
) -> dict[str, Account]:
    """Read the accounts named; an address that nobody knows is an account without status or balance."""
    accounts = {address: Account() for address in addresses}
    parameters = {"programme_id": programme_id, "accounts": sorted(accounts)}
    for address, asset, lot, amount in connection.execute(_QUERIES["balances_of"], parameters, binary=True):
        accounts[address].add(asset, lot or None, amount)
    for address, status, month, given in connection.execute(_QUERIES["owners_of"], parameters, binary=True):
        account = accounts[address]
        account.status, account.given_month, account.given_credits = status, month, given
    return accounts


def accounts_due(
    connection: Connection[Any], programme_id: str, *, after: str, up_to: str, limit: int
) -> list[str]:
    """Read the next accounts, in order, that hold credits whose last day is `up_to` or earlier."""
    parameters = {"programme_id": programme_id, "after": after, "up_to": up_to, "limit": limit}
    return [row[0] for row in connection.execute(_QUERIES["accounts_due"], parameters)]


def holds_overdue(
    connection: Connection[Any], programme_id: str, *, after: str, now: datetime, limit: int
) -> list[str]:
    """Read the next open holds, in order, whose deadline has passed."""
    parameters = {"programme_id": programme_id, "after": after, "now": now, "limit": limit}
    return [row[0] for row in connection.execute(_QUERIES["holds_overdue"], parameters)]
