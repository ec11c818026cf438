"""Organisations over HTTP."""

from flask import Response

from api.access import EVERY_ROLE, Access
from api.answer_schemas import OwnerAnswer
from api.answers import recorded
from api.owners import owner
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain import addresses
from ledger.domain.owners import OpenOrganisation

routes = Routes("organisations", description="Companies, departments, districts, communities.")


@routes.post(f"{IN_PROGRAMME}/organisations")
@routes.takes(OpenOrganisation)
def open_organisation(command: OpenOrganisation, programme_id: str) -> Response:
    """Open an organisation, perhaps inside another one."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.get(f"{IN_PROGRAMME}/organisations/<organisation_id>")
@routes.gives(OwnerAnswer, Access(EVERY_ROLE))
def read_organisation(programme_id: str, organisation_id: str) -> Response:
    """Read an organisation's status and opening event."""
    return owner(programme_id, "organisation", organisation_id, addresses.organisation(organisation_id))
