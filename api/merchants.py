"""Merchants over HTTP."""

from flask import Response

from api.access import EVERY_ROLE, Access
from api.answer_schemas import OwnerAnswer
from api.answers import recorded
from api.owners import owner
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain import addresses
from ledger.domain.owners import OpenMerchant

routes = Routes("merchants", description="Where credits are redeemed.")


@routes.post(f"{IN_PROGRAMME}/merchants")
@routes.takes(OpenMerchant)
def open_merchant(command: OpenMerchant, programme_id: str) -> Response:
    """Open a merchant, at which credits can be redeemed."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.get(f"{IN_PROGRAMME}/merchants/<merchant_id>")
@routes.gives(OwnerAnswer, Access(EVERY_ROLE))
def read_merchant(programme_id: str, merchant_id: str) -> Response:
    """Read a merchant's status and opening event."""
    return owner(programme_id, "merchant", merchant_id, addresses.merchant(merchant_id))
