"""Whatever is recorded, corrected, voided and claimed under campaigns: the book and the registers agree."""

from collections import Counter
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain.bonus import BonusIssued
from ledger.domain.bonus_correction import BonusCorrected
from ledger.domain.budget import Budget
from ledger.domain.campaign import FirstTime, Multiplier, Streak
from ledger.domain.caps import YearUsed
from ledger.domain.claiming import Pending
from ledger.domain.errors import LedgerError
from ledger.domain.standing import Standing
from tests.unit.builders import World, but
from tests.unit.campaign_commands import TIERS, campaign, on_day, with_campaigns
from tests.unit.carbon_commands import CLAIM, PUBLISH_POLICY, VOID, corrected

CAMPAIGNS = (
    campaign(Multiplier(multiplier="1.37"), "multiplier", credits_max=60),
    campaign(FirstTime(credits=7), "first"),
    campaign(Streak(days=3, credits=20), "streak", budget=Budget(fund_id="bank", fen_per_credit=150)),
    campaign(TIERS, "tier"),
)

kilometres = st.sampled_from(["0.4", "3", "10", "17.9", "25"])
numbers = st.integers(0, 7)
records = st.tuples(st.just("record"), numbers, kilometres)
corrections = st.tuples(st.just("correct"), numbers, kilometres)
voids = st.tuples(st.just("void"), numbers, st.just(""))
claims = st.tuples(st.just("claim"), numbers, st.just(""))
steps = st.lists(records | records | corrections | voids | claims, max_size=25)
ripening = st.sampled_from([None, 1])


def told(world: World, *, year_credits: int | None, path: list[tuple[str, int, str]]) -> World:
    """Do what can be done of a list of steps; each of eight acts is on a day of its own."""
    if year_credits is not None:
        world.do(but(PUBLISH_POLICY, year_credits=year_credits))
    recorded: set[int] = set()
    for at, (verb, number, km) in enumerate(path):
        own_id = f"a{number}"
        commands: dict[str, Any] = {
            "record": on_day(-number, own_id, km or "1"),
            "correct": corrected(km or "1", f"c{at}", own_id),
            "void": but(VOID, id=f"c{at}", activity_id=own_id),
            "claim": but(CLAIM, activity_id=own_id),
        }
        if verb == "record" and number in recorded:
            continue  # the store would answer it with its first outcome
        recorded |= {number} if verb == "record" else set()
        try:
            world.do(commands[verb])
        except LedgerError:
            continue
    return world


@given(path=steps, ripens_after_h=ripening, year_credits=st.sampled_from([None, 70]))
@settings(max_examples=60, deadline=None)
def test_what_stands_is_what_was_issued_and_corrected(
    path: list[tuple[str, int, str]], ripens_after_h: int | None, year_credits: int | None
) -> None:
    world = told(
        with_campaigns(*CAMPAIGNS, ripens_after_h=ripens_after_h), year_credits=year_credits, path=path
    )
    by_campaign: Counter[str] = Counter()
    for _, events in world.told:
        for event in events:
            if isinstance(event, BonusIssued):
                by_campaign[event.campaign_id] += event.awarded_credits
            if isinstance(event, BonusCorrected):
                by_campaign[event.campaign_id] += event.delta_credits
    entries = world.state.registers.entries()
    standings = {key[1].split("\n")[1]: entry for key, entry in entries.items() if key[0] is Standing}
    for campaign_id, amount in by_campaign.items():
        standing = standings[campaign_id] or Standing()
        assert isinstance(standing, Standing)
        assert amount == standing.awarded_credits >= 0
        assert standing.set_off_runs >= 0
        assert all(acts > 0 for acts, _ in standing.days.values())
    assert by_campaign["multiplier"] <= 60
    waiting = sum(e.credits + e.bonus_credits for e in entries.values() if isinstance(e, Pending))
    assert waiting == sum(world.lots("participant:dora:pending").values())
    if year_credits is not None:
        used = sum(entry.awarded_credits for entry in entries.values() if isinstance(entry, YearUsed))
        assert used <= year_credits
    assert world.fen("fund:bank:available") >= 0
    assert world.fen("fund:bank:backing") == by_campaign["streak"] * 150


@given(
    before=st.lists(kilometres, max_size=4),
    first=kilometres,
    restated=st.lists(kilometres, min_size=1, max_size=4),
    ripens_after_h=ripening,
    year_credits=st.sampled_from([None, 40, 70]),
)
@settings(max_examples=60, deadline=None)
def test_correction_after_correction_equals_recording_the_last_value_once(
    before: list[str],
    first: str,
    restated: list[str],
    ripens_after_h: int | None,
    year_credits: int | None,
) -> None:
    day = len(before)
    worlds = []
    for km, corrections in ((first, restated), (restated[-1], [])):
        world = with_campaigns(*CAMPAIGNS, ripens_after_h=ripens_after_h)
        path = [("record", number, earlier) for number, earlier in enumerate(before)]
        path += [("record", day, km), *(("correct", day, restatement) for restatement in corrections)]
        worlds.append(told(world, year_credits=year_credits, path=path))
    assert picture(worlds[0]) == picture(worlds[1])


@given(before=st.lists(kilometres, max_size=4), first=kilometres, ripens_after_h=ripening)
@settings(max_examples=40, deadline=None)
def test_a_void_of_the_last_act_leaves_what_had_been_there_without_it(
    before: list[str], first: str, ripens_after_h: int | None
) -> None:
    day = len(before)
    path = [("record", number, earlier) for number, earlier in enumerate(before)]
    without = told(
        with_campaigns(*CAMPAIGNS, ripens_after_h=ripens_after_h), year_credits=None, path=list(path)
    )
    path += [("record", day, first), ("void", day, "")]
    with_it = told(with_campaigns(*CAMPAIGNS, ripens_after_h=ripens_after_h), year_credits=None, path=path)
    assert picture(with_it) == picture(without)


def picture(world: World) -> Any:
    """Balances and registers, without order and without what is empty."""
    balances = {key: amount for key, amount in world.state.accounts.changed_balances.items() if amount}
    registers = {
        (key[0].register, key[1]): msgspec.to_builtins(entry)
        for key, entry in world.state.registers.entries().items()
        if entry is not None
    }
    return balances, registers
