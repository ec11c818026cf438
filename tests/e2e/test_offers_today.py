"""Which month a voucher counts in, and whether a day is its last, by the clock of the machine."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from ledger.bootstrap import Ledger
from tests.e2e.cafe import KEY, Cafe, with_keys
from tests.e2e.frozen import frozen_at
from tests.e2e.town import code_of

SECOND = timedelta(seconds=1)

MIDNIGHTS = [
    # The end of a month in Shanghai, of a year, and of 29 February.
    ("Asia/Shanghai", "2026-11-30 16:00", "2026-12"),
    ("Asia/Shanghai", "2026-12-31 16:00", "2027-01"),
    ("Asia/Shanghai", "2028-02-29 16:00", "2028-03"),
    # In March clocks went forward, in October they go back.
    ("Europe/Berlin", "2027-03-31 22:00", "2027-04"),
    ("Europe/Berlin", "2027-10-31 23:00", "2027-11"),
]
"""A zone, an instant in UTC with which a month begins there, and the month."""


@pytest.mark.parametrize(("time_zone", "midnight_at", "month"), MIDNIGHTS)
def test_a_month_s_vouchers_and_those_of_a_day_end_with_the_second_before_midnight(
    opened: Callable[..., Ledger], time_zone: str, midnight_at: str, month: str
) -> None:
    midnight = datetime.fromisoformat(midnight_at).replace(tzinfo=UTC)
    cafe = Cafe(with_keys(opened(), KEY))
    with frozen_at(midnight - SECOND) as clock:
        cafe.open(time_zone=time_zone)
        cafe.furnish(month_quota=2, per_participant_month=1, voucher_valid_days=0)
        first, second = cafe.code("v-1"), cafe.code("v-2", participant_id="bo")
        assert cafe.left("ann") == {"stock": None, "month": 0, "participant": None, "participant_month": 0}
        assert code_of(cafe.take("v-3")) == "offer_month_sold_out"
        assert cafe.use(first).status_code == 201
        clock.move_to(midnight)
        assert code_of(cafe.use(second)) == "voucher_expired"
        assert cafe.left("ann") == {"stock": None, "month": 2, "participant": None, "participant_month": 1}
        assert cafe.take("v-3").status_code == 201
        again = cafe.take("v-4")
    assert code_of(again) == "offer_limit_reached"
    assert again.json["details"]["month"] == month
