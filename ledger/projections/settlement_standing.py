"""Statements with everything about them, as they stand while a page of events is added.

Rule of the room: as of `settlement_statements_fold.py`; nothing here moves money.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from ledger.domain.quantities import split_by_largest_remainder
from ledger.domain.statement import EVENTS, FundBears, StatementIssued
from ledger.projections.settlement_statement_rows import (
    DisputeRow,
    PayoutRow,
    StatementFundRow,
    StatementRow,
)
from ledger.projections.view import Entry

_OF_STATEMENTS: Final = frozenset(EVENTS)

DisputeKey = tuple[str, str, str]
"""Statement, kind of the line, redemption."""


class Named(NamedTuple):
    """What a page names that may have begun before it."""

    statement_ids: list[str]
    merchant_ids: list[str]
    """Of which statements are issued: they go on from the latest one."""


class Standing:
    """A statement with everything about it."""

    __slots__ = ("disputes", "funds", "payouts", "row")

    def __init__(self, row: StatementRow) -> None:
        self.row = row
        self.funds: dict[str, StatementFundRow] = {}
        self.disputes: dict[DisputeKey, DisputeRow] = {}
        self.payouts: dict[str, PayoutRow] = {}

    def left_fen(self) -> dict[str, int]:
        """Give what can be paid now, by the funds of which there is something.

        Together it is what the ledger says can be paid: nothing where it says so, but then a fund may
        still bear what another one was given back.
        """
        left = {fund.fund_id: fund.due_fen - fund.evened_fen for fund in self.funds.values()}
        taken = [(one.fund_ids, one.share_fen) for one in self.disputes.values() if one.outcome != "upheld"]
        taken += [
            (one.fund_ids, one.share_fen)
            for one in self.payouts.values()
            if one.status in ("instructed", "confirmed")
        ]
        for fund_ids, shares_fen in taken:
            for fund_id, share_fen in zip(fund_ids, shares_fen, strict=True):
                left[fund_id] = left.get(fund_id, 0) - share_fen
        return {fund_id: value_fen for fund_id, value_fen in sorted(left.items()) if value_fen}


class Known:
    """What stood before a page of the statements that it names."""

    def __init__(
        self,
        statements: Iterable[StatementRow] = (),
        funds: Iterable[StatementFundRow] = (),
        disputes: Iterable[DisputeRow] = (),
        payouts: Iterable[PayoutRow] = (),
        carried: Iterable[tuple[str, str, int]] = (),
    ) -> None:
        """Put rows together.

        Args:
            statements: those named.
            funds: of these statements.
            disputes: of these statements.
            payouts: of these statements.
            carried: merchant, fund and what the merchant's latest statement carried out.
        """
        self.standing = {row.statement_id: Standing(row) for row in statements}
        for fund in funds:
            self.standing[fund.statement_id].funds[fund.fund_id] = fund
        for dispute in disputes:
            self.standing[dispute.statement_id].disputes[dispute_key(dispute)] = dispute
        for payout in payouts:
            self.standing[payout.statement_id].payouts[payout.payout_id] = payout
        self.carried_fen: dict[str, dict[str, int]] = {}
        for merchant_id, fund_id, carried_fen in carried:
            self.carried_fen.setdefault(merchant_id, {})[fund_id] = carried_fen


def named_in(entries: Iterable[Entry]) -> Named:
    """Give the statements that go on in a page, and the merchants of those that begin in it."""
    named: set[str] = set()
    issued: dict[str, str] = {}
    for entry in entries:
        event: Any = entry.event
        if (kind := type(event)) is StatementIssued:
            issued[event.statement_id] = event.merchant_id
        elif kind in _OF_STATEMENTS:
            named.add(event.statement_id)
    return Named(sorted(named.difference(issued)), sorted(set(issued.values())))


def dispute_key(dispute: DisputeRow) -> DisputeKey:
    """Give the key of a row, but for the programme."""
    return dispute.statement_id, dispute.kind, dispute.redemption_id


# --- A new statement ----------------------------------------------------------------------------


def issued_row(position: int, event: StatementIssued, objections_until: date) -> StatementRow:
    """Give the row of a statement that was issued."""
    same = {name: getattr(event, name) for name in StatementRow._fields if name in event.__struct_fields__}
    return StatementRow(
        **same,
        status="issued",
        held_back_fen=0,
        moved_fen=0,
        paid_fen=0,
        under_way_fen=0,
        objections_until=objections_until,
        issued_at=event.recorded_at,
        issued_by=event.by,
        approved_at=None,
        approved_by=None,
        is_early=False,
        settled_at=None,
        position=position,
    )


def fund_rows(
    position: int, event: StatementIssued, carried_fen: Mapping[str, int]
) -> list[StatementFundRow]:
    """Give what each fund bears of a new statement.

    Args:
        position: of the event.
        event: by which it was issued.
        carried_fen: by fund, what the merchant's statement before carried out.
    """
    lines = {fund.fund_id: fund for fund in event.funds}
    fund_ids = sorted({*lines, *(fund_id for fund_id, value_fen in carried_fen.items() if value_fen)})
    bears = [
        lines.get(fund_id) or FundBears(fund_id=fund_id, face_value_fen=0, fee_fen=0) for fund_id in fund_ids
    ]
    totals_fen = [of.face_value_fen - of.fee_fen + carried_fen.get(of.fund_id, 0) for of in bears]
    return [
        StatementFundRow(
            event.statement_id,
            of.fund_id,
            has_lines=of.fund_id in lines,
            face_value_fen=of.face_value_fen,
            fee_fen=of.fee_fen,
            carried_in_fen=carried_fen.get(of.fund_id, 0),
            due_fen=due_fen,
            carried_out_fen=total_fen - due_fen,
            evened_fen=0,
            position=position,
        )
        for of, total_fen, due_fen in zip(
            bears, totals_fen, due_parts(event.due_fen, totals_fen), strict=True
        )
    ]


def due_parts(due_fen: int, totals_fen: Sequence[int]) -> list[int]:
    """Give what each fund bears of what a statement pays.

    Nothing when it pays nothing; all of its total, sign and all, when the statement pays everything.
    What is between the two is split over the funds above zero, by largest remainder.

    Args:
        due_fen: what the statement pays, at least 0 and at most the sum of the totals, or 0.
        totals_fen: what each fund's lines and what was brought forward of it come to.
    """
    if not due_fen:
        return [0] * len(totals_fen)
    if due_fen == sum(totals_fen):
        return list(totals_fen)
    return split_by_largest_remainder(due_fen, [max(0, total_fen) for total_fen in totals_fen])
