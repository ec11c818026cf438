"""What merchants and funds are called, as they were opened."""

from collections.abc import Iterable
from typing import Final

import msgspec

from ledger.domain.identifiers import StreamId, stream_id
from ledger.store.arrays import UuidArray
from ledger.store.database import Database
from ledger.store.log import LoggedEvent
from ledger.store.recorder import LOG


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """Of somebody or something, in both languages."""

    name_zh: str
    name_en: str


_decode: Final = msgspec.json.Decoder(Names).decode


def names_of(database: Database, programme_id: str, kind: str, own_ids: Iterable[str]) -> dict[str, Names]:
    """Give the names of merchants or funds by their ids; those that nobody opened are left out.

    Args:
        database: where they are.
        programme_id: whose.
        kind: `merchant` or `fund`.
        own_ids: as their openers chose them.
    """
    streams = {stream_id(programme_id, kind, own_id): own_id for own_id in own_ids}
    parameters = {"programme_id": programme_id, "stream_ids": UuidArray.of(list(streams))}
    with database.connection() as connection:
        rows = connection.execute(LOG["streams"], parameters, binary=True).fetchall()
    found: dict[str, Names] = {}
    for row in rows:
        logged = LoggedEvent(*row)
        own_id = streams[StreamId(logged.originator_id.bytes)]
        if own_id not in found:
            found[own_id] = _decode(logged.state)
    return found
