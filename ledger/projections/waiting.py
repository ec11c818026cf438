"""What waits for somebody: held activities, pending credits, lots about to run out.

Rule of the room: read from tables that are written with the events, so nothing here is ever behind;
page by page in order of keys, so that whoever goes on misses nothing that stood all the while.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec

from ledger.domain.addresses import CREDIT
from ledger.domain.claiming import Pending
from ledger.domain.errors import ProgrammeNotFound
from ledger.domain.limits import WAITING_SCANNED_MAX
from ledger.domain.programme import ProgrammeOpened
from ledger.domain.registers import Entry, key_of
from ledger.domain.review import Held
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.store.queries import load

_QUERIES: Final = load(Path(__file__).parent / "sql" / "waiting.sql")
_END: Final = "\x7f"
"""After every character that a key may hold."""

Kept = TypeVar("Kept", bound=Entry)
Line = TypeVar("Line")


class Page(NamedTuple, Generic[Line]):
    """Some lines, and where to go on."""

    position: int
    """Of the log at which they stood so."""
    lines: list[Line]
    next_key: str | None
    """To go on after; None when there are no more."""


class HeldActivity(NamedTuple):
    """An activity that somebody has to look at, or that waits for partners."""

    source: str
    activity_id: str
    held: Held


class PendingCredits(NamedTuple):
    """Credits of an activity that wait to be claimed."""

    source: str
    activity_id: str
    pending: Pending


class EndingLot(NamedTuple):
    """Credits of one last day in an account."""

    account: str
    lot: str
    """Their last local day."""
    credits: int


def read_held(
    database: Database,
    programme_id: str,
    *,
    reason: str | None = None,
    scenario_id: str | None = None,
    after: str = "",
    limit: int,
) -> Page[HeldActivity]:
    """Read held activities in order of source and id, those of a reason or a scenario where named.

    A page may be shorter than `limit`, even empty, and not be the last: with a filter no more than
    `WAITING_SCANNED_MAX` entries are looked at.

    Raises:
        ProgrammeNotFound
    """
    scanned = limit if reason is None and scenario_id is None else max(limit, WAITING_SCANNED_MAX)
    position, entries = _entries(database, programme_id, Held, prefix="", after=after, limit=scanned)
    lines: list[HeldActivity] = []
    for key, held in entries:
        is_wanted = reason is None or reason in held.waits_for
        if is_wanted and (scenario_id is None or scenario_id == held.scenario_id):
            source, activity_id = key.split("\n")
            lines.append(HeldActivity(source, activity_id, held))
        if len(lines) == limit:
            return Page(position, lines, key)
    return Page(position, lines, entries[-1][0] if len(entries) == scanned else None)


def read_pending(
    database: Database, programme_id: str, participant_id: str, *, after: str = "", limit: int
) -> Page[PendingCredits]:
    """Read a participant's pending credits in order of source and id.

    Raises:
        ProgrammeNotFound
    """
    prefix = f"{participant_id}\n"
    position, entries = _entries(
        database, programme_id, Pending, prefix=prefix, after=after and prefix + after, limit=limit
    )
    lines = []
    for key, pending in entries:
        source, activity_id = key.removeprefix(prefix).split("\n")
        lines.append(PendingCredits(source, activity_id, pending))
    last = lines[-1] if len(lines) == limit else None
    return Page(position, lines, last and key_of(last.source, last.activity_id))


def read_expiring(
    database: Database,
    programme_id: str,
    *,
    within_days: int,
    now: datetime,
    after: str = "",
    limit: int,
) -> Page[EndingLot]:
    """Read the spendable credits whose last local day is today, or within so many days after it.

    In order of account and last day. Credits that are pending or set aside by a redemption are not
    among them: they do not run out before somebody can spend them. A page may be shorter than
    `limit`, even empty, and not be the last.

    Args:
        database: to read from.
        programme_id: whose.
        within_days: from 0, which is today alone.
        now: tells which local day it is.
        after: `next_key` of the page before.
        limit: lines at most.

    Raises:
        ProgrammeNotFound
    """
    first = terms_of(database, programme_id).today(now)
    account, asset, lot = after.split("\n") if after else ("", "", "")
    scanned = max(limit, WAITING_SCANNED_MAX)
    parameters = {
        "programme_id": programme_id,
        "after_account": account,
        "after_asset": asset,
        "after_lot": lot,
        "scanned": scanned,
        "first": first.isoformat(),
        "last": (first + timedelta(days=within_days)).isoformat(),
        "limit": limit,
    }
    with database.connection() as connection:
        rows = connection.execute(_QUERIES["lots_ending"], parameters).fetchall()
    lines = [EndingLot(*row[1:4]) for row in rows if row[1] is not None]
    if len(lines) == limit:
        return Page(rows[0][0], lines, key_of(lines[-1].account, CREDIT, lines[-1].lot))
    return Page(rows[0][0], lines, key_of(*rows[0][5:]) if rows[0][4] == scanned else None)


def terms_of(database: Database, programme_id: str) -> ProgrammeOpened:
    """Give a programme's terms.

    Raises:
        ProgrammeNotFound
    """
    log = Log(database)
    opening = next(iter(log.stream(programme_id, "programme", programme_id)), None)
    event = opening and log.decode(opening)
    if not isinstance(event, ProgrammeOpened):
        raise ProgrammeNotFound(programme_id=programme_id)
    return event


def _entries(
    database: Database, programme_id: str, register: type[Kept], *, prefix: str, after: str, limit: int
) -> tuple[int, list[tuple[str, Kept]]]:
    parameters: dict[str, Any] = {
        "programme_id": programme_id,
        "register": register.register,
        "prefix": prefix,
        "end": prefix + _END,
        "after": after,
        "limit": limit,
    }
    with database.connection() as connection:
        rows = connection.execute(_QUERIES["entries"], parameters).fetchall()
    if not rows:
        raise ProgrammeNotFound(programme_id=programme_id)
    decode = msgspec.json.Decoder(register).decode
    return rows[0][0], [(key, decode(value)) for _, key, value in rows if key is not None]
