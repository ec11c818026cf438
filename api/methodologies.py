"""Methodologies over HTTP."""

from flask import Response

from api.access import EVERY_ROLE, Access
from api.answer_schemas import LoggedEventAnswer, PublishedAnswer
from api.answers import event_document, found, recorded
from api.published import published, published_version
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain.errors import MethodologyNotFound
from ledger.domain.rules import MethodologyPublished, PublishMethodology

routes = Routes("methodologies", description="How grams are calculated, version by version.")


@routes.post(f"{IN_PROGRAMME}/methodologies")
@routes.takes(PublishMethodology)
def publish_methodology(command: PublishMethodology, programme_id: str) -> Response:
    """Publish the next version of a methodology: formula, parameters and factors with sources."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.get(f"{IN_PROGRAMME}/methodologies")
@routes.gives(PublishedAnswer, Access(EVERY_ROLE))
def list_methodologies(programme_id: str) -> Response:
    """Read every published version of every methodology."""
    return found(published(programme_id, MethodologyPublished))


@routes.get(f"{IN_PROGRAMME}/methodologies/<methodology_id>/versions/<version:version>")
@routes.gives(LoggedEventAnswer, Access(EVERY_ROLE))
def read_methodology(programme_id: str, methodology_id: str, version: int) -> Response:
    """Read one published version; it never changes."""
    if (logged := published_version(programme_id, "methodology", methodology_id, version)) is None:
        raise MethodologyNotFound(methodology_id=methodology_id, version=version)
    return found(event_document(logged))
