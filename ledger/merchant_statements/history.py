"""What was done with a statement, by whom and when.

Rule of the room: told from the statement's own events, up to the position at which the rest was read.
"""

from datetime import datetime
from typing import Any, Final

import msgspec

from ledger.domain.statement import StatementIssued
from ledger.store.log import Log

_OF_EVERY_EVENT: Final = frozenset({"occurred_at", "recorded_at", "by", "statement_id", "merchant_id"})
_WAYS_OF_MONEY: Final = frozenset({"legs", "shares", "changes"})


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a statement."""

    position: int
    topic: str
    occurred_at: datetime
    recorded_at: datetime
    by: str | None
    """The key that asked; None where a step follows from the one before."""
    details: dict[str, Any]
    """The rest of its event, without the ways of the money; empty where the statement says it all."""


def history_of(log: Log, programme_id: str, statement_id: str, *, until: int) -> list[Step]:
    """Give each step of a statement up to a position."""
    history = []
    for logged in log.stream(programme_id, "statement", statement_id):
        if logged.position > until:
            break
        event: Any = log.decode(logged)
        names = () if isinstance(event, StatementIssued) else event.__struct_fields__
        details = {
            name: getattr(event, name) for name in names if name not in _OF_EVERY_EVENT | _WAYS_OF_MONEY
        }
        if "id" in details:
            details["payout_id"] = details.pop("id")
        history.append(
            Step(
                position=logged.position,
                topic=logged.topic,
                occurred_at=event.occurred_at,
                recorded_at=event.recorded_at,
                by=getattr(event, "by", None),
                details=details,
            )
        )
    return history
