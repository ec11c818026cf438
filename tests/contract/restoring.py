"""A recorded log back into a database: its bytes as they are, the tables made from them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from ledger.domain import addresses
from ledger.domain.book import Account
from ledger.domain.messages import Event
from ledger.domain.owners import owner_opened
from ledger.domain.redemption import STATUS_AFTER as REDEMPTION_STEPS
from ledger.domain.redemption import RedemptionHeld
from ledger.domain.registers import EveryRegister
from ledger.domain.state import CONFIGURATION, ProgrammeState
from ledger.store.append import Append, append, create_head, owner_row
from ledger.store.database import Database
from ledger.store.mapper import mapper
from ledger.store.registers import row_of

LOGS_FOLDER = Path(__file__).parent / "logs"


class Line(msgspec.Struct, frozen=True):
    """A line of a recorded log."""

    position: int
    originator_id: UUID
    originator_version: int
    topic: str
    data: msgspec.Raw

    @property
    def state(self) -> bytes:
        """The stored bytes."""
        return bytes(self.data)

    @property
    def event(self) -> Event:
        """What this release reads in them."""
        return mapper().event_of(self.topic, self.state)


def read_log(path: Path) -> list[Line]:
    """Read a recorded log."""
    return [msgspec.json.decode(line, type=Line) for line in path.read_bytes().splitlines()]


def restore(database: Database, programme_id: str, lines: Iterable[Line]) -> ProgrammeState:
    """Write a log as it was recorded, with all that follows from it; give the state it leads to."""
    state = ProgrammeState(programme_id)
    state.registers = EveryRegister()
    group = Append(0, 0, state.recorded_at)
    for line in lines:
        event = line.event
        position = group.add(line.originator_id.bytes, line.originator_version, line.topic, line.state)
        assert position == line.position
        named = state.accounts.missing(addresses_of(event))
        state.accounts.load({address: Account() for address in named})
        state.apply(event)
        note(group, event, position)
    group.balances, owners = state.accounts.drain()
    group.owners = [owner_row(address, state.accounts[address]) for address in sorted(owners)]
    group.registers = [row_of(*changed) for changed in state.registers.drain().items()]
    group.configured_at, group.recorded_at = state.configured_at_position, state.recorded_at
    with database.connection() as connection, connection.transaction():
        create_head(connection, programme_id, state.recorded_at)
        assert append(connection, group.packed(programme_id))
    return state


def note(group: Append, event: Any, position: int) -> None:
    """Keep what the tables of holds and of the configuration need."""
    if isinstance(event, RedemptionHeld):
        group.held.append((event.id, event.deadline_at))
    elif type(event) in REDEMPTION_STEPS:
        group.released.append(event.redemption_id)
    elif isinstance(event, CONFIGURATION):
        group.configured.append(position)


def addresses_of(event: Any) -> set[str]:
    """Every address that an event may change."""
    named = {leg.account for leg in event.legs}
    if participant_id := getattr(event, "participant_id", None):
        named.add(addresses.participant(participant_id))
    if opened := owner_opened(event):
        named.add(opened)
    return named
