"""Programmes over HTTP."""

from flask import Response

from api.access import EVERY_ROLE, Access
from api.answer_schemas import ProgrammeAnswer
from api.answers import event_document, found, recorded
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain.errors import ProgrammeNotFound
from ledger.domain.programme import OpenProgramme

routes = Routes("programmes", description="Each programme is a ledger of its own.")


@routes.post("/programmes")
@routes.takes(OpenProgramme, every_programme=True)
def open_programme(command: OpenProgramme) -> Response:
    """Open a programme: its book, its calendar and what its credits may do."""
    return recorded(the_ledger().writer.submit(command.id, command))


@routes.get(IN_PROGRAMME)
@routes.gives(ProgrammeAnswer, Access(EVERY_ROLE))
def read_programme(programme_id: str) -> Response:
    """Read a programme's terms and how far its log goes."""
    log = the_ledger().log
    if (position := log.head(programme_id)) is None:
        raise ProgrammeNotFound(programme_id=programme_id)
    opening, *_ = log.stream(programme_id, "programme", programme_id)
    return found({"id": programme_id, "position": position, "opening": event_document(opening)})
