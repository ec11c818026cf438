"""What a decision about an activity stands on, put together."""

from typing import NamedTuple

from ledger.domain.book import Accounts
from ledger.domain.programme import ProgrammeOpened
from ledger.domain.registers import Registers
from ledger.domain.rulebook import Rulebook


class Grounds(NamedTuple):
    """The programme's terms and published rules, and what has been loaded of its book and registers."""

    programme: ProgrammeOpened
    rulebook: Rulebook
    accounts: Accounts
    registers: Registers
