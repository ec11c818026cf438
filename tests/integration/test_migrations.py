"""The database is brought forward once, in order, by whoever comes first."""

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ledger.domain import errors
from ledger.store import migrations


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    _write(
        tmp_path,
        "0001_make_trees.sql",
        "CREATE TABLE trees (name text); INSERT INTO trees VALUES ('100% oak');",
    )
    _write(tmp_path, "0002_plant.sql", "INSERT INTO trees VALUES ('elm');")
    return tmp_path


@pytest.fixture
def connection(empty_database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(empty_database, autocommit=True) as opened:
        yield opened


def test_applies_what_is_missing_in_order_and_then_nothing(
    empty_database: str, connection: psycopg.Connection, folder: Path
) -> None:
    assert [done.number for done in migrations.migrate(empty_database, folder)] == [1, 2]
    assert _trees(connection) == ["100% oak", "elm"]
    assert migrations.migrate(empty_database, folder) == []

    _write(folder, "0003_plant_more.sql", "INSERT INTO trees VALUES ('ash');")
    assert [done.name for done in migrations.migrate(empty_database, folder)] == ["plant_more"]
    assert _trees(connection) == ["100% oak", "elm", "ash"]


def test_a_database_never_migrated_lacks_everything_and_asking_makes_nothing(
    connection: psycopg.Connection, folder: Path
) -> None:
    assert [missing.number for missing in migrations.pending(connection, folder)] == [1, 2]
    assert connection.execute("SELECT to_regclass('schema_migrations')").fetchone() == (None,)


def test_starting_on_an_older_database_is_refused_until_it_is_migrated(
    empty_database: str, connection: psycopg.Connection, folder: Path
) -> None:
    with pytest.raises(errors.MigrationsPending) as refused:
        migrations.require_current(connection, folder)
    assert refused.value.numbers == [1, 2]
    migrations.migrate(empty_database, folder)
    migrations.require_current(connection, folder)


def test_an_edited_migration_is_refused(
    empty_database: str, connection: psycopg.Connection, folder: Path
) -> None:
    migrations.migrate(empty_database, folder)
    _write(folder, "0001_make_trees.sql", "CREATE TABLE trees (name text NOT NULL);")
    with pytest.raises(errors.MigrationEdited) as refused:
        migrations.require_current(connection, folder)
    assert (refused.value.number, refused.value.name) == (1, "make_trees")
    with pytest.raises(errors.MigrationEdited):
        migrations.migrate(empty_database, folder)


def test_a_database_newer_than_the_code_is_refused(
    empty_database: str, connection: psycopg.Connection, folder: Path
) -> None:
    migrations.migrate(empty_database, folder)
    (folder / "0002_plant.sql").unlink()
    with pytest.raises(errors.DatabaseNewerThanCode) as refused:
        migrations.require_current(connection, folder)
    assert refused.value.numbers == [2]
    with pytest.raises(errors.DatabaseNewerThanCode):
        migrations.migrate(empty_database, folder)


def test_a_failing_migration_leaves_nothing_of_itself_and_all_before_it(
    empty_database: str, connection: psycopg.Connection, folder: Path
) -> None:
    _write(folder, "0003_fell.sql", "INSERT INTO trees VALUES ('gone'); SELECT 1 / 0;")
    with pytest.raises(errors.MigrationFailed) as failed:
        migrations.migrate(empty_database, folder)
    assert (failed.value.number, failed.value.name) == (3, "fell")
    assert "division by zero" in failed.value.reason
    assert _trees(connection) == ["100% oak", "elm"]

    _write(folder, "0003_fell.sql", "DELETE FROM trees;")
    assert [done.number for done in migrations.migrate(empty_database, folder)] == [3]


@pytest.mark.parametrize(
    "names",
    [
        [],
        ["0002_second.sql"],
        ["0001_first.sql", "0003_third.sql"],
        ["0001_first.sql", "0001_also_first.sql"],
        ["0000_zeroth.sql", "0001_first.sql"],
        ["1_first.sql"],
        ["0001-first.sql"],
    ],
)
def test_a_folder_not_numbered_from_one_without_gap_is_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        _write(tmp_path, name, "SELECT 1;")
    with pytest.raises(errors.MigrationFolderBroken):
        migrations.migrate("host=/nowhere", tmp_path)


def test_a_server_that_is_not_there_is_said_to_be_unreachable(folder: Path) -> None:
    with pytest.raises(errors.DatabaseUnreachable):
        migrations.migrate("host=/nowhere", folder)


def test_of_two_runners_at_once_one_works_and_the_other_waits(
    empty_database: str, connection: psycopg.Connection, folder: Path
) -> None:
    _write(folder, "0003_slowly.sql", "SELECT pg_sleep(0.3); INSERT INTO trees VALUES ('fir');")
    applied: list[int] = []

    def run() -> None:
        applied.extend(done.number for done in migrations.migrate(empty_database, folder))

    runners = [threading.Thread(target=run) for _ in range(2)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    assert applied == [1, 2, 3]
    assert _trees(connection) == ["100% oak", "elm", "fir"]


def _write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)


def _trees(connection: psycopg.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM trees")]
