"""What explanations read: the streams behind an account's entries, and what stood before an award.

Rule of the room: everything is read at one place of the view, from its entries and from the log below
that place; whoever asks says how much may be read.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from ledger.domain import addresses
from ledger.domain.limits import LOTS_ENTRIES_MAX
from ledger.projections.snapshot import Snapshot
from ledger.store.queries import load

QUERIES: Final = load(Path(__file__).parent / "sql" / "explaining.sql")

StreamRow = tuple[Any, ...]
"""Position, stream, place in the stream, topic and bytes of an event."""


def streams_of(snapshot: Snapshot, positions: Iterable[int], until: int) -> dict[Any, list[StreamRow]]:
    """Give the whole streams in which some events stand, each by its id and up to a position.

    Args:
        snapshot: at `until`, or a later place.
        positions: of the events.
        until: the last position that counts.
    """
    parameters = {"positions": sorted(set(positions)), "until": until}
    streams: dict[Any, list[StreamRow]] = {}
    for row in snapshot.rows(QUERIES["streams_of"], parameters):
        streams.setdefault(row[1], []).append(row)
    return streams


def credit_positions(snapshot: Snapshot, account: str, position: int) -> list[int] | None:
    """Give where an account's credits were moved; None where more often than one answer tells."""
    parameters = {"account": account, "position": position, "entries_max": LOTS_ENTRIES_MAX + 1}
    found = [row[0] for row in snapshot.rows(QUERIES["credit_positions"], parameters)]
    return None if len(found) > LOTS_ENTRIES_MAX else found


class Acts(NamedTuple):
    """Which acts of a participant are looked for."""

    participant_id: str
    topics: tuple[str, ...]
    """Under which grams and awards are entered first."""
    correcting: tuple[str, ...]
    """Under which they are corrected."""
    occurred_from: datetime | None
    """First instant of the acts; None for all of them."""
    occurred_to: datetime | None
    """The first that no longer counts."""


def act_positions(snapshot: Snapshot, acts: Acts, until: int, *, most: int) -> list[int] | None:
    """Give where acts were entered, or corrected, up to a position; None where more often than `most`.

    Args:
        snapshot: to read from.
        acts: which ones.
        until: the last position that counts.
        most: how many may be read.
    """
    holder = addresses.participant(acts.participant_id)
    parameters = {
        "accounts": [holder, addresses.pending(holder), addresses.debt(holder)],
        "topics": list(acts.topics),
        "correcting": list(acts.correcting),
        "occurred_from": acts.occurred_from,
        "occurred_to": acts.occurred_to,
        "until": until,
        "entries_max": most + 1,
    }
    found = [row[0] for row in snapshot.rows(QUERIES["act_positions"], parameters)]
    return None if len(found) > most else found
