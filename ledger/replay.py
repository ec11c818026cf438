"""Replaying a log and holding the tables against it.

Rule of the room: the log is the truth; what differs from it is reported, never mended here.
"""

import time
from collections.abc import Callable
from typing import Final

import msgspec

from ledger.domain.book import BalanceKey
from ledger.domain.errors import ProgrammeNotFound
from ledger.projections.balances import BalanceFold, Unbalanced, table_balances
from ledger.store.database import Database
from ledger.store.scan import scan_states

DIFFERENCES_SHOWN_MAX: Final = 100


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A balance that the table and the log do not agree on."""

    account: str
    asset: str
    lot: str | None
    in_log: int
    in_table: int


class ReplayReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay found."""

    programme_id: str
    position: int
    """Where the log stood."""
    events: int
    """Events read."""
    elapsed_ms: int
    first_gap: int | None
    """First position at which no event stands, None when there is no gap."""
    unbalanced: list[Unbalanced]
    """Events whose legs do not sum to zero."""
    differences: list[Difference]
    """Balances that differ, `DIFFERENCES_SHOWN_MAX` at most."""
    differences_count: int

    @property
    def is_equal(self) -> bool:
        """Whether the log is whole and gives the very balances of the table."""
        return not (self.differences_count or self.unbalanced or self.first_gap)


def check(
    database: Database, programme_id: str, *, on_progress: Callable[[int, int], None] | None = None
) -> ReplayReport:
    """Add up a programme's log from position 1 and compare it with the table of balances.

    Args:
        database: where both are.
        programme_id: whose.
        on_progress: told events read and events to read, some hundred times a million.

    Raises:
        ProgrammeNotFound
    """
    begun_s = time.monotonic()
    position, in_table = table_balances(database, programme_id)
    if not position:
        raise ProgrammeNotFound(programme_id=programme_id)
    fold = BalanceFold()
    first_gap: int | None = None
    for page in scan_states(database, programme_id, until=position):
        for at, state in page:
            if first_gap is None and at != fold.position + 1:
                first_gap = fold.position + 1
            fold.add(state)
        if on_progress is not None:
            on_progress(fold.position, position)
    if first_gap is None and fold.position != position:
        first_gap = fold.position + 1
    differences = _differences(fold.nonzero(), in_table)
    return ReplayReport(
        programme_id=programme_id,
        position=position,
        events=fold.position,
        elapsed_ms=round((time.monotonic() - begun_s) * 1000),
        first_gap=first_gap,
        unbalanced=fold.unbalanced,
        differences=differences[:DIFFERENCES_SHOWN_MAX],
        differences_count=len(differences),
    )


def _differences(in_log: dict[BalanceKey, int], in_table: dict[BalanceKey, int]) -> list[Difference]:
    if in_log == in_table:
        return []
    keys = sorted(in_log.keys() | in_table.keys(), key=lambda key: (key[0], key[1], key[2] or ""))
    return [
        Difference(
            account=key[0], asset=key[1], lot=key[2], in_log=in_log.get(key, 0), in_table=in_table.get(key, 0)
        )
        for key in keys
        if in_log.get(key, 0) != in_table.get(key, 0)
    ]
