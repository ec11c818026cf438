"""How many vouchers of an offer there are, of all and of each participant.

Rule of the room: a voucher counts while it is held and once it was used, in the local month in
which it was taken; what ends it otherwise (a cancel, a release, a refund) gives it back. Vouchers
are counted whether or not a version sets a limit, so that the next version can.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from ledger.domain.errors import OfferLimitReached, OfferMonthSoldOut, OfferSoldOut
from ledger.domain.instants import local_date
from ledger.domain.offer import OfferPublished
from ledger.domain.redemption import RedemptionHeld
from ledger.domain.registers import Entry, EntryKey, Registers, key_of

Months = dict[str, int]
"""Vouchers by local month, such as `2026-11`; months without one are left out."""


class OfferUsed(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """What is taken of an offer, and which version of it holds; the key is its id."""

    register: ClassVar[str] = "offer_used"

    merchant_id: str
    version: int
    is_open: bool = True
    vouchers: int = 0
    """Held or used."""
    months: Months = {}  # noqa: RUF012 - the library copies it


class OfferTaken(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """What one participant has of an offer; the key is the offer's id and the participant's."""

    register: ClassVar[str] = "offer_taken"

    vouchers: int = 0
    months: Months = {}  # noqa: RUF012 - the library copies it


NOTHING_TAKEN = OfferTaken()


def use_entries(offer_id: str, participant_id: str) -> Iterable[EntryKey]:
    """Name the entries in which a participant's voucher of an offer counts."""
    return (OfferUsed, offer_id), (OfferTaken, key_of(offer_id, participant_id))


def month_of(instant: datetime, time_zone: str) -> str:
    """Give the local month in which a voucher taken at an instant counts."""
    return local_date(instant, time_zone).isoformat()[:7]


# --- Decide -------------------------------------------------------------------------------------


def require_left(offer: OfferPublished, participant_id: str, month: str, registers: Registers) -> None:
    """Refuse one voucher more than there are.

    Raises, in this order:
        OfferSoldOut, OfferMonthSoldOut,
        OfferLimitReached: of the participant altogether, then in the month
    """
    used = registers.get(OfferUsed, offer.id)
    vouchers, in_month = (used.vouchers, used.months.get(month, 0)) if used else (0, 0)
    if offer.stock is not None and vouchers >= offer.stock:
        raise OfferSoldOut(offer_id=offer.id, stock=offer.stock)
    if offer.month_quota is not None and in_month >= offer.month_quota:
        raise OfferMonthSoldOut(offer_id=offer.id, month=month, month_quota=offer.month_quota)
    own = registers.get(OfferTaken, key_of(offer.id, participant_id)) or NOTHING_TAKEN
    limits = (
        (offer.per_participant, own.vouchers, None),
        (offer.per_participant_month, own.months.get(month, 0), month),
    )
    for limit, taken, of_month in limits:
        if limit is not None and taken >= limit:
            raise OfferLimitReached(offer_id=offer.id, limit=limit, month=of_month)


# --- Evolve -------------------------------------------------------------------------------------


def published(registers: Registers, event: OfferPublished) -> None:
    """Put which version of an offer holds now."""
    before = registers.get(OfferUsed, event.id)
    vouchers, months = (before.vouchers, before.months) if before else (0, {})
    entry = OfferUsed(
        merchant_id=event.merchant_id,
        version=event.version,
        is_open=event.is_open,
        vouchers=vouchers,
        months=months,
    )
    registers.put(OfferUsed, event.id, entry)


def count(registers: Registers, held: RedemptionHeld, time_zone: str, change: int) -> None:
    """Add a voucher to what is taken (`change` 1), or give it back (-1)."""
    assert held.offer_id is not None
    month = month_of(held.recorded_at, time_zone)
    used = registers.get(OfferUsed, held.offer_id)
    if used is not None:
        entry = OfferUsed(
            merchant_id=used.merchant_id,
            version=used.version,
            is_open=used.is_open,
            vouchers=used.vouchers + change,
            months=_counted(used.months, month, change),
        )
        registers.put(OfferUsed, held.offer_id, entry)
    key = key_of(held.offer_id, held.participant_id)
    own = registers.get(OfferTaken, key) or NOTHING_TAKEN
    taken = OfferTaken(vouchers=own.vouchers + change, months=_counted(own.months, month, change))
    registers.put(OfferTaken, key, taken if taken.vouchers else None)


def _counted(months: Months, month: str, change: int) -> Months:
    vouchers = months.get(month, 0) + change
    counted = {**months, month: vouchers}
    if not vouchers:
        del counted[month]
    return counted
