"""The money that a shadow run stands on: who pays, and what funds can spend.

Rule of the room: read once, before the first act.
"""

from collections.abc import Mapping
from typing import cast

from ledger.domain import addresses
from ledger.domain.addresses import CNY
from ledger.domain.book import Account, Status
from ledger.domain.budget import Budget
from ledger.domain.errors import AccountNotFound
from ledger.domain.rulebook import Rulebook
from ledger.projections.balances import read_account
from ledger.store.database import Database


def payer(database: Database, programme_id: str, address: str) -> Account:
    """Give the account of who would pay; an empty one where nobody opened it, which publication refuses."""
    try:
        return Account(status=cast("Status | None", read_account(database, programme_id, address).status))
    except AccountNotFound:
        return Account()


def available_fen(database: Database, programme_id: str, fund_id: str) -> int:
    """Give what a fund can spend now; nothing where nobody opened it."""
    try:
        view = read_account(database, programme_id, addresses.available(fund_id))
    except AccountNotFound:
        return 0
    return sum(balance.amount for balance in view.balances if balance.asset == CNY)


def funds_of(rulebook: Rulebook) -> set[str]:
    """Name the funds of all budgets."""
    scenarios = [version.budget for versions in rulebook.scenarios.values() for version in versions]
    campaigns = [version.budget for versions in rulebook.campaigns.values() for version in versions]
    return {budget.fund_id for budget in (*scenarios, *campaigns) if budget is not None}


def spent_on(spent: Mapping[str, int], budget: Budget | None, credits_given: int) -> dict[str, int]:
    """Add what a budget sets aside for credits."""
    if budget is None or not credits_given:
        return dict(spent)
    more = spent.get(budget.fund_id, 0) + credits_given * budget.fen_per_credit
    return {**spent, budget.fund_id: more}
