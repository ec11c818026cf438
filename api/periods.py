"""Reading local days and periods behind the question mark, the same for every view that counts by day.

Rule of the room: a period is half-open, in the programme's local days; what is read here stands in
the document here.
"""

import re
from datetime import date
from typing import Any, Final

from flask import request

from api.queries import invalid
from ledger.domain.identifiers import DATE

FROM: Final = "from"
TO: Final = "to"

_DATE: Final = re.compile(DATE)
_EXPECTED: Final = "must be a day such as 2026-11-22"


def text_of(name: str) -> str | None:
    """Give what stands under a name in the query; None when nothing does.

    Raises:
        FieldsInvalid: it is there twice.
    """
    texts = request.args.getlist(name)
    if len(texts) > 1:
        raise invalid(name, "may be given once")
    return texts[0] if texts else None


def local_day(name: str) -> date | None:
    """Give a day of the programme's calendar, or None when it is not there.

    Raises:
        FieldsInvalid: it is written otherwise, is in no calendar, or is there twice.
    """
    if (text := text_of(name)) is None:
        return None
    # fromisoformat() alone would also take 20261122 and 2026-W47-7.
    if _DATE.fullmatch(text) is None:
        raise invalid(name, _EXPECTED)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise invalid(name, _EXPECTED) from None


def needed_day(name: str) -> date:
    """Give a day that must be there.

    Raises:
        FieldsInvalid
    """
    if (day := local_day(name)) is None:
        raise invalid(name, "must be there")
    return day


def open_period() -> tuple[date | None, date | None]:
    """Give a period of which either end may be left open.

    Raises:
        FieldsInvalid: an end is no day, or the period ends before it has begun.
    """
    begin, end = local_day(FROM), local_day(TO)
    if begin is not None and end is not None:
        _require_order(begin, end)
    return begin, end


def closed_period() -> tuple[date, date]:
    """Give a period of which both ends must be there.

    Raises:
        FieldsInvalid: an end is missing or no day, or the period ends before it has begun.
    """
    begin, end = needed_day(FROM), needed_day(TO)
    _require_order(begin, end)
    return begin, end


def _require_order(begin: date, end: date) -> None:
    if begin >= end:
        raise invalid(TO, f"must be a later day than {FROM}")


def day_parameter(name: str, description: str, *, required: bool = False) -> dict[str, Any]:
    """Give the OpenAPI entry of a day in the query."""
    return {
        "in": "query",
        "name": name,
        "description": description,
        "required": required,
        "schema": {"type": "string", "format": "date"},
    }


def period_parameters(*, required: bool = False) -> tuple[dict[str, Any], ...]:
    """Give the OpenAPI entries of a period."""
    return (
        day_parameter(FROM, "The first local day.", required=required),
        day_parameter(TO, "The local day after the last.", required=required),
    )
