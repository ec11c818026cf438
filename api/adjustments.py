"""Adjustments over HTTP."""

from flask import Response

from api.answers import recorded
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain.adjustment import AdjustCredits

routes = Routes("adjustments", description="Moving credits by hand.")


@routes.post(f"{IN_PROGRAMME}/adjustments")
@routes.takes(AdjustCredits)
def adjust_credits(command: AdjustCredits, programme_id: str) -> Response:
    """Give credits to a holder or take them away, with an approver's name and a reason."""
    return recorded(the_ledger().writer.submit(programme_id, command))
