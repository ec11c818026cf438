"""Funds over HTTP."""

from flask import Response

from api.access import EVERY_ROLE, Access
from api.answer_schemas import OwnerAnswer
from api.answers import recorded
from api.owners import owner
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain import addresses
from ledger.domain.fund import CommitMoney
from ledger.domain.owners import OpenFund

routes = Routes("funds", description="Sponsors' money, from which merchants are paid.")


@routes.post(f"{IN_PROGRAMME}/funds")
@routes.takes(OpenFund)
def open_fund(command: OpenFund, programme_id: str) -> Response:
    """Open a fund, from which merchants are paid."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.post(f"{IN_PROGRAMME}/funds/<fund_id>/commitments")
@routes.takes(CommitMoney, from_path=("fund_id",))
def commit_money(command: CommitMoney, programme_id: str) -> Response:
    """Commit a sponsor's money to a fund."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.get(f"{IN_PROGRAMME}/funds/<fund_id>")
@routes.gives(OwnerAnswer, Access(EVERY_ROLE))
def read_fund(programme_id: str, fund_id: str) -> Response:
    """Read a fund's status and opening event."""
    return owner(programme_id, "fund", fund_id, addresses.fund(fund_id))
