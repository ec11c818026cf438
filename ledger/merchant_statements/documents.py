"""Statements as plain values, for answers and for whoever reads them with programs.

Rule of the room: one name for one thing, here as in the JSON document of a statement.
"""

from typing import Any

from ledger.deciding import Recorded
from ledger.domain.statement import StatementIssued
from ledger.merchant_statements.history import Step
from ledger.merchant_statements.names import Names
from ledger.merchant_statements.paper import Paper
from ledger.projections.settlement_statement_rows import DisputeRow, PayoutRow, StatementRow


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


def summary_document(row: StatementRow, merchant: Names) -> dict[str, Any]:
    """Give a statement as it stands, for a list."""
    return {
        "statement_id": row.statement_id,
        "number": row.number,
        "merchant_id": row.merchant_id,
        "merchant_name_zh": merchant.name_zh,
        "merchant_name_en": merchant.name_en,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "status": row.status,
        "lines": row.uses + row.refunds + row.amendments,
        "total_fen": row.total_fen,
        "due_fen": row.due_fen,
        "held_back_fen": row.held_back_fen,
        "moved_fen": row.moved_fen,
        "paid_fen": row.paid_fen,
        "under_way_fen": row.under_way_fen,
        "payable_now_fen": row.payable_fen,
        "carried_out_fen": row.carried_out_fen,
        "objections_end_on": row.objections_until,
        "issued_at": row.issued_at,
        "approved_at": row.approved_at,
        "settled_at": row.settled_at,
        "digest": row.digest,
        "changed_position": row.position,
    }


def statement_document(paper: Paper, history: list[Step]) -> dict[str, Any]:
    """Give a statement with everything about it but its lines."""
    row, statement = paper.row, paper.statement
    return {
        **{name: getattr(statement, name) for name in statement.__struct_fields__},
        "due_fen": row.due_fen,
        "paid_fen": row.paid_fen,
        "under_way_fen": row.under_way_fen,
        "is_early": row.is_early,
        "settled_at": row.settled_at,
        "disputes": [dispute_document(dispute) for dispute in paper.disputes],
        "history": history,
        "changed_position": row.position,
        "position": paper.position,
    }


def dispute_document(row: DisputeRow) -> dict[str, Any]:
    """Give a dispute."""
    return {
        "redemption_id": row.redemption_id,
        "line": row.kind,
        "reason": row.reason,
        "earned_fen": row.earned_fen,
        "held_back_fen": row.held_back_fen,
        "opened_at": row.opened_at,
        "opened_by": row.opened_by,
        "outcome": row.outcome,
        "resolution": row.resolution,
        "amended_fen": row.amended_fen,
        "amendment_fen": row.amendment_fen,
        "resolved_at": row.resolved_at,
        "resolved_by": row.resolved_by,
    }


def payout_document(row: PayoutRow, merchant: Names) -> dict[str, Any]:
    """Give a payout, for a list."""
    return {
        "payout_id": row.payout_id,
        "status": row.status,
        "statement_id": row.statement_id,
        "merchant_id": row.merchant_id,
        "merchant_name_zh": merchant.name_zh,
        "merchant_name_en": merchant.name_en,
        "value_fen": row.value_fen,
        "funds": [
            {"fund_id": fund_id, "value_fen": value_fen}
            for fund_id, value_fen in zip(row.fund_ids, row.share_fen, strict=True)
        ],
        "instructed_at": row.instructed_at,
        "instructed_by": row.instructed_by,
        "confirmed_at": row.confirmed_at,
        "bank_reference": row.bank_reference,
        "ended_at": row.ended_at,
        "ended_by": row.ended_by,
        "reason": row.reason,
    }
