"""Spending credits at a merchant: hold → fulfil | cancel → refund.

Rule of the room: Events → State → Decide → Evolve; all pure. What the merchant will be paid and
what each fund bears is fixed at the hold; every later event only reverses or completes its legs.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec

from ledger.domain import addresses
from ledger.domain.addresses import CNY, FEES, REDEEMED
from ledger.domain.book import Accounts, Leg
from ledger.domain.errors import (
    DeadlineOutOfBounds,
    FeeAboveFaceValue,
    FundNamedTwice,
    HoldExpired,
    LineDisputed,
    RedemptionNotFound,
    RedemptionStatusUnsuitable,
)
from ledger.domain.fund import require_available
from ledger.domain.identifiers import CodeDigest, CommandId, EntityId, Text
from ledger.domain.instants import Instant, utc
from ledger.domain.limits import (
    CREDITS_MAX,
    FUNDS_PER_REDEMPTION_MAX,
    HOLD_LASTS_MAX,
    VALUE_FEN_MAX,
    WEIGHT_MAX,
)
from ledger.domain.messages import Command, Event
from ledger.domain.owners import require_known, require_open
from ledger.domain.quantities import split_by_largest_remainder
from ledger.domain.recovery import returned, uncovered_fen
from ledger.domain.registers import Entry
from ledger.domain.transfer import move_lots, take_spendable

RedemptionStatus = Literal["held", "fulfilled", "cancelled", "released", "refunded"]


class FundWeight(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fund and the parts of the face value that it bears."""

    fund_id: EntityId
    weight: Annotated[int, msgspec.Meta(ge=1, le=WEIGHT_MAX)]


class HoldRedemption(Command, frozen=True, kw_only=True, tag_field="kind", tag="redemption.hold"):
    """Set a participant's credits and the funds' money aside for a merchant's offer."""

    id: EntityId
    participant_id: EntityId
    merchant_id: EntityId
    credits: Annotated[int, msgspec.Meta(ge=1, le=CREDITS_MAX)]
    face_value_fen: Annotated[int, msgspec.Meta(ge=1, le=VALUE_FEN_MAX)]
    funds: Annotated[tuple[FundWeight, ...], msgspec.Meta(min_length=1, max_length=FUNDS_PER_REDEMPTION_MAX)]
    deadline_at: Instant
    """Until when the hold can be fulfilled."""
    offer_id: EntityId | None = None
    """What the caller calls the merchant's offer."""
    fee_fen: Annotated[int, msgspec.Meta(ge=0, le=VALUE_FEN_MAX)] = 0
    """Withheld from what the merchant is paid, for the platform."""


class FulfilRedemption(Command, frozen=True, kw_only=True, tag_field="kind", tag="redemption.fulfil"):
    """Use a held redemption at the merchant (核销)."""

    circumstances: ClassVar[frozenset[str]] = frozenset({"code_digest"})

    redemption_id: EntityId
    store_id: EntityId | None = None
    code_digest: CodeDigest | None = None
    """Keyed digest of the code that was shown for a voucher; filled in where the key is, never sent."""


class CancelRedemption(Command, frozen=True, kw_only=True, tag_field="kind", tag="redemption.cancel"):
    """Release a held redemption."""

    redemption_id: EntityId
    reason: Text


class RefundRedemption(Command, frozen=True, kw_only=True, tag_field="kind", tag="redemption.refund"):
    """Take back a fulfilled redemption."""

    redemption_id: EntityId
    reason: Text


class ReleaseHold(Command, frozen=True, kw_only=True, tag_field="kind", tag="redemption.release"):
    """Release a hold past its deadline, as part of an expiry run."""

    run_id: CommandId
    redemption_id: EntityId


# --- Events -------------------------------------------------------------------------------------


class FundShare(msgspec.Struct, frozen=True, kw_only=True):
    """What one fund bears of a redemption, in 分."""

    fund_id: str
    value_fen: int


class RedemptionHeld(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Credits and money were set aside."""

    topic: ClassVar[str] = "redemption.held"

    id: str
    participant_id: str
    merchant_id: str
    credits: int
    face_value_fen: int
    funds: tuple[FundWeight, ...]
    deadline_at: Instant
    shares: tuple[FundShare, ...]
    """`face_value_fen` split over the funds by largest remainder, ties in declared order."""
    offer_id: str | None = None
    fee_fen: int = 0
    """Of the face value: what the platform withholds at the use."""
    offer_version: int | None = None
    """The version of the offer that was taken; None where the caller named the terms."""
    list_price_fen: int | None = None
    """What it costs without credits: the face value and what the merchant itself gives."""
    discount_fen: int = 0
    """Of the list price: what the merchant itself gives."""
    weekdays: tuple[int, ...] = ()
    """Local weekdays on which it can be used, Monday being 1; every day when empty."""
    store_ids: tuple[str, ...] = ()
    """Where it can be used; in every store of the merchant when empty."""
    code_digest: str | None = None
    """Keyed digest of the voucher's code; None where there is none."""

    @property
    def earned_fen(self) -> int:
        """What the merchant earns by the use."""
        return self.face_value_fen - self.fee_fen


class RedemptionFulfilled(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The redemption was used: the credits are gone, the merchant is owed the face value less the fee."""

    topic: ClassVar[str] = "redemption.fulfilled"

    redemption_id: str
    store_id: str | None = None
    code_digest: str | None = None
    """Keyed digest of the code that was shown; None where there was none."""


class RedemptionCancelled(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The hold was released: credits and money are back where they came from."""

    topic: ClassVar[str] = "redemption.cancelled"

    redemption_id: str
    reason: str


class RedemptionReleased(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The hold's deadline passed, and an expiry run released it like a cancellation."""

    topic: ClassVar[str] = "redemption.released"

    run_id: str
    redemption_id: str


class RedemptionRefunded(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The use was taken back: the very lots are restored, with their old expiry."""

    topic: ClassVar[str] = "redemption.refunded"

    redemption_id: str
    reason: str
    face_value_fen: int | None = None
    """What funds get back, where a dispute has changed what the use was worth; None for the face value."""
    shares: tuple[FundShare, ...] = ()
    """The same by funds; empty where they get back what they bore at the use."""


# --- State --------------------------------------------------------------------------------------


class Redemption(msgspec.Struct, frozen=True, kw_only=True):
    """What later decisions need of one redemption."""

    held: RedemptionHeld
    status: RedemptionStatus = "held"
    version: int = 1
    """Events in its stream."""
    used: RedemptionFulfilled | None = None
    """Its use, also after that was taken back."""
    refunded: RedemptionRefunded | None = None

    def taken_back(self, refund: RedemptionRefunded) -> tuple[int, tuple[FundShare, ...]]:
        """Give what a refund gives back to the funds, with the fee, together and fund by fund."""
        if refund.face_value_fen is None:
            return self.held.face_value_fen, self.held.shares
        return refund.face_value_fen, refund.shares

    def lots(self) -> list[tuple[str, int]]:
        """The very lots that the hold took."""
        held_address = addresses.held(addresses.participant(self.held.participant_id))
        return [
            (leg.lot, leg.amount)
            for leg in self.held.legs
            if leg.account == held_address and leg.lot is not None
        ]


class Disputed(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A redemption of which a line is disputed, or of which the use was amended; the key is its id."""

    register: ClassVar[str] = "disputed"

    statement_id: str
    is_open: bool = False
    """Whether the dispute waits for its resolution."""
    changes: tuple[FundShare, ...] = ()
    """What an amendment of the use has added to what each fund bears; below zero, what it gave back."""


# --- Decide -------------------------------------------------------------------------------------


def hold_redemption(
    command: HoldRedemption, accounts: Accounts, today: str, recorded_at: datetime
) -> RedemptionHeld:
    """Decide a hold on the programme's local day `today` (ISO date).

    Raises, in this order:
        DeadlineOutOfBounds, FundNamedTwice, FeeAboveFaceValue,
        AccountNotFound, AccountClosed, AccountFrozen: the participant, then the merchant,
        LotsExpired, InsufficientCredits,
        AccountNotFound, InsufficientFund: each fund in declared order
    """
    deadline_at = utc(command.deadline_at)
    if not recorded_at < deadline_at <= recorded_at + HOLD_LASTS_MAX:
        raise DeadlineOutOfBounds(
            field="deadline_at", value=deadline_at, after=recorded_at, latest=recorded_at + HOLD_LASTS_MAX
        )
    fund_ids = [fund.fund_id for fund in command.funds]
    if len(set(fund_ids)) != len(fund_ids):
        raise FundNamedTwice(field="funds", fund_ids=fund_ids)
    if command.fee_fen > command.face_value_fen:
        raise FeeAboveFaceValue(field="fee_fen", value=command.fee_fen, face_value_fen=command.face_value_fen)
    holder = addresses.participant(command.participant_id)
    require_open(accounts[holder], holder)
    merchant = addresses.merchant(command.merchant_id)
    require_open(accounts[merchant], merchant)
    taken = take_spendable(accounts[holder], holder, command.credits, today)
    values_fen = split_by_largest_remainder(command.face_value_fen, [fund.weight for fund in command.funds])
    shares = tuple(
        FundShare(fund_id=fund_id, value_fen=value_fen)
        for fund_id, value_fen in zip(fund_ids, values_fen, strict=True)
    )
    for share in shares:
        require_available(accounts, share.fund_id, share.value_fen)
    return RedemptionHeld(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        legs=(
            *move_lots(taken, holder, addresses.held(holder)),
            *_share_legs(shares, addresses.available, -1),
            *_share_legs(shares, addresses.encumbered, 1),
        ),
        id=command.id,
        participant_id=command.participant_id,
        merchant_id=command.merchant_id,
        credits=command.credits,
        face_value_fen=command.face_value_fen,
        funds=command.funds,
        deadline_at=deadline_at,
        shares=shares,
        offer_id=command.offer_id,
        fee_fen=command.fee_fen,
    )


def fulfil_redemption(
    command: FulfilRedemption, redemption: Redemption | None, accounts: Accounts, recorded_at: datetime
) -> RedemptionFulfilled:
    """Decide the use of a hold.

    Raises, in this order:
        RedemptionNotFound, RedemptionStatusUnsuitable, HoldExpired,
        AccountClosed, AccountFrozen: the participant
    """
    redemption = _in_status(redemption, command.redemption_id, "held")
    held = redemption.held
    if recorded_at > held.deadline_at:
        raise HoldExpired(redemption_id=held.id, deadline_at=held.deadline_at)
    holder = addresses.participant(held.participant_id)
    require_open(accounts[holder], holder)
    return RedemptionFulfilled(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        legs=(
            *move_lots(redemption.lots(), addresses.held(holder), REDEEMED),
            *_share_legs(held.shares, addresses.encumbered, -1),
            *_share_legs(held.shares, lambda _: addresses.payable(held.merchant_id), 1),
            *_withholding_legs(held, 1),
        ),
        redemption_id=held.id,
        store_id=command.store_id,
        code_digest=command.code_digest,
    )


def cancel_redemption(
    command: CancelRedemption, redemption: Redemption | None, _accounts: Accounts, recorded_at: datetime
) -> RedemptionCancelled:
    """Decide the release of a hold; also after its deadline, and for a frozen participant.

    Raises, in this order:
        RedemptionNotFound, RedemptionStatusUnsuitable
    """
    redemption = _in_status(redemption, command.redemption_id, "held")
    return RedemptionCancelled(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        legs=_back_where_they_came_from(redemption),
        redemption_id=redemption.held.id,
        reason=command.reason,
    )


def release_hold(
    command: ReleaseHold, redemption: Redemption | None, _accounts: Accounts, recorded_at: datetime
) -> RedemptionReleased | None:
    """Decide the release of an overdue hold; None when it is not held any more, or not overdue."""
    if redemption is None or redemption.status != "held" or recorded_at <= redemption.held.deadline_at:
        return None
    return RedemptionReleased(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        legs=_back_where_they_came_from(redemption),
        run_id=command.run_id,
        redemption_id=redemption.held.id,
    )


def refund_redemption(
    command: RefundRedemption,
    redemption: Redemption | None,
    accounts: Accounts,
    disputed: Disputed | None,
    recorded_at: datetime,
) -> RedemptionRefunded:
    """Decide the refund of a used redemption.

    A lot that has run out in the meantime is restored as it was, and expires with the next run. What
    the merchant still had to get is the funds' again; the rest they have to claim.

    Raises, in this order:
        RedemptionNotFound, RedemptionStatusUnsuitable,
        AccountClosed: the participant,
        LineDisputed: its use is disputed, and nobody has resolved that yet
    """
    redemption = _in_status(redemption, command.redemption_id, "fulfilled")
    held = redemption.held
    holder = addresses.participant(held.participant_id)
    require_known(accounts[holder], holder)
    if disputed is not None and disputed.is_open:
        raise LineDisputed(redemption_id=held.id, statement_id=disputed.statement_id)
    shares = held.shares if disputed is None else _changed(held.shares, disputed.changes)
    face_value_fen = sum(share.value_fen for share in shares)
    payable = addresses.payable(held.merchant_id)
    uncovered = uncovered_fen(accounts[payable].total(CNY), face_value_fen - held.fee_fen)
    return RedemptionRefunded(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        legs=(
            *move_lots(redemption.lots(), REDEEMED, holder),
            *_withholding_legs(held, -1),
            *_share_legs(shares, lambda _: payable, -1),
            *returned([(share.fund_id, share.value_fen) for share in shares], uncovered),
        ),
        redemption_id=held.id,
        reason=command.reason,
        face_value_fen=None if disputed is None else face_value_fen,
        shares=() if disputed is None else shares,
    )


def _changed(shares: tuple[FundShare, ...], changes: tuple[FundShare, ...]) -> tuple[FundShare, ...]:
    added = {change.fund_id: change.value_fen for change in changes}
    return tuple(
        FundShare(fund_id=share.fund_id, value_fen=share.value_fen + added.get(share.fund_id, 0))
        for share in shares
    )


def _in_status(redemption: Redemption | None, redemption_id: str, needed: RedemptionStatus) -> Redemption:
    if redemption is None:
        raise RedemptionNotFound(redemption_id=redemption_id)
    if redemption.status != needed:
        raise RedemptionStatusUnsuitable(redemption_id=redemption_id, status=redemption.status, needed=needed)
    return redemption


def _back_where_they_came_from(redemption: Redemption) -> tuple[Leg, ...]:
    holder = addresses.participant(redemption.held.participant_id)
    return (
        *move_lots(redemption.lots(), addresses.held(holder), holder),
        *_share_legs(redemption.held.shares, addresses.encumbered, -1),
        *_share_legs(redemption.held.shares, addresses.available, 1),
    )


def _share_legs(shares: tuple[FundShare, ...], place: Callable[[str], str], sign: int) -> list[Leg]:
    """Each fund's share into a place of that fund (`sign` 1), or out of it (-1)."""
    return [
        Leg(place(share.fund_id), CNY, None, sign * share.value_fen) for share in shares if share.value_fen
    ]


def _withholding_legs(held: RedemptionHeld, sign: int) -> list[Leg]:
    """The fee out of what the merchant earned (`sign` 1), or back to it (-1)."""
    if not held.fee_fen:
        return []
    return [
        Leg(addresses.payable(held.merchant_id), CNY, None, -sign * held.fee_fen),
        Leg(FEES, CNY, None, sign * held.fee_fen),
    ]


# --- Evolve -------------------------------------------------------------------------------------

STATUS_AFTER: dict[type[Event], RedemptionStatus] = {
    RedemptionFulfilled: "fulfilled",
    RedemptionCancelled: "cancelled",
    RedemptionReleased: "released",
    RedemptionRefunded: "refunded",
}


def evolve(redemption: Redemption | None, event: Event) -> Redemption | None:
    """Give the redemption's state after one more event of its stream."""
    if isinstance(event, RedemptionHeld):
        return Redemption(held=event)
    status = STATUS_AFTER.get(type(event))
    if redemption is None or status is None:
        return redemption
    return Redemption(
        held=redemption.held,
        status=status,
        version=redemption.version + 1,
        used=event if isinstance(event, RedemptionFulfilled) else redemption.used,
        refunded=event if isinstance(event, RedemptionRefunded) else redemption.refunded,
    )
