"""Names that callers choose, and the stream ids made from them.

Rule of the room: an id is opaque and printable ASCII; what may stand in one is said here and
nowhere else.
"""

import hashlib
from typing import Annotated, Final, NewType

import msgspec

from ledger.domain.limits import (
    COMMAND_ID_CHARS_MAX,
    ENTITY_ID_CHARS_MAX,
    NAME_CHARS_MAX,
    PAYOUT_ID_CHARS_MAX,
    PROGRAMME_ID_CHARS_MAX,
    TEXT_CHARS_MAX,
)

PROGRAMME_ID: Final = rf"[a-z][a-z0-9-]{{1,{PROGRAMME_ID_CHARS_MAX - 1}}}"
ENTITY_ID: Final = rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{ENTITY_ID_CHARS_MAX - 1}}}"
COMMAND_ID: Final = rf"[!-~](?:[ -~]{{0,{COMMAND_ID_CHARS_MAX - 2}}}[!-~])?"
HOLDER: Final = rf"(?:participant|org|merchant):{ENTITY_ID}"
DIGITS: Final = r"[0-9]+(?:\.[0-9]+)?"
DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
STATEMENT_ID: Final = rf"{ENTITY_ID}:{DATE}"
PAYOUT_ID: Final = rf"[A-Za-z0-9][A-Za-z0-9-]{{0,{PAYOUT_ID_CHARS_MAX - 1}}}"
CODE_DIGEST: Final = r"[0-9a-f]{32}"

# No control characters, so no NUL (PostgreSQL refuses it) and no line break inside a name.
LINE: Final = r"[^\x00-\x1f\x7f\ud800-\udfff]+"

ProgrammeId = Annotated[str, msgspec.Meta(pattern=rf"^{PROGRAMME_ID}\Z")]
EntityId = Annotated[str, msgspec.Meta(pattern=rf"^{ENTITY_ID}\Z")]
CommandId = Annotated[str, msgspec.Meta(pattern=rf"^{COMMAND_ID}\Z")]
Holder = Annotated[str, msgspec.Meta(pattern=rf"^{HOLDER}\Z")]
StatementId = Annotated[str, msgspec.Meta(pattern=rf"^{STATEMENT_ID}\Z")]
"""A merchant and the day on which the period ended, exclusive: `cafe:2026-12-01`."""
PayoutId = Annotated[str, msgspec.Meta(pattern=rf"^{PAYOUT_ID}\Z")]
"""What banks take as an EndToEndId and give back in their files."""
Name = Annotated[str, msgspec.Meta(pattern=rf"^{LINE}\Z", max_length=NAME_CHARS_MAX)]
CodeDigest = Annotated[str, msgspec.Meta(pattern=rf"^{CODE_DIGEST}\Z")]
Text = Annotated[str, msgspec.Meta(pattern=rf"^{LINE}\Z", max_length=TEXT_CHARS_MAX)]


StreamId = NewType("StreamId", bytes)
"""Sixteen bytes of a version-8 UUID: where one business fact's events live."""

# RFC 9562, section 5.8: the version in the high half of byte 6, the variant on top of byte 8.
_WITH_VERSION: Final = tuple(bytes([byte & 0x0F | 0x80]) for byte in range(256))
_WITH_VARIANT: Final = tuple(bytes([byte & 0x3F | 0x80]) for byte in range(256))


def stream_id(programme_id: str, kind: str, own_id: str) -> StreamId:
    """Derive the stream of the fact that a caller names `own_id`.

    The same three texts give the same stream on every machine and for ever, which is what makes
    the event store's primary key the idempotency key. SHA-256 cut to 122 bits: two different
    ids share a stream with a chance below 1e-18 among 10^9 facts.
    """
    digest = hashlib.sha256(f"{programme_id}\n{kind}\n{own_id}".encode()).digest()
    return StreamId(
        digest[:6] + _WITH_VERSION[digest[6]] + digest[7:8] + _WITH_VARIANT[digest[8]] + digest[9:16]
    )
