"""What stands in a ledger file: the events as lines of JSON, and a manifest that says what they add up to.

Rule of the room: the same log gives the same content with the same release; there is no clock and
no name of a machine in it. docs/moving.md describes it for those who read one without this code.
"""

import hashlib
import struct
from collections.abc import Iterable
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec

from ledger.domain.identifiers import ProgrammeId
from ledger.domain.instants import Instant
from ledger.domain.limits import POSITION_MAX
from ledger.store.log import LoggedEvent

FORMAT: Final = "carbon-ledger ledger"
VERSION: Final = 1
"""Raised when a reader of this version would misunderstand a file; a field that may be passed over
is added without."""

_LINE: Final = b'{"position":%d,"originator_id":"%b","originator_version":%d,"topic":"%b","data":%b}\n'
_LENGTH: Final = struct.Struct(">I")
_PLACE: Final = struct.Struct(">I16sII")
"""Length and bytes of the stream's id, length and number of the place in it."""


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """What every version of a manifest says, so that a later one is told from what is none."""

    format: Literal["carbon-ledger ledger"]
    version: Annotated[int, msgspec.Meta(ge=1)]


class Sum(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """What all accounts of a kind hold together."""

    accounts: str
    """The kind: an address without its id, such as `participant` or `fund:available`."""
    asset: str
    amount: int
    """Whole grams, whole credits or 分."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a ledger file consists of; `manifest.json`."""

    format: Literal["carbon-ledger ledger"] = FORMAT
    version: int = VERSION
    release: str
    """That wrote the file; for people."""
    programme_id: ProgrammeId
    position: int
    """Of the last event: up to there the file holds the log."""
    recorded_at: Instant
    """When the last event was recorded."""
    events: int
    topics: dict[str, int]
    """How many events there are of each."""
    sums: list[Sum]
    events_sha256: str
    """As `Digest` makes it."""


class Line(msgspec.Struct, frozen=True, gc=False):
    """An event as it is read from a file."""

    position: Annotated[int, msgspec.Meta(ge=1, le=POSITION_MAX)]
    originator_id: UUID
    originator_version: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
    topic: str
    data: msgspec.Raw


class Digest:
    """The SHA-256 of a log: of the programme's id, then of every event in order.

    Everything is put in with its length before it, as four bytes, most significant first: of the
    programme its id; of an event the sixteen bytes of its stream's id, its place in the stream as
    four bytes, its topic, and its bytes as stored.
    """

    def __init__(self, programme_id: str) -> None:
        own_id = programme_id.encode()
        self._sha256 = hashlib.sha256(_LENGTH.pack(len(own_id)) + own_id)

    def add(self, page: Iterable[LoggedEvent]) -> None:
        """Put in the next events."""
        parts: list[bytes] = []
        for _, stream, place, topic, state in page:
            name = topic.encode()
            parts += (
                _PLACE.pack(16, stream.bytes, 4, place),
                _LENGTH.pack(len(name)),
                name,
                _LENGTH.pack(len(state)),
                state,
            )
        self._sha256.update(b"".join(parts))

    def hexdigest(self) -> str:
        """Give the digest so far."""
        return self._sha256.hexdigest()


def line_of(logged: LoggedEvent) -> bytes:
    """Give an event as it stands in a file, which is how the log is sent over HTTP."""
    return _LINE % (
        logged.position,
        str(logged.originator_id).encode(),
        logged.originator_version,
        logged.topic.encode(),
        logged.state,
    )
