"""The list of payments: what finance gives to the bank.

Rule of the room: CSV as RFC 4180 has it, in UTF-8 after a byte order mark so that Excel reads Chinese;
money in yuan with two decimals. The last row is the total: a list without it is incomplete.
"""

import codecs
import csv
import io
from collections.abc import Iterator
from typing import IO, Final

from ledger.documents.amounts import plain
from ledger.documents.as_csv import harmless
from ledger.domain.limits import STATEMENTS_SHOWN_MAX
from ledger.merchant_statements.names import names_of
from ledger.projections.settlement_statement_rows import PayoutRow
from ledger.projections.settlement_statements import payouts, statements_named
from ledger.projections.snapshot import Snapshot
from ledger.store.database import Database

COLUMNS: Final = (
    *("payout_id", "status", "merchant_id", "merchant_name", "value_yuan"),
    *("statement_number", "statement_id", "instructed_at"),
)
TOTAL: Final = "total"
"""First in the last row: it has the sum, and in the place of a statement's number how many rows there are."""


def pages_of_payouts(reading: Snapshot, status: str | None) -> Iterator[list[PayoutRow]]:
    """Give all payouts in a status, or in any, by id."""
    after = ""
    while page := payouts(reading, status=status, after=after, limit=STATEMENTS_SHOWN_MAX):
        yield page
        if len(page) < STATEMENTS_SHOWN_MAX:
            return
        after = page[-1].payout_id


def write_payments(
    database: Database, programme_id: str, reading: Snapshot, status: str | None, out: IO[bytes]
) -> None:
    """Write the payouts in a status, or in any, as CSV, by id.

    Args:
        database: where merchants' names are.
        programme_id: whose.
        reading: of the settlement view.
        status: `instructed` for what the bank is to pay now; any when None.
        out: a file opened for writing bytes.
    """
    out.write(codecs.BOM_UTF8)
    _write(out, [COLUMNS])
    count = sum_fen = 0
    for page in pages_of_payouts(reading, status):
        names = names_of(database, programme_id, "merchant", {row.merchant_id for row in page})
        statements = statements_named(reading, {row.statement_id for row in page})
        _write(
            out,
            [
                (
                    row.payout_id,
                    row.status,
                    harmless(row.merchant_id),
                    harmless(names[row.merchant_id].name_zh or names[row.merchant_id].name_en),
                    plain(row.value_fen),
                    harmless(statements[row.statement_id].number),
                    row.statement_id,
                    row.instructed_at.isoformat(),
                )
                for row in page
            ],
        )
        count, sum_fen = count + len(page), sum_fen + sum(row.value_fen for row in page)
    _write(out, [(TOTAL, "", "", "", plain(sum_fen), count, "", "")])


def _write(out: IO[bytes], rows: list[tuple[object, ...]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    out.write(text.getvalue().encode())
