"""A programme in numbers, over HTTP."""

import re
from datetime import date
from typing import Any, Final

from flask import Response

from api.access import EVERY_ROLE, Access
from api.answers import found
from api.periods import (
    FROM,
    TO,
    closed_period,
    day_parameter,
    local_day,
    needed_day,
    period_parameters,
    text_of,
)
from api.queries import invalid, query_parameter, whole_number
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from api.totals_schemas import BurnAnswer, LiabilityAnswer, SeriesAnswer, TotalsAnswer
from api.views import MIN_POSITION, MIN_POSITION_PARAMETER, view_reading
from ledger.domain import addresses
from ledger.domain.errors import AccountNotFound
from ledger.domain.identifiers import ENTITY_ID
from ledger.domain.limits import ACCOUNT_CHARS_MAX, BURN_DAYS_MAX, SERIES_PERIODS_MAX
from ledger.projections.balances import read_account
from ledger.projections.totals import Totals
from ledger.projections.totals_queries import (
    Period,
    burn,
    liability,
    months_between,
    programme_totals,
    series,
    totals_document,
)

routes = Routes("totals", description="A programme in numbers.")

_ENTITY_ID: Final = re.compile(ENTITY_ID)
_BURN_DAYS: Final = 30


@routes.get(f"{IN_PROGRAMME}/totals")
@routes.gives(
    TotalsAnswer,
    Access(EVERY_ROLE, query=frozenset({"on", MIN_POSITION})),
    parameters=(
        day_parameter("on", "Up to the end of this local day; all that was recorded by default."),
        MIN_POSITION_PARAMETER,
    ),
)
def read_totals(programme_id: str) -> Response:
    """Read people, activities, grams, credits and money of a programme."""
    on = local_day("on")
    with view_reading(programme_id, Totals.name) as reading:
        totals = programme_totals(reading, on or date.max)
    return found({"position": reading.position, **totals_document(totals)})


@routes.get(f"{IN_PROGRAMME}/totals/series")
@routes.gives(
    SeriesAnswer,
    Access(EVERY_ROLE, query=frozenset({"by", FROM, TO, MIN_POSITION})),
    parameters=(
        {
            "in": "query",
            "name": "by",
            "description": "What a row is; with `month` a period begins and ends on the first of one.",
            "schema": {"type": "string", "enum": ["day", "month"], "default": "day"},
        },
        *period_parameters(required=True),
        MIN_POSITION_PARAMETER,
    ),
)
def read_totals_series(programme_id: str) -> Response:
    """Read a programme's numbers day by day or month by month."""
    by, (begin, end) = _by(), closed_period()
    _require_short(by, begin, end)
    with view_reading(programme_id, Totals.name) as reading:
        rows = series(reading, by, begin, end)
    return found({"position": reading.position, "rows": [row._asdict() for row in rows]})


@routes.get(f"{IN_PROGRAMME}/totals/liability")
@routes.gives(
    LiabilityAnswer,
    Access(EVERY_ROLE, query=frozenset({MIN_POSITION})),
    parameters=(MIN_POSITION_PARAMETER,),
)
def read_liability(programme_id: str) -> Response:
    """Read the credits that may yet be used, by the month in which they run out."""
    with view_reading(programme_id, Totals.name) as reading:
        months = liability(reading)
    documents = [
        {"expires_in": f"{month.expires_in:%Y-%m}", "credits": month.credits, "places": month.places}
        for month in months
    ]
    return found(
        {
            "position": reading.position,
            "credits": sum(month.credits for month in months),
            "months": documents,
        }
    )


@routes.get(f"{IN_PROGRAMME}/funds/<fund_id>/burn")
@routes.gives(
    BurnAnswer,
    Access(EVERY_ROLE, query=frozenset({"on", "days", MIN_POSITION})),
    parameters=(
        day_parameter("on", "The last local day of the count.", required=True),
        query_parameter("days", "How many local days.", least=1, most=BURN_DAYS_MAX, default=_BURN_DAYS),
        MIN_POSITION_PARAMETER,
    ),
)
def read_burn(programme_id: str, fund_id: str) -> Response:
    """Read how fast a fund is promised away, and how many days it lasts."""
    on, days = needed_day("on"), whole_number("days", least=1, most=BURN_DAYS_MAX, default=_BURN_DAYS)
    account = addresses.fund(fund_id)
    if _ENTITY_ID.fullmatch(fund_id) is None:
        raise AccountNotFound(account=account[:ACCOUNT_CHARS_MAX])
    read_account(the_ledger().database, programme_id, account)
    with view_reading(programme_id, Totals.name) as reading:
        rate = burn(reading, fund_id, on=on, days=days)
    document: dict[str, Any] = {"position": reading.position, "fund_id": fund_id, **rate._asdict()}
    return found({**document, "burnt_fen": rate.burnt_fen, "days_left": rate.days_left})


def _by() -> Period:
    match text_of("by"):
        case None | "day":
            return "day"
        case "month":
            return "month"
        case _:
            raise invalid("by", "must be day or month")


def _require_short(by: Period, begin: date, end: date) -> None:
    """Refuse a series that is too long, or that would cut a month in two.

    Raises:
        FieldsInvalid
    """
    if by == "month":
        for name, day in ((FROM, begin), (TO, end)):
            if day.day != 1:
                raise invalid(name, "must be the first day of a month")
    rows = months_between(begin, end) if by == "month" else (end - begin).days
    if rows > SERIES_PERIODS_MAX:
        raise invalid(TO, f"must be at most {SERIES_PERIODS_MAX} {by}s after {FROM}")
