"""What decisions of a shadow run stand on: caps that are used, campaigns, and the money of funds.

Rule of the room: memory grows with the participants of the time gone over, never with their acts.
"""

from collections.abc import Mapping
from typing import Final

from ledger.domain import addresses
from ledger.domain.addresses import CNY
from ledger.domain.book import Account, Accounts
from ledger.domain.caps import MonthUsed, YearUsed
from ledger.domain.programme import ProgrammeOpened
from ledger.domain.registers import EveryRegister, Kept
from ledger.domain.rulebook import Rulebook
from ledger.domain.standing import Standing
from ledger.domain.state import ProgrammeState

KEPT: Final = (MonthUsed, YearUsed, Standing)


class FundsAlone(Accounts):
    """The money of funds; everybody else has an account with nothing in it, and owes nothing."""

    __slots__ = ()

    def __getitem__(self, address: str) -> Account:
        """The account at `address`."""
        return self._loaded.get(address) or Account(status="open")


class UsedAlone(EveryRegister):
    """What is used of caps and campaigns; of months only those from one on."""

    __slots__ = ("_first_month",)

    def __init__(self, first_month: str) -> None:
        super().__init__()
        self._first_month = first_month

    def put(self, register: type[Kept], key: str, entry: Kept | None) -> None:
        """Set what stands under a key, if it is of any use."""
        if register in KEPT and not (register is MonthUsed and key.rpartition("\n")[2] < self._first_month):
            self._loaded[register, key] = entry


def shadow_state(
    programme_id: str,
    programme: ProgrammeOpened,
    rulebook: Rulebook,
    money_fen: Mapping[str, int],
    first_month: str,
) -> ProgrammeState:
    """Give a programme's state before the first act.

    Args:
        programme_id: whose.
        programme: its terms.
        rulebook: its rules, with those proposed.
        money_fen: what each fund can spend, by its id.
        first_month: the first local month of which caps matter.
    """
    state = ProgrammeState(programme_id)
    state.programme, state.rulebook = programme, rulebook
    state.accounts = FundsAlone()
    state.accounts.load(
        {addresses.available(fund_id): Account(others={CNY: amount}) for fund_id, amount in money_fen.items()}
    )
    state.registers = UsedAlone(first_month)
    return state
