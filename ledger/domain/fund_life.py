"""What events about funds and sponsors' money change in the state that decisions stand on.

Rule of the room: as of `ledger.domain.state`, of which this is a part: nothing here refuses.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ledger.domain import addresses, fund_alarms, money
from ledger.domain.folded import Folded
from ledger.domain.fund import MoneyCommitted
from ledger.domain.fund_registers import Fund, add_contribution
from ledger.domain.messages import Event
from ledger.domain.owners import FundOpened
from ledger.domain.sponsor import SponsorOpened


def _open_sponsor(state: Folded, event: SponsorOpened) -> None:
    state.accounts.set_status(addresses.sponsor(event.id), "open")


def _open_fund(state: Folded, event: FundOpened) -> None:
    address = addresses.fund(event.id)
    if state.accounts[address].status is None:
        state.accounts.set_status(address, "open")
    if event.needs_approval:
        state.registers.put(Fund, event.id, Fund(needs_approval=True))


def _commit(state: Folded, event: MoneyCommitted) -> None:
    add_contribution(state.registers, event.fund_id, event.sponsor_id, committed_fen=event.value_fen)
    if event.proposal_id is not None:
        _proposal(state, event)


def _withdraw(state: Folded, event: money.MoneyWithdrawn) -> None:
    add_contribution(state.registers, event.fund_id, event.sponsor_id, withdrawn_fen=event.value_fen)
    _proposal(state, event)


def _transfer(state: Folded, event: money.MoneyTransferred) -> None:
    add_contribution(state.registers, event.fund_id, event.sponsor_id, moved_out_fen=event.value_fen)
    add_contribution(state.registers, event.to_fund_id, event.sponsor_id, moved_in_fen=event.value_fen)
    _proposal(state, event)


def _proposal(state: Folded, event: Any) -> None:
    own_id = event.id if isinstance(event, money.MoneyProposed) else event.proposal_id
    state.facts["proposal", own_id] = money.evolve(state.facts.get(("proposal", own_id)), event)


def _alarm(state: Folded, event: Any) -> None:
    before = state.registers.get(Fund, event.fund_id)
    state.registers.put(Fund, event.fund_id, fund_alarms.evolve(before, event))


_FOLDS: Final[Mapping[type[Event], Callable[[Folded, Any], None]]] = {
    SponsorOpened: _open_sponsor,
    FundOpened: _open_fund,
    MoneyCommitted: _commit,
    money.MoneyWithdrawn: _withdraw,
    money.MoneyTransferred: _transfer,
    **dict.fromkeys((money.MoneyProposed, *money.STATUS_AFTER), _proposal),
    **dict.fromkeys((fund_alarms.FundAlarmsSet, *fund_alarms.ALARMS), _alarm),
}

EVENTS: Final = tuple(_FOLDS)


def fold(state: Folded, event: Event) -> None:
    """Fold one of the `EVENTS`."""
    _FOLDS[type(event)](state, event)
