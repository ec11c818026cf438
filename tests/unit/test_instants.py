"""Local days and expiry dates, at midnights, month's ends, leap days and where summer time begins."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfoNotFoundError

import pytest

from ledger.domain.instants import (
    EXPIRY_MONTHS_MAX_OF_KIND,
    ExpiryKind,
    ExpiryPolicy,
    expires_on,
    is_published,
    local_date,
    utc,
    zone,
)
from ledger.domain.limits import EXPIRY_MONTHS_MAX


@pytest.mark.parametrize(
    ("instant", "time_zone", "day"),
    [
        ("2026-11-22T15:59:59.999999", "Asia/Shanghai", "2026-11-22"),
        ("2026-11-22T16:00:00", "Asia/Shanghai", "2026-11-23"),
        ("2026-12-31T16:00:00", "Asia/Shanghai", "2027-01-01"),
        ("2028-02-28T16:00:00", "Asia/Shanghai", "2028-02-29"),
        # New York: summer time ends on 1 November, at 06:00 UTC.
        ("2026-11-01T03:59:59", "America/New_York", "2026-10-31"),
        ("2026-11-01T04:00:00", "America/New_York", "2026-11-01"),
        ("2026-11-02T04:59:59", "America/New_York", "2026-11-01"),
        ("2026-11-02T05:00:00", "America/New_York", "2026-11-02"),
        # Cairo: the clock goes from the end of 23 April straight to one o'clock.
        ("2026-04-23T21:59:59", "Africa/Cairo", "2026-04-23"),
        ("2026-04-23T22:00:00", "Africa/Cairo", "2026-04-24"),
        ("2026-11-22T10:00:00", "Pacific/Kiritimati", "2026-11-23"),
        ("2026-11-22T10:59:59", "Pacific/Pago_Pago", "2026-11-21"),
        ("2026-11-22T18:14:59", "Asia/Kathmandu", "2026-11-22"),
        ("2026-11-22T18:15:00", "Asia/Kathmandu", "2026-11-23"),
    ],
)
def test_an_instant_falls_on_a_local_day(instant: str, time_zone: str, day: str) -> None:
    assert local_date(datetime.fromisoformat(f"{instant}+00:00"), time_zone).isoformat() == day


def test_an_instant_is_the_same_one_whatever_its_offset() -> None:
    given = datetime(2026, 11, 23, 0, 30, tzinfo=timezone(timedelta(hours=8)))
    assert utc(given) == given
    assert utc(given).isoformat() == "2026-11-22T16:30:00+00:00"
    assert local_date(given, "Asia/Shanghai") == date(2026, 11, 23)
    already = datetime(2026, 11, 22, tzinfo=UTC)
    assert utc(already) is already


@pytest.mark.parametrize(
    ("kind", "months", "issued_on", "last_day"),
    [
        ("months", 0, "2026-11-22", "2026-11-22"),
        ("months", 1, "2026-11-22", "2026-12-22"),
        ("months", 12, "2026-11-22", "2027-11-22"),
        ("months", 1, "2026-01-31", "2026-02-28"),
        ("months", 1, "2028-01-31", "2028-02-29"),
        ("months", 1, "2026-03-31", "2026-04-30"),
        ("months", 2, "2026-12-31", "2027-02-28"),
        ("months", 12, "2028-02-29", "2029-02-28"),
        ("months", 48, "2028-02-29", "2032-02-29"),
        ("months", EXPIRY_MONTHS_MAX, "2028-02-29", "2038-02-28"),
        ("month_end", 0, "2026-11-30", "2026-11-30"),
        ("month_end", 0, "2026-02-01", "2026-02-28"),
        ("month_end", 0, "2028-02-01", "2028-02-29"),
        ("month_end", 1, "2026-01-31", "2026-02-28"),
        ("month_end", 1, "2026-11-01", "2026-12-31"),
        ("month_end", 2, "2026-11-15", "2027-01-31"),
        ("month_end", 12, "2028-02-29", "2029-02-28"),
        ("month_end", 12, "2027-02-28", "2028-02-29"),
        ("month_end", 1, "2028-01-01", "2028-02-29"),
        ("month_end", EXPIRY_MONTHS_MAX_OF_KIND["month_end"], "2028-02-29", "2038-01-31"),
        ("months", 12, "2027-02-28", "2028-02-28"),
        ("year_end", 0, "2026-01-01", "2026-12-31"),
        ("year_end", 0, "2026-12-31", "2026-12-31"),
        ("year_end", 11, "2026-11-22", "2026-12-31"),
        ("year_end", 12, "2026-11-22", "2027-12-31"),
        ("year_end", 23, "2026-11-22", "2027-12-31"),
        ("year_end", 24, "2028-02-29", "2030-12-31"),
        ("year_end", EXPIRY_MONTHS_MAX_OF_KIND["year_end"], "2026-01-01", "2035-12-31"),
    ],
)
def test_credits_live_as_long_as_the_policy_says(
    kind: ExpiryKind, months: int, issued_on: str, last_day: str
) -> None:
    policy = ExpiryPolicy(kind=kind, months=months)
    assert expires_on(date.fromisoformat(issued_on), policy).isoformat() == last_day


@pytest.mark.parametrize("kind", ["months", "month_end", "year_end"])
def test_credits_issued_later_never_run_out_earlier(kind: ExpiryKind) -> None:
    for months in (0, 1, 6, 12, 13):
        policy = ExpiryPolicy(kind=kind, months=months)
        days = [date(2027, 1, 1) + timedelta(days=number) for number in range(2 * 366)]
        last_days = [expires_on(day, policy) for day in days]
        assert last_days == sorted(last_days)
        assert all(day <= last_day for day, last_day in zip(days, last_days, strict=True))


@pytest.mark.parametrize("name", ["", "Asia", "nowhere", "../Asia/Shanghai", "/etc/localtime", "a\x00b"])
def test_a_zone_that_does_not_exist_is_not_found(name: str) -> None:
    assert not is_published(name)
    with pytest.raises(ZoneInfoNotFoundError):
        zone(name)


@pytest.mark.parametrize("name", ["Asia/Shanghai", "Asia/Urumqi", "Africa/Cairo", "UTC"])
def test_a_zone_of_the_published_database_is_found(name: str) -> None:
    assert is_published(name)
    assert zone(name).key == name
