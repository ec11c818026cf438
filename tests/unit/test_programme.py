"""Opening a programme: its terms, its calendar, and what stands before any decision in it."""

from datetime import UTC, date, datetime

import msgspec
import pytest

from ledger.domain import limits
from ledger.domain.decisions import decide
from ledger.domain.errors import ExpiryTooLong, ProgrammeNotFound, TimeZoneUnknown
from ledger.domain.instants import EXPIRY_MONTHS_MAX_OF_KIND, ExpiryKind, ExpiryPolicy, expires_on
from ledger.domain.messages import Command
from ledger.domain.programme import OpenProgramme, ProgrammeOpened
from ledger.domain.state import ProgrammeState
from tests.unit.builders import NOW, OPEN_PROGRAMME, World, but, converted
from tests.unit.story import good_commands

EXPIRY = {"kind": "months", "months": 12}


def test_a_programme_opens_with_its_own_terms() -> None:
    (event,) = World(transfer_quota_credits=50).told[0][1]
    assert event == ProgrammeOpened(
        occurred_at=NOW,
        recorded_at=NOW,
        id="green-city",
        name_zh="绿色城市",
        name_en="Green City",
        level="city",
        time_zone="Asia/Shanghai",
        transferable=True,
        transfer_quota_credits=50,
        expiry=ExpiryPolicy(kind="months", months=12),
    )


@pytest.mark.parametrize(
    "time_zone",
    ["Mars/Olympus", "asia/shanghai", "Asia", "Asia/Shanghai ", "../etc/passwd", "tzdata.zi", "x" * 40],
)
def test_a_time_zone_that_nobody_published_is_refused(time_zone: str) -> None:
    refusal = World().refusal(but(OPEN_PROGRAMME, time_zone=time_zone))
    assert isinstance(refusal, TimeZoneUnknown)
    assert refusal.details() == {"field": "time_zone", "value": time_zone}


@pytest.mark.parametrize("time_zone", ["localtime", "posixrules", "right/Asia/Shanghai", "posix/UTC"])
def test_a_time_zone_that_is_another_one_on_another_machine_is_refused(time_zone: str) -> None:
    assert isinstance(World().refusal(but(OPEN_PROGRAMME, time_zone=time_zone)), TimeZoneUnknown)


@pytest.mark.parametrize("kind", ["months", "month_end", "year_end"])
def test_no_way_of_counting_lets_credits_live_longer_than_ten_years(kind: ExpiryKind) -> None:
    months_max = EXPIRY_MONTHS_MAX_OF_KIND[kind]
    at_most = ExpiryPolicy(kind=kind, months=months_max)
    assert World(expiry=at_most).state.opened().expiry == at_most
    assert expires_on(date(2026, 1, 1), at_most) <= date(2036, 1, 1)
    beyond = ExpiryPolicy(kind=kind, months=months_max + 1)
    refusal = World().refusal(but(OPEN_PROGRAMME, expiry=beyond))
    assert isinstance(refusal, ExpiryTooLong)
    assert refusal.details() == {"field": "expiry.months", "value": months_max + 1, "months_max": months_max}


@pytest.mark.parametrize("time_zone", ["Asia/Shanghai", "Asia/Urumqi", "America/New_York", "UTC"])
def test_a_published_time_zone_is_taken(time_zone: str) -> None:
    assert World(time_zone=time_zone).state.opened().time_zone == time_zone


@pytest.mark.parametrize(
    ("at", "today"),
    [
        (datetime(2026, 11, 30, 15, 59, 59, 999_999, tzinfo=UTC), "2026-11-30"),
        (datetime(2026, 11, 30, 16, tzinfo=UTC), "2026-12-01"),
        (datetime(2026, 12, 31, 16, tzinfo=UTC), "2027-01-01"),
    ],
)
def test_the_day_of_a_programme_in_shanghai_begins_at_its_own_midnight(at: datetime, today: str) -> None:
    state = World().state
    assert state.today(at) == today
    assert state.today(at) == today, "also when asked again"


@pytest.mark.parametrize("command", good_commands(), ids=lambda command: type(command).__name__)
def test_nothing_is_decided_in_a_programme_that_nobody_opened(command: Command) -> None:
    if isinstance(command, OpenProgramme):
        return
    for occurred_at in (NOW, limits.OCCURRED_AT_MIN.replace(year=1999)):
        with pytest.raises(ProgrammeNotFound) as caught:
            decide(but(command, occurred_at=occurred_at), ProgrammeState("nowhere"), NOW)
        assert caught.value.details() == {"programme_id": "nowhere"}


def test_the_quota_is_taken_at_its_bounds_and_refused_one_past_them() -> None:
    for quota in (1, limits.CREDITS_MAX, None):
        assert converted(OPEN_PROGRAMME, transfer_quota_credits=quota).transfer_quota_credits == quota
    for wrong in (0, limits.CREDITS_MAX + 1, 1.5, True):
        with pytest.raises(msgspec.ValidationError):
            converted(OPEN_PROGRAMME, transfer_quota_credits=wrong)


def test_the_life_of_credits_is_taken_at_its_bounds_and_refused_one_past_them() -> None:
    for months in (0, limits.EXPIRY_MONTHS_MAX):
        assert converted(OPEN_PROGRAMME, expiry=EXPIRY | {"months": months}).expiry.months == months
    for months in (-1, limits.EXPIRY_MONTHS_MAX + 1):
        with pytest.raises(msgspec.ValidationError):
            converted(OPEN_PROGRAMME, expiry=EXPIRY | {"months": months})


@pytest.mark.parametrize("changes", [{"kind": "weeks"}, {"kind": None}, {"days": 3}])
def test_a_policy_of_another_kind_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        converted(OPEN_PROGRAMME, expiry=EXPIRY | changes)


@pytest.mark.parametrize("level", ["enterprise", "community", "city"])
def test_a_programme_is_of_one_of_three_levels(level: str) -> None:
    assert converted(OPEN_PROGRAMME, level=level).level == level
    with pytest.raises(msgspec.ValidationError):
        converted(OPEN_PROGRAMME, level=level.title())


def test_the_name_of_a_time_zone_is_taken_at_its_bound_and_refused_one_past_it() -> None:
    for name in ("x", "x" * limits.TIME_ZONE_CHARS_MAX):
        assert converted(OPEN_PROGRAMME, time_zone=name).time_zone == name
    for name in ("", "x" * (limits.TIME_ZONE_CHARS_MAX + 1)):
        with pytest.raises(msgspec.ValidationError):
            converted(OPEN_PROGRAMME, time_zone=name)
