"""As much of a programme's state as events of activities change."""

from typing import Any, Protocol

from ledger.domain.book import Accounts
from ledger.domain.programme import ProgrammeOpened
from ledger.domain.registers import Registers
from ledger.domain.rulebook import Rulebook


class Folded(Protocol):
    """A state that activities are folded into."""

    accounts: Accounts
    registers: Registers
    rulebook: Rulebook
    facts: dict[Any, Any]
    latest_activity: str
    """Key of the activity that the latest event of one was about."""

    def opened(self) -> ProgrammeOpened:
        """Give the programme's terms."""
        ...
