"""Which database to use: the one that is named, or an embedded one for as long as it is needed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ledger.bootstrap import open_ledger
from ledger.config import Settings
from ledger.embedded import EmbeddedPostgres, conninfo_of_running
from ledger.server.voucher_key import kept_voucher_key
from ledger.store import migrations


def embedded_folder(settings: Settings) -> Path:
    """Where the embedded database of these settings lives."""
    return settings.data_dir / "postgres"


@contextmanager
def database_for(settings: Settings, *, shared: bool = True) -> Iterator[str]:
    """Give the connection string of the database to use; an embedded one runs for the length of the block.

    Args:
        settings: `database_url` names a server; without it the embedded one under `data_dir` is used.
        shared: Whether an embedded server that some other process runs will do.

    Raises:
        errors.EmbeddedDatabaseBusy, errors.EmbeddedDatabaseOtherVersion, errors.EmbeddedDatabaseFailed:
            As `EmbeddedPostgres.start`.
    """
    folder = embedded_folder(settings)
    if settings.database_url is not None:
        yield settings.database_url
    elif shared and (running := conninfo_of_running(folder)) is not None:
        yield running
    else:
        with EmbeddedPostgres(folder) as own:
            yield own.dsn


@contextmanager
def ready_database(settings: Settings, *, migrate: bool = False, shared: bool = True) -> Iterator[Settings]:
    """Give the settings with a database that has every migration.

    An embedded database belongs to this version of the ledger and is brought forward unasked; a
    server that somebody named is only when told to. It also has a key of its own for vouchers.

    Raises:
        errors.CannotStart: The database cannot be used as it is, and why.
        errors.DatabaseUnavailable: The server named does not answer.
    """
    with database_for(settings, shared=shared) as conninfo:
        named = replace(settings, database_url=conninfo)
        if settings.database_url is None and settings.voucher_key is None:
            named = replace(named, voucher_key=kept_voucher_key(settings))
        if migrate or settings.database_url is None:
            migrations.migrate(conninfo)
        ledger = open_ledger(named)
        try:
            ledger.ready()
        finally:
            ledger.close()
        yield named
