"""Double counting: the same subject is credited once for the same time in a group."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ledger.domain import limits
from ledger.domain.activity import ActivityRejected, RecordActivity, ReductionRecorded
from ledger.domain.errors import ExclusionRepeated, IntervalUnsuitable, SubjectMissing
from ledger.domain.exclusion import ClaimsOfDay, ExclusionRule
from tests.unit.builders import MICROSECOND, NOW, World, but, converted
from tests.unit.carbon_commands import (
    CAR,
    DISMISS_ACTIVITY,
    HOUR,
    PERSON,
    PUBLISH_DRIVE,
    RELEASE_ACTIVITY,
    VAN,
    VOID,
    drive,
    driven,
    with_drives,
)

BY_CAR = ExclusionRule(group="car", subject="vehicle")
BY_DAY = ExclusionRule(group="car", subject="vehicle", span="local_day")
BY_PERSON = ExclusionRule(group="ride", subject="person")


def excluding(*rules: ExclusionRule, **settings: Any) -> World:
    return with_drives(exclusion=rules or (BY_CAR,), **settings)


def is_credited(world: World, command: RecordActivity) -> bool:
    first, *_ = world.do(command, at=max(NOW, command.occurred_at))
    assert isinstance(first, ReductionRecorded | ActivityRejected)
    return isinstance(first, ReductionRecorded)


def between(own_id: str, began_at: datetime, ended_at: datetime, **changes: Any) -> RecordActivity:
    return driven(own_id, 0, 0, began_at=began_at, ended_at=ended_at, **changes)


# ── Intervals ────────────────────────────────────────────────────────────────────────────────

BEGAN, ENDED = NOW - 2 * HOUR, NOW - HOUR


@pytest.mark.parametrize(
    ("began_at", "ended_at", "is_free"),
    [
        (BEGAN, ENDED, False),
        (BEGAN + MICROSECOND, ENDED - MICROSECOND, False),
        (BEGAN - HOUR, ENDED + HOUR, False),
        (ENDED - MICROSECOND, ENDED + HOUR, False),
        (BEGAN - HOUR, BEGAN + MICROSECOND, False),
        (ENDED, ENDED + HOUR, True),  # it begins at the very instant at which the other ends
        (BEGAN - HOUR, BEGAN, True),
        (ENDED + HOUR, ENDED + 2 * HOUR, True),
    ],
)
def test_intervals_are_half_open(began_at: datetime, ended_at: datetime, is_free: object) -> None:
    world = excluding()
    assert is_credited(world, between("first", BEGAN, ENDED))
    assert is_credited(world, between("second", began_at, ended_at)) is is_free


def test_who_comes_second_is_told_which_claim_stands() -> None:
    world = excluding()
    world.do(between("first", BEGAN, ENDED))
    [rejected] = world.do(between("second", BEGAN, ENDED, source="taxis"))
    assert rejected.reasons == ("claimed",)
    standing = msgspec.structs.asdict(rejected.standing)
    assert standing == {
        "group": "car",
        "programme_id": "green-city",
        "source": "cars",
        "id": "first",
        "begins_at": BEGAN,
        "ends_at": ENDED,
    }


def test_the_first_claim_stands_whatever_its_evidence() -> None:
    world = excluding()
    assert is_credited(world, between("first", BEGAN, ENDED, evidence="self_declared"))
    assert not is_credited(world, between("second", BEGAN, ENDED, evidence="platform"))


def test_another_subject_or_another_group_is_free() -> None:
    world = excluding()
    world.do(but(PUBLISH_DRIVE, id="other", exclusion=(ExclusionRule(group="van", subject="vehicle"),)))
    assert is_credited(world, between("first", BEGAN, ENDED))
    assert is_credited(world, between("second", BEGAN, ENDED, subjects={"vehicle": VAN}))
    assert is_credited(world, between("third", BEGAN, ENDED, scenario_id="other"))


def test_scenarios_of_one_group_exclude_each_other_whoever_drives() -> None:
    world = excluding()
    world.do(but(PUBLISH_DRIVE, id="charge", exclusion=(BY_CAR,)))
    assert is_credited(world, between("first", BEGAN, ENDED))
    assert not is_credited(world, between("second", BEGAN, ENDED, scenario_id="charge", participant_id="eve"))


def test_of_several_groups_one_is_enough() -> None:
    world = excluding(BY_CAR, BY_PERSON)
    rider: dict[str, Any] = {"subjects": {"vehicle": CAR, "person": PERSON}}
    assert is_credited(world, between("first", BEGAN, ENDED, **rider))
    other_car = {"subjects": {"vehicle": VAN, "person": PERSON}}
    assert not is_credited(world, between("second", BEGAN, ENDED, **other_car))
    assert world.told[-1][1][0].standing.group == "ride"  # type: ignore[attr-defined]


# ── Local days ───────────────────────────────────────────────────────────────────────────────


def test_without_an_interval_the_local_day_is_claimed() -> None:
    world = excluding()
    midnight = datetime(2026, 11, 21, 16, tzinfo=UTC)  # in Shanghai
    assert is_credited(world, drive("day", occurred_at=midnight, subjects={"vehicle": CAR}))
    assert not is_credited(world, drive("again", occurred_at=NOW, subjects={"vehicle": CAR}))
    assert not is_credited(world, between("in it", midnight, midnight + HOUR))
    assert not is_credited(world, between("across", midnight - HOUR, midnight + MICROSECOND))
    assert is_credited(world, between("before", midnight - HOUR, midnight))
    just_before = midnight - timedelta(days=1) - MICROSECOND
    assert is_credited(world, drive("earlier", occurred_at=just_before, subjects={"vehicle": CAR}))


def test_a_span_of_days_claims_every_day_that_it_touches() -> None:
    world = excluding(BY_DAY)
    late = datetime(2026, 11, 19, 15, tzinfo=UTC)  # 23:00 in Shanghai, on the 19th
    assert is_credited(world, between("night", late, late + 2 * HOUR))
    assert not is_credited(world, between("dawn of the 19th", late - 22 * HOUR, late - 21 * HOUR))
    assert not is_credited(world, between("evening of the 20th", late + 22 * HOUR, late + 23 * HOUR))
    assert is_credited(world, between("the 18th", late - 24 * HOUR, late - 23 * HOUR))
    assert is_credited(world, between("the 21st", late + 25 * HOUR, late + 26 * HOUR))


def test_an_act_that_ends_at_midnight_claims_nothing_of_the_next_day() -> None:
    world = excluding(BY_DAY)
    midnight = datetime(2026, 11, 20, 16, tzinfo=UTC)
    assert is_credited(world, between("evening", midnight - HOUR, midnight))
    assert is_credited(world, between("night", midnight, midnight + HOUR))


def test_a_claim_stands_on_each_of_its_days() -> None:
    world = excluding()
    begin = datetime(2026, 11, 18, 4, tzinfo=UTC)
    assert is_credited(world, between("week", begin, begin + timedelta(days=3)))
    parts = [part for key in world.entries(ClaimsOfDay) for part in key.split("\n")]
    days = sorted(part for part in parts if part.startswith("2026-"))
    assert days == ["2026-11-18", "2026-11-19", "2026-11-20", "2026-11-21"]
    for day in range(3):
        at = begin + timedelta(days=day)
        assert not is_credited(world, between(f"in {day}", at, at + HOUR))


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-08", 23), ("2026-11-01", 25), ("2026-06-01", 24), ("2024-02-29", 24)],
)
def test_a_day_in_new_york_is_as_long_as_it_is(day: str, hours: int) -> None:
    world = excluding(BY_DAY, terms={"time_zone": "America/New_York"})
    noon = datetime.fromisoformat(f"{day}T17:00:00+00:00")
    at = noon + timedelta(days=400)
    world.do(drive("day", occurred_at=noon, subjects={"vehicle": CAR}), at=at)
    [entry] = world.entries(ClaimsOfDay).values()
    [claim] = entry.claims
    assert claim.ends_at - claim.begins_at == hours * HOUR


def test_shanghai_has_its_midnight_at_four_in_the_afternoon_of_utc() -> None:
    world = excluding(BY_DAY)
    midnight = datetime(2026, 11, 21, 16, tzinfo=UTC)
    assert is_credited(world, between("last second", midnight - MICROSECOND, midnight))
    assert is_credited(world, between("first second", midnight, midnight + MICROSECOND))


# ── Claims that are given up ─────────────────────────────────────────────────────────────────


def test_a_rejected_activity_claims_nothing() -> None:
    world = excluding()
    [rejected] = world.do(between("broken", BEGAN, ENDED, flags=("rollback",)))
    assert rejected.standing is None
    assert is_credited(world, between("good", BEGAN, ENDED))


def test_a_held_activity_claims_until_it_is_dismissed() -> None:
    world = excluding()
    world.do(between("d1", BEGAN, ENDED, flags=("jump",)))
    assert not is_credited(world, between("second", BEGAN, ENDED))
    world.do(DISMISS_ACTIVITY)
    assert world.entries(ClaimsOfDay) == {}
    assert is_credited(world, between("third", BEGAN, ENDED))


def test_a_released_activity_claims_once() -> None:
    world = excluding()
    world.do(between("d1", BEGAN, ENDED, flags=("jump",)), RELEASE_ACTIVITY)
    [entry] = world.entries(ClaimsOfDay).values()
    assert len(entry.claims) == 1
    world.do(VOID)
    assert world.entries(ClaimsOfDay) == {}


def test_a_void_activity_gives_its_claims_up_and_no_others() -> None:
    world = excluding()
    world.do(between("d1", BEGAN, ENDED), between("d2", BEGAN - HOUR, BEGAN), VOID)
    [entry] = world.entries(ClaimsOfDay).values()
    assert [claim.id for claim in entry.claims] == ["d2"]
    assert is_credited(world, between("again", BEGAN, ENDED))


# ── Refusals and limits ──────────────────────────────────────────────────────────────────────


def test_the_subject_of_a_group_must_be_named() -> None:
    refusal = excluding(BY_CAR, BY_PERSON).refusal(between("d1", BEGAN, ENDED))
    assert isinstance(refusal, SubjectMissing)
    assert refusal.details() == {"field": "subjects.person", "group": "ride"}


@pytest.mark.parametrize(
    ("began_at", "ended_at"),
    [
        (BEGAN, None),
        (None, ENDED),
        (BEGAN, BEGAN),
        (ENDED, BEGAN),
        (BEGAN, BEGAN + limits.INTERVAL_MAX + MICROSECOND),
    ],
)
def test_an_interval_has_two_ends_in_order_and_is_no_longer_than_a_month(
    began_at: datetime | None, ended_at: datetime | None
) -> None:
    refusal = with_drives().refusal(drive(began_at=began_at, ended_at=ended_at))
    assert isinstance(refusal, IntervalUnsuitable)
    expected = {"field": "ended_at", "began_at": began_at, "ended_at": ended_at}
    assert refusal.details() == expected


def test_an_interval_may_be_a_month_long() -> None:
    world = excluding()
    assert is_credited(world, between("month", NOW - limits.INTERVAL_MAX, NOW))
    assert len(world.entries(ClaimsOfDay)) == limits.INTERVAL_MAX.days + 1


def test_the_offset_in_which_an_interval_is_told_does_not_matter() -> None:
    world = excluding()
    told = converted(
        between("first", BEGAN, ENDED),
        began_at="2026-11-22T10:00:00+08:00",
        ended_at="2026-11-22T11:00:00+08:00",
    )
    reduction, _ = world.do(told)
    assert (reduction.began_at, reduction.ended_at) == (BEGAN, ENDED)
    assert reduction.began_at.tzinfo is UTC


def test_a_scenario_may_have_a_few_groups_and_each_once() -> None:
    rules = [ExclusionRule(group=f"g{n}", subject="vehicle") for n in range(limits.EXCLUSIONS_MAX)]
    told = [msgspec.to_builtins(rule) for rule in rules]
    assert len(converted(PUBLISH_DRIVE, exclusion=told).exclusion) == limits.EXCLUSIONS_MAX
    with pytest.raises(msgspec.ValidationError):
        converted(PUBLISH_DRIVE, exclusion=[*told, told[0]])
    twice = (BY_CAR, ExclusionRule(group="car", subject="person"))
    refusal = with_drives().refusal(but(PUBLISH_DRIVE, version=2, exclusion=twice))
    assert isinstance(refusal, ExclusionRepeated)
    assert refusal.details() == {"field": "exclusion", "group": "car"}


@pytest.mark.parametrize(
    "subjects",
    [{"vehicle": "a" * 63}, {"vehicle": "A" * 64}, {"vehicle": "a" * 64 + "\n"}, {"horse": "a" * 64}],
)
def test_a_subject_is_an_hmac_and_never_a_name(subjects: dict[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError):
        converted(drive(), subjects=subjects)


def test_a_scenario_without_groups_claims_nothing() -> None:
    world = with_drives()
    world.do(between("first", BEGAN, ENDED), between("second", BEGAN, ENDED))
    assert world.entries(ClaimsOfDay) == {}
