"""The tables that are written with the events, made from the log as it was gone over.

Rule of the room: one row of this file for each table, and for each of them a check of
`ledger/verify/tables.py`, which looks at them before anybody else can.
"""

from ledger.domain.registers import EveryRegister
from ledger.store.append import owner_row
from ledger.store.moving import Arrival
from ledger.store.registers import row_of
from ledger.verify.log import LogCheck


def write_tables(log: LogCheck, arrival: Arrival) -> None:
    """Write everything that stands beside the events, for a log that was gone over to its end."""
    state = log.state
    accounts = state.accounts
    arrival.add_balances(balance for balance in log.sums.balances.items() if balance[1])
    arrival.add_owners(owner_row(address, accounts[address]) for address in sorted(accounts.changed_owners))
    arrival.add_holds(
        (own_id, redemption.held.deadline_at)
        for (kind, own_id), redemption in state.facts.items()
        if kind == "redemption" and redemption is not None and redemption.status == "held"
    )
    assert isinstance(state.registers, EveryRegister)
    entries = (row_of(key, entry) for key, entry in state.registers.entries().items())
    arrival.add_registers(row for row in entries if row.value)
    arrival.add_configuration(log.configured)
    arrival.set_head(log.position, max(log.configured, default=0), log.recorded_at)
