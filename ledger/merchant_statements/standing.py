"""Where statements stand right now, folded from their own events.

Rule of the room: folded by the very function that decisions use, from what is written with each
command; so nothing here is ever behind, and what is done next is decided on what is there.
"""

from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from re import fullmatch
from typing import Final

from ledger.domain.errors import StatementNotFound
from ledger.domain.identifiers import PAYOUT_ID
from ledger.domain.limits import SETTLEMENT_MERCHANTS_MAX
from ledger.domain.settling import Unsettled
from ledger.domain.statement import Statement
from ledger.domain.statement_closing import statement_id_of
from ledger.domain.statement_life import evolve
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.store.registers import entries_from

_DIGEST_CHARS: Final = 24
"""Of the digest that stands for a number that is no payout id: 96 bits."""


def statement_of(log: Log, programme_id: str, statement_id: str) -> Statement:
    """Give a statement as it stands.

    Raises:
        StatementNotFound
    """
    if (found := _folded(log, programme_id, statement_id)) is None:
        raise StatementNotFound(statement_id=statement_id)
    return found


def statements_ending(database: Database, log: Log, programme_id: str, ends_on: date) -> Iterator[Statement]:
    """Give every statement whose period ended on a day, exclusive, by merchant."""
    after = ""
    while True:
        page = entries_from(
            database, programme_id, Unsettled, prefix="", after=after, limit=SETTLEMENT_MERCHANTS_MAX
        )
        for merchant_id, entry in page:
            statement_id = statement_id_of(merchant_id, ends_on)
            is_settled = entry.closed_until >= ends_on.isoformat()
            if is_settled and (found := _folded(log, programme_id, statement_id)) is not None:
                yield found
        if len(page) < SETTLEMENT_MERCHANTS_MAX:
            return
        after = page[-1][0]


def next_payout_id(statement: Statement) -> str:
    """Name the next payout of a statement: its number and a count, such as `cafe-000012-01`.

    A number that no bank would carry through is told by a digest instead. Whoever asks twice gets the
    same name until a payout was instructed.
    """
    count = len(statement.payouts) + 1
    name = f"{statement.issued.number}-{count:02d}"
    if fullmatch(PAYOUT_ID, name):
        return name
    return f"{sha256(statement.issued.number.encode()).hexdigest()[:_DIGEST_CHARS]}-{count:02d}"


def _folded(log: Log, programme_id: str, statement_id: str) -> Statement | None:
    statement: Statement | None = None
    for logged in log.stream(programme_id, "statement", statement_id):
        statement = evolve(statement, log.decode(logged))
    return statement
