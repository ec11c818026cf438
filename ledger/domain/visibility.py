"""What views show of a participant: hidden, shown again, erased.

Rule of the room: Events → State → Decide → Evolve; all pure. There is no state here: what is shown
is no part of the book, so nothing is decided on it, and a view takes the latest of these facts.
"""

from datetime import datetime
from typing import ClassVar

from ledger.domain import addresses
from ledger.domain.book import Accounts
from ledger.domain.errors import AccountNotFound, AccountStatusUnsuitable
from ledger.domain.identifiers import CommandId, EntityId, Text
from ledger.domain.instants import utc
from ledger.domain.messages import Command, Event
from ledger.domain.owners import require_known


class VisibilityCommand(Command, frozen=True, kw_only=True):
    """A change of what is shown of a participant, with its reason."""

    id: CommandId
    participant_id: EntityId
    reason: Text


class HideParticipant(VisibilityCommand, frozen=True, kw_only=True, tag_field="kind", tag="participant.hide"):
    """Show a participant without a name on leaderboards."""


class ShowParticipant(VisibilityCommand, frozen=True, kw_only=True, tag_field="kind", tag="participant.show"):
    """Show a hidden participant as before."""


class EraseParticipant(
    VisibilityCommand, frozen=True, kw_only=True, tag_field="kind", tag="participant.erase"
):
    """Show nothing of a closed participant any more, for good; the log keeps the random id."""


# --- Events -------------------------------------------------------------------------------------


class VisibilityEvent(Event, frozen=True, kw_only=True, omit_defaults=True):
    """What the three changes of what is shown have in common."""

    id: str
    participant_id: str
    reason: str


class ParticipantHidden(VisibilityEvent, frozen=True, kw_only=True, omit_defaults=True):
    """A participant was hidden: leaderboards show them without a name."""

    topic: ClassVar[str] = "participant.hidden"


class ParticipantShown(VisibilityEvent, frozen=True, kw_only=True, omit_defaults=True):
    """A participant was shown again."""

    topic: ClassVar[str] = "participant.shown"


class ParticipantErased(VisibilityEvent, frozen=True, kw_only=True, omit_defaults=True):
    """A closed participant was erased: views show nothing of them from here on."""

    topic: ClassVar[str] = "participant.erased"


# --- Decide -------------------------------------------------------------------------------------


def change_visibility(
    command: HideParticipant | ShowParticipant, accounts: Accounts, recorded_at: datetime
) -> ParticipantHidden | ParticipantShown:
    """Hide or show a participant, whatever was shown before.

    Raises:
        AccountNotFound, AccountClosed
    """
    address = addresses.participant(command.participant_id)
    require_known(accounts[address], address)
    event = ParticipantHidden if isinstance(command, HideParticipant) else ParticipantShown
    return event(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        id=command.id,
        participant_id=command.participant_id,
        reason=command.reason,
    )


def erase_participant(
    command: EraseParticipant, accounts: Accounts, recorded_at: datetime
) -> ParticipantErased:
    """Erase a participant who was closed.

    Raises, in this order:
        AccountNotFound, AccountStatusUnsuitable: it is not closed
    """
    address = addresses.participant(command.participant_id)
    status = accounts[address].status
    if status is None:
        raise AccountNotFound(account=address)
    if status != "closed":
        raise AccountStatusUnsuitable(account=address, status=status, needed="closed")
    return ParticipantErased(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        id=command.id,
        participant_id=command.participant_id,
        reason=command.reason,
    )
