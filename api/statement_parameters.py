"""What may stand in the query of a statement, and of balances at a moment.

Rule of the room: what is read here stands in the document here.
"""

from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
from flask import request

from api.queries import invalid, query_parameter, some_of, whole_number
from api.statement_cursors import CURSOR_CHARS_MAX, digest_of, place_of
from api.typed_fields import INSTANT_EXPECTED, in_every_offset
from ledger.domain.instants import Instant, utc
from ledger.domain.limits import LOTS_ENTRIES_MAX, POSITION_MAX, STATEMENT_ENTRIES_MAX
from ledger.domain.topics import BY_TOPIC
from ledger.projections.statement_balances import ASSETS
from ledger.projections.statement_pages import Order, Place

LIMIT_DEFAULT: Final = 100
MOMENTS: Final = ("position", "recorded_at", "occurred_at")
ORDERS: Final[tuple[Order, ...]] = ("newest", "oldest")


class Question(NamedTuple):
    """Which entries are asked for."""

    programme_id: str
    account: str
    asset: str | None
    topics: tuple[str, ...]
    order: Order
    occurred_from: datetime | None
    occurred_to: datetime | None
    recorded_from: datetime | None
    recorded_to: datetime | None


class Moment(NamedTuple):
    """One of three."""

    position: int | None
    recorded_at: datetime | None
    occurred_at: datetime | None


def question(programme_id: str, account: str) -> Question:
    """Read what is asked for.

    Raises:
        FieldsInvalid: a value is none, or a period ends before it has begun.
    """
    asked = Question(
        programme_id=programme_id,
        account=account,
        asset=_one_of("asset", ASSETS),
        topics=tuple(sorted(some_of("topics", BY_TOPIC))),
        order="oldest" if _one_of("order", ORDERS) == "oldest" else "newest",
        occurred_from=_instant("occurred_from"),
        occurred_to=_instant("occurred_to"),
        recorded_from=_instant("recorded_from"),
        recorded_to=_instant("recorded_to"),
    )
    for kind in ("occurred", "recorded"):
        begin, end = getattr(asked, f"{kind}_from"), getattr(asked, f"{kind}_to")
        if begin is not None and end is not None and begin >= end:
            raise invalid(f"{kind}_to", f"must be later than {kind}_from")
    return asked


def limit() -> int:
    """Read how many entries a page may have.

    Raises:
        FieldsInvalid
    """
    return whole_number("limit", least=1, most=STATEMENT_ENTRIES_MAX, default=LIMIT_DEFAULT)


def place(asked: Question) -> Place | None:
    """Read where the page before ended; None for the first.

    Raises:
        FieldsInvalid: it is no cursor, or not one of this question.
    """
    text = _only("cursor")
    if text is None:
        return None
    if (found := place_of(text, digest_of(asked))) is None:
        raise invalid("cursor", "must be next_cursor of an answer, with the same filters and order")
    return found


def moment() -> Moment:
    """Read the one moment that is asked for.

    Raises:
        FieldsInvalid: none or several are there, or it is none.
    """
    if sum(name in request.args for name in MOMENTS) != 1:
        raise invalid("position", f"exactly one of {', '.join(MOMENTS)} must be there")
    is_position = "position" in request.args
    position = whole_number("position", least=0, most=POSITION_MAX, default=0) if is_position else None
    return Moment(position, _instant("recorded_at"), _instant("occurred_at"))


def _only(name: str) -> str | None:
    texts = request.args.getlist(name)
    if len(texts) > 1:
        raise invalid(name, "may be given once")
    return texts[0] if texts else None


def _one_of(name: str, choices: tuple[str, ...]) -> str | None:
    text = _only(name)
    if text is None or text in choices:
        return text
    raise invalid(name, f"must be one of {', '.join(choices)}")


def _instant(name: str) -> datetime | None:
    text = _only(name)
    if text is None:
        return None
    try:
        instant = msgspec.convert(text, Instant)
    except msgspec.ValidationError:
        instant = None
    if instant is None or not in_every_offset(instant):
        raise invalid(name, f"must be {INSTANT_EXPECTED} (+ is %2B in an address)")
    return utc(instant)


# --- In the document ---------------------------------------------------------------------------


def _text(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"in": "query", "name": name, "description": description, "schema": {"type": "string", **schema}}


def _time(name: str, description: str) -> dict[str, Any]:
    return _text(name, description, format="date-time")


STATEMENT_PARAMETERS: Final = (
    _text("order", "Newest or oldest first.", enum=list(ORDERS), default=ORDERS[0]),
    _text("asset", "Only entries of this asset.", enum=list(ASSETS)),
    {
        "in": "query",
        "name": "topics",
        "description": "Only entries of these topics.",
        "style": "form",
        "explode": False,
        "schema": {"type": "array", "minItems": 1, "items": {"type": "string", "enum": list(BY_TOPIC)}},
    },
    _time("occurred_from", "Only what occurred at this instant or later."),
    _time("occurred_to", "Only what occurred before this instant."),
    _time("recorded_from", "Only what was recorded at this instant or later."),
    _time("recorded_to", "Only what was recorded before this instant."),
    query_parameter(
        "limit", "Entries on a page, at most.", least=1, most=STATEMENT_ENTRIES_MAX, default=LIMIT_DEFAULT
    ),
    _text(
        "cursor",
        "`next_cursor` of the page before; all other parameters but `limit` as for that page.",
        maxLength=CURSOR_CHARS_MAX,
    ),
)

MOMENT_PARAMETERS: Final = (
    query_parameter("position", "After this event.", least=0, most=POSITION_MAX),
    _time("recorded_at", "After all that was recorded at this instant or before."),
    _time("occurred_at", "After all that occurred at this instant or before, as far as it is known now."),
    {
        "in": "query",
        "name": "lots",
        "description": f"Credits by lot too, where at most {LOTS_ENTRIES_MAX:,} entries made them.",
        "schema": {"type": "boolean", "default": False},
    },
)


def names_of(parameters: tuple[dict[str, Any], ...]) -> frozenset[str]:
    """Give what may stand in the query."""
    return frozenset(parameter["name"] for parameter in parameters)
