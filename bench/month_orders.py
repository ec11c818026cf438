"""What finance asks of the ledger about one merchant's statement, as commands.

Rule of the room: who makes a statement and its payouts is one key, who says that they are right another.
"""

from typing import Final

from bench.month_bank import Account
from bench.month_write import Clerk
from ledger.domain.messages import Command
from ledger.domain.payout import ConfirmPayout, FailPayout, InstructPayout, ReturnPayout
from ledger.domain.statement import ApproveStatement, DisputeLine, ResolveDispute

MAKER: Final = "finance-1"
CHECKER: Final = "finance-2"


class Orders:
    """Makes commands as of the clerk's time."""

    def __init__(self, clerk: Clerk) -> None:
        self._clerk = clerk

    def approve(self, account: Account) -> Command:
        """Say that a statement may be paid."""
        return ApproveStatement(occurred_at=self._clerk.now, statement_id=account.statement_id, by=CHECKER)

    def dispute(self, account: Account, number: int) -> Command:
        """Object to a line."""
        return DisputeLine(
            occurred_at=self._clerk.now,
            statement_id=account.statement_id,
            redemption_id=account.disputes[number].redemption_id,
            line="use",
            reason="the merchant says otherwise",
            by=MAKER,
        )

    def decide(self, account: Account, number: int) -> Command:
        """Say what a disputed line is worth."""
        dispute = account.disputes[number]
        return ResolveDispute(
            occurred_at=self._clerk.now,
            statement_id=account.statement_id,
            redemption_id=dispute.redemption_id,
            line="use",
            outcome="upheld" if dispute.amended_fen is None else "amended",
            amended_fen=dispute.amended_fen,
            reason="as the receipt says",
            by=CHECKER,
        )

    def instruct(self, account: Account, number: int = 1) -> Command:
        """Have what is due paid."""
        return InstructPayout(
            occurred_at=self._clerk.now,
            id=account.payout_id(number),
            statement_id=account.statement_id,
            by=MAKER,
        )

    def confirm(self, account: Account, number: int, reference: str) -> Command:
        """Say that a payout has left."""
        return ConfirmPayout(
            occurred_at=self._clerk.now,
            statement_id=account.statement_id,
            payout_id=account.payout_id(number),
            bank_reference=reference,
            by=MAKER,
        )

    def fail(self, account: Account) -> Command:
        """Say that the first payout was not paid."""
        return FailPayout(
            occurred_at=self._clerk.now,
            statement_id=account.statement_id,
            payout_id=account.payout_id(),
            reason="the bank has not paid",
            by=MAKER,
        )

    def give_back(self, account: Account) -> Command:
        """Say that the first payout has come back."""
        return ReturnPayout(
            occurred_at=self._clerk.now,
            statement_id=account.statement_id,
            payout_id=account.payout_id(),
            reason="the account is closed",
            by=MAKER,
        )
