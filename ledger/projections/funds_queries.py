"""What the funds view answers: movements, proposals and alarms, the newest first.

Rule of the room: a page goes on before the position at which the one before it ended, so events that
come in between move nothing.
"""

from datetime import datetime
from typing import Literal, NamedTuple

from ledger.domain.instants import utc
from ledger.projections.funds import QUERIES
from ledger.projections.snapshot import Snapshot

ShownStatus = Literal["proposed", "approved", "rejected", "lapsed"]


class MovementRow(NamedTuple):
    """What went in or out of a fund."""

    position: int
    movement: str
    value_fen: int
    """Below zero for what left the fund."""
    sponsor_id: str
    other_fund_id: str | None
    """Of a transfer: where it went, or came from."""
    proposal_id: str | None
    """None when it was committed without a proposal."""
    proposed_by: str | None
    approved_by: str | None
    occurred_at: datetime
    recorded_at: datetime


class ProposalRow(NamedTuple):
    """A proposal as far as it has come."""

    proposal_id: str
    status: ShownStatus
    movement: str
    fund_id: str
    to_fund_id: str | None
    sponsor_id: str
    value_fen: int
    reference: str | None
    lapses_at: datetime
    proposed_position: int
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    """Of a rejection."""


class AlarmRow(NamedTuple):
    """An alarm, and what ended it."""

    raised_position: int
    threshold_fen: int
    raised_at: datetime
    raised_available_fen: int
    cleared_position: int | None
    cleared_at: datetime | None
    cleared_available_fen: int | None
    """None as long as it stands, and when its threshold was given up."""


def fund_movements(reading: Snapshot, fund_id: str, *, before: int, limit: int) -> list[MovementRow]:
    """Give what went in and out of a fund before a position, the newest first."""
    parameters = {"fund_id": fund_id, "before": before, "limit": limit}
    rows = [MovementRow(*row) for row in reading.rows(QUERIES["movements"], parameters)]
    return [row._replace(occurred_at=utc(row.occurred_at), recorded_at=utc(row.recorded_at)) for row in rows]


def proposals(
    reading: Snapshot,
    *,
    now: datetime,
    before: int,
    limit: int,
    fund_id: str | None = None,
    is_open: bool = False,
) -> list[ProposalRow]:
    """Give proposals that were made before a position, the newest first.

    Args:
        reading: of the funds view.
        now: by which it is said whether one has lapsed.
        before: the position.
        limit: proposals at most.
        fund_id: those that concern one fund alone; all when None.
        is_open: those alone that can still be approved.
    """
    parameters = {
        "fund_id": fund_id,
        "open_at": now if is_open else None,
        "before": before,
        "limit": limit,
    }
    return [_proposal(row, now) for row in reading.rows(QUERIES["proposals"], parameters)]


def fund_alarms(reading: Snapshot, fund_id: str, *, before: int, limit: int) -> list[AlarmRow]:
    """Give alarms of a fund that were raised before a position, the newest first."""
    parameters = {"fund_id": fund_id, "before": before, "limit": limit}
    return [
        AlarmRow(position, threshold, utc(at), available, until, _utc(until_at), again)
        for position, threshold, at, available, until, until_at, again in reading.rows(
            QUERIES["alarms"], parameters
        )
    ]


def _proposal(row: tuple[object, ...], now: datetime) -> ProposalRow:
    plain = ProposalRow(*row)  # type: ignore[arg-type]  # the driver's row
    lapses_at = utc(plain.lapses_at)
    has_lapsed = plain.status == "proposed" and now >= lapses_at
    return plain._replace(
        status="lapsed" if has_lapsed else plain.status,
        lapses_at=lapses_at,
        proposed_at=utc(plain.proposed_at),
        decided_at=_utc(plain.decided_at),
    )


def _utc(instant: datetime | None) -> datetime | None:
    return None if instant is None else utc(instant)
