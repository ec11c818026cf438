"""What goes into the books: entries of a period, one for each event or for each day.

Rule of the room: nothing here reads a database or writes a file; memory grows with the accounts,
never with the events.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import groupby
from typing import Final, Literal, NamedTuple

import msgspec

from ledger.domain.addresses import CNY, CREDIT, GRAMS, Asset
from ledger.domain.book import BalanceKey, Leg

Detail = Literal["event", "day"]

ASSETS: Final[tuple[Asset, ...]] = (CNY, CREDIT, GRAMS)

OPENING: Final = "opening"
"""In place of a topic, where balances are that a period begins with."""
DAY: Final = "day"
"""In place of a topic, where an entry sums up a day."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Whose books, and how much of them."""

    programme_id: str
    begin: date | None = None
    """First local day; all before it becomes one opening entry. From the first event on when absent."""
    end: date | None = None
    """The local day after the last. Up to the last event when absent."""
    detail: Detail = "event"
    """An entry for each event, or one for each day."""
    assets: tuple[Asset, ...] = ASSETS


class Entry(NamedTuple):
    """An entry of the journal."""

    position: int
    """Of its event, or of the last event that it sums up."""
    recorded_at: datetime | None
    """None when it sums up several events."""
    day: date
    """Local day on which it was recorded."""
    topic: str
    own_id: str
    """What the event names itself by; for a sum, how many events it is of."""
    legs: tuple[Leg, ...]


class Balances:
    """Sums of legs."""

    def __init__(self) -> None:
        self._amounts: dict[BalanceKey, int] = {}

    def add(self, legs: Iterable[Leg]) -> None:
        """Add the legs of an entry."""
        amounts = self._amounts
        for account, asset, lot, amount in legs:
            key = (account, asset, lot)
            amounts[key] = amounts.get(key, 0) + amount

    def legs(self) -> tuple[Leg, ...]:
        """Give one leg for each sum that is not nothing, by account, asset and lot."""
        kept = [Leg(*key, amount) for key, amount in self._amounts.items() if amount]
        return tuple(sorted(kept, key=lambda leg: (leg.account, leg.asset, leg.lot or "")))


def entries_of(events: Iterable[Entry], wanted: Wanted) -> Iterator[Entry]:
    """Give the entries of a period.

    Args:
        events: all of the log from its first one, by position; as far as is wanted, or further.
        wanted: the period, the assets and the detail.
    """
    chosen = events if set(wanted.assets) == set(ASSETS) else _of_assets(events, frozenset(wanted.assets))
    kept = _of_period(chosen, wanted)
    return (entry for entry in (_by_day(kept) if wanted.detail == DAY else kept) if entry.legs)


def _of_assets(events: Iterable[Entry], assets: frozenset[str]) -> Iterator[Entry]:
    for event in events:
        yield event._replace(legs=tuple(leg for leg in event.legs if leg.asset in assets))


def _of_period(events: Iterable[Entry], wanted: Wanted) -> Iterator[Entry]:
    """Give the events of the period, and before them what was there when it began."""
    begin, end = wanted.begin, wanted.end
    before, opened = Balances(), begin is None
    position = count = 0
    for event in events:
        if end is not None and event.day >= end:
            break
        if not opened and begin is not None and event.day >= begin:
            opened = True
            yield Entry(position, None, begin, OPENING, _events(count), before.legs())
        if opened:
            yield event
        else:
            before.add(event.legs)
            position, count = event.position, count + 1
    if not opened and begin is not None:
        yield Entry(position, None, begin, OPENING, _events(count), before.legs())


def _by_day(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Give one entry for each day, beside the opening one."""
    for (day, is_opening), together in groupby(entries, lambda entry: (entry.day, entry.topic == OPENING)):
        if is_opening:
            yield from together
            continue
        sums, position, count = Balances(), 0, 0
        for entry in together:
            sums.add(entry.legs)
            position, count = entry.position, count + 1
        yield Entry(position, None, day, DAY, _events(count), sums.legs())


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count:,} events"
