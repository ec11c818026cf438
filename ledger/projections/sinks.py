"""Carbon-sink projects and donations as they are read: the register's entry, and the events behind it.

Rule of the room: the register is written with the events, so nothing here is ever behind; an event
once written never changes, so those behind an entry may be read after it.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from ledger.domain.donation import CreditsDonated
from ledger.domain.errors import DonationNotFound, ProgrammeNotFound, SinkNotFound
from ledger.domain.identifiers import StreamId, stream_id
from ledger.domain.sink import Sink
from ledger.store.arrays import UuidArray
from ledger.store.database import Database
from ledger.store.log import LoggedEvent
from ledger.store.mapper import mapper
from ledger.store.queries import load
from ledger.store.recorder import LOG

_QUERIES: Final = load(Path(__file__).parent / "sql" / "sinks.sql")
_decode: Final = msgspec.json.Decoder(Sink).decode


class SinkView(NamedTuple):
    """One project."""

    project_id: str
    sink: Sink
    opening: LoggedEvent


class Certificate(NamedTuple):
    """What a donor was given, and what it rests on."""

    number: str
    donation: LoggedEvent
    project: LoggedEvent
    """The project's opening."""
    deliveries: list[LoggedEvent]
    """Those whose units were retired, in order of their serials."""


def read_sinks(
    database: Database, programme_id: str, *, after: str, limit: int
) -> tuple[int, list[SinkView]]:
    """Read the next projects in order of their ids, and the position of the log at which they stood so.

    Raises:
        ProgrammeNotFound
    """
    with database.connection() as connection:
        return _read(connection, "sinks", programme_id, after=after, limit=limit)


def read_sink(
    database: Database, programme_id: str, project_id: str
) -> tuple[int, SinkView, dict[str, LoggedEvent]]:
    """Read one project, the position of the log at which it stood so, and its deliveries by their ids.

    Raises:
        ProgrammeNotFound, SinkNotFound
    """
    with database.connection() as connection:
        position, views = _read(connection, "sink", programme_id, project_id=project_id)
        if not views:
            raise SinkNotFound(project_id=project_id)
        ids = [delivery.id for delivery in views[0].sink.deliveries]
        return position, views[0], _events(connection, programme_id, "sink_units", ids)


def read_certificate(database: Database, programme_id: str, donation_id: str) -> Certificate:
    """Read a donation with the project and the deliveries it concerns.

    Raises:
        DonationNotFound
    """
    with database.connection() as connection:
        donation = _events(connection, programme_id, "donation", [donation_id]).get(donation_id)
        if donation is None:
            raise DonationNotFound(donation_id=donation_id)
        event = mapper().event_of(donation.topic, donation.state)
        assert isinstance(event, CreditsDonated)
        projects = _events(connection, programme_id, "sink", [event.project_id])
        ids = [serials.delivery_id for serials in event.serials]
        deliveries = _events(connection, programme_id, "sink_units", ids)
    return Certificate(
        event.certificate, donation, projects[event.project_id], [deliveries[own_id] for own_id in ids]
    )


def _read(connection: Any, query: str, programme_id: str, **parameters: Any) -> tuple[int, list[SinkView]]:
    parameters |= {"programme_id": programme_id, "register": Sink.register}
    rows = connection.execute(_QUERIES[query], parameters).fetchall()
    if not rows:
        raise ProgrammeNotFound(programme_id=programme_id)
    found = [(key, _decode(value)) for _, key, value in rows if key is not None]
    openings = _events(connection, programme_id, "sink", [key for key, _ in found])
    return rows[0][0], [SinkView(key, sink, openings[key]) for key, sink in found]


def _events(connection: Any, programme_id: str, kind: str, own_ids: Iterable[str]) -> dict[str, LoggedEvent]:
    """Read the first events of streams by the ids that their callers chose."""
    ids = {stream_id(programme_id, kind, own_id): own_id for own_id in own_ids}
    parameters = {"programme_id": programme_id, "stream_ids": UuidArray.of(list(ids))}
    found: dict[str, LoggedEvent] = {}
    for row in connection.execute(LOG["streams"], parameters, binary=True):
        logged = LoggedEvent(*row)
        found.setdefault(ids[StreamId(logged.originator_id.bytes)], logged)
    return found
