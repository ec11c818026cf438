"""Statements as plain values, for answers and for whoever reads them with programs."""

from typing import Any

from ledger.deciding import Recorded
from ledger.domain.statement import StatementIssued


def closed_document(outcome: Recorded, issued: StatementIssued) -> dict[str, Any]:
    """Give a statement as it was issued, in short."""
    return {
        "merchant_id": issued.merchant_id,
        "statement_id": issued.statement_id,
        "number": issued.number,
        "starts_on": issued.starts_on,
        "ends_on": issued.ends_on,
        "lines": issued.uses + issued.refunds + issued.amendments,
        "total_fen": issued.total_fen,
        "due_fen": issued.due_fen,
        "carried_out_fen": issued.carried_out_fen,
        "digest": issued.digest,
        "position": outcome.position,
    }
