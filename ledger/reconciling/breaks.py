"""Breaks and what people do with them: somebody has them, says something, settles them.

Rule of the room: a run opens, changes and clears breaks, people resolve them, and both write every step
into a history that is never changed. Where money is let go or was moved, two keys are needed: what one
proposes another confirms.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec

from ledger.domain.errors import BreakNotFound, BreakStatusUnsuitable, FieldsInvalid, SecondKeyNeeded
from ledger.reconciling.correcting import check_event
from ledger.reconciling.queries import BREAKS
from ledger.reconciling.shapes import Break, BreakCode, BreakStatus, Happening, Resolution
from ledger.store.database import Database


class Filter(NamedTuple):
    """Which breaks are asked for; everything that is empty asks for all."""

    statuses: Sequence[BreakStatus] = ()
    codes: Sequence[BreakCode] = ()
    merchant_id: str | None = None
    owner: str | None = None


class Standing(NamedTuple):
    """What decides about a break, under its lock."""

    status: BreakStatus
    code: BreakCode
    item: str | None
    merchant_id: str | None
    position: int | None
    item_fen: int | None
    row_fen: int | None
    resolution: Resolution | None
    resolution_position: int | None
    resolution_topic: str | None
    resolved_by: str | None
    changes: int

    @property
    def is_of_money(self) -> bool:
        """Whether one side has money that the other has not, and not only another day or reference."""
        is_of_form = self.code in _OF_FORM and self.item is not None and self.item_fen == self.row_fen
        return not is_of_form


_OF_FORM: Final = ("out_of_period", "unknown_reference")
_OPEN: Final[tuple[BreakStatus, ...]] = ("open",)
_PROPOSED: Final[tuple[BreakStatus, ...]] = ("proposed",)
_NO_RESOLUTION: Final[dict[str, Any]] = {
    "resolution": None,
    "resolution_position": None,
    "resolution_topic": None,
    "resolved_by": None,
    "confirmed_by": None,
}


class Breaks:
    """The breaks of this deployment's programmes."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def page(self, programme_id: str, wanted: Filter, *, after: str, limit: int) -> list[Break]:
        """Give breaks by id, those after one."""
        parameters = {
            "programme_id": programme_id,
            "after": after,
            "limit": limit,
            "statuses": list(wanted.statuses),
            "codes": list(wanted.codes),
            "merchant_id": wanted.merchant_id,
            "owner": wanted.owner,
        }
        with self._database.connection() as connection:
            return [_break(row) for row in connection.execute(BREAKS["list"], parameters)]

    def read(self, programme_id: str, break_id: str) -> Break:
        """Give one break.

        Raises:
            BreakNotFound
        """
        with self._database.connection() as connection:
            row = connection.execute(BREAKS["read"], _names(programme_id, break_id)).fetchone()
        if row is None:
            raise BreakNotFound(break_id=break_id)
        return _break(row)

    def history(self, programme_id: str, break_id: str) -> list[Happening]:
        """Give what happened to a break, in order."""
        with self._database.connection() as connection:
            rows = connection.execute(BREAKS["history"], _names(programme_id, break_id))
            return [
                Happening(number, at.astimezone(UTC), by, what, note, run_id, msgspec.json.decode(told))
                for number, at, by, what, note, run_id, told in rows
            ]

    # --- what people do -------------------------------------------------------------------------

    def assign(self, programme_id: str, break_id: str, *, owner: str, by: str, note: str = "") -> Break:
        """Say who has it.

        Raises:
            BreakNotFound
        """
        return self._touch(programme_id, break_id, "assigned", by=by, note=note, owner=owner)

    def note(self, programme_id: str, break_id: str, *, note: str, by: str) -> Break:
        """Say something about it.

        Raises:
            BreakNotFound
        """
        return self._touch(programme_id, break_id, "noted", by=by, note=note)

    def resolve(
        self,
        programme_id: str,
        break_id: str,
        *,
        resolution: Resolution,
        note: str,
        by: str,
        position: int | None = None,
    ) -> Break:
        """Settle an open break, or propose to.

        Args:
            programme_id: whose.
            break_id: which.
            resolution: `accepted`: it stays as it is; `corrected`: the ledger was corrected by the event at
                `position`; `resent`: the other side sends a better file, which the next run has to show.
            note: why.
            by: who says so.
            position: of the correcting event, with `corrected` alone.

        Raises:
            FieldsInvalid, BreakNotFound, BreakStatusUnsuitable,
            PositionBeyondLog, CorrectingEventUnsuitable: the event has nothing to do with it.
        """
        if (position is not None) != (resolution == "corrected"):
            message = "names the correcting event of a break that was corrected, and of no other"
            raise FieldsInvalid(errors=[{"field": "position", "message": message}])
        with self._database.connection() as connection, connection.transaction():
            standing = _locked(connection, programme_id, break_id, _OPEN)
            topic = None
            if position is not None:
                topic = check_event(
                    connection,
                    programme_id,
                    position,
                    item=standing.item,
                    merchant_id=standing.merchant_id,
                    after=standing.position or 0,
                )
            is_proposal = resolution != "resent" and standing.is_of_money
            told = {"resolution": resolution, "resolution_position": position, "resolution_topic": topic}
            status: BreakStatus = "proposed" if is_proposal else "resolved"
            change = {"status": status, **told, "resolved_by": by, "confirmed_by": None}
            self._change(connection, programme_id, break_id, change)
            self._remember(connection, programme_id, break_id, standing, status, by=by, note=note, told=told)
        return self.read(programme_id, break_id)

    def confirm(self, programme_id: str, break_id: str, *, by: str, note: str = "") -> Break:
        """Confirm what another key proposed.

        Raises:
            BreakNotFound, BreakStatusUnsuitable,
            SecondKeyNeeded: the same key proposed it.
        """
        with self._database.connection() as connection, connection.transaction():
            standing = _locked(connection, programme_id, break_id, _PROPOSED)
            if standing.resolved_by == by:
                raise SecondKeyNeeded(by=by)
            kept = {name: getattr(standing, name) for name in _KEPT}
            change = {**kept, "status": "resolved", "confirmed_by": by}
            self._change(connection, programme_id, break_id, change)
            self._remember(connection, programme_id, break_id, standing, "resolved", by=by, note=note)
        return self.read(programme_id, break_id)

    def refuse(self, programme_id: str, break_id: str, *, by: str, note: str) -> Break:
        """Refuse what was proposed: the break is open again.

        Raises:
            BreakNotFound, BreakStatusUnsuitable
        """
        with self._database.connection() as connection, connection.transaction():
            standing = _locked(connection, programme_id, break_id, _PROPOSED)
            self._change(connection, programme_id, break_id, {**_NO_RESOLUTION, "status": "open"})
            self._remember(connection, programme_id, break_id, standing, "refused", by=by, note=note)
        return self.read(programme_id, break_id)

    # --- rows -----------------------------------------------------------------------------------

    def _touch(
        self, programme_id: str, break_id: str, what: str, *, by: str, note: str, owner: str | None = None
    ) -> Break:
        with self._database.connection() as connection, connection.transaction():
            standing = _locked(connection, programme_id, break_id)
            connection.execute(BREAKS["touch"], {**_names(programme_id, break_id), "owner": owner})
            told = {} if owner is None else {"owner": owner}
            self._remember(connection, programme_id, break_id, standing, what, by=by, note=note, told=told)
        return self.read(programme_id, break_id)

    def _change(self, connection: Any, programme_id: str, break_id: str, change: dict[str, Any]) -> None:
        connection.execute(BREAKS["change"], {**_names(programme_id, break_id), "owner": None, **change})

    def _remember(
        self,
        connection: Any,
        programme_id: str,
        break_id: str,
        was: Standing,
        what: str,
        *,
        by: str,
        note: str,
        told: dict[str, Any] | None = None,
    ) -> None:
        line = {
            **_names(programme_id, break_id),
            "number": was.changes + 1,
            "at": self._clock(),
            "by": by,
            "what": what,
            "note": note,
            "told": msgspec.json.encode(told or {}).decode(),
        }
        connection.execute(BREAKS["remember"], line)


_KEPT: Final = ("resolution", "resolution_position", "resolution_topic", "resolved_by")


def _locked(
    connection: Any, programme_id: str, break_id: str, needed: Sequence[BreakStatus] = ()
) -> Standing:
    row = connection.execute(BREAKS["lock"], _names(programme_id, break_id)).fetchone()
    if row is None:
        raise BreakNotFound(break_id=break_id)
    standing = Standing(*row)
    if needed and standing.status not in needed:
        raise BreakStatusUnsuitable(break_id=break_id, status=standing.status, needed_statuses=list(needed))
    return standing


def _names(programme_id: str, break_id: str) -> dict[str, str]:
    return {"programme_id": programme_id, "break_id": break_id}


def _break(row: Sequence[Any]) -> Break:
    values: list[Any] = [value.astimezone(UTC) if isinstance(value, datetime) else value for value in row]
    return Break(*values)
