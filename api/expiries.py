"""Credits that run out over HTTP: who loses what soon, and the runs that take them."""

from typing import Final

from flask import Response

from api.access import EVERY_ROLE, Access
from api.activities_schemas import ExpiringAnswer
from api.answers import found, recorded
from api.key_cursors import CURSOR, cursor_of, key_after
from api.queries import query_parameter, whole_number
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain.expiry import RunExpiry
from ledger.domain.limits import EXPIRING_DAYS_MAX, WAITING_SHOWN_MAX
from ledger.projections.waiting import read_expiring

routes = Routes("expiries", description="Credits that run out.")

WITHIN_DAYS_DEFAULT: Final = 30
LIMIT_DEFAULT: Final = 100

_WITHIN_DAYS: Final = query_parameter(
    "within_days",
    "Local days after today; 0 for what ends today.",
    least=0,
    most=EXPIRING_DAYS_MAX,
    default=WITHIN_DAYS_DEFAULT,
)
_LIMIT: Final = query_parameter(
    "limit", "Lots on one page, at most.", least=1, most=WAITING_SHOWN_MAX, default=LIMIT_DEFAULT
)


@routes.post(f"{IN_PROGRAMME}/expiries")
@routes.takes(RunExpiry)
def run_expiry(command: RunExpiry, programme_id: str) -> Response:
    """Expire every lot whose last day is `up_to` or earlier, and release holds past their deadline."""
    return recorded(the_ledger().run_expiry(programme_id, command))


@routes.get(f"{IN_PROGRAMME}/expiring")
@routes.gives(
    ExpiringAnswer,
    Access(EVERY_ROLE, query=frozenset({"within_days", "limit", "cursor"})),
    parameters=(_WITHIN_DAYS, _LIMIT, CURSOR),
)
def list_expiring(programme_id: str) -> Response:
    """Read whose spendable credits run out today or within so many local days, by account and last day."""
    ledger = the_ledger()
    page = read_expiring(
        ledger.database,
        programme_id,
        within_days=whole_number("within_days", least=0, most=EXPIRING_DAYS_MAX, default=WITHIN_DAYS_DEFAULT),
        now=ledger.clock(),
        after=key_after(parts=3),
        limit=whole_number("limit", least=1, most=WAITING_SHOWN_MAX, default=LIMIT_DEFAULT),
    )
    lots = [line._asdict() for line in page.lines]
    return found({"position": page.position, "lots": lots, "next_cursor": cursor_of(page.next_key)})
