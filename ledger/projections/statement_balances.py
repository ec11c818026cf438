"""What an account held: after a position, or by what had occurred until an instant.

Rule of the room: everything is read from the statements view, at a handful of places; only a
participant's own entries are ever added up one by one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from ledger.domain.addresses import CNY, CREDIT, GRAMS
from ledger.domain.book import Leg
from ledger.domain.errors import AccountNotFound
from ledger.domain.limits import LOTS_ENTRIES_MAX
from ledger.projections.snapshot import Snapshot
from ledger.projections.statements import PARTICIPANTS, QUERIES
from ledger.store.database import Database

ASSETS: Final = tuple(sorted((CNY, CREDIT, GRAMS)))
MICROSECOND: Final = timedelta(microseconds=1)
"""The step of every clock here: what is before an instant is at it less one, or earlier."""


class LotAmount(NamedTuple):
    """Credits of one lot."""

    lot: str
    """Last day of validity."""
    amount: int


class _Event(msgspec.Struct):
    legs: tuple[Leg, ...] = ()


_decode = msgspec.json.Decoder(_Event).decode


def position_at(database: Database, programme_id: str, recorded_at: datetime) -> int:
    """Give the position of the last event recorded at an instant or before; 0 before the first.

    The log's time never runs backwards, so these are all events up to that position.
    """
    parameters = {"programme_id": programme_id, "recorded_at": recorded_at}
    with database.connection() as connection:
        row = connection.execute(QUERIES["position_at"], parameters).fetchone()
    return row[0] if row else 0


def require_shown(snapshot: Snapshot, account: str) -> None:
    """Refuse an account of which there is nothing to show.

    Raises:
        AccountNotFound: nobody opened it and nothing was ever posted to it, or its participant
            was erased.
    """
    parameters = {"account": account, "participant_id": participant_of(account) or ""}
    is_known, is_erased = snapshot.rows(QUERIES["known"], parameters)[0]
    if is_erased or not is_known:
        raise AccountNotFound(account=account)


def participant_of(account: str) -> str | None:
    """Give the participant to whom an account belongs; None when it is nobody's."""
    return account.split(":")[1] if account.startswith(PARTICIPANTS) else None


def held_at(
    snapshot: Snapshot, account: str, position: int, assets: Sequence[str] = ASSETS
) -> dict[str, int]:
    """Give what an account held after a position, for every asset it had an entry in by then."""
    parameters = {"account": account, "assets": list(assets), "position": position}
    return dict(snapshot.rows(QUERIES["balances_at"], parameters))


def occurred_by(
    snapshot: Snapshot, account: str, occurred_at: datetime, assets: Sequence[str] = ASSETS
) -> dict[str, int]:
    """Give what an account's entries come to that occurred at an instant or before.

    Args:
        snapshot: it knows of nothing that was recorded later.
        account: whose entries.
        occurred_at: the last instant that counts.
        assets: those to look at.
    """
    parameters = {"account": account, "assets": list(assets), "occurred_at": occurred_at}
    if participant_of(account) is not None:
        return dict(snapshot.rows(QUERIES["sums_of_own"], parameters))
    hour = occurred_at.replace(minute=0, second=0, microsecond=0)
    return dict(
        snapshot.rows(QUERIES["sums_occurred"], parameters | {"hour": hour, "day": hour.replace(hour=0)})
    )


def lots_at(
    snapshot: Snapshot, account: str, position: int, occurred_at: datetime | None = None
) -> list[LotAmount] | None:
    """Give an account's credits by lot, the earliest to expire first, empty lots left out.

    Args:
        snapshot: to read from.
        account: whose credits.
        position: the last that counts.
        occurred_at: the last instant that counts; None for all of them.

    Returns:
        None when the account has more than `LOTS_ENTRIES_MAX` entries of credits by then: lots stand
        in the events alone, and so many are not read for one answer.
    """
    parameters = {
        "account": account,
        "position": position,
        "occurred_at": occurred_at,
        "entries_max": LOTS_ENTRIES_MAX + 1,
    }
    if snapshot.rows(QUERIES["count_credits"], parameters)[0][0] > LOTS_ENTRIES_MAX:
        return None
    events = (_decode(state) for (state,) in snapshot.rows(QUERIES["credit_events"], parameters))
    return lots_of(account, (leg for event in events for leg in event.legs))


def lots_of(account: str, legs: Iterable[Leg]) -> list[LotAmount]:
    """Add up an account's credits by lot, in order, empty lots left out."""
    lots: dict[str, int] = {}
    for leg in legs:
        if leg.account == account and leg.lot is not None:
            lots[leg.lot] = lots.get(leg.lot, 0) + leg.amount
    return [LotAmount(lot, lots[lot]) for lot in sorted(lots) if lots[lot]]
