"""What explanations read: the streams behind an account's entries, and what stood before an award.

Rule of the room: everything is read at one place of the view, from its entries and from the log below
that place; whoever asks says how much may be read.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

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


def act_positions(
    snapshot: Snapshot, participant_id: str, until: int, topics: Iterable[str], *, most: int
) -> list[int] | None:
    """Give where a participant's acts were entered up to a position; None where more often than `most`.

    Args:
        snapshot: to read from.
        participant_id: whose acts.
        until: the last position that counts.
        topics: those of grams, of awards and of their corrections.
        most: how many may be read.
    """
    holder = addresses.participant(participant_id)
    parameters = {
        "accounts": [holder, addresses.pending(holder), addresses.debt(holder)],
        "until": until,
        "topics": list(topics),
        "entries_max": most + 1,
    }
    found = [row[0] for row in snapshot.rows(QUERIES["act_positions"], parameters)]
    return None if len(found) > most else found
