"""When a period is over and until when its lines can be disputed, by the clock of the machine."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from ledger.bootstrap import Ledger
from tests.e2e.frozen import frozen_at
from tests.e2e.month import STATEMENTS
from tests.e2e.town import Town, code_of

SECOND = timedelta(seconds=1)

MIDNIGHTS = [
    # The end of a month in Shanghai, of a year, and of 29 February.
    ("Asia/Shanghai", "2026-11-30 16:00", "2026-12-01"),
    ("Asia/Shanghai", "2026-12-31 16:00", "2027-01-01"),
    ("Asia/Shanghai", "2028-02-29 16:00", "2028-03-01"),
    # In Berlin these days have 23 and 25 hours.
    ("Europe/Berlin", "2027-03-28 22:00", "2027-03-29"),
    ("Europe/Berlin", "2027-10-31 23:00", "2027-11-01"),
]
"""A zone, an instant in UTC with which a day begins there, and the day."""


@pytest.mark.parametrize(("time_zone", "midnight_at", "day"), MIDNIGHTS)
def test_a_period_is_over_and_objections_end_with_the_second_before_midnight(
    opened: Callable[..., Ledger], time_zone: str, midnight_at: str, day: str
) -> None:
    midnight = datetime.fromisoformat(midnight_at).replace(tzinfo=UTC)
    town, of = Town(opened()), f"{STATEMENTS}/tea:{day}"
    with frozen_at(midnight - SECOND) as clock:
        town.open(time_zone=time_zone)
        assert town.earn("ann", 100, "ride").status_code == 201
        for own_id in ("r-1", "r-2"):
            assert town.hold(own_id).status_code == 201
            assert town.post("poster", f"/redemptions/{own_id}/fulfil").status_code == 201
        assert code_of(town.post("finance", f"{STATEMENTS}/close", ends_on=day)) == "period_not_over"
        clock.move_to(midnight)
        closed = town.post("finance", f"{STATEMENTS}/close", ends_on=day, objection_days=1)
        (statement,) = closed.json["statements"]
        assert (statement["lines"], statement["ends_on"]) == (2, day)
        yesterday = date.fromisoformat(day) - timedelta(days=1)
        assert statement["starts_on"] == yesterday.isoformat()
        town.follow()
        until = datetime.fromisoformat(town.get(of).json["objections_until"])
        clock.move_to(until - SECOND)
        line = {"line": "use", "reason": "r"}
        assert town.post("finance", f"{of}/disputes", redemption_id="r-1", **line).status_code == 201
        clock.move_to(until)
        refused = town.post("finance", f"{of}/disputes", redemption_id="r-2", **line)
    assert code_of(refused) == "objections_closed"
    assert until - midnight == timedelta(days=1)
