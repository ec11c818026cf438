"""Rows of a bill on their way into their table.

Rule of the room: a row costs a few formatted texts and no query; rows go by the block, a stretch of
them in each COPY, so that no statement runs for long and memory does not grow with a file.
"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import date
from itertools import islice
from typing import Any, Final

from ledger.bills import BillRow, Outcome, Unreadable
from ledger.domain.limits import RECONCILIATION_EXAMPLES_MAX
from ledger.reconciling.queries import FILES
from ledger.reconciling.shapes import Example

STRETCH_ROWS: Final = 20_000
"""Rows in one COPY: below a second of work."""
BLOCK_ROWS: Final = 500
"""Rows sent at once: some hundred kilobytes."""

_NULL: Final = "\\N"

Watch = Callable[[int], None]
"""Told after each stretch how many rows are there."""


class Copied:
    """What was copied: how many rows, their last day, and what could not be read."""

    def __init__(self) -> None:
        self.rows = 0
        self.unreadable = 0
        self.examples: list[Example] = []
        self.last_on: date | None = None

    def pass_over(self, outcome: Unreadable) -> None:
        """Count a line that could not be read, and keep the first of them as examples."""
        self.unreadable += 1
        if len(self.examples) < RECONCILIATION_EXAMPLES_MAX:
            self.examples.append(Example(outcome.line, outcome.reason, outcome.excerpt))


def copy_rows(
    connection: Any, programme_id: str, file_no: int, outcomes: Iterator[Outcome], watch: Watch
) -> Copied:
    """Copy every row of a bill, in the transaction of its caller."""
    copied = Copied()
    head = f"{programme_id}\t{file_no}\t"
    while stretch := list(islice(outcomes, STRETCH_ROWS)):
        with connection.cursor() as cursor, cursor.copy(FILES["copy_rows"]) as copy:
            for start in range(0, len(stretch), BLOCK_ROWS):
                block = [
                    line for one in stretch[start : start + BLOCK_ROWS] if (line := _line(head, one, copied))
                ]
                copy.write("".join(block))
        watch(copied.rows)
    return copied


def _line(head: str, outcome: Outcome, copied: Copied) -> str | None:
    if isinstance(outcome, Unreadable):
        copied.pass_over(outcome)
        return None
    copied.rows += 1
    at = _NULL if outcome.happened_at is None else outcome.happened_at.isoformat()
    fee = _NULL if outcome.fee_fen is None else outcome.fee_fen
    return (
        f"{head}{copied.rows}\t{outcome.line}\t{outcome.kind}\t{_text(outcome.reference)}\t"
        f"{_text(outcome.own_reference)}\t{_text(outcome.refund_reference)}\t{_text(outcome.payment_reference)}\t"
        f"{_text(outcome.merchant_reference)}\t{outcome.value_fen}\t{fee}\t{outcome.happened_on}\t{at}\t"
        f"{_text(outcome.store_id)}\t{_text(outcome.counterparty)}\t{_text(outcome.part_of)}\t"
        f"{_text(outcome.note)}\t{outcome.is_reversal}\t{outcome.is_final}\t{_identity(outcome, at)}\n"
    )


def _text(text: str | None) -> str:
    """Write a text as COPY reads it; none has a line end or a tab, which readers give as blanks."""
    if not text:
        return "" if text is not None else _NULL
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def _identity(row: BillRow, at: str) -> str:
    """Tell what a row says from what others say, wherever it stands."""
    said = (
        f"{row.kind}\n{row.reference}\n{row.own_reference}\n{row.refund_reference}\n{row.payment_reference}\n"
        f"{row.value_fen}\n{row.fee_fen}\n{row.happened_on}\n{at}\n{row.store_id}\n{row.part_of}\n"
        f"{row.is_reversal}\n{row.is_final}"
    )
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()
