"""Those who hold accounts: participants, organisations, merchants and funds.

Rule of the room: Events → State → Decide → Evolve; all pure. The state of an owner is the status of
its address in the book; participants are also opened by their first activity.
"""

from datetime import datetime
from typing import ClassVar, Literal

from ledger.domain import addresses
from ledger.domain.addresses import CREDIT
from ledger.domain.book import Account, Accounts, Status
from ledger.domain.errors import (
    AccountClosed,
    AccountFrozen,
    AccountNotEmpty,
    AccountNotFound,
    AccountStatusUnsuitable,
)
from ledger.domain.identifiers import CommandId, EntityId, Name, Text
from ledger.domain.instants import utc
from ledger.domain.messages import Command, Event


class OpenParticipant(Command, frozen=True, kw_only=True, tag_field="kind", tag="participant.open"):
    """Open a participant before any activity, perhaps as a member of an organisation."""

    id: EntityId
    organisation_id: EntityId | None = None


class OpenOrganisation(Command, frozen=True, kw_only=True, tag_field="kind", tag="organisation.open"):
    """Open an organisation, perhaps inside another one."""

    id: EntityId
    name_zh: Name
    name_en: Name
    parent_id: EntityId | None = None


class OpenMerchant(Command, frozen=True, kw_only=True, tag_field="kind", tag="merchant.open"):
    """Open a merchant, at which credits can be redeemed."""

    id: EntityId
    name_zh: Name
    name_en: Name


class OpenFund(Command, frozen=True, kw_only=True, tag_field="kind", tag="fund.open"):
    """Open a fund, from which merchants are paid."""

    id: EntityId
    name_zh: Name
    name_en: Name
    needs_approval: bool = False
    """Whether money enters it only by a proposal that another key approves."""


class ParticipantStatusCommand(Command, frozen=True, kw_only=True):
    """A change of a participant's status, with its reason."""

    id: CommandId
    participant_id: EntityId
    reason: Text


class FreezeParticipant(
    ParticipantStatusCommand, frozen=True, kw_only=True, tag_field="kind", tag="participant.freeze"
):
    """Stop a participant from giving, receiving and redeeming; earning goes on."""


class UnfreezeParticipant(
    ParticipantStatusCommand, frozen=True, kw_only=True, tag_field="kind", tag="participant.unfreeze"
):
    """Lift a freeze."""


class CloseParticipant(
    ParticipantStatusCommand, frozen=True, kw_only=True, tag_field="kind", tag="participant.close"
):
    """Close a participant who holds no credits any more, for good."""


# --- Events -------------------------------------------------------------------------------------


class ParticipantOpened(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A participant was opened explicitly."""

    topic: ClassVar[str] = "participant.opened"

    id: str
    organisation_id: str | None = None


class OrganisationOpened(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An organisation was opened."""

    topic: ClassVar[str] = "organisation.opened"

    id: str
    name_zh: str
    name_en: str
    parent_id: str | None = None


class MerchantOpened(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A merchant was opened."""

    topic: ClassVar[str] = "merchant.opened"

    id: str
    name_zh: str
    name_en: str


class FundOpened(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A fund was opened."""

    topic: ClassVar[str] = "fund.opened"

    id: str
    name_zh: str
    name_en: str
    needs_approval: bool = False


class ParticipantStatusEvent(Event, frozen=True, kw_only=True, omit_defaults=True):
    """What the three changes of a participant's status have in common."""

    id: str
    participant_id: str
    reason: str


class ParticipantFrozen(ParticipantStatusEvent, frozen=True, kw_only=True, omit_defaults=True):
    """A participant was frozen."""

    topic: ClassVar[str] = "participant.frozen"


class ParticipantUnfrozen(ParticipantStatusEvent, frozen=True, kw_only=True, omit_defaults=True):
    """A freeze was lifted."""

    topic: ClassVar[str] = "participant.unfrozen"


class ParticipantClosed(ParticipantStatusEvent, frozen=True, kw_only=True, omit_defaults=True):
    """A participant was closed."""

    topic: ClassVar[str] = "participant.closed"


# --- Decide -------------------------------------------------------------------------------------


def require_known(account: Account, address: str) -> None:
    """Refuse an address that nobody opened, or that was closed.

    Raises:
        AccountNotFound, AccountClosed
    """
    if account.status is None:
        raise AccountNotFound(account=address)
    if account.status == "closed":
        raise AccountClosed(account=address)


def require_open(account: Account, address: str) -> None:
    """Refuse an address that may not give, receive or redeem now.

    Raises:
        AccountNotFound, AccountClosed, AccountFrozen
    """
    if account.status == "open":
        return
    require_known(account, address)
    raise AccountFrozen(account=address)


def open_participant(
    command: OpenParticipant, accounts: Accounts, recorded_at: datetime
) -> ParticipantOpened:
    """Open a participant; one whom an activity opened already is registered all the same.

    Raises, in this order:
        AccountClosed: the participant was closed;
        AccountNotFound, AccountClosed: the organisation
    """
    address = addresses.participant(command.id)
    if accounts[address].status == "closed":
        raise AccountClosed(account=address)
    if command.organisation_id is not None:
        organisation = addresses.organisation(command.organisation_id)
        require_known(accounts[organisation], organisation)
    return ParticipantOpened(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        id=command.id,
        organisation_id=command.organisation_id,
    )


def open_organisation(
    command: OpenOrganisation, accounts: Accounts, recorded_at: datetime
) -> OrganisationOpened:
    """Open an organisation.

    Raises:
        AccountNotFound: its parent is not open.
    """
    if command.parent_id is not None:
        parent = addresses.organisation(command.parent_id)
        require_known(accounts[parent], parent)
    return OrganisationOpened(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        id=command.id,
        name_zh=command.name_zh,
        name_en=command.name_en,
        parent_id=command.parent_id,
    )


def open_merchant(command: OpenMerchant, recorded_at: datetime) -> MerchantOpened:
    """Open a merchant: nothing but its own stream can stand against it."""
    return MerchantOpened(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        id=command.id,
        name_zh=command.name_zh,
        name_en=command.name_en,
    )


def change_status(
    command: ParticipantStatusCommand, accounts: Accounts, recorded_at: datetime
) -> ParticipantStatusEvent:
    """Freeze, unfreeze or close a participant.

    Raises, in this order:
        AccountNotFound, AccountClosed,
        AccountStatusUnsuitable: to freeze, it is frozen already; to unfreeze, it is not frozen;
        AccountNotEmpty: to close, it still holds credits, free, set aside or to be claimed
    """
    address = addresses.participant(command.participant_id)
    account = accounts[address]
    require_known(account, address)
    event: type[ParticipantStatusEvent]
    needed: Literal["open", "frozen"] | None
    if isinstance(command, FreezeParticipant):
        event, needed = ParticipantFrozen, "open"
    elif isinstance(command, UnfreezeParticipant):
        event, needed = ParticipantUnfrozen, "frozen"
    else:
        event, needed = ParticipantClosed, None
        aside = (addresses.held(address), addresses.pending(address))
        left_credits = account.total(CREDIT) + sum(accounts[each].total(CREDIT) for each in aside)
        if left_credits:
            raise AccountNotEmpty(account=address, credits_left=left_credits)
    if needed is not None and account.status != needed:
        raise AccountStatusUnsuitable(account=address, status=str(account.status), needed=needed)
    return event(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        id=command.id,
        participant_id=command.participant_id,
        reason=command.reason,
    )


# --- Evolve -------------------------------------------------------------------------------------

STATUS_AFTER: dict[type[Event], Status] = {
    ParticipantFrozen: "frozen",
    ParticipantUnfrozen: "open",
    ParticipantClosed: "closed",
}


def owner_opened(event: Event) -> str | None:
    """Give the address that an opening event opens, None for any other event."""
    match event:
        case ParticipantOpened():
            return addresses.participant(event.id)
        case OrganisationOpened():
            return addresses.organisation(event.id)
        case MerchantOpened():
            return addresses.merchant(event.id)
        case FundOpened():
            return addresses.fund(event.id)
        case _:
            return None
