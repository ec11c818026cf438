"""Stores and offers as they are read: the registers' entries, and the events behind them.

Rule of the room: registers are written with the events, so nothing here is ever behind; an event
once written never changes, so the version behind an entry may be read after it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from ledger.domain.errors import OfferNotFound, ProgrammeNotFound
from ledger.domain.identifiers import StreamId, stream_id
from ledger.domain.limits import OFFERS_SHOWN_MAX, WAITING_SCANNED_MAX
from ledger.domain.merchant_store import Store
from ledger.domain.offer import OfferPublished
from ledger.domain.offer_use import NOTHING_TAKEN, OfferTaken, OfferUsed, month_of
from ledger.domain.programme import ProgrammeOpened
from ledger.domain.registers import Entry, key_of
from ledger.store.arrays import Int4Array, UuidArray
from ledger.store.database import Database
from ledger.store.log import LoggedEvent
from ledger.store.mapper import mapper
from ledger.store.queries import load
from ledger.store.registers import load_entries

_QUERIES: Final = load(Path(__file__).parent / "sql" / "offers.sql")
_END: Final = "\x7f"
"""After every character that a key may hold."""

Kept = TypeVar("Kept", bound=Entry)


class StoreView(NamedTuple):
    """One store."""

    store_id: str
    is_open: bool
    opening: LoggedEvent


class Left(NamedTuple):
    """How many vouchers can still be taken; None where nothing limits them."""

    stock: int | None
    month: int | None
    """In the local month."""
    participant: int | None = None
    """By the participant who was asked about, altogether."""
    participant_month: int | None = None


class OfferView(NamedTuple):
    """One offer, by its latest version."""

    used: OfferUsed
    published: LoggedEvent
    offer: OfferPublished
    left: Left


class OffersAsked(NamedTuple):
    """Which offers are wanted, and for whom."""

    now: datetime
    """Says which month it is."""
    participant_id: str | None = None
    merchant_id: str | None = None
    only_open: bool = False

    def wants(self, used: OfferUsed) -> bool:
        """Whether an offer is one of them."""
        return (self.merchant_id is None or used.merchant_id == self.merchant_id) and (
            used.is_open or not self.only_open
        )


class OfferPage(NamedTuple):
    """Some offers in order of their ids."""

    position: int
    offers: list[OfferView]
    next_key: str | None
    """After which the next page begins; None on the last."""


def read_stores(
    database: Database, programme_id: str, merchant_id: str, *, after: str, limit: int
) -> tuple[int, list[StoreView]]:
    """Read a merchant's next stores in order of their ids, and the position at which they stood so.

    Raises:
        ProgrammeNotFound
    """
    prefix = key_of(merchant_id, "")
    with database.connection() as connection:
        position, found = _entries(
            connection, programme_id, Store, prefix=prefix, after=prefix + after, limit=limit
        )
        own_ids = [key.removeprefix(prefix) for key, _ in found]
        events = _events(connection, programme_id, "store", [(own_id, 1) for own_id in own_ids])
    views = [
        StoreView(own_id, entry.is_open, events[own_id])
        for own_id, (_, entry) in zip(own_ids, found, strict=True)
    ]
    return position, views


def read_offers(
    database: Database, programme_id: str, asked: OffersAsked, *, after: str, limit: int
) -> OfferPage:
    """Read the next offers that are wanted, of at most `WAITING_SCANNED_MAX` that are looked at.

    Raises:
        ProgrammeNotFound
    """
    wanted: list[tuple[str, OfferUsed]] = []
    scanned, is_over, last = 0, False, after
    with database.connection() as connection:
        while True:
            position, found = _entries(
                connection, programme_id, OfferUsed, prefix="", after=last, limit=OFFERS_SHOWN_MAX
            )
            is_over = len(found) < OFFERS_SHOWN_MAX
            scanned += len(found)
            for key, used in found:
                if len(wanted) == limit:
                    is_over = False
                    break
                last = key
                if asked.wants(used):
                    wanted.append((key, used))
            if is_over or len(wanted) == limit or scanned >= WAITING_SCANNED_MAX:
                break
        views = _views(connection, programme_id, wanted, asked)
    return OfferPage(position, views, None if is_over else last)


def read_offer(
    database: Database, programme_id: str, offer_id: str, asked: OffersAsked
) -> tuple[int, OfferView]:
    """Read one offer, and the position at which it stood so.

    Raises:
        ProgrammeNotFound, OfferNotFound
    """
    with database.connection() as connection:
        position, found = _entries(connection, programme_id, OfferUsed, prefix=offer_id, after="", limit=1)
        wanted = [one for one in found if one[0] == offer_id]
        if not wanted:
            raise OfferNotFound(offer_id=offer_id)
        return position, _views(connection, programme_id, wanted, asked)[0]


def left_of(offer: OfferPublished, used: OfferUsed, own: OfferTaken | None, month: str) -> Left:
    """Give how many vouchers of an offer can still be taken in a local month."""
    stock, quota = _rest(offer.stock, used.vouchers), _rest(offer.month_quota, used.months.get(month, 0))
    if own is None:
        return Left(stock, quota)
    return Left(
        stock,
        quota,
        _rest(offer.per_participant, own.vouchers),
        _rest(offer.per_participant_month, own.months.get(month, 0)),
    )


def _rest(most: int | None, taken: int) -> int | None:
    return None if most is None else max(most - taken, 0)


def _views(
    connection: Any, programme_id: str, wanted: Sequence[tuple[str, OfferUsed]], asked: OffersAsked
) -> list[OfferView]:
    if not wanted:
        return []
    month = month_of(asked.now, _time_zone(connection, programme_id))
    versions = [(own_id, used.version) for own_id, used in wanted]
    events = _events(connection, programme_id, "offer", versions)
    own = _taken(connection, programme_id, [own_id for own_id, _ in wanted], asked.participant_id)
    views = []
    for own_id, used in wanted:
        offer = mapper().event_of(events[own_id].topic, events[own_id].state)
        assert isinstance(offer, OfferPublished)
        left = left_of(offer, used, own.get(own_id), month)
        views.append(OfferView(used, events[own_id], offer, left))
    return views


def _taken(
    connection: Any, programme_id: str, offer_ids: Iterable[str], participant_id: str | None
) -> dict[str, OfferTaken]:
    """Read what a participant has of each offer; nothing where nobody was asked about."""
    if participant_id is None:
        return {}
    keys = {key_of(offer_id, participant_id): offer_id for offer_id in offer_ids}
    found = load_entries(connection, programme_id, [(OfferTaken, key) for key in keys])
    taken = {key: entry for (_, key), entry in found.items() if isinstance(entry, OfferTaken)}
    return {offer_id: taken.get(key, NOTHING_TAKEN) for key, offer_id in keys.items()}


def _time_zone(connection: Any, programme_id: str) -> str:
    opening = _events(connection, programme_id, "programme", [(programme_id, 1)])[programme_id]
    event = mapper().event_of(opening.topic, opening.state)
    assert isinstance(event, ProgrammeOpened)
    return event.time_zone


def _entries(
    connection: Any, programme_id: str, register: type[Kept], *, prefix: str, after: str, limit: int
) -> tuple[int, list[tuple[str, Kept]]]:
    parameters = {
        "programme_id": programme_id,
        "register": register.register,
        "prefix": prefix,
        "end": prefix + _END,
        "after": after,
        "limit": limit,
    }
    rows = connection.execute(_QUERIES["entries"], parameters).fetchall()
    if not rows:
        raise ProgrammeNotFound(programme_id=programme_id)
    entries = [(key, msgspec.json.decode(value, type=register)) for _, key, value in rows if key is not None]
    return rows[0][0], entries


def _events(
    connection: Any, programme_id: str, kind: str, wanted: Sequence[tuple[str, int]]
) -> dict[str, LoggedEvent]:
    """Read the events at a place of their streams each, by the ids that callers chose."""
    streams = {stream_id(programme_id, kind, own_id): own_id for own_id, _ in wanted}
    parameters = {
        "programme_id": programme_id,
        "stream_ids": UuidArray.of(list(streams)),
        "versions": Int4Array.of([version for _, version in wanted]),
    }
    found = {}
    for row in connection.execute(_QUERIES["versions"], parameters, binary=True):
        logged = LoggedEvent(*row)
        found[streams[StreamId(logged.originator_id.bytes)]] = logged
    return found
