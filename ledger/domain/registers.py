"""Registers: what decisions must know beyond balances and the facts they name.

Rule of the room: an entry follows from the log alone and changes only with an event. It is written
with the events that change it, so that a decision never stands on something older than the log; a
key names one entry, and an entry that says nothing any more is taken out.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import ClassVar, TypeVar

import msgspec


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a register says under one key."""

    register: ClassVar[str]
    """Frozen: entries are stored under it."""

    def due(self) -> datetime | None:
        """Give the instant from which a run has something to do with the entry; None for never."""
        return None


EntryKey = tuple[type[Entry], str]
"""A register and a key in it: ids, with a line feed between two of them."""

Kept = TypeVar("Kept", bound=Entry)


def key_of(*parts: str) -> str:
    """Put ids together to a key; none of them can hold a line feed."""
    return "\n".join(parts)


class Registers:
    """The entries that have been loaded, with every change since the last `drain`."""

    __slots__ = ("_loaded", "changed")

    def __init__(self) -> None:
        self._loaded: dict[EntryKey, Entry | None] = {}
        self.changed: set[EntryKey] = set()

    def __len__(self) -> int:
        return len(self._loaded)

    def missing(self, keys: Iterable[EntryKey]) -> set[EntryKey]:
        """Give those of the keys that are not loaded."""
        return set(keys).difference(self._loaded)

    def load(self, stored: Mapping[EntryKey, Entry | None]) -> None:
        """Put entries in place; None for a key under which nothing stands."""
        self._loaded.update(stored)

    def get(self, register: type[Kept], key: str) -> Kept | None:
        """Give the entry under a key, None when there is none.

        Raises:
            KeyError: it was not loaded, which is a fault of the caller: a decision must name every
                entry it reads before it is made.
        """
        return self._loaded[register, key]  # type: ignore[return-value]

    def put(self, register: type[Kept], key: str, entry: Kept | None) -> None:
        """Set what stands under a key; None takes it out."""
        own = register, key
        self._loaded[own] = entry
        self.changed.add(own)

    def entries(self) -> Mapping[EntryKey, Entry | None]:
        """Give all that are loaded; None where nothing stands."""
        return self._loaded

    def drain(self) -> dict[EntryKey, Entry | None]:
        """Hand over what changed since the last call, and start counting anew."""
        changed = {key: self._loaded[key] for key in self.changed}
        self.changed = set()
        return changed


class EveryRegister(Registers):
    """All entries of a programme, followed from the first event; none is ever loaded from a table."""

    __slots__ = ()

    def missing(self, keys: Iterable[EntryKey]) -> set[EntryKey]:  # noqa: ARG002 - nothing ever is
        """Give no key."""
        return set()

    def get(self, register: type[Kept], key: str) -> Kept | None:
        """Give the entry under a key, None when there is none."""
        return self._loaded.get((register, key))  # type: ignore[return-value]
