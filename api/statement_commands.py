"""What is done with merchants' statements over HTTP: closed, disputed, resolved, approved.

Rule of the room: who asks is taken from the key, so that one key prepares and another one checks.
"""

from http import HTTPStatus
from typing import Any, Final

import msgspec
from flask import Response

from api import strict_json
from api.access import ROLES_OF_COMMAND, Access, the_key
from api.answers import POSITION_HEADER, REPLAY_HEADER, recorded
from api.bodies import JSON, read_body
from api.command_schemas import load, schema_of
from api.key_cursors import CURSOR, cursor_of, key_after
from api.merchant_statements_schemas import ClosedAnswer
from api.problems import problem
from api.queries import query_parameter, whole_number
from api.routes import (
    ALWAYS,
    IN_PROGRAMME,
    POSITION_DOCUMENT,
    REPLAY_DOCUMENT,
    WITH_COMMAND,
    Routes,
)
from api.serving import the_ledger
from ledger.domain.limits import BODY_BYTES_MAX, SETTLEMENT_MERCHANTS_MAX
from ledger.domain.statement import (
    ApproveStatement,
    CloseStatement,
    DisputeLine,
    ResolveDispute,
)
from ledger.merchant_statements.closing import ClosedPage, ClosePeriod, close_period
from ledger.merchant_statements.documents import closed_document

routes = Routes("statement-steps", description="Merchants' statements, closed, disputed, approved.")

STATEMENTS: Final = f"{IN_PROGRAMME}/settlement/statements"
STATEMENT: Final = f"{STATEMENTS}/<statement_id>"

_LIMIT: Final = query_parameter(
    "limit",
    "Merchants looked at, at most.",
    least=1,
    most=SETTLEMENT_MERCHANTS_MAX,
    default=SETTLEMENT_MERCHANTS_MAX,
)


@routes.post(f"{IN_PROGRAMME}/merchants/<merchant_id>/statements")
@routes.takes(CloseStatement, from_path=("merchant_id",))
def close_statement(command: CloseStatement, programme_id: str) -> Response:
    """Close a merchant's period: its lines up to a day that is over, since the last one, in a statement."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.post(f"{STATEMENTS}/close")
@routes.describes(
    Access(ROLES_OF_COMMAND[CloseStatement], query=frozenset({"cursor", "limit"})),
    {
        HTTPStatus.OK: {
            "description": "The statements that there are now, and for whom there is none.",
            "headers": {**POSITION_DOCUMENT, **REPLAY_DOCUMENT},
            "content": {JSON: {"schema": ClosedAnswer}},
        }
    },
    problems=(*ALWAYS, *WITH_COMMAND),
    parameters=[_LIMIT, CURSOR],
    requestBody={"required": True, "content": {JSON: {"schema": schema_of(ClosePeriod)}}},
)
def close_statements(programme_id: str) -> Response:
    """Close the period of every merchant that has lines in it, page by page; each stands for itself."""
    limit = whole_number("limit", least=1, most=SETTLEMENT_MERCHANTS_MAX, default=SETTLEMENT_MERCHANTS_MAX)
    after = key_after(parts=1)
    value = strict_json.loads(read_body(content_type=JSON, bytes_max=BODY_BYTES_MAX))
    command, ledger = load(ClosePeriod, value), the_ledger()
    page = close_period(
        database=ledger.database,
        writer=ledger.writer,
        programme_id=programme_id,
        command=command,
        by=the_key().key_id,
        now=ledger.clock(),
        after=after,
        limit=limit,
    )
    return _closed(command, page)


@routes.post(f"{STATEMENT}/disputes")
@routes.takes(DisputeLine, from_path=("statement_id",))
def dispute_line(command: DisputeLine, programme_id: str) -> Response:
    """Object to a line, which is then held back until somebody says what it is worth."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.post(f"{STATEMENT}/resolutions")
@routes.takes(ResolveDispute, from_path=("statement_id",))
def resolve_dispute(command: ResolveDispute, programme_id: str) -> Response:
    """Say what a disputed line is worth: as the statement says, or another amount with the next one."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.post(f"{STATEMENT}/approval")
@routes.takes(ApproveStatement, from_path=("statement_id",))
def approve_statement(command: ApproveStatement, programme_id: str) -> Response:
    """Say that a statement which another key closed may be paid."""
    return recorded(the_ledger().writer.submit(programme_id, command))


def _closed(command: ClosePeriod, page: ClosedPage) -> Response:
    """Answer with what came of it; the same bytes each time."""
    issued = list(page.issued)
    document: dict[str, Any] = {
        "ends_on": command.ends_on,
        "statements": [closed_document(outcome, event) for outcome, event in issued],
        "refused": [
            {"merchant_id": merchant_id, "problem": problem(error)} for merchant_id, error in page.refused
        ],
        "next_cursor": cursor_of(page.next_merchant_id),
    }
    headers = {}
    if issued:
        headers[POSITION_HEADER] = str(max(outcome.position for outcome, _ in issued))
        if all(outcome.replayed for outcome, _ in issued):
            headers[REPLAY_HEADER] = "true"
    return Response(msgspec.json.encode(document), HTTPStatus.OK, headers, content_type=JSON)
