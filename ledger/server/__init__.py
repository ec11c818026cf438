"""The HTTP server as a child of this process, on a database that is ready for it.

The rule of the room: nothing here imports `api`; the server is a program that is started, told its
settings by its environment, and stopped in order: first the requests under way are answered, then
the database goes down. Whoever started it may die in any way; nothing stays behind.

`database` says what it stands on, `process` runs it, `worker` is what its workers do, `address`
where it is found, `companion` what works beside it.
"""

from ledger.server.address import status_of, url_of
from ledger.server.companion import Companion, running_projectors
from ledger.server.database import database_for, embedded_folder, ready_database
from ledger.server.process import ServerHandle, running_server, serve
from ledger.server.worker import end_with_server, when_told_to_stop

__all__ = [
    "Companion",
    "ServerHandle",
    "database_for",
    "embedded_folder",
    "end_with_server",
    "ready_database",
    "running_projectors",
    "running_server",
    "serve",
    "status_of",
    "url_of",
    "when_told_to_stop",
]
