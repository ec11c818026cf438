"""Participants over HTTP."""

from flask import Response

from api.access import EVERY_ROLE, Access
from api.answer_schemas import OwnerAnswer
from api.answers import recorded
from api.owners import owner
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain import addresses
from ledger.domain.owners import CloseParticipant, FreezeParticipant, OpenParticipant, UnfreezeParticipant
from ledger.domain.visibility import EraseParticipant, HideParticipant, ShowParticipant

routes = Routes("participants", description="Those who act, under random ids.")


@routes.post(f"{IN_PROGRAMME}/participants")
@routes.takes(OpenParticipant)
def open_participant(command: OpenParticipant, programme_id: str) -> Response:
    """Open a participant before any activity, perhaps as a member of an organisation."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.post(f"{IN_PROGRAMME}/participants/<participant_id>/freeze")
@routes.takes(FreezeParticipant, from_path=("participant_id",))
def freeze_participant(command: FreezeParticipant, programme_id: str) -> Response:
    """Stop a participant from giving, receiving and redeeming; earning goes on."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.post(f"{IN_PROGRAMME}/participants/<participant_id>/unfreeze")
@routes.takes(UnfreezeParticipant, from_path=("participant_id",))
def unfreeze_participant(command: UnfreezeParticipant, programme_id: str) -> Response:
    """Lift a freeze."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.post(f"{IN_PROGRAMME}/participants/<participant_id>/close")
@routes.takes(CloseParticipant, from_path=("participant_id",))
def close_participant(command: CloseParticipant, programme_id: str) -> Response:
    """Close a participant who holds no credits any more, for good."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.post(f"{IN_PROGRAMME}/participants/<participant_id>/hide")
@routes.takes(HideParticipant, from_path=("participant_id",))
def hide_participant(command: HideParticipant, programme_id: str) -> Response:
    """Show a participant without a name on leaderboards."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.post(f"{IN_PROGRAMME}/participants/<participant_id>/show")
@routes.takes(ShowParticipant, from_path=("participant_id",))
def show_participant(command: ShowParticipant, programme_id: str) -> Response:
    """Show a hidden participant as before."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.post(f"{IN_PROGRAMME}/participants/<participant_id>/erase")
@routes.takes(EraseParticipant, from_path=("participant_id",))
def erase_participant(command: EraseParticipant, programme_id: str) -> Response:
    """Show nothing of a closed participant any more, for good; the log keeps the random id."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.get(f"{IN_PROGRAMME}/participants/<participant_id>")
@routes.gives(OwnerAnswer, Access(EVERY_ROLE))
def read_participant(programme_id: str, participant_id: str) -> Response:
    """Read a participant's status and opening event."""
    return owner(programme_id, "participant", participant_id, addresses.participant(participant_id))
