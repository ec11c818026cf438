"""The rows of API keys.

Rule of the room: a secret never comes here, only its hash; a row is never deleted.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from ledger.store.database import Database
from ledger.store.queries import load

Role = Literal["poster", "finance", "auditor", "operator"]

_QUERIES: Final = load(Path(__file__).parent / "sql" / "keys.sql")


class Key(NamedTuple):
    """What is known of a key."""

    key_id: str
    """Public: it stands in logs and lists, and opens nothing."""
    name: str
    """Who holds it, for people."""
    role: Role
    programme_id: str | None
    """The only programme it opens; None for all of them."""
    created_at: datetime
    revoked_at: datetime | None


class KeyTable:
    """Reads and writes the table of keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, key: Key, secret_sha256: bytes) -> None:
        """Add a key with the hash of its secret."""
        with self._database.connection() as connection:
            connection.execute(_QUERIES["create_key"], {**key._asdict(), "secret_sha256": secret_sha256})

    def all(self) -> list[Key]:
        """Give every key, the oldest first, revoked ones too."""
        with self._database.connection() as connection:
            return [_key(row) for row in connection.execute(_QUERIES["list_keys"])]

    def revoke(self, key_id: str, revoked_at: datetime) -> Key | None:
        """End a key; None when there is none of that id. A repeat leaves the first instant."""
        parameters = {"key_id": key_id, "revoked_at": revoked_at}
        with self._database.connection() as connection:
            row = connection.execute(_QUERIES["revoke_key"], parameters).fetchone()
        return _key(row) if row else None

    def of_secret(self, secret_sha256: bytes) -> Key | None:
        """Give the key that a secret opens; None when it opens nothing (any more)."""
        parameters = {"secret_sha256": secret_sha256}
        with self._database.connection() as connection:
            row = connection.execute(_QUERIES["key_of_secret"], parameters).fetchone()
        return _key(row) if row else None


def _key(row: tuple[Any, ...]) -> Key:
    """A row with its instants in UTC, whatever zone the session has."""
    key = Key._make(row)
    revoked_at = key.revoked_at and key.revoked_at.astimezone(UTC)
    return key._replace(created_at=key.created_at.astimezone(UTC), revoked_at=revoked_at)
