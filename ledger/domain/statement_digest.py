"""What a statement's digest is over.

Rule of the room: frozen. Whoever has a statement's JSON can compute its digest, however many fields
the event that issued it has gained since.
"""

from hashlib import sha256
from typing import Final

import msgspec

from ledger.domain.statement import StatementIssued

DIGESTED: Final = (
    "statement_id",
    "number",
    "merchant_id",
    "starts_on",
    "ends_on",
    "objection_days",
    "uses",
    "used_face_value_fen",
    "used_fee_fen",
    "refunds",
    "refunded_face_value_fen",
    "refunded_fee_fen",
    "amendments",
    "amended_fen",
    "carried_in_fen",
    "total_fen",
    "due_fen",
    "carried_out_fen",
    "funds",
    "lines_digest",
)


def digest_of(issued: StatementIssued) -> str:
    """Give the digest of a statement: SHA-256 over its numbers as JSON, with sorted keys and no blanks."""
    numbers = {name: getattr(issued, name) for name in DIGESTED}
    return sha256(msgspec.json.encode(numbers, order="sorted")).hexdigest()
