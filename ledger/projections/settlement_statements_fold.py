"""What events about statements and payouts change in the settlement view.

Rule of the room: as of `settlement_fold.py`. Money goes by what the lines of a statement have of each
fund, so that in the end every fund has paid what its own uses cost, to the 分.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from ledger.domain.messages import Event
from ledger.domain.payout import (
    STATUS_AFTER,
    PayoutConfirmed,
    PayoutFailed,
    PayoutInstructed,
    PayoutReturned,
)
from ledger.domain.quantities import split_by_largest_remainder
from ledger.domain.recovery import FundValue, claims_in
from ledger.domain.statement import (
    DisputeResolved,
    LineWasDisputed,
    StatementApproved,
    StatementIssued,
    StatementSettled,
)
from ledger.projections.settlement_standing import (
    DisputeKey,
    Known,
    Standing,
    dispute_key,
    fund_rows,
    issued_row,
)
from ledger.projections.settlement_statement_rows import (
    DisputeRow,
    PayoutRow,
    StatementFundRow,
    StatementRow,
)
from ledger.projections.settlement_sums import AMENDMENT, PAID, PAYABLE, SETTLING, Line, Share, Sums
from ledger.projections.view import Entry


class StatementsFold:
    """Adds up a page's events about statements; its rows are those that changed, as they are at the end."""

    def __init__(self, sums: Sums, known: Known) -> None:
        """Begin with what stood before; lines and moves of money go into the sums."""
        self._sums = sums
        self._standing = known.standing
        self._carried_fen = known.carried_fen
        self.statements: dict[str, StatementRow] = {}
        self.funds: dict[tuple[str, str], StatementFundRow] = {}
        self.disputes: dict[DisputeKey, DisputeRow] = {}
        self.payouts: dict[str, PayoutRow] = {}

    def add(self, entry: Entry) -> None:
        """Add the next event about a statement, but for objections."""
        _ADDS[type(entry.event)](self, entry, entry.event)

    def dispute(self, entry: Entry, event: LineWasDisputed, weights: Sequence[FundValue]) -> None:
        """Add an objection; what is held back is split as the face value of the redemption was."""
        dispute = DisputeRow(
            event.statement_id,
            event.line,
            event.redemption_id,
            event.merchant_id,
            event.reason,
            event.earned_fen,
            event.held_back_fen,
            [fund_id for fund_id, _ in weights],
            split_by_largest_remainder(event.held_back_fen, [weight for _, weight in weights]),
            entry.position,
            event.recorded_at,
            event.by,
            outcome=None,
            resolution=None,
            amended_fen=None,
            amendment_fen=0,
            resolved_at=None,
            resolved_by=None,
            position=entry.position,
        )
        row = self._put_dispute(dispute)
        self._change(entry, row, held_back_fen=row.held_back_fen + event.held_back_fen)

    def _issue(self, entry: Entry, event: StatementIssued) -> None:
        last_day = self._sums.local_day(event.recorded_at) + timedelta(days=event.objection_days)
        row = issued_row(entry.position, event, last_day)
        self._standing[row.statement_id] = standing = Standing(row)
        self.statements[row.statement_id] = row
        for fund in fund_rows(entry.position, event, self._carried_fen.get(row.merchant_id, {})):
            self._put_fund(standing, fund)
        funds = standing.funds.values()
        self._carried_fen[row.merchant_id] = {fund.fund_id: fund.carried_out_fen for fund in funds}
        self._move([(fund.fund_id, fund.due_fen) for fund in funds], PAYABLE, SETTLING, entry.position)
        self._sums.free([(fund_id, 0) for fund_id, _ in claims_in(event.legs)], event.legs, entry.position)

    def _resolve(self, entry: Entry, event: DisputeResolved) -> None:
        standing = self._standing[event.statement_id]
        opened = standing.disputes[event.statement_id, event.line, event.redemption_id]
        resolved = opened._replace(
            outcome=event.outcome,
            resolution=event.reason,
            amended_fen=event.amended_fen,
            amendment_fen=event.amendment_fen,
            resolved_at=event.recorded_at,
            resolved_by=event.by,
            position=entry.position,
        )
        row = self._put_dispute(resolved)
        moved_fen = opened.held_back_fen if event.outcome == "amended" else 0
        self._change(
            entry,
            row,
            held_back_fen=row.held_back_fen - opened.held_back_fen,
            moved_fen=row.moved_fen + moved_fen,
        )
        if event.outcome == "amended":
            self._amend(entry, event, opened)

    def _amend(self, entry: Entry, event: DisputeResolved, opened: DisputeRow) -> None:
        shares = tuple(Share(share.fund_id, share.value_fen, 0) for share in event.shares)
        line = Line(
            event.merchant_id,
            self._sums.local_day(event.recorded_at),
            entry.position,
            AMENDMENT,
            event.redemption_id,
            event.amendment_fen,
            fee_fen=0,
            shares=shares,
            occurred_at=event.occurred_at,
            recorded_at=event.recorded_at,
        )
        self._sums.add_line(line, shares)
        held_back = zip(opened.fund_ids, opened.share_fen, strict=True)
        self._move(held_back, SETTLING, PAYABLE, entry.position)
        changes = [(change.fund_id, change.value_fen) for change in event.changes if change.value_fen]
        for fund_id, value_fen in changes:
            self._sums.fund(fund_id, entry.position)[PAYABLE] += value_fen
        self._sums.free([(fund_id, -value_fen) for fund_id, value_fen in changes], event.legs, entry.position)

    def _approve(self, entry: Entry, event: StatementApproved) -> None:
        changes = {"approved_at": event.recorded_at, "approved_by": event.by, "is_early": event.is_early}
        self._change(entry, self._standing[event.statement_id].row, status="approved", **changes)

    def _settle(self, entry: Entry, event: StatementSettled) -> None:
        standing = self._standing[event.statement_id]
        self._change(entry, standing.row, status="settled", settled_at=event.recorded_at)
        left = standing.left_fen()
        for fund_id, value_fen in left.items():
            fund = standing.funds[fund_id]
            evened_fen = fund.evened_fen + value_fen
            self._put_fund(standing, fund._replace(evened_fen=evened_fen, position=entry.position))
        self._move(left.items(), SETTLING, PAID, entry.position)

    def _instruct(self, entry: Entry, event: PayoutInstructed) -> None:
        left = self._standing[event.statement_id].left_fen()
        payout = PayoutRow(
            event.id,
            event.statement_id,
            event.merchant_id,
            event.value_fen,
            "instructed",
            list(left),
            list(left.values()),
            event.recorded_at,
            event.by,
            confirmed_at=None,
            bank_reference=None,
            ended_at=None,
            ended_by=None,
            reason=None,
            position=entry.position,
        )
        row = self._put_payout(payout)
        self._change(entry, row, under_way_fen=row.under_way_fen + event.value_fen)

    def _confirm(self, entry: Entry, event: PayoutConfirmed) -> None:
        told = {"confirmed_at": event.recorded_at, "bank_reference": event.bank_reference}
        payout, row = self._end(entry, event, **told)
        under_way_fen = row.under_way_fen - event.value_fen
        self._change(entry, row, under_way_fen=under_way_fen, paid_fen=row.paid_fen + event.value_fen)
        self._move(zip(payout.fund_ids, payout.share_fen, strict=True), SETTLING, PAID, entry.position)

    def _fail(self, entry: Entry, event: PayoutFailed) -> None:
        _, row = self._end(entry, event, reason=event.reason)
        self._change(entry, row, under_way_fen=row.under_way_fen - event.value_fen)

    def _return(self, entry: Entry, event: PayoutReturned) -> None:
        payout, row = self._end(entry, event, reason=event.reason)
        paid_fen = row.paid_fen - event.value_fen
        self._change(entry, row, status="approved", settled_at=None, paid_fen=paid_fen)
        self._move(zip(payout.fund_ids, payout.share_fen, strict=True), PAID, SETTLING, entry.position)

    def _end(
        self, entry: Entry, event: PayoutConfirmed | PayoutFailed | PayoutReturned, **told: Any
    ) -> tuple[PayoutRow, StatementRow]:
        payout = (
            self._standing[event.statement_id]
            .payouts[event.payout_id]
            ._replace(
                status=STATUS_AFTER[type(event)],
                ended_at=event.recorded_at,
                ended_by=event.by,
                position=entry.position,
                **told,
            )
        )
        return payout, self._put_payout(payout)

    def _put_fund(self, standing: Standing, fund: StatementFundRow) -> None:
        self.funds[fund.statement_id, fund.fund_id] = standing.funds[fund.fund_id] = fund

    def _put_payout(self, payout: PayoutRow) -> StatementRow:
        standing = self._standing[payout.statement_id]
        self.payouts[payout.payout_id] = standing.payouts[payout.payout_id] = payout
        return standing.row

    def _put_dispute(self, dispute: DisputeRow) -> StatementRow:
        standing, key = self._standing[dispute.statement_id], dispute_key(dispute)
        self.disputes[key] = standing.disputes[key] = dispute
        return standing.row

    def _change(self, entry: Entry, row: StatementRow, **changes: Any) -> None:
        changed = row._replace(position=entry.position, **changes)
        self._standing[row.statement_id].row = self.statements[row.statement_id] = changed

    def _move(self, shares: Iterable[FundValue], source: int, target: int, position: int) -> None:
        for fund_id, value_fen in shares:
            if value_fen:
                row = self._sums.fund(fund_id, position)
                row[source] -= value_fen
                row[target] += value_fen


_ADDS: Final[Mapping[type[Event], Callable[[StatementsFold, Entry, Any], None]]] = {
    StatementIssued: StatementsFold._issue,  # noqa: SLF001 - the table of this class
    DisputeResolved: StatementsFold._resolve,  # noqa: SLF001
    StatementApproved: StatementsFold._approve,  # noqa: SLF001
    StatementSettled: StatementsFold._settle,  # noqa: SLF001
    PayoutInstructed: StatementsFold._instruct,  # noqa: SLF001
    PayoutConfirmed: StatementsFold._confirm,  # noqa: SLF001
    PayoutFailed: StatementsFold._fail,  # noqa: SLF001
    PayoutReturned: StatementsFold._return,  # noqa: SLF001
}
