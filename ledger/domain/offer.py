"""Offers: what a merchant gives for credits, as published terms, version by version.

Rule of the room: Events → State → Decide → Evolve; all pure. The latest version alone is taken;
what was taken by an earlier one keeps its terms. Offers are facts, each in a stream of its own, and
no configuration: a city has thousands of them, and no process keeps those that nobody takes.
"""

from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

from ledger.domain import addresses
from ledger.domain.book import Accounts
from ledger.domain.errors import (
    DiscountTooHigh,
    FeeAboveFaceValue,
    FundNamedTwice,
    OfferOfAnother,
    ValidityEmpty,
    VersionOutOfSequence,
)
from ledger.domain.identifiers import EntityId, Name
from ledger.domain.instants import Instant, utc
from ledger.domain.limits import (
    CREDITS_MAX,
    FUNDS_PER_REDEMPTION_MAX,
    OFFER_STORES_MAX,
    VALUE_FEN_MAX,
    VERSION_MAX,
    VOUCHER_VALID_DAYS_MAX,
    VOUCHERS_MAX,
    WEEKDAYS,
)
from ledger.domain.merchant_store import require_open_store
from ledger.domain.messages import Command, Event
from ledger.domain.owners import require_known
from ledger.domain.redemption import FundWeight
from ledger.domain.registers import Registers

Version = Annotated[int, msgspec.Meta(ge=1, le=VERSION_MAX)]
Vouchers = Annotated[int, msgspec.Meta(ge=1, le=VOUCHERS_MAX)]
Weekday = Annotated[int, msgspec.Meta(ge=1, le=WEEKDAYS)]


class PublishOffer(Command, frozen=True, kw_only=True, tag_field="kind", tag="offer.publish"):
    """Publish the next version of an offer; it takes the place of the one before."""

    id: EntityId
    version: Version
    name_zh: Name
    name_en: Name
    merchant_id: EntityId
    """Who gives it; the same in every version."""
    credits: Annotated[int, msgspec.Meta(ge=1, le=CREDITS_MAX)]
    """What a participant spends."""
    list_price_fen: Annotated[int, msgspec.Meta(ge=1, le=VALUE_FEN_MAX)]
    """What it costs without credits."""
    discount_fen: Annotated[int, msgspec.Meta(ge=0, le=VALUE_FEN_MAX)] = 0
    """Of the list price: what the merchant itself gives; the funds bear the rest."""
    fee_fen: Annotated[int, msgspec.Meta(ge=0, le=VALUE_FEN_MAX)] = 0
    """Of what the funds bear: what the platform withholds."""
    funds: Annotated[tuple[FundWeight, ...], msgspec.Meta(min_length=1, max_length=FUNDS_PER_REDEMPTION_MAX)]
    stock: Vouchers | None = None
    """Vouchers there are, all versions together; None for no end."""
    month_quota: Vouchers | None = None
    """Vouchers in one local month; None for no quota."""
    per_participant: Vouchers | None = None
    """Vouchers that one participant may have, all versions together; None for no limit."""
    per_participant_month: Vouchers | None = None
    """Vouchers that one participant may take in one local month; None for no limit."""
    valid_from: Instant
    """First instant at which it can be taken."""
    valid_to: Instant | None = None
    """First instant at which it can be neither taken nor used; None for no end."""
    voucher_valid_days: Annotated[int, msgspec.Meta(ge=0, le=VOUCHER_VALID_DAYS_MAX)]
    """Local days after that of the taking up to whose end a voucher can be used; 0 for the same day."""
    weekdays: Annotated[tuple[Weekday, ...], msgspec.Meta(max_length=WEEKDAYS)] = ()
    """Local weekdays on which a voucher can be used, Monday being 1; every day when empty."""
    store_ids: Annotated[tuple[EntityId, ...], msgspec.Meta(max_length=OFFER_STORES_MAX)] = ()
    """Where a voucher can be used; in every store of the merchant when empty."""
    is_open: bool = True
    """Whether it can be taken; a version that is not open withdraws it."""


# --- Events -------------------------------------------------------------------------------------


class OfferPublished(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A version of an offer was published."""

    topic: ClassVar[str] = "offer.published"

    id: str
    version: int
    name_zh: str
    name_en: str
    merchant_id: str
    credits: int
    list_price_fen: int
    discount_fen: int = 0
    fee_fen: int = 0
    funds: tuple[FundWeight, ...]
    stock: int | None = None
    month_quota: int | None = None
    per_participant: int | None = None
    per_participant_month: int | None = None
    valid_from: Instant
    valid_to: Instant | None = None
    voucher_valid_days: int
    weekdays: tuple[int, ...] = ()
    store_ids: tuple[str, ...] = ()
    is_open: bool = True

    @property
    def face_value_fen(self) -> int:
        """What the funds bear of one voucher."""
        return self.list_price_fen - self.discount_fen

    def is_valid_at(self, instant: datetime) -> bool:
        """Whether it can be taken at an instant (half-open)."""
        return self.valid_from <= instant and (self.valid_to is None or instant < self.valid_to)


# --- Decide -------------------------------------------------------------------------------------


def publish_offer(
    command: PublishOffer,
    latest: OfferPublished | None,
    accounts: Accounts,
    registers: Registers,
    recorded_at: datetime,
) -> OfferPublished:
    """Publish the next version of an offer.

    Args:
        command: the terms.
        latest: the version before, if there is one.
        accounts: with the merchant and the funds.
        registers: with the stores named.
        recorded_at: when it is recorded.

    Raises, in this order:
        VersionOutOfSequence, OfferOfAnother, ValidityEmpty, DiscountTooHigh, FeeAboveFaceValue,
        FundNamedTwice,
        AccountNotFound, AccountClosed: the merchant, then each fund,
        StoreNotFound, StoreClosedAlready: each store
    """
    expected = 1 if latest is None else latest.version + 1
    if command.version != expected:
        raise VersionOutOfSequence(id=command.id, version=command.version, expected=expected)
    if latest is not None and latest.merchant_id != command.merchant_id:
        raise OfferOfAnother(offer_id=command.id, merchant_id=latest.merchant_id)
    _check_terms(command)
    merchant = addresses.merchant(command.merchant_id)
    for address in (merchant, *(addresses.fund(fund.fund_id) for fund in command.funds)):
        require_known(accounts[address], address)
    for store_id in command.store_ids:
        require_open_store(registers, command.merchant_id, store_id)
    told = {name: getattr(command, name) for name in command.__struct_fields__}
    instants = {
        "occurred_at": utc(command.occurred_at),
        "recorded_at": recorded_at,
        "valid_from": utc(command.valid_from),
        "valid_to": utc(command.valid_to) if command.valid_to else None,
    }
    return OfferPublished(**(told | instants))


def _check_terms(command: PublishOffer) -> None:
    if command.valid_to is not None and command.valid_to <= command.valid_from:
        raise ValidityEmpty(field="valid_to", valid_from=command.valid_from, valid_to=command.valid_to)
    if command.discount_fen >= command.list_price_fen:
        raise DiscountTooHigh(
            field="discount_fen", value=command.discount_fen, list_price_fen=command.list_price_fen
        )
    face_value_fen = command.list_price_fen - command.discount_fen
    if command.fee_fen > face_value_fen:
        raise FeeAboveFaceValue(field="fee_fen", value=command.fee_fen, face_value_fen=face_value_fen)
    fund_ids = [fund.fund_id for fund in command.funds]
    if len(set(fund_ids)) != len(fund_ids):
        raise FundNamedTwice(field="funds", fund_ids=fund_ids)


# --- Evolve -------------------------------------------------------------------------------------


def evolve(latest: OfferPublished | None, event: Event) -> OfferPublished | None:
    """Give the version that holds after one more event of the offer's stream."""
    return event if isinstance(event, OfferPublished) else latest
