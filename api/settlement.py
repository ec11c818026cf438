"""Settlement over HTTP: what merchants are owed, line by line, and where funds' money is.

Rule of the room: one statement is read as of one position, however many pages or bytes it takes.
"""

import re
from collections.abc import Iterator
from datetime import date
from http import HTTPStatus
from typing import Any, Final

import structlog
from flask import Response, request

from api.access import Access
from api.answers import POSITION_HEADER, found
from api.bodies import JSON
from api.periods import FROM, TO, open_period, period_parameters, text_of
from api.queries import invalid, query_parameter, whole_number
from api.routes import ALWAYS, IN_PROGRAMME, POSITION_DOCUMENT, Routes
from api.serving import the_ledger
from api.settlement_cursors import CURSOR_CHARS_MAX, cursor_of, place_of
from api.settlement_documents import CsvStatement, line_document, redemption_document, settlement_document
from api.settlement_schemas import (
    FundMoneyAnswer,
    MerchantSettlementAnswer,
    RedemptionSettlementAnswer,
    SettlementAnswer,
    SettlementLinesAnswer,
)
from api.views import MIN_POSITION, MIN_POSITION_PARAMETER, view_reading
from ledger.bootstrap import Ledger
from ledger.domain import addresses
from ledger.domain.errors import AccountNotFound, RedemptionNotFound
from ledger.domain.identifiers import ENTITY_ID
from ledger.domain.limits import (
    ACCOUNT_CHARS_MAX,
    ECHO_CHARS_MAX,
    SETTLEMENT_LINES_MAX,
    SETTLEMENT_MERCHANTS_MAX,
)
from ledger.keys import Role
from ledger.projections.balances import read_account
from ledger.projections.settlement import Settlement
from ledger.projections.settlement_queries import (
    LinesAfter,
    Period,
    StatementLine,
    fund_places,
    merchant_settlement,
    settled_redemption,
    settlements,
    statement_lines,
)

routes = Routes("settlement", description="What merchants are owed, and which fund bears it.")

_log = structlog.get_logger(__name__)

_ROLES: Final[tuple[Role, ...]] = ("finance", "auditor", "operator")
_CSV: Final = "text/csv"
_ENTITY_ID: Final = re.compile(ENTITY_ID)
_PERIOD: Final = (FROM, TO, MIN_POSITION)
_PERIOD_PARAMETERS: Final = (*period_parameters(), MIN_POSITION_PARAMETER)


def _limit(most: int) -> dict[str, Any]:
    return query_parameter("limit", "On one page, at most.", least=1, most=most, default=most)


def _cursor(description: str) -> dict[str, Any]:
    schema = {"type": "string", "maxLength": CURSOR_CHARS_MAX}
    return {"in": "query", "name": "cursor", "description": description, "schema": schema}


@routes.get(f"{IN_PROGRAMME}/settlement")
@routes.gives(
    SettlementAnswer,
    Access(_ROLES, query=frozenset({*_PERIOD, "cursor", "limit"})),
    parameters=(
        *_PERIOD_PARAMETERS,
        _limit(SETTLEMENT_MERCHANTS_MAX),
        _cursor("`next_cursor` of the page before."),
    ),
)
def read_settlement(programme_id: str) -> Response:
    """Read what the lines of a period come to, merchant by merchant."""
    period, limit = _period(), _limit_asked(SETTLEMENT_MERCHANTS_MAX)
    after = text_of("cursor") or ""
    if after and _ENTITY_ID.fullmatch(after) is None:
        raise invalid("cursor", "must be next_cursor of an answer")
    with view_reading(programme_id, Settlement.name) as reading:
        merchants = settlements(reading, period, after=after, limit=limit + 1)
    shown = merchants[:limit]
    return found(
        {
            "position": reading.position,
            **_period_document(period),
            "merchants": [settlement_document(merchant) for merchant in shown],
            "next_cursor": shown[-1].merchant_id if len(merchants) > limit else None,
        }
    )


@routes.get(f"{IN_PROGRAMME}/merchants/<merchant_id>/settlement")
@routes.gives(
    MerchantSettlementAnswer, Access(_ROLES, query=frozenset(_PERIOD)), parameters=_PERIOD_PARAMETERS
)
def read_merchant_settlement(programme_id: str, merchant_id: str) -> Response:
    """Read what the lines of one merchant come to in a period."""
    period = _period()
    _require_known(programme_id, merchant_id, addresses.merchant(merchant_id))
    with view_reading(programme_id, Settlement.name) as reading:
        settlement = merchant_settlement(reading, merchant_id, period)
    return found(
        {"position": reading.position, **_period_document(period), **settlement_document(settlement)}
    )


@routes.get(f"{IN_PROGRAMME}/merchants/<merchant_id>/settlement/lines")
@routes.describes(
    Access(_ROLES, query=frozenset({*_PERIOD, "cursor", "limit", "format"})),
    {
        HTTPStatus.OK: {
            "description": "JSON by pages, or all lines as CSV, whose last line is the total.",
            "headers": POSITION_DOCUMENT,
            "content": {JSON: {"schema": SettlementLinesAnswer}, _CSV: {"schema": {"type": "string"}}},
        }
    },
    problems=ALWAYS,
    parameters=[
        *_PERIOD_PARAMETERS,
        _limit(SETTLEMENT_LINES_MAX),
        _cursor("`next_cursor` of the page before; the period as for that page."),
        {
            "in": "query",
            "name": "format",
            "description": "What is given; beats the Accept header.",
            "schema": {"type": "string", "enum": ["json", "csv"]},
        },
    ],
)
def read_settlement_lines(programme_id: str, merchant_id: str) -> Response:
    """Read a merchant's lines in a period; every page, and the whole CSV, is as of one position."""
    period, is_csv = _period(), _wants_csv()
    _require_known(programme_id, merchant_id, addresses.merchant(merchant_id))
    answer = _csv_answer if is_csv else _json_answer
    response = answer(programme_id, merchant_id, period)
    response.vary.add("Accept")
    return response


@routes.get(f"{IN_PROGRAMME}/settlement/redemptions/<redemption_id>")
@routes.gives(
    RedemptionSettlementAnswer,
    Access(_ROLES, query=frozenset({MIN_POSITION})),
    parameters=(MIN_POSITION_PARAMETER,),
)
def read_settled_redemption(programme_id: str, redemption_id: str) -> Response:
    """Read one redemption with its money, fund by fund, and both times of every step."""
    if _ENTITY_ID.fullmatch(redemption_id) is None:
        raise RedemptionNotFound(redemption_id=redemption_id[:ECHO_CHARS_MAX])
    with view_reading(programme_id, Settlement.name) as reading:
        redemption = settled_redemption(reading, redemption_id)
    return found({"position": reading.position, **redemption_document(redemption)})


@routes.get(f"{IN_PROGRAMME}/funds/<fund_id>/money")
@routes.gives(
    FundMoneyAnswer, Access(_ROLES, query=frozenset({MIN_POSITION})), parameters=(MIN_POSITION_PARAMETER,)
)
def read_fund_money(programme_id: str, fund_id: str) -> Response:
    """Read where a fund's money is."""
    _require_known(programme_id, fund_id, addresses.fund(fund_id))
    with view_reading(programme_id, Settlement.name) as reading:
        places = fund_places(reading, fund_id)
    return found({"fund_id": fund_id, "position": reading.position, **places._asdict()})


def _json_answer(programme_id: str, merchant_id: str, period: Period) -> Response:
    limit = _limit_asked(SETTLEMENT_LINES_MAX)
    after = _place(merchant_id, period)
    with view_reading(programme_id, Settlement.name, at_least=after.until if after else 0) as reading:
        after = after or LinesAfter(reading.position)
        lines = statement_lines(reading, merchant_id, period, after=after, limit=limit + 1)
    shown, cursor = lines[:limit], None
    if len(lines) > limit:
        last = shown[-1]
        cursor = cursor_of(merchant_id, period, LinesAfter(after.until, last.local_day, last.position))
    return found(
        {
            "position": after.until,
            **_period_document(period),
            "merchant_id": merchant_id,
            "lines": [line_document(line) for line in shown],
            "next_cursor": cursor,
        }
    )


def _csv_answer(programme_id: str, merchant_id: str, period: Period) -> Response:
    """Answer with all lines; the first page is read before the status is sent."""
    for name in ("cursor", "limit"):
        if text_of(name) is not None:
            raise invalid(name, "means nothing with CSV, which is never cut into pages")
    with view_reading(programme_id, Settlement.name) as reading:
        after = LinesAfter(reading.position)
        first = statement_lines(reading, merchant_id, period, after=after, limit=SETTLEMENT_LINES_MAX)
    lines = _csv_lines(the_ledger(), programme_id, merchant_id, period, after, first)
    response = Response(lines, content_type=f"{_CSV}; charset=utf-8; header=present")
    response.headers[POSITION_HEADER] = str(after.until)
    response.headers["Content-Disposition"] = f'attachment; filename="settlement-{merchant_id}.csv"'
    return response


def _csv_lines(
    ledger: Ledger,
    programme_id: str,
    merchant_id: str,
    period: Period,
    after: LinesAfter,
    lines: list[StatementLine],
) -> Iterator[bytes]:
    """A statement page by page, holding no connection in between, then its total."""
    statement = CsvStatement()
    yield statement.header()
    try:
        while lines:
            yield statement.page(lines)
            after = LinesAfter(after.until, lines[-1].local_day, lines[-1].position)
            is_last = len(lines) < SETTLEMENT_LINES_MAX
            lines = [] if is_last else _more(ledger, programme_id, merchant_id, period, after)
    except Exception:
        # The status has been sent; all that can be said now is said by the missing total.
        _log.exception("statement failed", programme_id=programme_id, position=after.position)
        raise
    yield statement.total(after.until)


def _more(
    ledger: Ledger, programme_id: str, merchant_id: str, period: Period, after: LinesAfter
) -> list[StatementLine]:
    with ledger.reading(programme_id, Settlement.name, min_position=after.until) as reading:
        return statement_lines(reading, merchant_id, period, after=after, limit=SETTLEMENT_LINES_MAX)


def _period() -> Period:
    begin, end = open_period()
    return Period(begin or date.min, end or date.max)


def _period_document(period: Period) -> dict[str, date | None]:
    begin, end = period
    return {FROM: begin if begin > date.min else None, TO: end if end < date.max else None}


def _limit_asked(most: int) -> int:
    return whole_number("limit", least=1, most=most, default=most)


def _place(merchant_id: str, period: Period) -> LinesAfter | None:
    """Where the page before ended; None for the first.

    Raises:
        FieldsInvalid: it is no cursor, or not one of this question.
    """
    if (text := text_of("cursor")) is None:
        return None
    if (place := place_of(text, merchant_id, period)) is None:
        raise invalid("cursor", "must be next_cursor of an answer, with the same merchant and period")
    return place


def _wants_csv() -> bool:
    match text_of("format"):
        case None:
            return request.accept_mimetypes.best_match([JSON, _CSV], default=JSON) == _CSV
        case "csv":
            return True
        case "json":
            return False
        case _:
            raise invalid("format", "must be json or csv")


def _require_known(programme_id: str, own_id: str, account: str) -> None:
    """Refuse whom nobody opened.

    Raises:
        ProgrammeNotFound, AccountNotFound
    """
    if _ENTITY_ID.fullmatch(own_id) is None:
        raise AccountNotFound(account=account[:ACCOUNT_CHARS_MAX])
    read_account(the_ledger().database, programme_id, account)
