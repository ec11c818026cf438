"""How the commands about merchants' stores, offers and vouchers are decided.

Rule of the room: as of `ledger.domain.decisions`, of which this is a part.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ledger.domain import addresses, merchant_store, offer, voucher
from ledger.domain.merchant_store import store_entry
from ledger.domain.messages import Command
from ledger.domain.offer_use import OfferUsed, use_entries
from ledger.domain.redemption import Redemption, RedemptionHeld
from ledger.domain.registers import EntryKey
from ledger.domain.row import Row
from ledger.domain.state import ProgrammeState


def redemption_entries(command: Any, state: ProgrammeState) -> Iterable[EntryKey]:
    """Name the entries that a step of a redemption is decided on or changes; none but for a voucher."""
    loaded: Redemption | None = state.facts.get(("redemption", command.redemption_id))
    if loaded is None or loaded.held.offer_version is None:
        return
    held = loaded.held
    if held.offer_id is not None:
        yield from use_entries(held.offer_id, held.participant_id)
    store_id = getattr(command, "store_id", None)
    if store_id is not None:
        yield store_entry(held.merchant_id, store_id)


def _latest(state: ProgrammeState, offer_id: str) -> offer.OfferPublished | None:
    latest: offer.OfferPublished | None = state.facts["offer", offer_id]
    return latest


def _reads_terms(command: offer.PublishOffer, _state: ProgrammeState) -> Iterable[str]:
    yield addresses.merchant(command.merchant_id)
    for fund in command.funds:
        yield addresses.fund(fund.fund_id)


def _terms_entries(command: offer.PublishOffer, _state: ProgrammeState) -> Iterable[EntryKey]:
    yield OfferUsed, command.id
    for store_id in command.store_ids:
        yield store_entry(command.merchant_id, store_id)


def _reads_taking(command: voucher.TakeOffer, state: ProgrammeState) -> Iterable[str]:
    yield addresses.participant(command.participant_id)
    latest = state.facts.get(("offer", command.offer_id))
    if latest is not None:
        yield addresses.merchant(latest.merchant_id)
        for fund in latest.funds:
            yield addresses.fund(fund.fund_id)
            yield addresses.available(fund.fund_id)


def _taking_entries(command: voucher.TakeOffer, _state: ProgrammeState) -> Iterable[EntryKey]:
    yield from use_entries(command.offer_id, command.participant_id)
    yield voucher.Voucher, command.code_digest


def is_taken_offer(event: RedemptionHeld) -> bool:
    """Whether a hold was made by taking an offer, and not with terms that its caller named."""
    return event.offer_version is not None


OFFER_ROWS: Final[Mapping[type[Command], Row]] = {
    merchant_store.OpenStore: Row(
        stream=lambda c: ("store", c.id),
        begins=(merchant_store.StoreOpened,),
        reads=lambda c, _: (addresses.merchant(c.merchant_id),),
        registers=lambda c, _: (store_entry(c.merchant_id, c.id),),
        decide=lambda c, s, at: merchant_store.open_store(c, s.accounts, at),
    ),
    merchant_store.CloseStore: Row(
        stream=lambda c: ("store", c.store_id),
        begins=(merchant_store.StoreClosed,),
        reads=lambda _command, _state: (),
        registers=lambda c, _: (store_entry(c.merchant_id, c.store_id),),
        decide=lambda c, s, at: merchant_store.close_store(c, s.registers, at),
        version=lambda _command, _state: 2,
    ),
    offer.PublishOffer: Row(
        stream=lambda c: ("offer", c.id),
        begins=(offer.OfferPublished,),
        reads=_reads_terms,
        decide=lambda c, s, at: offer.publish_offer(c, _latest(s, c.id), s.accounts, s.registers, at),
        fact=lambda c: ("offer", c.id),
        registers=_terms_entries,
        version=lambda c, _: c.version,
        is_repeat=lambda c, event: bool(c.version == event.version),
    ),
    voucher.TakeOffer: Row(
        stream=lambda c: ("redemption", c.id),
        begins=(RedemptionHeld,),
        reads=_reads_taking,
        decide=lambda c, s, at: voucher.take_offer(
            c, _latest(s, c.offer_id), s.accounts, s.registers, s.opened().time_zone, at
        ),
        also=lambda c: (("offer", c.offer_id),),
        registers=_taking_entries,
        made=is_taken_offer,
    ),
}
