"""Pending credits over HTTP: reading them, claiming them, letting them lapse."""

import re
from datetime import datetime
from typing import Any, Final

from flask import Response

from api.access import EVERY_ROLE, Access
from api.activities_schemas import PendingAnswer
from api.answers import found, recorded
from api.key_cursors import CURSOR, cursor_of, key_after
from api.queries import query_parameter, whole_number
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain import addresses
from ledger.domain.claiming import ClaimCredits, Pending
from ledger.domain.errors import AccountNotFound
from ledger.domain.identifiers import ENTITY_ID
from ledger.domain.lapse import RunLapse
from ledger.domain.limits import ACCOUNT_CHARS_MAX, WAITING_SHOWN_MAX
from ledger.projections.balances import read_account
from ledger.projections.waiting import PendingCredits, read_pending

routes = Routes("claims", description="Credits that wait to be claimed, and lapse when nobody does.")

LIMIT_DEFAULT: Final = 100

_ENTITY_ID: Final = re.compile(ENTITY_ID)
_LIMIT: Final = query_parameter(
    "limit", "Activities on one page, at most.", least=1, most=WAITING_SHOWN_MAX, default=LIMIT_DEFAULT
)


@routes.post(f"{IN_PROGRAMME}/claims")
@routes.takes(ClaimCredits)
def claim_credits(command: ClaimCredits, programme_id: str) -> Response:
    """Make the pending credits of one activity spendable."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.get(f"{IN_PROGRAMME}/participants/<participant_id>/pending")
@routes.gives(
    PendingAnswer, Access(EVERY_ROLE, query=frozenset({"limit", "cursor"})), parameters=(_LIMIT, CURSOR)
)
def list_pending(programme_id: str, participant_id: str) -> Response:
    """Read a participant's pending credits, each with from when and until when it can be claimed."""
    account = addresses.participant(participant_id)
    if _ENTITY_ID.fullmatch(participant_id) is None:
        raise AccountNotFound(account=account[:ACCOUNT_CHARS_MAX])
    ledger = the_ledger()
    after = key_after(parts=2)
    limit = whole_number("limit", least=1, most=WAITING_SHOWN_MAX, default=LIMIT_DEFAULT)
    read_account(ledger.database, programme_id, account)  # or there is no such participant
    page = read_pending(ledger.database, programme_id, participant_id, after=after, limit=limit)
    now = ledger.clock()
    return found(
        {
            "position": page.position,
            "participant_id": participant_id,
            "pending": [_document(line, now) for line in page.lines],
            "next_cursor": cursor_of(page.next_key),
        }
    )


@routes.post(f"{IN_PROGRAMME}/lapses")
@routes.takes(RunLapse)
def run_lapse(command: RunLapse, programme_id: str) -> Response:
    """Let all pending credits lapse whose claim window was over at `up_to` or before."""
    return recorded(the_ledger().run_lapse(programme_id, command))


def _document(line: PendingCredits, now: datetime) -> dict[str, Any]:
    pending = line.pending
    return {
        "source": line.source,
        "activity_id": line.activity_id,
        "scenario_id": pending.scenario_id,
        "credits": pending.credits + pending.bonus_credits,
        "bonus_credits": pending.bonus_credits,
        "occurred_at": pending.occurred_at,
        "ripens_at": pending.ripens_at,
        "claim_by": pending.claim_by,
        "state": _state(pending, now),
    }


def _state(pending: Pending, now: datetime) -> str:
    if now < pending.ripens_at:
        return "ripening"
    return "claimable" if pending.claim_by is None or now < pending.claim_by else "over"
