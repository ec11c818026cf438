"""Held activities over HTTP: the list that operators work off, and their answers."""

from typing import Final, get_args

from flask import Response

from api.access import Access
from api.activities_schemas import HeldAnswer
from api.answers import found, recorded
from api.key_cursors import CURSOR, cursor_of, key_after
from api.periods import text_of
from api.queries import query_parameter, require_known, whole_number
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain.activity import CROSS_CHECK
from ledger.domain.limits import ENTITY_ID_CHARS_MAX, WAITING_SHOWN_MAX
from ledger.domain.quality import QualityFlag
from ledger.domain.review import DismissActivity, ReleaseActivity
from ledger.projections.waiting import HeldActivity, read_held

routes = Routes("reviews", description="Activities that wait until somebody has looked at them.")

REASONS: Final = (*get_args(QualityFlag), CROSS_CHECK)
LIMIT_DEFAULT: Final = 100

_REASON: Final = {
    "in": "query",
    "name": "reason",
    "description": "Only those that wait for this.",
    "schema": {"type": "string", "enum": list(REASONS)},
}
_SCENARIO: Final = {
    "in": "query",
    "name": "scenario",
    "description": "Only those of this scenario.",
    "schema": {"type": "string", "maxLength": ENTITY_ID_CHARS_MAX},
}
_LIMIT: Final = query_parameter(
    "limit", "Activities on one page, at most.", least=1, most=WAITING_SHOWN_MAX, default=LIMIT_DEFAULT
)


@routes.post(f"{IN_PROGRAMME}/releases")
@routes.takes(ReleaseActivity)
def release_activity(command: ReleaseActivity, programme_id: str) -> Response:
    """Let a held activity count; it earns as if it had been recorded now."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.post(f"{IN_PROGRAMME}/dismissals")
@routes.takes(DismissActivity)
def dismiss_activity(command: DismissActivity, programme_id: str) -> Response:
    """Let a held activity count for nothing; what it claimed is free."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.get(f"{IN_PROGRAMME}/held")
@routes.gives(
    HeldAnswer,
    Access(("auditor", "operator"), query=frozenset({"reason", "scenario", "limit", "cursor"})),
    parameters=(_REASON, _SCENARIO, _LIMIT, CURSOR),
)
def list_held(programme_id: str) -> Response:
    """Read the activities that wait, in order of source and id, those of a reason or scenario where named."""
    if (reason := text_of("reason")) is not None:
        require_known("reason", [reason], REASONS)
    page = read_held(
        the_ledger().database,
        programme_id,
        reason=reason,
        scenario_id=text_of("scenario"),
        after=key_after(parts=2),
        limit=whole_number("limit", least=1, most=WAITING_SHOWN_MAX, default=LIMIT_DEFAULT),
    )
    held = [_document(line) for line in page.lines]
    return found({"position": page.position, "held": held, "next_cursor": cursor_of(page.next_key)})


def _document(line: HeldActivity) -> dict[str, object]:
    return {
        "source": line.source,
        "activity_id": line.activity_id,
        "participant_id": line.held.participant_id,
        "scenario_id": line.held.scenario_id,
        "occurred_at": line.held.occurred_at,
        "recorded_at": line.held.recorded_at,
        "waits_for": line.held.waits_for,
    }
