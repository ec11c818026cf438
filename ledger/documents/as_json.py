"""A statement as JSON: for programs, and for whoever checks its digest.

Rule of the room: names, units and signs are those of `statement.py`, so there is nothing to translate;
instants are UTC. Each line of the statement has a line of the file, with the digest of its day so far, so
that whoever checks them finds the first that is wrong.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import BinaryIO, TypeVar

import msgspec

from ledger.documents.statement import Statement, StatementLine
from ledger.documents.summary import Tally

Record = TypeVar("Record", bound=msgspec.Struct)


def to_json(statement: Statement, lines: Iterable[StatementLine], out: BinaryIO) -> None:
    """Write a statement as ``{"statement": …, "lines": […]}``, line by line.

    Raises:
        LinesDifferError: the lines are not the statement's; the document has no end then.
    """
    encode = msgspec.json.Encoder().encode
    payouts = tuple(_in_utc(payout) for payout in statement.payouts)
    head = msgspec.structs.replace(_in_utc(statement), payouts=payouts)
    out.write(b'{"statement":' + encode(head) + b',\n"lines":[')
    before = b"\n"
    tally = Tally(statement)
    for line in tally.through(lines):
        digest = b',"digest":"%b"}' % tally.line_digest.encode()
        out.write(before + encode(_in_utc(line)).removesuffix(b"}") + digest)
        before = b",\n"
    out.write(b"\n]}\n")


def _in_utc(record: Record) -> Record:
    """Give a record with every instant of its own in UTC: the same instant is always the same text."""
    instants = {
        name: value.astimezone(UTC)
        for name in record.__struct_fields__
        if isinstance(value := getattr(record, name), datetime)
    }
    return msgspec.structs.replace(record, **instants)
