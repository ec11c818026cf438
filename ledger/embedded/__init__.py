"""A PostgreSQL server of our own, run from the binaries of a wheel, for when no other server is named.

The rule of the room: the server never outlives the process that started it, is reachable by the
user who started it and nobody else, and never trades durability for speed.

`server` runs it, `cluster` looks after its folder on disk, `account` decides whom it runs as.
"""

from ledger.embedded.server import EmbeddedPostgres, conninfo_of_running

__all__ = ["EmbeddedPostgres", "conninfo_of_running"]
