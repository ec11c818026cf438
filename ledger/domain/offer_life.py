"""What events about stores, offers and vouchers change in the state that decisions stand on.

Rule of the room: as of `ledger.domain.state`, of which this is a part: nothing here refuses.
"""

from typing import Final

from ledger.domain import merchant_store, offer, offer_use, voucher
from ledger.domain.folded import Folded
from ledger.domain.messages import Event
from ledger.domain.redemption import RedemptionFulfilled, RedemptionHeld

OFFER_EVENTS: Final = (merchant_store.StoreOpened, merchant_store.StoreClosed, offer.OfferPublished)


def fold_offer(state: Folded, event: Event) -> None:
    """Fold an event about a store or an offer."""
    if isinstance(event, offer.OfferPublished):
        state.facts["offer", event.id] = event
        offer_use.published(state.registers, event)
    elif isinstance(event, merchant_store.StoreOpened | merchant_store.StoreClosed):
        merchant_store.evolve(state.registers, event)


def fold_voucher(state: Folded, held: RedemptionHeld, event: Event) -> None:
    """Count a voucher with the event that made it, and give it back with whatever ends it but its use."""
    time_zone = state.opened().time_zone
    if event is held:
        offer_use.count(state.registers, held, time_zone, 1)
        voucher.remember_code(state.registers, held)
    elif not isinstance(event, RedemptionFulfilled):
        offer_use.count(state.registers, held, time_zone, -1)
