"""What the settlement view answers: what merchants are owed, line by line, and where funds' money is.

Rule of the room: a period is half-open, in the programme's local days. Lines are read as they stood
at a position: none changes later, so pages read one after another make one statement.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from ledger.domain.errors import RedemptionNotFound
from ledger.domain.instants import utc
from ledger.projections.settlement_sums import REFUND, USE
from ledger.projections.snapshot import Snapshot
from ledger.store.queries import load

_QUERIES: Final = load(Path(__file__).parent / "sql" / "settlement_queries.sql")


class Period(NamedTuple):
    """Local days from `begin` to before `end`."""

    begin: date = date.min
    end: date = date.max


class Money(NamedTuple):
    """Money of a line, or of several; below zero for what was refunded."""

    face_value_fen: int
    """What funds bear."""
    fee_fen: int
    """Of it, what the platform withholds."""

    @property
    def payable_fen(self) -> int:
        """Of it, what the merchant gets."""
        return self.face_value_fen - self.fee_fen


class FundMoney(NamedTuple):
    """One fund's share."""

    fund_id: str
    money: Money


class Count(NamedTuple):
    """Some lines of one kind, counted without sign."""

    lines: int
    money: Money


class MerchantSettlement(NamedTuple):
    """What a period's lines of one merchant come to."""

    merchant_id: str
    uses: Count
    refunds: Count
    amendments: Count
    """After disputes; the one kind that is counted with its signs."""
    funds: tuple[FundMoney, ...]
    """Of all lines, by fund."""

    @property
    def net(self) -> Money:
        """Uses less refunds, and amendments."""
        (used, used_fee), (refunded, refunded_fee) = self.uses.money, self.refunds.money
        amended, amended_fee = self.amendments.money
        return Money(used - refunded + amended, used_fee - refunded_fee + amended_fee)


class Moment(NamedTuple):
    """When a step of a redemption was taken."""

    position: int
    occurred_at: datetime
    recorded_at: datetime


class SettledRedemption(NamedTuple):
    """A redemption as finance sees it; amounts as fixed at the hold."""

    redemption_id: str
    merchant_id: str
    participant_id: str | None
    """None when the participant was erased."""
    offer_id: str | None
    store_id: str | None
    status: str
    credits: int
    money: Money
    funds: tuple[FundMoney, ...]
    deadline_at: datetime
    held: Moment
    fulfilled: Moment | None
    reversed: Moment | None
    """The cancellation, the release or the refund; the status says which."""


class StatementLine(NamedTuple):
    """A use, a refund with every amount below zero, or an amendment after a dispute."""

    kind: str
    local_day: date
    position: int
    money: Money
    funds: tuple[FundMoney, ...]
    """With their signs."""
    moment: Moment
    """Of the event that made the line."""
    redemption: SettledRedemption
    """As it was held; a refund after an amendment gives back something else."""

    @property
    def credits(self) -> int:
        """Credits that were spent, or given back; an amendment moves none."""
        return _CREDIT_SIGNS.get(self.kind, 0) * self.redemption.credits


_CREDIT_SIGNS: Final = {USE: 1, REFUND: -1}


class FundPlaces(NamedTuple):
    """Where a fund's money is; what was committed is the sum of the others."""

    committed_fen: int = 0
    available_fen: int = 0
    encumbered_fen: int = 0
    payable_fen: int = 0
    """Used, and in no statement yet."""
    fees_fen: int = 0
    paid_fen: int = 0
    backing_fen: int = 0
    """Set aside for credits that were issued on a budget."""
    recoverable_fen: int = 0
    """Refunded after the merchant was settled: the merchant's to give back, and not available yet."""
    settling_fen: int = 0
    """In statements, and not yet paid."""


class LinesAfter(NamedTuple):
    """A place among a merchant's lines, and the position at which they are read."""

    until: int
    day: date = date.min
    position: int = 0


def merchant_settlement(reading: Snapshot, merchant_id: str, period: Period) -> MerchantSettlement:
    """Sum up one merchant's lines of a period; zeros when it has none."""
    found = _settlements(reading, "merchant", {"merchant_id": merchant_id, **_days(period)})
    nothing = Count(0, Money(0, 0))
    return found[0] if found else MerchantSettlement(merchant_id, nothing, nothing, nothing, ())


def settlements(reading: Snapshot, period: Period, *, after: str, limit: int) -> list[MerchantSettlement]:
    """Sum up the lines of a period by merchant, for the next merchants that have any, by id.

    Args:
        reading: of the settlement view.
        period: of the lines.
        after: the merchant before the first; empty to begin.
        limit: merchants at most.
    """
    return _settlements(reading, "merchants", {"after": after, "limit": limit, **_days(period)})


def statement_lines(
    reading: Snapshot, merchant_id: str, period: Period, *, after: LinesAfter, limit: int
) -> list[StatementLine]:
    """Give the next lines of a merchant in a period, by day and position.

    Each redemption's status is that of `after.until`; the participant is left out once erased.
    """
    parameters = {
        "merchant_id": merchant_id,
        "after_day": after.day,
        "after_position": after.position,
        "until": after.until,
        "limit": limit,
        **_days(period),
    }
    rows = reading.rows(_QUERIES["lines"], parameters)
    return [_line(row, after.until) for row in rows]


def settled_redemption(reading: Snapshot, redemption_id: str) -> SettledRedemption:
    """Give one redemption.

    Raises:
        RedemptionNotFound: the view has seen none under this id.
    """
    rows = reading.rows(_QUERIES["redemption"], {"redemption_id": redemption_id})
    if not rows:
        raise RedemptionNotFound(redemption_id=redemption_id)
    return _redemption(rows[0])


def fund_places(reading: Snapshot, fund_id: str) -> FundPlaces:
    """Give where a fund's money is; zeros for a fund to which nothing was committed."""
    rows = reading.rows(_QUERIES["fund"], {"fund_id": fund_id})
    return FundPlaces(*rows[0]) if rows else FundPlaces()


def _days(period: Period) -> dict[str, date]:
    return {"begin": period.begin, "end": period.end}


def _settlements(reading: Snapshot, query: str, parameters: Mapping[str, Any]) -> list[MerchantSettlement]:
    rows = reading.rows(_QUERIES[query], parameters)
    shares: dict[str, list[FundMoney]] = {row[0]: [] for row in rows}
    for merchant_id, fund_id, *money in reading.rows(
        _QUERIES["shares"], {**parameters, "merchant_ids": list(shares)}
    ):
        shares[merchant_id].append(FundMoney(fund_id, Money(*money)))
    return [
        MerchantSettlement(
            merchant_id,
            Count(uses, Money(used, used_fee)),
            Count(refunds, Money(refunded, refunded_fee)),
            Count(amendments, Money(amended, 0)),
            tuple(shares[merchant_id]),
        )
        for merchant_id, uses, used, used_fee, refunds, refunded, refunded_fee, amendments, amended in rows
    ]


def _line(row: Sequence[Any], until: int) -> StatementLine:
    """The columns in the order of the query lines."""
    kind, day, position, face_value_fen, fee_fen, occurred_at, recorded_at = row[:7]
    fund_ids, shares_fen, fees_fen = row[7:10]
    redemption = _redemption(row[10:])
    sign = -1 if kind == REFUND else 1
    funds = tuple(
        FundMoney(share.fund_id, Money(sign * share.money.face_value_fen, sign * share.money.fee_fen))
        for share in redemption.funds
    )
    if fund_ids is not None:
        funds = _funds(fund_ids, shares_fen, fees_fen)
    step = redemption.fulfilled if kind == USE else redemption.reversed
    moment = _moment(position, occurred_at, recorded_at) if occurred_at is not None else step
    if moment is None:
        raise TypeError(row)
    money = Money(face_value_fen, fee_fen)
    return StatementLine(kind, day, position, money, funds, moment, _as_of(redemption, until))


def _funds(
    fund_ids: Sequence[str], shares_fen: Sequence[int], fees_fen: Sequence[int]
) -> tuple[FundMoney, ...]:
    return tuple(
        FundMoney(fund_id, Money(share_fen, share_fee_fen))
        for fund_id, share_fen, share_fee_fen in zip(fund_ids, shares_fen, fees_fen, strict=True)
    )


def _redemption(row: Sequence[Any]) -> SettledRedemption:
    """The columns in the order of the queries."""
    redemption_id, merchant_id, participant_id, offer_id, store_id = row[:5]
    status, credits_held, face_value_fen, fee_fen = row[5:9]
    fund_ids, shares_fen, fees_fen, deadline_at = row[9:13]
    held_position, held_occurred_at, held_recorded_at = row[13:16]
    return SettledRedemption(
        redemption_id,
        merchant_id,
        participant_id,
        offer_id,
        store_id,
        status,
        credits_held,
        Money(face_value_fen, fee_fen),
        _funds(fund_ids, shares_fen, fees_fen),
        utc(deadline_at),
        Moment(held_position, utc(held_occurred_at), utc(held_recorded_at)),
        _moment(*row[16:19]),
        _moment(*row[19:22]),
    )


def _moment(position: int | None, occurred_at: datetime, recorded_at: datetime) -> Moment | None:
    return None if position is None else Moment(position, utc(occurred_at), utc(recorded_at))


def _as_of(redemption: SettledRedemption, until: int) -> SettledRedemption:
    """A used redemption as it stood at a position at which it was used already."""
    if redemption.reversed is None or redemption.reversed.position <= until:
        return redemption
    return redemption._replace(status="fulfilled", reversed=None)
