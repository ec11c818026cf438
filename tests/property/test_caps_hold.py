"""Whatever is recorded, corrected, claimed, lapsed or spent, in whatever order: no cap is exceeded.

What was used is added up again from the events alone, and no credit is made or lost in any lot.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain.activity import RecordActivity
from ledger.domain.budget import Budget
from ledger.domain.caps import Caps, MonthUsed, YearUsed
from ledger.domain.claiming import CreditsLapsed, Pending
from ledger.domain.correction import CreditsCorrected
from ledger.domain.decisions import stream_of
from ledger.domain.earning import CreditsIssued
from ledger.domain.errors import LedgerError
from ledger.domain.messages import Command
from tests.unit.builders import NOW, TRANSFER, World, but, holding
from tests.unit.carbon_commands import (
    CLAIM,
    DORA,
    LAPSE,
    PENDING,
    PUBLISH_DRIVE,
    PUBLISH_POLICY,
    RECOMPUTE,
    RELEASE_ACTIVITY,
    VOID,
    corrected,
    drive,
    with_drives,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
EVE = "participant:eve"
DAYS = (
    datetime(2026, 11, 22, 3, tzinfo=UTC),
    datetime(2026, 11, 20, 16, tzinfo=UTC),  # midnight of the 21st in Shanghai
    datetime(2026, 10, 31, 15, 59, tzinfo=UTC),  # the last minute of October there
    datetime(2026, 10, 31, 16, tzinfo=UTC),
    datetime(2025, 12, 31, 15, 59, tzinfo=UTC),
    datetime(2025, 12, 31, 16, tzinfo=UTC),
)
SCENARIOS = ("drive", "drive", "drive", "ripe", "plain")
ACTS = 12

some = st.integers(3, 20)


class Rules(NamedTuple):
    """The caps of one run."""

    caps: Caps
    year_credits: int | None
    fen_per_credit: int | None


rules = st.builds(
    Rules,
    st.builds(
        Caps,
        event_credits=st.none() | some,
        day_acts=st.none() | st.integers(1, 3),
        day_credits=st.none() | some,
        month_credits=st.none() | some,
    ),
    st.none() | some,
    st.none() | st.sampled_from([300, 700, 2_000]),
)
kms = st.sampled_from(["0.5", "1", "4", "9", "15.5"])
acts = st.integers(0, ACTS - 1)
steps = st.one_of(
    st.tuples(st.just("record"), acts, kms, st.sampled_from(DAYS), st.sampled_from(SCENARIOS)),
    st.tuples(st.just("record"), acts, kms, st.sampled_from(DAYS), st.sampled_from(SCENARIOS)),
    st.tuples(st.just("record"), acts, kms, st.sampled_from(DAYS[:3]), st.just("drive")),
    st.tuples(st.just("hold"), acts, kms, st.sampled_from(DAYS), st.sampled_from(SCENARIOS)),
    st.tuples(st.just("correct"), acts, kms),
    st.tuples(st.just("correct"), acts, kms),
    st.tuples(st.sampled_from(["void", "release", "recompute", "claim", "lapse"]), acts),
    st.tuples(st.just("spend"), st.integers(1, 20)),
    st.tuples(st.just("wait"), st.integers(1, 60)),
)


def world_of(chosen: Rules) -> World:
    budget = chosen.fen_per_credit and Budget(fund_id="city", fen_per_credit=chosen.fen_per_credit)
    world = with_drives(caps=chosen.caps, budget=budget or None).put({EVE: holding()})
    ripe: dict[str, Any] = {"id": "ripe", "ripens_after_h": 24, "claim_within_h": 48}
    world.do(
        but(PUBLISH_DRIVE, caps=chosen.caps, budget=budget or None, **ripe),
        but(PUBLISH_DRIVE, id="plain"),
        but(PUBLISH_POLICY, year_credits=chosen.year_credits, partners=()),
    )
    return world


def command_of(step: Any, number: int) -> Command:
    kind, what, *more = step
    own_id = f"d{what}"
    match kind:
        case "record" | "hold":
            km, occurred_at, scenario_id = more
            flags = ("jump",) if kind == "hold" else ()
            return drive(own_id, km, flags=flags, occurred_at=occurred_at, scenario_id=scenario_id)
        case "correct":
            return corrected(more[0], f"c{number}", own_id)
        case "void":
            return but(VOID, id=f"c{number}", activity_id=own_id)
        case "recompute":
            version = number % 2 + 1
            return but(RECOMPUTE, run_id=f"r{number}", activity_id=own_id, methodology_version=version)
        case "spend":
            gift = but(TRANSFER, id=f"g{number}", from_account=DORA, to_account=EVE)
            return but(gift, credits=what)
        case _:
            asked = {"release": RELEASE_ACTIVITY, "claim": CLAIM, "lapse": LAPSE}[kind]
            return but(asked, activity_id=own_id)


class Earning(NamedTuple):
    """What an act has earned, as the events say."""

    on: date
    scenario_id: str
    awarded: int
    in_year: bool
    lapsed: bool = False


def earnings(world: World) -> dict[Any, Earning]:
    found: dict[Any, Earning] = {}
    for command, events in world.told:
        stream = stream_of(command, "green-city")
        for event in events:
            if isinstance(event, CreditsIssued):
                on = event.occurred_at.astimezone(SHANGHAI).date()
                found[stream] = Earning(on, event.scenario_id, event.awarded_credits, event.in_year_cap)
            elif isinstance(event, CreditsCorrected):
                on = reported_of(world, stream).occurred_at.astimezone(SHANGHAI).date()
                found[stream] = Earning(on, event.scenario_id, event.awarded_credits, event.in_year_cap)
            elif isinstance(event, CreditsLapsed):
                found[stream] = found[stream]._replace(lapsed=True)
    return found


def reported_of(world: World, stream: Any) -> RecordActivity:
    return next(
        command
        for command, _ in world.told
        if isinstance(command, RecordActivity) and stream_of(command, "green-city") == stream
    )


class Used(NamedTuple):
    """What is used of every cap, added up from what acts have earned."""

    acts: Counter[tuple[date, str]]
    days: Counter[tuple[date, str]]
    months: Counter[tuple[str, str]]
    years: Counter[str]
    backed: int


def used_of(world: World) -> Used:
    all_of_them = earnings(world).values()
    capped = [one for one in all_of_them if one.scenario_id != "plain"]
    used = Used(Counter(), Counter(), Counter(), Counter(), sum(o.awarded for o in capped if not o.lapsed))
    for one in all_of_them:
        used.years[f"{one.on:%Y}"] += one.awarded if one.in_year else 0
    for one in capped:
        used.acts[one.on, one.scenario_id] += one.awarded > 0
        used.days[one.on, one.scenario_id] += one.awarded
        used.months[f"{one.on:%Y-%m}", one.scenario_id] += one.awarded
    return used


def exceeded(world: World, chosen: Rules) -> Iterator[str]:
    """Name every cap that is exceeded."""
    used, caps = used_of(world), chosen.caps
    biggest = max((one.awarded for one in earnings(world).values() if one.scenario_id != "plain"), default=0)
    at_most = (
        ("event_credits", biggest, caps.event_credits),
        ("day_acts", max(used.acts.values(), default=0), caps.day_acts),
        ("day_credits", max(used.days.values(), default=0), caps.day_credits),
        ("month_credits", max(used.months.values(), default=0), caps.month_credits),
        ("year_credits", max(used.years.values(), default=0), chosen.year_credits),
        ("budget", used.backed * (chosen.fen_per_credit or 0), 10_000),
    )
    yield from (name for name, most, cap in at_most if cap is not None and most > cap)


def miscounted(world: World, chosen: Rules) -> Iterator[str]:
    """Name everything that is not counted as it was used."""
    used = used_of(world)
    fen = used.backed * (chosen.fen_per_credit or 0)
    if (world.fen("fund:city:available"), world.fen("fund:city:backing")) != (10_000 - fen, fen):
        yield "the fund"
    counted = {
        (f"{key[-7:]}-{day[:2]}", day[3:]): sums
        for key, month in world.entries(MonthUsed).items()
        for day, sums in month.days.items()
    }
    expected = {
        (f"{on}", name): (used.acts[on, name], sum_) for (on, name), sum_ in used.days.items() if sum_
    }
    if chosen.caps.is_counted() and counted != expected:
        yield f"the months: {counted} instead of {expected}"
    years = {key[-4:]: year.awarded_credits for key, year in world.entries(YearUsed).items()}
    if years != {year: total for year, total in used.years.items() if total}:
        yield f"the years: {years}"


def made_or_lost(world: World) -> Iterator[str]:
    """Name every lot in which credits were made or lost, and every place below nothing."""
    places: Counter[tuple[str, str]] = Counter()
    for event in [event for _, events in world.told for event in events]:
        moved = [leg for leg in event.legs if leg.lot is not None]
        by_lot: Counter[str] = Counter()
        for leg in moved:
            places[leg.account, str(leg.lot)] += leg.amount
            by_lot[str(leg.lot)] += leg.amount
        if any(by_lot.values()) or not all(leg.amount for leg in event.legs):
            yield f"{event.topic}: {event.legs}"
    for (account, lot), amount in places.items():
        if account.endswith(":debt") and amount > 0:
            yield f"{account} is owed {amount} of {lot}"
        elif amount < 0 and account != "issuance" and not account.endswith(":debt"):
            yield f"{account} holds {amount} of {lot}"
    pending = sum(entry.credits for entry in world.entries(Pending).values())
    if pending != world.account(PENDING).total("CREDIT"):
        yield f"{pending} are listed as pending"


@settings(max_examples=250, deadline=None)
@given(rules, st.lists(steps, min_size=8, max_size=30))
def test_no_cap_is_exceeded_and_no_credit_made_or_lost(chosen: Rules, todo: list[Any]) -> None:
    world, now = world_of(chosen), NOW
    for number, step in enumerate(todo):
        if step[0] == "wait":
            now += timedelta(hours=step[1])
            continue
        command = command_of(step, number)
        if isinstance(command, RecordActivity) and stream_of(command, "green-city") in world.streams:
            continue  # a repeat, which the writer answers
        try:
            world.do(command, at=now)
        except LedgerError:
            continue
        assert list(exceeded(world, chosen)) == []
        assert list(miscounted(world, chosen)) == []
        assert list(made_or_lost(world)) == []
