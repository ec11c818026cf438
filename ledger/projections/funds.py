"""The funds view: what went in and out of funds, who proposed and approved it, and every alarm.

Rule of the room: the events concerned are few, so each is written by a statement of its own. Where
money is now is not told here: balances are written with the events.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

from ledger.domain.fund import MoneyCommitted
from ledger.domain.fund_alarms import FundAlarmCleared, FundAlarmRaised, FundAlarmsSet
from ledger.domain.messages import Event
from ledger.domain.money import (
    STATUS_AFTER,
    MoneyProposed,
    MoneyTransferred,
    MoneyWithdrawn,
    ProposalApproved,
    ProposalRejected,
)
from ledger.projections.view import Entry, Page, Table
from ledger.store.queries import load

QUERIES: Final = load(Path(__file__).parent / "sql" / "funds.sql")


class Funds:
    """Movements of sponsors' money, proposals and alarms."""

    name: ClassVar[str] = "funds"
    tables: ClassVar[tuple[Table, ...]] = (
        Table("fund_movements", ("programme_id", "fund_id", "position")),
        Table("fund_proposals", ("programme_id", "proposal_id")),
        Table("fund_alarms", ("programme_id", "fund_id", "raised_position")),
    )

    def write(self, page: Page, connection: Any) -> None:
        """Add a page of events."""
        writing = _Writing(connection, page.programme_id)
        for entry in page.entries:
            if (writes := _WRITES.get(type(entry.event))) is not None:
                writes(writing, entry, entry.event)


class _Writing:
    """The statements that write events, in one transaction."""

    def __init__(self, connection: Any, programme_id: str) -> None:
        self._connection = connection
        self._programme_id = programme_id

    def commit(self, entry: Entry, event: MoneyCommitted) -> None:
        self._move(entry, "commit", event, event.fund_id, event.value_fen, None)

    def withdraw(self, entry: Entry, event: MoneyWithdrawn) -> None:
        self._move(entry, "withdraw", event, event.fund_id, -event.value_fen, None)

    def transfer(self, entry: Entry, event: MoneyTransferred) -> None:
        self._move(entry, "transfer", event, event.fund_id, -event.value_fen, event.to_fund_id)
        self._move(entry, "transfer", event, event.to_fund_id, event.value_fen, event.fund_id)

    def propose(self, entry: Entry, event: MoneyProposed) -> None:
        self._run(
            "propose",
            entry,
            proposal_id=event.id,
            movement=event.movement,
            fund_id=event.fund_id,
            to_fund_id=event.to_fund_id,
            sponsor_id=event.sponsor_id,
            value_fen=event.value_fen,
            reference=event.reference,
            lapses_at=event.lapses_at,
            by=event.by,
        )

    def end_proposal(self, entry: Entry, event: ProposalApproved | ProposalRejected) -> None:
        reason = event.reason if isinstance(event, ProposalRejected) else None
        told = {"proposal_id": event.proposal_id, "by": event.by, "reason": reason}
        self._run("end_proposal", entry, status=STATUS_AFTER[type(event)], **told)

    def raise_alarm(self, entry: Entry, event: FundAlarmRaised) -> None:
        self._run("raise_alarm", entry, **_alarm(event))

    def clear_alarm(self, entry: Entry, event: FundAlarmCleared) -> None:
        self._run("clear_alarm", entry, **_alarm(event))

    def set_alarms(self, entry: Entry, event: FundAlarmsSet) -> None:
        kept = list(event.thresholds_fen)
        self._run("end_alarms", entry, fund_id=event.fund_id, thresholds_fen=kept)

    def _move(
        self, entry: Entry, movement: str, event: Any, fund_id: str, value_fen: int, other: str | None
    ) -> None:
        self._run(
            "move",
            entry,
            movement=movement,
            fund_id=fund_id,
            value_fen=value_fen,
            other_fund_id=other,
            sponsor_id=event.sponsor_id,
            proposal_id=event.proposal_id,
            proposed_by=event.proposed_by,
            approved_by=event.approved_by,
        )

    def _run(self, query: str, entry: Entry, **parameters: Any) -> None:
        told = {
            "programme_id": self._programme_id,
            "position": entry.position,
            "occurred_at": entry.event.occurred_at,
            "recorded_at": entry.event.recorded_at,
        }
        self._connection.execute(QUERIES[query], told | parameters)


def _alarm(event: FundAlarmRaised | FundAlarmCleared) -> dict[str, Any]:
    return {
        "fund_id": event.fund_id,
        "threshold_fen": event.threshold_fen,
        "available_fen": event.available_fen,
    }


_WRITES: Final[Mapping[type[Event], Callable[[_Writing, Entry, Any], None]]] = {
    MoneyCommitted: _Writing.commit,
    MoneyWithdrawn: _Writing.withdraw,
    MoneyTransferred: _Writing.transfer,
    MoneyProposed: _Writing.propose,
    ProposalApproved: _Writing.end_proposal,
    ProposalRejected: _Writing.end_proposal,
    FundAlarmRaised: _Writing.raise_alarm,
    FundAlarmCleared: _Writing.clear_alarm,
    FundAlarmsSet: _Writing.set_alarms,
}
