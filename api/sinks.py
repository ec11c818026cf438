"""Carbon sinks over HTTP: projects, their units, donations and the certificates of donors."""

import re
from typing import Any, Final

from flask import Response

from api.access import EVERY_ROLE, Access
from api.answers import event_document, event_documents, found, recorded
from api.periods import text_of
from api.queries import invalid, query_parameter, whole_number
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from api.sinks_schemas import CertificateAnswer, SinkAnswer, SinksAnswer
from ledger.domain.donation import DonateCredits
from ledger.domain.errors import DonationNotFound, SinkNotFound
from ledger.domain.identifiers import ENTITY_ID
from ledger.domain.limits import ENTITY_ID_CHARS_MAX, SINKS_SHOWN_MAX
from ledger.domain.sink import AddSinkUnits, OpenSinkProject
from ledger.projections.sinks import SinkView, read_certificate, read_sinks
from ledger.projections.sinks import read_sink as sink_with_deliveries

routes = Routes("sinks", description="Carbon-sink projects, and credits donated to them.")

_ENTITY_ID: Final = re.compile(ENTITY_ID)
_LIMIT: Final = query_parameter(
    "limit", "Projects on one page, at most.", least=1, most=SINKS_SHOWN_MAX, default=SINKS_SHOWN_MAX
)
_CURSOR: Final = {
    "in": "query",
    "name": "cursor",
    "description": "`next_cursor` of the page before.",
    "schema": {"type": "string", "maxLength": ENTITY_ID_CHARS_MAX},
}


@routes.post(f"{IN_PROGRAMME}/sinks")
@routes.takes(OpenSinkProject)
def open_sink_project(command: OpenSinkProject, programme_id: str) -> Response:
    """Open a carbon-sink project."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.post(f"{IN_PROGRAMME}/sinks/<project_id>/units")
@routes.takes(AddSinkUnits, from_path=("project_id",))
def add_sink_units(command: AddSinkUnits, programme_id: str) -> Response:
    """Deliver units to a project, none of whose serials it may have had before."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.get(f"{IN_PROGRAMME}/sinks")
@routes.gives(
    SinksAnswer, Access(EVERY_ROLE, query=frozenset({"cursor", "limit"})), parameters=(_LIMIT, _CURSOR)
)
def list_sinks(programme_id: str) -> Response:
    """Read the projects in order of their ids, with how many of their units are free."""
    limit = whole_number("limit", least=1, most=SINKS_SHOWN_MAX, default=SINKS_SHOWN_MAX)
    after = text_of("cursor") or ""
    if after and _ENTITY_ID.fullmatch(after) is None:
        raise invalid("cursor", "must be next_cursor of an answer")
    position, views = read_sinks(the_ledger().database, programme_id, after=after, limit=limit + 1)
    shown = views[:limit]
    return found(
        {
            "position": position,
            "sinks": [_sink_document(view) for view in shown],
            "next_cursor": shown[-1].project_id if len(views) > limit else None,
        }
    )


@routes.get(f"{IN_PROGRAMME}/sinks/<project_id>")
@routes.gives(SinkAnswer, Access(EVERY_ROLE))
def read_sink(programme_id: str, project_id: str) -> Response:
    """Read a project and its deliveries, each with how far it is retired."""
    if _ENTITY_ID.fullmatch(project_id) is None:
        raise SinkNotFound(project_id=project_id[:ENTITY_ID_CHARS_MAX])
    position, view, events = sink_with_deliveries(the_ledger().database, programme_id, project_id)
    deliveries = [
        {
            "free_units": delivery.free_units,
            "next_serial": delivery.next_serial if delivery.free_units else None,
            "event": event_document(events[delivery.id]),
        }
        for delivery in view.sink.deliveries
    ]
    return found({"position": position, **_sink_document(view), "deliveries": deliveries})


@routes.post(f"{IN_PROGRAMME}/donations")
@routes.takes(DonateCredits)
def donate_credits(command: DonateCredits, programme_id: str) -> Response:
    """Retire credits for units of a project, the lowest serials that are free."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.get(f"{IN_PROGRAMME}/donations/<donation_id>")
@routes.gives(CertificateAnswer, Access(EVERY_ROLE))
def read_donation(programme_id: str, donation_id: str) -> Response:
    """Read a donation's certificate with the events it rests on; it never changes."""
    if _ENTITY_ID.fullmatch(donation_id) is None:
        raise DonationNotFound(donation_id=donation_id[:ENTITY_ID_CHARS_MAX])
    certificate = read_certificate(the_ledger().database, programme_id, donation_id)
    return found(
        {
            "id": donation_id,
            "position": certificate.donation.position,
            "certificate": certificate.number,
            "donation": event_document(certificate.donation),
            "project": event_document(certificate.project),
            "deliveries": event_documents(certificate.deliveries),
        }
    )


def _sink_document(view: SinkView) -> dict[str, Any]:
    return {
        "id": view.project_id,
        "units": view.sink.units,
        "retired_units": view.sink.retired_units,
        "free_units": view.sink.free_units,
        "certificates": view.sink.certificates,
        "opening": event_document(view.opening),
    }
