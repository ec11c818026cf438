"""What events about statements change in the state that decisions stand on.

Rule of the room: as of `ledger.domain.state`, of which this is a part: nothing here refuses.
"""

from typing import Any

from ledger.domain import settling, statement
from ledger.domain.folded import Folded
from ledger.domain.messages import Event
from ledger.domain.payout import PayoutInstructed, PayoutOf
from ledger.domain.recovery import claims_in
from ledger.domain.redemption import Disputed
from ledger.domain.registers import Registers
from ledger.domain.statement import DisputeResolved, LineWasDisputed, StatementIssued


def fold(state: Folded, event: Any, day: str, position: int) -> None:
    """Fold an event of a statement, recorded on a local day (ISO date)."""
    key = "statement", event.statement_id
    state.facts[key] = statement.evolve(state.facts.get(key), event)
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
            _resolved(registers, event, day, position)
        case PayoutInstructed():
            registers.put(PayoutOf, event.id, PayoutOf(statement_id=event.statement_id))


def _resolved(registers: Registers, event: DisputeResolved, day: str, position: int) -> None:
    is_amended_use = event.outcome == "amended" and event.line == "use"
    disputed = Disputed(statement_id=event.statement_id, changes=event.changes)
    registers.put(Disputed, event.redemption_id, disputed if is_amended_use else None)
    if event.outcome == "amended":
        borne = [(share.fund_id, share.value_fen, 0) for share in event.shares if share.value_fen]
        line = settling.Line("amendment", event.redemption_id, event.amendment_fen, 0, borne)
        settling.add_line(registers, event.merchant_id, day, position, line, claims_in(event.legs))
