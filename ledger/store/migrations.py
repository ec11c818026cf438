"""The shape of the database, brought forward by numbered SQL files.

The rule of the room: forward only, each file in one transaction with the note that it was applied,
one runner at a time. An applied file never changes.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from ledger.domain import errors
from ledger.store import queries

FOLDER = Path(__file__).parents[2] / "migrations"

# Any constant would do, as long as every version of the ledger uses the same: "ledger" in ASCII.
TURN_KEY = int.from_bytes(b"ledger")

_QUERIES = queries.load(Path(__file__).parent / "sql" / "migrations.sql")
_FILE_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")


@dataclass(frozen=True, kw_only=True)
class Migration:
    """One file of the folder.

    Attributes:
        number: Its place, from 1.
        name: What it does, from the file's name.
        sql: The file as bytes.
        checksum_sha256: Of those bytes, in hexadecimal.
    """

    number: int
    name: str
    sql: bytes
    checksum_sha256: str


def migrate(conninfo: str, folder: Path = FOLDER) -> list[Migration]:
    """Apply what is missing, in order; wait first while another runner does.

    Args:
        conninfo: A direct connection (the lock belongs to the session, which a pooler may swap).
        folder: Where the files are.

    Returns:
        What this call applied; nothing when the database was current.

    Raises:
        errors.DatabaseUnreachable: No connection.
        errors.MigrationFolderBroken, errors.MigrationEdited, errors.DatabaseNewerThanCode: As `pending`.
        errors.MigrationFailed: A file's SQL failed; the files before it stay applied.
    """
    known = _known(folder)
    with _connect(conninfo) as connection:
        # The turn ends with the session, so a runner that is killed blocks nobody.
        connection.execute(_QUERIES["take_turn"], {"key": TURN_KEY})
        connection.execute(_QUERIES["make_record"])
        missing = _missing(connection, known)
        for migration in missing:
            _apply(connection, migration)
    return missing


def pending(connection: psycopg.Connection[Any], folder: Path = FOLDER) -> list[Migration]:
    """What the database lacks, in order.

    Raises:
        errors.MigrationFolderBroken: The folder's files are not numbered without gap.
        errors.MigrationEdited: An applied file reads differently today.
        errors.DatabaseNewerThanCode: The database has migrations that the folder does not.
    """
    known = _known(folder)
    found = connection.execute(_QUERIES["has_record"]).fetchone()
    return _missing(connection, known) if found and found[0] else known


def require_current(connection: psycopg.Connection[Any], folder: Path = FOLDER) -> None:
    """Refuse to go on unless the database has exactly the folder's migrations.

    Raises:
        errors.MigrationsPending: Some are missing.
        errors.MigrationFolderBroken, errors.MigrationEdited, errors.DatabaseNewerThanCode: As `pending`.
    """
    if missing := pending(connection, folder):
        raise errors.MigrationsPending([migration.number for migration in missing])


def _known(folder: Path) -> list[Migration]:
    """The folder's files in order, checked to be numbered from 1 without gap."""
    migrations = [_read(path) for path in sorted(folder.glob("*.sql"))]
    numbers = [migration.number for migration in migrations]
    if not numbers:
        raise errors.MigrationFolderBroken(str(folder), "no migration is there")
    if numbers != list(range(1, len(numbers) + 1)):
        raise errors.MigrationFolderBroken(str(folder), f"the numbers are {numbers}")
    return migrations


def _read(path: Path) -> Migration:
    """One file."""
    match = _FILE_NAME.fullmatch(path.name)
    if match is None:
        raise errors.MigrationFolderBroken(str(path.parent), f"{path.name} is not named NNNN_name.sql")
    sql = path.read_bytes()
    return Migration(
        number=int(match[1]), name=match[2], sql=sql, checksum_sha256=hashlib.sha256(sql).hexdigest()
    )


def _missing(connection: psycopg.Connection[Any], known: list[Migration]) -> list[Migration]:
    """The known files that the database has not, after checking those it has."""
    by_number = {migration.number: migration for migration in known}
    applied = {number: checksum for number, _, checksum in connection.execute(_QUERIES["applied"])}
    if unknown := [number for number in applied if number not in by_number]:
        raise errors.DatabaseNewerThanCode(unknown)
    for number, checksum in applied.items():
        if by_number[number].checksum_sha256 != checksum:
            raise errors.MigrationEdited(number, by_number[number].name)
    return [migration for migration in known if migration.number not in applied]


def _apply(connection: psycopg.Connection[Any], migration: Migration) -> None:
    """One file and the note of it, both or neither."""
    note = {
        "number": migration.number,
        "name": migration.name,
        "checksum_sha256": migration.checksum_sha256,
    }
    try:
        with connection.transaction():
            connection.execute(migration.sql)
            connection.execute(_QUERIES["note_applied"], note)
    except psycopg.Error as error:
        raise errors.MigrationFailed(migration.number, migration.name, str(error)) from error


def _connect(conninfo: str) -> psycopg.Connection[Any]:
    """A connection that begins transactions only where told to."""
    try:
        return psycopg.connect(conninfo, autocommit=True)
    except psycopg.OperationalError as error:
        raise errors.DatabaseUnreachable(str(error)) from error
