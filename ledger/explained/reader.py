"""Reading events for explanations: whole streams, up to the position that is explained."""

from collections.abc import Iterable
from typing import NamedTuple

from ledger.explaining.steps import Told
from ledger.projections.explaining import StreamRow, streams_of
from ledger.projections.snapshot import Snapshot
from ledger.store.log import Log, LoggedEvent


class Reader(NamedTuple):
    """What one explanation reads from."""

    log: Log
    snapshot: Snapshot
    programme_id: str
    until: int
    """The last position that counts."""

    def streams(self, positions: Iterable[int]) -> list[list[Told]]:
        """Give the streams in which some events stand, up to the position read."""
        found = streams_of(self.snapshot, positions, self.until)
        return [[self._told(row) for row in rows] for rows in found.values()]

    def configuration(self) -> list[Told]:
        """Give every event by which commands are decided."""
        return [
            Told(logged.position, self.log.decode(logged))
            for logged in self.log.configuration(self.programme_id)
        ]

    def _told(self, row: StreamRow) -> Told:
        logged = LoggedEvent(*row)
        return Told(logged.position, self.log.decode(logged))
