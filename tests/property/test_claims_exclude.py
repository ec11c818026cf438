"""No two activities are ever both credited that claim a subject for the same time."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain.activity import ActivityRejected
from ledger.domain.exclusion import ExclusionRule
from tests.unit.builders import NOW, World, but
from tests.unit.carbon_commands import (
    CAR,
    DISMISS_ACTIVITY,
    PERSON,
    PUBLISH_DRIVE,
    RELEASE_ACTIVITY,
    VAN,
    VOID,
    driven,
    with_drives,
)

STEP = timedelta(hours=3)
"""Long enough for intervals over midnights, short enough for many that meet."""

BY_CAR = ExclusionRule(group="car", subject="vehicle")
BY_DAY = ExclusionRule(group="car", subject="vehicle", span="local_day")
BY_PERSON = ExclusionRule(group="ride", subject="person", span="local_day")
RULES = {"drive": (BY_CAR,), "days": (BY_DAY,), "rider": (BY_CAR, BY_PERSON)}
SHANGHAI = timedelta(hours=8)
DAY = timedelta(days=1)

Claim = tuple[str, str, tuple[Any, Any]]
"""A group, a subject and an interval."""


def world_of() -> World:
    world = with_drives(exclusion=RULES["drive"])
    for scenario_id in ("days", "rider"):
        world.do(but(PUBLISH_DRIVE, id=scenario_id, exclusion=RULES[scenario_id]))
    return world


def claimed(scenario_id: str, car: str, person: str, begin: int, length: int) -> list[Claim]:
    """What an activity claims, computed here once more and in the simplest way."""
    began_at, ended_at = NOW - begin * STEP, NOW - begin * STEP + length * STEP
    midnight = (began_at + SHANGHAI).replace(hour=0) - SHANGHAI
    last = (ended_at + SHANGHAI).replace(hour=0) - SHANGHAI
    days = midnight, (last if last == ended_at else last + DAY)
    own = {"drive": (began_at, ended_at), "days": days, "rider": (began_at, ended_at)}[scenario_id]
    claims: list[Claim] = [("car", car, own)]
    return [*claims, ("ride", person, days)] if scenario_id == "rider" else claims


def meet(these: list[Claim], those: list[Claim]) -> bool:
    return any(
        this[:2] == that[:2] and this[2][0] < that[2][1] and that[2][0] < this[2][1]
        for this in these
        for that in those
    )


reports = st.tuples(
    st.sampled_from(sorted(RULES)),
    st.sampled_from([CAR, CAR, VAN]),
    st.sampled_from([PERSON, "1" * 64]),
    st.integers(1, 12),
    st.integers(1, 4),
    st.booleans(),
)
steps = reports | st.tuples(st.sampled_from(["void", "dismiss", "release"]), st.integers(0, 12))


@settings(max_examples=300, deadline=None)
@given(st.lists(steps, min_size=2, max_size=20))
def test_overlapping_claims_are_never_both_credited_and_given_up_ones_are_free(todo: list[Any]) -> None:
    world = world_of()
    standing: dict[str, list[Claim]] = {}
    held: set[str] = set()
    for number, step in enumerate(todo):
        if len(step) == 2:
            kind, which = step
            own_id = f"d{which}"
            if kind == "release" and own_id in held:
                world.do(but(RELEASE_ACTIVITY, activity_id=own_id))
                held.discard(own_id)
            elif kind == "dismiss" and own_id in held:
                world.do(but(DISMISS_ACTIVITY, activity_id=own_id))
                held.discard(own_id)
                del standing[own_id]
            elif kind == "void" and own_id in standing and own_id not in held:
                world.do(but(VOID, activity_id=own_id))
                del standing[own_id]
            continue
        scenario_id, car, person, begin, length, is_doubtful = step
        own = claimed(scenario_id, car, person, begin, length)
        rivals = [own_id for own_id, claims in standing.items() if meet(own, claims)]
        first, *_ = world.do(
            driven(
                f"d{number}",
                0,
                0,
                began_at=NOW - begin * STEP,
                ended_at=NOW - begin * STEP + length * STEP,
                scenario_id=scenario_id,
                subjects={"vehicle": car, "person": person},
                flags=("jump",) if is_doubtful else (),
            )
        )
        assert isinstance(first, ActivityRejected) is bool(rivals)
        if isinstance(first, ActivityRejected):
            assert first.standing is not None
            assert first.standing.id in rivals
        else:
            standing[f"d{number}"] = own
            held |= {f"d{number}"} if is_doubtful else set()
