"""Activities over HTTP."""

from flask import Response

from api.answers import recorded
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain.activity import RecordActivity

routes = Routes("activities", description="What people do, what it avoids, what it earns.")


@routes.post(f"{IN_PROGRAMME}/activities")
@routes.takes(RecordActivity)
def record_activity(command: RecordActivity, programme_id: str) -> Response:
    """Record one act as its source reported it; `id` is the source's own."""
    return recorded(the_ledger().writer.submit(programme_id, command))
