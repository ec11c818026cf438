"""Expiry runs over HTTP."""

from flask import Response

from api.answers import recorded
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain.expiry import RunExpiry

routes = Routes("expiries", description="Credits that run out.")


@routes.post(f"{IN_PROGRAMME}/expiries")
@routes.takes(RunExpiry)
def run_expiry(command: RunExpiry, programme_id: str) -> Response:
    """Expire every lot whose last day is `up_to` or earlier, and release holds past their deadline."""
    return recorded(the_ledger().run_expiry(programme_id, command))
