"""What events about statements change: in a statement, and in the state that decisions stand on.

Rule of the room: as of `ledger.domain.state`, of which this is a part: nothing here refuses.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from ledger.domain import settling
from ledger.domain.folded import Folded
from ledger.domain.messages import Event
from ledger.domain.payout import STATUS_AFTER, Payout, PayoutInstructed, PayoutOf
from ledger.domain.recovery import claims_in
from ledger.domain.redemption import Disputed
from ledger.domain.registers import Registers
from ledger.domain.statement import (
    Dispute,
    DisputeResolved,
    LineWasDisputed,
    Statement,
    StatementApproved,
    StatementIssued,
    StatementSettled,
    line_key,
)

# --- one statement -------------------------------------------------------------------------------


def evolve(statement: Statement | None, event: Event) -> Statement | None:
    """Give a statement after the next event of its stream."""
    if isinstance(event, StatementIssued):
        return Statement(issued=event)
    if statement is None:
        return None
    changes = _CHANGES[type(event)](statement, event)
    return msgspec.structs.replace(statement, version=statement.version + 1, **changes)


def _disputed(statement: Statement, event: LineWasDisputed) -> dict[str, Any]:
    dispute = Dispute(earned_fen=event.earned_fen, held_back_fen=event.held_back_fen)
    return {"disputes": {**statement.disputes, line_key(event.line, event.redemption_id): dispute}}


def _resolved(statement: Statement, event: DisputeResolved) -> dict[str, Any]:
    key = line_key(event.line, event.redemption_id)
    if (known := statement.disputes.get(key)) is None:
        return {}
    return {"disputes": {**statement.disputes, key: msgspec.structs.replace(known, outcome=event.outcome)}}


def _instructed(statement: Statement, event: PayoutInstructed) -> dict[str, Any]:
    return {"payouts": {**statement.payouts, event.id: Payout(value_fen=event.value_fen)}}


def _payout_changed(statement: Statement, event: Any) -> dict[str, Any]:
    if (payout := statement.payouts.get(event.payout_id)) is None:
        return {}
    status = STATUS_AFTER[type(event)]
    changed = {**statement.payouts, event.payout_id: msgspec.structs.replace(payout, status=status)}
    return {"payouts": changed, "is_settled": statement.is_settled and status != "returned"}


_CHANGES: Final[Mapping[type[Event], Callable[[Statement, Any], dict[str, Any]]]] = {
    LineWasDisputed: _disputed,
    DisputeResolved: _resolved,
    StatementApproved: lambda _statement, event: {"approved_by": event.by},
    StatementSettled: lambda _statement, _event: {"is_settled": True},
    PayoutInstructed: _instructed,
    **dict.fromkeys(STATUS_AFTER, _payout_changed),
}


# --- the programme's state ----------------------------------------------------------------------


def fold(state: Folded, event: Any, day: str, position: int) -> None:
    """Fold an event of a statement, recorded on a local day (ISO date)."""
    key = "statement", event.statement_id
    state.facts[key] = evolve(state.facts.get(key), event)
    _fold_registers(state.registers, event, day, position)


def _fold_registers(registers: Registers, event: Event, day: str, position: int) -> None:
    match event:
        case StatementIssued():
            settling.close_period(
                registers,
                event.merchant_id,
                event.ends_on.isoformat(),
                settled_fen=event.due_fen,
                carried_fen=event.carried_out_fen,
                claims=claims_in(event.legs),
            )
        case LineWasDisputed():
            disputed = Disputed(statement_id=event.statement_id, is_open=True)
            registers.put(Disputed, event.redemption_id, disputed)
        case DisputeResolved():
            _fold_resolved(registers, event, day, position)
        case PayoutInstructed():
            registers.put(PayoutOf, event.id, PayoutOf(statement_id=event.statement_id))


def _fold_resolved(registers: Registers, event: DisputeResolved, day: str, position: int) -> None:
    is_amended_use = event.outcome == "amended" and event.line == "use"
    disputed = Disputed(statement_id=event.statement_id, changes=event.changes)
    registers.put(Disputed, event.redemption_id, disputed if is_amended_use else None)
    if event.outcome == "amended":
        borne = [(share.fund_id, share.value_fen, 0) for share in event.shares if share.value_fen]
        line = settling.Line("amendment", event.redemption_id, event.amendment_fen, 0, borne)
        settling.add_line(registers, event.merchant_id, day, position, line, claims_in(event.legs))
