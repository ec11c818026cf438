"""Pages of an account's statement: which entries, from where to where, and what stood before and after.

Rule of the room: a chain of pages shows the account as it was at the position at which its first
page was read, whatever is written meanwhile; the cursor carries that position along.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

import msgspec

from ledger.domain.book import Leg
from ledger.domain.limits import POSITION_MAX, STATEMENT_SCANNED_MAX
from ledger.projections.snapshot import Snapshot
from ledger.projections.statement_balances import (
    MICROSECOND,
    LotAmount,
    held_at,
    lots_of,
    occurred_by,
    participant_of,
)
from ledger.projections.statements import QUERIES

Order = Literal["oldest", "newest"]

Key = tuple[int, str]
"""Position and asset of an entry."""

STEP_GROWTH: Final = 4


class Wanted(NamedTuple):
    """Which entries of which account, and in which order."""

    account: str
    assets: tuple[str, ...]
    """In order."""
    topics: tuple[str, ...] = ()
    """None for all."""
    order: Order = "newest"
    occurred_from: datetime | None = None
    """The first instant that counts."""
    occurred_to: datetime | None = None
    """The first instant that no longer does."""
    first_position: int = 1
    """Where the period of recording begins."""
    last_position: int = POSITION_MAX
    """Where it ends."""

    @property
    def occurred_period(self) -> bool:
        """Whether a period of what occurred is asked for."""
        return self.occurred_from is not None or self.occurred_to is not None

    @property
    def recorded_period(self) -> bool:
        """Whether a period of what was recorded is asked for."""
        return self.first_position > 1 or self.last_position < POSITION_MAX


class Total(NamedTuple):
    """What the account held of an asset before and after the period, of all topics."""

    asset: str
    opening_amount: int
    closing_amount: int


class Place(NamedTuple):
    """Where a page ended, and what the chain of pages it belongs to has in common."""

    position: int
    """As of which the chain is read."""
    after_position: int
    after_asset: str
    """The last entry that was looked at."""
    totals: list[Total] | None


class StatementEntry(NamedTuple):
    """What one event did to one asset of the account."""

    position: int
    topic: str
    asset: str
    amount: int
    """Above zero into the account."""
    balance: int
    """What the account held of the asset after the event."""
    counterparts: list[str]
    """Accounts on the other side, in order; erased participants are left out."""
    occurred_at: str
    recorded_at: str
    lots: list[LotAmount] | None
    """The credits by lot; None for grams and money."""


class Statement(NamedTuple):
    """A page of a statement."""

    position: int
    """As of which the chain is read."""
    totals: list[Total] | None
    """None when periods of both kinds are asked for: they have no common beginning."""
    entries: list[StatementEntry]
    next_place: Place | None
    """None when there is nothing more; a page may be short, or even empty, and yet not be the last."""


class _Entered(msgspec.Struct):
    """The parts of an event that a line of a statement shows."""

    occurred_at: str
    recorded_at: str
    legs: tuple[Leg, ...] = ()


_decode: Final = msgspec.json.Decoder(_Entered).decode


def read_statement(
    snapshot: Snapshot, wanted: Wanted, *, limit: int, after: Place | None = None
) -> Statement:
    """Read a page of a statement.

    Args:
        snapshot: at the position of the place, or a later one.
        wanted: the same for every page of a chain.
        limit: entries at most.
        after: where the page before ended; None for the first.
    """
    position = snapshot.position if after is None else after.position
    wanted = _within(wanted, position)
    totals = _totals(snapshot, wanted, position) if after is None else after.totals
    seen = None if after is None else (after.after_position, after.after_asset)
    found, furthest = _look(snapshot, wanted, limit, seen)
    next_place = Place(position, *furthest, totals) if furthest else None
    return Statement(position, totals, _entries(snapshot, wanted.account, found), next_place)


def _within(wanted: Wanted, position: int) -> Wanted:
    """The same, without what lies beyond a position."""
    return wanted._replace(
        first_position=min(wanted.first_position, position + 1),
        last_position=min(wanted.last_position, position),
    )


# --- Before and after the period ---------------------------------------------------------------


def _totals(snapshot: Snapshot, wanted: Wanted, position: int) -> list[Total] | None:
    """What the account held before and after the period; `wanted` lies within the position."""
    account, assets = wanted.account, wanted.assets
    if not wanted.occurred_period:
        opening = held_at(snapshot, account, wanted.first_position - 1, assets)
        closing = held_at(snapshot, account, wanted.last_position, assets)
    elif wanted.first_position > 1 or wanted.last_position < position:
        return None
    else:
        opening = _occurred_before(snapshot, wanted, wanted.occurred_from) if wanted.occurred_from else {}
        closing = _occurred_before(snapshot, wanted, wanted.occurred_to) if wanted.occurred_to else {}
        if wanted.occurred_to is None:
            closing = held_at(snapshot, account, position, assets)
    return [
        Total(asset, opening.get(asset, 0), closing.get(asset, 0))
        for asset in assets
        if asset in opening or asset in closing
    ]


def _occurred_before(snapshot: Snapshot, wanted: Wanted, instant: datetime) -> dict[str, int]:
    return occurred_by(snapshot, wanted.account, instant - MICROSECOND, wanted.assets)


# --- Which entries -----------------------------------------------------------------------------


def _narrowed(snapshot: Snapshot, wanted: Wanted) -> tuple[int, int]:
    """Between which positions the entries stand; for accounts with daily sums, only about those days."""
    first, last = wanted.first_position, wanted.last_position
    if not wanted.occurred_period or participant_of(wanted.account) is not None:
        return first, last
    begin = wanted.occurred_from
    parameters = {
        "account": wanted.account,
        "assets": list(wanted.assets),
        "from_day": begin and begin.replace(hour=0, minute=0, second=0, microsecond=0),
        "to": wanted.occurred_to,
    }
    of_days = snapshot.rows(QUERIES["span_of_days"], parameters)[0]
    return (first, first - 1) if of_days[0] is None else (max(first, of_days[0]), min(last, of_days[1]))


def _look(
    snapshot: Snapshot, wanted: Wanted, limit: int, seen: Key | None
) -> tuple[list[tuple[Any, ...]], Key | None]:
    """Find a page's rows; with the last entry looked at, or None where nothing lies beyond it.

    When a filter passes entries over, they are looked at in steps of growing length: mostly the
    first finds enough, and all together stay bounded.
    """
    first, last = _narrowed(snapshot, wanted)
    is_filtered = wanted.topics or wanted.occurred_period
    step = limit + 1
    left = STATEMENT_SCANNED_MAX if is_filtered else step
    found: list[tuple[Any, ...]] = []
    if first > last:
        return found, None
    while left:
        step = min(step, left)
        rows = _rows(snapshot, wanted, (first, last), seen, (limit + 1 - len(found), step))
        found += [row[3:] for row in rows if row[3] is not None]
        if len(found) > limit:
            return found[:limit], (found[limit - 1][0], found[limit - 1][2])
        if not rows or rows[0][0] < step:
            return found, None
        seen = rows[0][1], rows[0][2]
        left -= step
        step *= STEP_GROWTH
    return found, seen


def _rows(
    snapshot: Snapshot, wanted: Wanted, bounds: tuple[int, int], seen: Key | None, counts: tuple[int, int]
) -> list[tuple[Any, ...]]:
    """Rows between two positions, each with how many were looked at and the last of these."""
    firsts, lasts = [bounds[0]] * len(wanted.assets), [bounds[1]] * len(wanted.assets)
    if seen is not None:
        # Entries of one event follow one another in the order of their assets, or against it.
        for place, asset in enumerate(wanted.assets):
            if wanted.order == "oldest":
                firsts[place] = max(bounds[0], seen[0] + (asset <= seen[1]))
            else:
                lasts[place] = min(bounds[1], seen[0] - (asset >= seen[1]))
    parameters = {
        "account": wanted.account,
        "assets": list(wanted.assets),
        "firsts": firsts,
        "lasts": lasts,
        "topics": list(wanted.topics) or None,
        "occurred_from": wanted.occurred_from,
        "occurred_to": wanted.occurred_to,
        "found_max": counts[0],
        "scanned_max": counts[1],
    }
    return snapshot.rows(QUERIES["oldest_first" if wanted.order == "oldest" else "newest_first"], parameters)


# --- What a line shows -------------------------------------------------------------------------


def _entries(snapshot: Snapshot, account: str, found: Iterable[tuple[Any, ...]]) -> list[StatementEntry]:
    entries = [_entry(account, *row) for row in found]
    others = {other for entry in entries for other in entry.counterparts}
    ids = sorted({own_id for own_id in map(participant_of, others) if own_id is not None})
    erased = {row[0] for row in snapshot.rows(QUERIES["erased"], {"participant_ids": ids})} if ids else set()
    if not erased:
        return entries
    return [
        entry._replace(counterparts=[one for one in entry.counterparts if participant_of(one) not in erased])
        for entry in entries
    ]


def _entry(
    account: str, position: int, topic: str, asset: str, amount: int, balance: int, state: bytes
) -> StatementEntry:
    event = _decode(state)
    legs = [leg for leg in event.legs if leg.asset == asset]
    return StatementEntry(
        position=position,
        topic=topic,
        asset=asset,
        amount=amount,
        balance=balance,
        counterparts=counterparts_of(account, amount, legs),
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        lots=lots_of(account, legs) if any(leg.lot is not None for leg in legs) else None,
    )


def counterparts_of(account: str, amount: int, legs: Iterable[Leg]) -> list[str]:
    """Give the accounts on the other side of an entry: those that gave what it got, or got what it gave."""
    nets: dict[str, int] = {}
    for leg in legs:
        nets[leg.account] = nets.get(leg.account, 0) + leg.amount
    return sorted(
        other for other, net in nets.items() if other != account and (net * amount < 0 or not amount)
    )
