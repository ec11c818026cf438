"""The settlement view: every redemption, merchants' lines, statements and payouts, and where funds' money is.

Rule of the room: a line never changes once it is written; a refund is a line of its own, in the
period of the refund (domain rule 13), and so is what a dispute leads to.
"""

from typing import Any, ClassVar

from ledger.projections.settlement_fold import SettlementFold, concerning, redemptions_named
from ledger.projections.settlement_standing import named_in
from ledger.projections.settlement_writing import Writing, known_of, terms_of
from ledger.projections.view import Page, Table


class Settlement:
    """What merchants are owed, line by line, what they were paid, and which fund bears it."""

    name: ClassVar[str] = "settlement"
    tables: ClassVar[tuple[Table, ...]] = (
        Table("settlement_redemptions", ("programme_id", "redemption_id")),
        Table("settlement_lines", ("programme_id", "merchant_id", "local_day", "position")),
        Table("settlement_days", ("programme_id", "merchant_id", "local_day")),
        Table("settlement_fund_days", ("programme_id", "merchant_id", "local_day", "fund_id")),
        Table("settlement_funds", ("programme_id", "fund_id")),
        Table("settlement_statements", ("programme_id", "statement_id")),
        Table("settlement_statement_funds", ("programme_id", "statement_id", "fund_id")),
        Table("settlement_disputes", ("programme_id", "statement_id", "kind", "redemption_id")),
        Table("settlement_payouts", ("programme_id", "payout_id")),
    )

    def write(self, page: Page, connection: Any) -> None:
        """Add a page of events."""
        entries = concerning(page.entries)
        terms = terms_of(connection, page.programme_id, redemptions_named(entries))
        known = known_of(connection, page.programme_id, named_in(entries))
        fold = SettlementFold(page.programme.time_zone, terms, known)
        for entry in entries:
            fold.add(entry)
        writing = Writing(connection, page.programme_id)
        writing.redemptions(fold)
        writing.lines(fold.sums.lines)
        writing.sums(fold)
        writing.statements(fold.statements)
        writing.forget(fold.erased)
