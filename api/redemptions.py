"""Redemptions over HTTP."""

from functools import reduce

from flask import Response

from api.access import EVERY_ROLE, Access
from api.answer_schemas import RedemptionAnswer
from api.answers import event_documents, found, recorded
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain.errors import RedemptionNotFound
from ledger.domain.redemption import (
    CancelRedemption,
    FulfilRedemption,
    HoldRedemption,
    RefundRedemption,
    evolve,
)

routes = Routes(
    "redemptions", description="Spending credits at a merchant: hold, then fulfil or cancel, perhaps refund."
)


@routes.post(f"{IN_PROGRAMME}/redemptions")
@routes.takes(HoldRedemption)
def hold_redemption(command: HoldRedemption, programme_id: str) -> Response:
    """Set a participant's credits and the funds' money aside for a merchant's offer."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.post(f"{IN_PROGRAMME}/redemptions/<redemption_id>/fulfil")
@routes.takes(FulfilRedemption, from_path=("redemption_id",))
def fulfil_redemption(command: FulfilRedemption, programme_id: str) -> Response:
    """Use a held redemption at the merchant (核销)."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.post(f"{IN_PROGRAMME}/redemptions/<redemption_id>/cancel")
@routes.takes(CancelRedemption, from_path=("redemption_id",))
def cancel_redemption(command: CancelRedemption, programme_id: str) -> Response:
    """Release a held redemption."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.post(f"{IN_PROGRAMME}/redemptions/<redemption_id>/refund")
@routes.takes(RefundRedemption, from_path=("redemption_id",))
def refund_redemption(command: RefundRedemption, programme_id: str) -> Response:
    """Take back a fulfilled redemption."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.get(f"{IN_PROGRAMME}/redemptions/<redemption_id>")
@routes.gives(RedemptionAnswer, Access(EVERY_ROLE))
def read_redemption(programme_id: str, redemption_id: str) -> Response:
    """Read a redemption's status and every step it took."""
    log = the_ledger().log
    events = log.stream(programme_id, "redemption", redemption_id)
    redemption = reduce(evolve, map(log.decode, events), None)
    if redemption is None:
        raise RedemptionNotFound(redemption_id=redemption_id)
    steps = {"position": events[-1].position, "events": event_documents(events)}
    return found({"id": redemption_id, "status": redemption.status, **steps})
