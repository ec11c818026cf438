"""Merchants' statements over HTTP, as they are read: lists, one with everything about it, its lines.

Rule of the room: a statement is read as of one position; what it says is said in the same words here
and in its documents.
"""

import re
from contextlib import AbstractContextManager
from datetime import date, timedelta
from functools import partial
from typing import Any, Final, get_args

from flask import Response

from api.access import Access
from api.answers import found
from api.key_cursors import CURSOR, cursor_of, key_after
from api.merchant_statements_schemas import StatementLinesAnswer, StatementsAnswer, WholeStatementAnswer
from api.periods import FROM, TO, open_period, period_parameters, text_of
from api.queries import invalid, query_parameter, require_known, whole_number
from api.routes import Routes
from api.serving import the_ledger
from api.statement_commands import STATEMENT, STATEMENTS
from api.views import MIN_POSITION, MIN_POSITION_PARAMETER, view_reading
from ledger.domain.errors import StatementNotFound
from ledger.domain.identifiers import ENTITY_ID, STATEMENT_ID
from ledger.domain.limits import (
    ECHO_CHARS_MAX,
    ENTITY_ID_CHARS_MAX,
    SETTLEMENT_LINES_MAX,
    STATEMENTS_SHOWN_MAX,
)
from ledger.domain.statement import StatementStatus
from ledger.keys import Role
from ledger.merchant_statements.documents import statement_document, summary_document
from ledger.merchant_statements.history import history_of
from ledger.merchant_statements.names import names_of
from ledger.merchant_statements.paper import Paper, lines_after, read_paper
from ledger.projections.settlement import Settlement
from ledger.projections.settlement_statements import BEGINNING, LinesAfter, merchant_statements
from ledger.projections.snapshot import Snapshot

routes = Routes("merchant-statements", description="Merchants' statements, as they stand.")

ROLES: Final[tuple[Role, ...]] = ("finance", "auditor", "operator")

_STATUSES: Final = get_args(StatementStatus)
_ENTITY_ID: Final = re.compile(ENTITY_ID)
_STATEMENT_ID: Final = re.compile(STATEMENT_ID)
_DAY: Final = timedelta(days=1)
_MERCHANT: Final[dict[str, Any]] = {
    "in": "query",
    "name": "merchant_id",
    "description": "Those alone of one merchant.",
    "schema": {"type": "string", "maxLength": ENTITY_ID_CHARS_MAX},
}


def status_parameter(words: tuple[str, ...]) -> dict[str, Any]:
    """Give the OpenAPI entry of a status in the query."""
    schema = {"type": "string", "enum": list(words)}
    return {"in": "query", "name": "status", "description": "Those alone in this status.", "schema": schema}


@routes.get(STATEMENTS)
@routes.gives(
    StatementsAnswer,
    Access(ROLES, query=frozenset({FROM, TO, "merchant_id", "status", "cursor", "limit", MIN_POSITION})),
    parameters=(
        *period_parameters(),
        _MERCHANT,
        status_parameter(_STATUSES),
        query_parameter(
            "limit", "On one page, at most.", least=1, most=STATEMENTS_SHOWN_MAX, default=STATEMENTS_SHOWN_MAX
        ),
        CURSOR,
        MIN_POSITION_PARAMETER,
    ),
)
def list_merchant_statements(programme_id: str) -> Response:
    """Read statements whose last day lies in a period, by their ids."""
    limit = whole_number("limit", least=1, most=STATEMENTS_SHOWN_MAX, default=STATEMENTS_SHOWN_MAX)
    ends_from, ends_to = map(_day_after, open_period())
    merchant_id, status, after = _merchant(), status_of(_STATUSES), key_after(parts=1)
    with read(programme_id) as reading:
        rows = merchant_statements(
            reading,
            merchant_id=merchant_id,
            status=status,
            ends_from=ends_from,
            ends_to=ends_to,
            after=after,
            limit=limit + 1,
        )
    shown = rows[:limit]
    names = names_of(the_ledger().database, programme_id, "merchant", {row.merchant_id for row in shown})
    return found(
        {
            "position": reading.position,
            "statements": [summary_document(row, names[row.merchant_id]) for row in shown],
            "next_cursor": cursor_of(shown[-1].statement_id if len(rows) > limit else None),
        }
    )


@routes.get(STATEMENT)
@routes.gives(
    WholeStatementAnswer,
    Access(ROLES, query=frozenset({MIN_POSITION})),
    parameters=(MIN_POSITION_PARAMETER,),
)
def read_merchant_statement(programme_id: str, statement_id: str) -> Response:
    """Read a statement: its numbers, funds, disputes and payouts, and who did what when."""
    paper = paper_of(programme_id, statement_id)
    history = history_of(the_ledger().log, programme_id, statement_id, until=paper.position)
    return found(statement_document(paper, history))


@routes.get(f"{STATEMENT}/lines")
@routes.gives(
    StatementLinesAnswer,
    Access(ROLES, query=frozenset({"cursor", "limit", MIN_POSITION})),
    parameters=(
        query_parameter(
            "limit", "On one page, at most.", least=1, most=SETTLEMENT_LINES_MAX, default=SETTLEMENT_LINES_MAX
        ),
        CURSOR,
        MIN_POSITION_PARAMETER,
    ),
)
def list_lines_of_statement(programme_id: str, statement_id: str) -> Response:
    """Read the lines of a statement, in the order of its digest."""
    limit = whole_number("limit", least=1, most=SETTLEMENT_LINES_MAX, default=SETTLEMENT_LINES_MAX)
    after = _lines_after()
    paper = paper_of(programme_id, statement_id)
    lines = lines_after(partial(read, programme_id), paper, after, limit=limit + 1)
    shown, last = lines[:limit], lines[limit - 1 : limit]
    key = f"{last[0].local_day}\n{last[0].position}" if len(lines) > limit else None
    return found(
        {
            "statement_id": statement_id,
            "position": paper.position,
            "lines": shown,
            "next_cursor": cursor_of(key),
        }
    )


def read(programme_id: str, at_least: int = 0) -> AbstractContextManager[Snapshot]:
    """Read the settlement view as this request asks for it; see `api.views.view_reading`."""
    return view_reading(programme_id, Settlement.name, at_least=at_least)


def paper_of(programme_id: str, statement_id: str) -> Paper:
    """Read one statement.

    Raises:
        FieldsInvalid: of `min_position`.
        ProgrammeNotFound, StatementNotFound, ViewLagging
    """
    if _STATEMENT_ID.fullmatch(statement_id) is None:
        raise StatementNotFound(statement_id=statement_id[:ECHO_CHARS_MAX])
    return read_paper(the_ledger().database, partial(read, programme_id), programme_id, statement_id)


def status_of(words: tuple[str, ...]) -> str | None:
    """Give the status that is asked for; None for any.

    Raises:
        FieldsInvalid: it is none of the words, or is there twice.
    """
    if (status := text_of("status")) is not None:
        require_known("status", [status], words)
    return status


def _merchant() -> str | None:
    if (merchant_id := text_of("merchant_id")) is not None and _ENTITY_ID.fullmatch(merchant_id) is None:
        raise invalid("merchant_id", "must be a merchant's id")
    return merchant_id


def _day_after(day: date | None) -> date | None:
    """Give the end of a period, exclusive, whose last day this is."""
    return day if day is None or day == date.max else day + _DAY


def _lines_after() -> LinesAfter:
    """Where the page before ended.

    Raises:
        FieldsInvalid
    """
    if not (key := key_after(parts=2)):
        return BEGINNING
    day, _, position = key.partition("\n")
    try:
        return LinesAfter(date.fromisoformat(day), int(position))
    except ValueError:
        raise invalid("cursor", "must be next_cursor of an answer") from None
