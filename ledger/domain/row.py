"""How one kind of command is decided: what the tables of all kinds are made of."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from ledger.domain.messages import Event
from ledger.domain.registers import EntryKey
from ledger.domain.state import FactKey, ProgrammeState


class Row(NamedTuple):
    """How one kind of command is decided."""

    stream: Callable[[Any], tuple[str, str]]
    """Kind and own id of the stream its events go to."""
    begins: tuple[type[Event], ...]
    """The event that holds the command's content is one of these; a repeat is recognised by it."""
    reads: Callable[[Any, ProgrammeState], Iterable[str]]
    """Addresses that must be loaded before it is decided."""
    decide: Callable[[Any, ProgrammeState, datetime], Event | tuple[Event, ...] | None]
    goes_on: tuple[type[Event], ...] = ()
    """Events that may follow that one in the same decision."""
    fact: Callable[[Any], FactKey] | None = None
    """The fact that must be loaded from the stream before it is decided."""
    also: Callable[[Any], Iterable[FactKey]] | None = None
    """Facts of other streams that must be loaded before it is decided; each lives under its own key."""
    registers: Callable[[Any, ProgrammeState], Iterable[EntryKey]] | None = None
    """Entries of registers that must be loaded before it is decided."""
    made: Callable[[Any], bool] = lambda _event: True
    """Whether an event with which it begins was made by it: where several commands begin with the same."""
    version: Callable[[Any, ProgrammeState], int] = lambda _command, _state: 1
    """Place of its first event in the stream."""
    is_repeat: Callable[[Any, Any], bool] = lambda _command, _event: True
    """Whether an event of the stream was made by a command of the same id: where a stream takes several."""
