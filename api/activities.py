"""Activities over HTTP: reporting them, reading what has become of one, correcting it."""

import re
from typing import Any, Final

from flask import Response

from api.access import EVERY_ROLE, Access
from api.activities_schemas import ActivityAnswer
from api.answers import event_documents, found, recorded
from api.periods import text_of
from api.queries import invalid
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain.activity import RecordActivity
from ledger.domain.correction import CorrectActivity
from ledger.domain.errors import ActivityNotFound
from ledger.domain.identifiers import COMMAND_ID, ENTITY_ID
from ledger.domain.limits import COMMAND_ID_CHARS_MAX, ENTITY_ID_CHARS_MAX
from ledger.domain.standing import Bonus
from ledger.projections.activities import ActivityView
from ledger.projections.activities import read_activity as activity_of

routes = Routes("activities", description="What people do, what it avoids, what it earns.")

_ENTITY_ID: Final = re.compile(ENTITY_ID)
_COMMAND_ID: Final = re.compile(COMMAND_ID)

_ID: Final = {
    "in": "query",
    "name": "id",
    "description": "The source's own id, percent-encoded.",
    "required": True,
    "schema": {"type": "string", "maxLength": COMMAND_ID_CHARS_MAX},
}


@routes.post(f"{IN_PROGRAMME}/activities")
@routes.takes(RecordActivity)
def record_activity(command: RecordActivity, programme_id: str) -> Response:
    """Record one act as its source reported it; it is accepted, held or rejected, and told so."""
    return recorded(the_ledger().writer.submit(programme_id, command))


# The id of an act may hold blanks, slashes and dots, which many a client and proxy changes in a path.
@routes.get(f"{IN_PROGRAMME}/activities/<source>")
@routes.gives(ActivityAnswer, Access(EVERY_ROLE, query=frozenset({"id"})), parameters=(_ID,))
def read_activity(programme_id: str, source: str) -> Response:
    """Read what has become of one act of a source, with every event that made it so."""
    if (own_id := text_of("id")) is None:
        raise invalid("id", "must be there")
    if _ENTITY_ID.fullmatch(source) is None or _COMMAND_ID.fullmatch(own_id) is None:
        raise ActivityNotFound(source=source[:ENTITY_ID_CHARS_MAX], activity_id=own_id[:COMMAND_ID_CHARS_MAX])
    return found(_document(activity_of(the_ledger().log, programme_id, source, own_id)))


@routes.post(f"{IN_PROGRAMME}/corrections")
@routes.takes(CorrectActivity)
def correct_activity(command: CorrectActivity, programme_id: str) -> Response:
    """Put other measurements in the place of an activity's, or void it; the difference is recorded."""
    return recorded(the_ledger().writer.submit(programme_id, command))


def _document(view: ActivityView) -> dict[str, Any]:
    activity, reported = view.activity, view.activity.reported
    return {
        "source": activity.source,
        "id": activity.id,
        "position": view.events[-1].position,
        "status": activity.status,
        "participant_id": activity.participant_id,
        "scenario_id": reported.scenario_id,
        "scenario_version": activity.scenario_version,
        "occurred_at": reported.occurred_at,
        "flags": reported.flags,
        "evidence": reported.evidence,
        "reasons": view.reasons,
        "standing": view.standing,
        "amount_g": activity.amount_g,
        "share": activity.share,
        "credits": {
            "state": activity.credits_state,
            "desired": activity.desired_credits,
            "awarded": activity.awarded_credits,
            "clipped_by": view.clipped_by,
            "pending": activity.pending_credits,
            "lot": activity.lot or None,
            "ripens_at": activity.ripens_at,
            "claim_by": activity.claim_by,
        },
        "bonuses": [_bonus_document(activity.bonuses[own_id]) for own_id in sorted(activity.bonuses)],
        "corrections": activity.corrected_by,
        "events": event_documents(view.events),
    }


def _bonus_document(bonus: Bonus) -> dict[str, Any]:
    return {
        "campaign_id": bonus.campaign_id,
        "campaign_version": bonus.campaign_version,
        "desired": bonus.desired_credits,
        "awarded": bonus.awarded_credits,
        "pending": bonus.pending_credits,
    }
