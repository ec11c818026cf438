"""The checksums view: a sum of every stored event, so that a byte that changes later is noticed.

Rule of the room: a sum covers everything that is stored of an event but its position, which is the
sum's own place. The sum is `checksum_of`, and anybody can compute it from the log as it is sent out.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

from ledger.projections.view import Page, Table
from ledger.store.arrays import ByteaArray, Int8Array
from ledger.store.queries import load

_QUERIES: Final = load(Path(__file__).parent / "sql" / "checksums.sql")

CHECKSUM_BYTES: Final = 16
"""Of the SHA-256: 128 bits, so that nobody finds another event with the same sum by chance."""
BLOCK_EVENTS: Final = 256
"""Events in a row; frozen, because rows of another size would all differ."""

_NONE: Final = bytes(CHECKSUM_BYTES)


def checksum_of(originator_id: bytes, originator_version: int, topic: str, state: bytes) -> bytes:
    """Sum up one stored event.

    Args:
        originator_id: the sixteen bytes of its stream's id.
        originator_version: its place in the stream.
        topic: what it is called; ASCII without line breaks.
        state: the stored bytes.

    Returns:
        The first sixteen bytes of the SHA-256 of the id, the version as four bytes (most significant
        first), the topic, a line feed and the state.
    """
    summed = originator_id + originator_version.to_bytes(4) + topic.encode() + b"\n" + state
    return hashlib.sha256(summed).digest()[:CHECKSUM_BYTES]


class Checksums:
    """Sums of every event of a log, 256 in a row."""

    name: ClassVar[str] = "checksums"
    tables: ClassVar[tuple[Table, ...]] = (Table("checksums", ("programme_id", "block")),)

    def __init__(self) -> None:
        self._last: tuple[int, bytes] | None = None
        """The block written last and its sums: the next page begins in it, or right after it."""

    def write(self, page: Page, connection: Any) -> None:
        """Add the sums of a page."""
        first = page.after // BLOCK_EVENTS
        if self._last is None or self._last[0] != first:
            self._last = (first, _stored(connection, page.programme_id, first))
        blocks = {first: bytearray(self._last[1])}
        block, sums = first, blocks[first]
        positions: dict[int, int] = {}
        for entry in page.entries:
            own_block, place = divmod(entry.position - 1, BLOCK_EVENTS)
            if own_block != block:
                block, sums = own_block, blocks.setdefault(own_block, bytearray())
            if len(sums) < place * CHECKSUM_BYTES:
                # A log has no gap; if this one has, the sums after it keep their places.
                sums.extend(bytes(place * CHECKSUM_BYTES - len(sums)))
            sums += checksum_of(entry.originator_id.bytes, entry.originator_version, entry.topic, entry.state)
            positions[block] = entry.position
        parameters = {
            "programme_id": page.programme_id,
            "blocks": Int8Array.of(list(positions)),
            "checksums": ByteaArray.of([bytes(blocks[block]) for block in positions]),
            "positions": Int8Array.of(list(positions.values())),
        }
        connection.execute(_QUERIES["write"], parameters)
        last = max(positions)
        self._last = (last, bytes(blocks[last]))


def _stored(connection: Any, programme_id: str, block: int) -> bytes:
    row = connection.execute(_QUERIES["block"], {"programme_id": programme_id, "block": block}).fetchone()
    return row[0] if row else b""


def stored_checksums(connection: Any, programme_id: str, positions: Iterable[int]) -> Mapping[int, bytes]:
    """Read the sums of some positions that lie close together; one without a sum is left out."""
    wanted = list(positions)
    parameters = {
        "programme_id": programme_id,
        "first": (min(wanted, default=1) - 1) // BLOCK_EVENTS,
        "last": (max(wanted, default=0) - 1) // BLOCK_EVENTS,
    }
    found: dict[int, bytes] = {}
    for block, sums in connection.execute(_QUERIES["blocks"], parameters):
        for place in range(len(sums) // CHECKSUM_BYTES):
            summed = sums[place * CHECKSUM_BYTES : (place + 1) * CHECKSUM_BYTES]
            if summed != _NONE:
                found[block * BLOCK_EVENTS + place + 1] = summed
    return {position: found[position] for position in wanted if position in found}
