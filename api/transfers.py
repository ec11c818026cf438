"""Transfers over HTTP."""

from flask import Response

from api.answers import recorded
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain.transfer import TransferCredits

routes = Routes("transfers", description="Giving credits away.")


@routes.post(f"{IN_PROGRAMME}/transfers")
@routes.takes(TransferCredits)
def transfer_credits(command: TransferCredits, programme_id: str) -> Response:
    """Move credits from one holder to another, those that expire first going first."""
    return recorded(the_ledger().writer.submit(programme_id, command))
