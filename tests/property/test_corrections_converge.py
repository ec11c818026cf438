"""An activity corrected any number of times stands as if its last value had been recorded at first."""

from datetime import timedelta
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain.budget import Budget
from ledger.domain.caps import Caps, MonthUsed, YearUsed
from ledger.domain.errors import NothingPending
from tests.unit.builders import NOW, TODAY, World, but, holding
from tests.unit.carbon_commands import (
    CLAIM,
    DEBT,
    DORA,
    PENDING,
    PUBLISH_POLICY,
    RECOMPUTE,
    VOID,
    corrected,
    drive,
    with_drives,
)

HOUR = timedelta(hours=1)


class Case(NamedTuple):
    """A programme before the act: what it allows, and what its participant has and owes already."""

    caps: Caps
    year_credits: int | None
    fen_per_credit: int | None
    ripens_after_h: int | None
    others: list[str]
    """Kilometres of acts recorded before on the same day."""
    evidence: Any
    has: int
    owes: int


some = st.none() | st.integers(1, 40)
cases = st.builds(
    Case,
    st.builds(
        Caps, event_credits=some, day_acts=st.none() | st.integers(1, 4), day_credits=some, month_credits=some
    ),
    some,
    st.none() | st.sampled_from([200, 900]),
    st.sampled_from([None, 1]),
    st.lists(st.sampled_from(["2", "11"]), max_size=2),
    st.sampled_from(["platform", "self_declared"]),
    st.sampled_from([0, 0, 6]),
    st.sampled_from([0, 0, 7]),
)
kms = st.sampled_from(["1", "2", "5.5", "9", "20", "39.9"])
"""Of which every one avoids other grams by the other version of the methodology."""


def world_of(case: Case) -> World:
    budget = Budget(fund_id="city", fen_per_credit=case.fen_per_credit) if case.fen_per_credit else None
    world = with_drives(caps=case.caps, budget=budget, ripens_after_h=case.ripens_after_h)
    world.do(but(PUBLISH_POLICY, year_credits=case.year_credits))
    world.do(*(drive(f"other {number}", km) for number, km in enumerate(case.others)))
    world.state.accounts.drain()
    own = dict(world.lots(DORA))
    return world.put(
        {
            DORA: holding({**own, TODAY: case.has}),
            DEBT: holding({TODAY: -case.owes}, status=None),
        }
    )


def claim(world: World) -> bool:
    try:
        world.do(CLAIM, at=NOW + HOUR)
    except NothingPending:
        return False
    return True


def standing(world: World) -> dict[str, Any]:
    """Grams and credits of the participant, and what is used of every cap."""
    places = {place: world.account(place).total("CREDIT") for place in (DORA, PENDING, DEBT)}
    return {
        "grams": world.account(DORA).total("gCO2e"),
        "credits": sum(places.values()),
        "places": places,
        "lots": {place: world.lots(place) for place in places},
        "months": world.entries(MonthUsed),
        "years": world.entries(YearUsed),
        "fund": world.fen("fund:city:available"),
    }


@settings(max_examples=400, deadline=None)
@given(
    case=cases,
    values=st.lists(kms, min_size=2, max_size=6),
    recomputed=st.integers(0, 6) | st.just(99),
    claimed=st.integers(0, 6) | st.just(99),
    is_void=st.booleans(),
)
def test_the_last_value_stands_as_if_it_had_been_recorded_at_first(
    case: Case, values: list[str], recomputed: int, claimed: int, *, is_void: bool
) -> None:
    often, once = world_of(case), world_of(case)
    often.do(drive(km=values[0], evidence=case.evidence))
    once.do(drive(km=values[-1], evidence=case.evidence))
    had_claimed = True
    at = NOW
    for number, km in enumerate(values[1:]):
        if number == recomputed:
            often.do(RECOMPUTE, at=at)
        if number == claimed and case.ripens_after_h:
            had_claimed, at = claim(often), NOW + HOUR
        often.do(corrected(km, f"c{number}"), at=at)
    if recomputed < len(values) - 1:
        once.do(RECOMPUTE)
    if claimed < len(values) - 1 and case.ripens_after_h:
        had_claimed = claim(once) and had_claimed
    if is_void:
        often.do(VOID, at=at)
        once.do(VOID, at=at)
    found, expected = standing(often), standing(once)
    # Who owes and has other credits too pays with the act's credits and gives the others back.
    is_settled = not case.owes or not (case.has or case.others)
    named = ["grams", "credits", "months", "years", "fund"]
    named += ["places"] if had_claimed and is_settled else []
    named += ["lots"] if had_claimed and not case.owes else []
    assert {name: found[name] for name in named} == {name: expected[name] for name in named}
