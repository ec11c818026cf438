"""Vouchers: an offer taken, and used with its code at a store.

Rule of the room: Decide → Evolve; all pure. A voucher is a redemption whose terms are those of the
offer's version, fixed when it is taken. Of its code the ledger knows a keyed digest and no more.
"""

import hmac
from datetime import date, datetime, time, timedelta
from typing import ClassVar, Final

import msgspec

from ledger.domain.book import Accounts
from ledger.domain.errors import (
    OfferChanged,
    OfferNotFound,
    OfferNotValid,
    OfferWithdrawn,
    StoreWrong,
    VoucherCancelled,
    VoucherCodeNeeded,
    VoucherCodeTaken,
    VoucherDayWrong,
    VoucherExpired,
    VoucherUnknown,
    VoucherUsed,
)
from ledger.domain.identifiers import CodeDigest, EntityId
from ledger.domain.instants import local_date, utc, zone
from ledger.domain.merchant_store import Store
from ledger.domain.messages import Command
from ledger.domain.offer import OfferPublished, Version
from ledger.domain.offer_use import month_of, require_left
from ledger.domain.redemption import (
    FulfilRedemption,
    HoldRedemption,
    Redemption,
    RedemptionFulfilled,
    RedemptionHeld,
    fulfil_redemption,
    hold_redemption,
)
from ledger.domain.registers import Entry, Registers, key_of

MICROSECOND: Final = timedelta(microseconds=1)
DAY: Final = timedelta(days=1)


class TakeOffer(Command, frozen=True, kw_only=True, tag_field="kind", tag="offer.take"):
    """Take an offer: hold the credits and the money, against a voucher with a code."""

    circumstances: ClassVar[frozenset[str]] = frozenset({"code_digest"})

    id: EntityId
    """Of the redemption that the voucher is."""
    participant_id: EntityId
    offer_id: EntityId
    offer_version: Version
    """The version whose terms the participant was shown."""
    code_digest: CodeDigest
    """Keyed digest of the voucher's code; filled in where the key is, never sent."""


# --- State --------------------------------------------------------------------------------------


class Voucher(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """Whose code a digest is of; the key is the digest. It stays, so that a used code is known as used."""

    register: ClassVar[str] = "vouchers"

    redemption_id: str


# --- Decide -------------------------------------------------------------------------------------


def deadline_of(offer: OfferPublished, recorded_at: datetime, time_zone: str) -> datetime:
    """Give the last instant at which a voucher taken at `recorded_at` can be used.

    It is the last microsecond of a local day, or the last one before the offer's own end.
    """
    last_on = local_date(recorded_at, time_zone) + timedelta(days=offer.voucher_valid_days)
    deadline_at = utc(datetime.combine(last_on + DAY, time(), zone(time_zone))) - MICROSECOND
    return deadline_at if offer.valid_to is None else min(deadline_at, offer.valid_to - MICROSECOND)


def take_offer(
    command: TakeOffer,
    offer: OfferPublished | None,
    accounts: Accounts,
    registers: Registers,
    time_zone: str,
    recorded_at: datetime,
) -> RedemptionHeld:
    """Decide the taking of an offer, in the programme's time zone.

    Raises, in this order:
        OfferNotFound, OfferChanged, OfferWithdrawn, OfferNotValid,
        whatever `require_left` refuses,
        VoucherCodeTaken: another redemption's code has the digest,
        whatever `hold_redemption` refuses
    """
    offer = _current(command, offer, recorded_at)
    require_left(offer, command.participant_id, month_of(recorded_at, time_zone), registers)
    if registers.get(Voucher, command.code_digest) is not None:
        raise VoucherCodeTaken(redemption_id=command.id)
    hold = HoldRedemption(
        occurred_at=command.occurred_at,
        id=command.id,
        participant_id=command.participant_id,
        merchant_id=offer.merchant_id,
        credits=offer.credits,
        face_value_fen=offer.face_value_fen,
        funds=offer.funds,
        deadline_at=deadline_of(offer, recorded_at, time_zone),
        offer_id=offer.id,
        fee_fen=offer.fee_fen,
    )
    held = hold_redemption(hold, accounts, local_date(recorded_at, time_zone).isoformat(), recorded_at)
    return msgspec.structs.replace(
        held,
        offer_version=offer.version,
        list_price_fen=offer.list_price_fen,
        discount_fen=offer.discount_fen,
        weekdays=offer.weekdays,
        store_ids=offer.store_ids,
        code_digest=command.code_digest,
    )


def _current(command: TakeOffer, offer: OfferPublished | None, recorded_at: datetime) -> OfferPublished:
    if offer is None:
        raise OfferNotFound(offer_id=command.offer_id)
    if offer.version != command.offer_version:
        raise OfferChanged(offer_id=offer.id, version=command.offer_version, version_now=offer.version)
    if not offer.is_open:
        raise OfferWithdrawn(offer_id=offer.id)
    if not offer.is_valid_at(recorded_at):
        raise OfferNotValid(offer_id=offer.id, valid_from=offer.valid_from, valid_to=offer.valid_to)
    return offer


def use_redemption(
    command: FulfilRedemption,
    redemption: Redemption | None,
    accounts: Accounts,
    registers: Registers,
    today: str,
    recorded_at: datetime,
) -> RedemptionFulfilled:
    """Decide the use of a hold on the programme's local day `today` (ISO date), a voucher's by its code.

    Raises, in this order:
        whatever `require_usable` refuses, where it is a voucher,
        VoucherUnknown: it is none, and a code is given,
        whatever `fulfil_redemption` refuses
    """
    if redemption is not None and redemption.held.code_digest is not None:
        require_usable(command, redemption, registers, today, recorded_at)
    elif command.code_digest is not None:
        raise VoucherUnknown
    return fulfil_redemption(command, redemption, accounts, recorded_at)


def require_usable(
    command: FulfilRedemption,
    redemption: Redemption,
    registers: Registers,
    today: str,
    recorded_at: datetime,
) -> None:
    """Refuse a voucher that cannot be used here and now.

    Where it is no voucher of the store's merchant, nothing else is told of it.

    Raises, in this order:
        VoucherCodeNeeded: no code is given,
        VoucherUnknown: it is another voucher's code,
        StoreWrong: it cannot be used in the store, or no open store of the merchant is named,
        VoucherUsed, VoucherCancelled,
        VoucherExpired: its deadline has passed,
        VoucherDayWrong: it cannot be used on this weekday
    """
    held = redemption.held
    if command.code_digest is None:
        raise VoucherCodeNeeded(redemption_id=held.id)
    if not hmac.compare_digest(command.code_digest, held.code_digest or ""):
        raise VoucherUnknown
    _require_store(command.store_id, held, registers)
    if redemption.used is not None:
        used = redemption.used
        raise VoucherUsed(redemption_id=held.id, used_at=used.recorded_at, store_id=used.store_id)
    if redemption.status == "cancelled":
        raise VoucherCancelled(redemption_id=held.id)
    if redemption.status == "released" or recorded_at > held.deadline_at:
        raise VoucherExpired(redemption_id=held.id, deadline_at=held.deadline_at)
    weekday = date.fromisoformat(today).isoweekday()
    if held.weekdays and weekday not in held.weekdays:
        raise VoucherDayWrong(redemption_id=held.id, weekday=weekday, weekdays=list(held.weekdays))


def _require_store(store_id: str | None, held: RedemptionHeld, registers: Registers) -> None:
    store = None if store_id is None else registers.get(Store, key_of(held.merchant_id, store_id))
    is_named = not held.store_ids or store_id in held.store_ids
    if store is None or not store.is_open or not is_named:
        raise StoreWrong(store_id=store_id)


# --- Evolve -------------------------------------------------------------------------------------


def remember_code(registers: Registers, held: RedemptionHeld) -> None:
    """Put whose code a digest is of."""
    if held.code_digest is not None:
        registers.put(Voucher, held.code_digest, Voucher(redemption_id=held.id))
