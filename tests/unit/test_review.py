"""Held activities: released by whom they wait for, or dismissed."""

from datetime import timedelta
from typing import Any

import pytest

from ledger.domain.activity import ActivityHeld, ReductionRecorded
from ledger.domain.errors import (
    AccountClosed,
    ActivityNotFound,
    ActivityStatusUnsuitable,
    MeasurementMalformed,
    MeasurementMissing,
)
from ledger.domain.exclusion import BlockingClaim, ExclusionRule
from ledger.domain.methodology import Measured
from ledger.domain.review import Held
from tests.unit.builders import CLOSE, NOW, World, but
from tests.unit.carbon_commands import (
    CORRECT,
    DISMISS_ACTIVITY,
    DORA,
    PUBLISH_DRIVE,
    PUBLISH_POLICY,
    RELEASE_ACTIVITY,
    VOID,
    drive,
    driven,
    with_drives,
)

DAY = timedelta(days=1)
SHARED = ExclusionRule(group="car", subject="vehicle", shared=True)
CHECKED = but(RELEASE_ACTIVITY, clears="cross_check", reason="no partner knows of it")


def holding_one(**changes: Any) -> World:
    world = with_drives()
    world.do(drive(flags=("jump",), **changes))
    return world


def with_partners() -> World:
    """A programme that asks partners about cars."""
    world = with_drives(exclusion=(SHARED,))
    world.do(PUBLISH_POLICY)
    return world


# ── Released ─────────────────────────────────────────────────────────────────────────────────


def test_a_released_activity_counts_as_if_it_had_been_recorded_then() -> None:
    world = holding_one()
    released, reduction, issued = world.do(RELEASE_ACTIVITY, at=NOW + DAY)
    assert (released.clears, released.approver, released.legs) == ("quality", "王芳", ())
    assert (reduction.amount_g, reduction.occurred_at, reduction.recorded_at) == (1_000, NOW, NOW + DAY)
    assert (reduction.id, reduction.source, reduction.flags) == ("d1", "cars", ("jump",))
    assert (issued.awarded_credits, issued.lot) == (10, "2027-11-23")
    assert world.lots(DORA) == {"2027-11-23": 10}


def test_a_released_activity_counts_by_the_rules_under_which_it_was_recorded() -> None:
    world = holding_one()
    world.do(but(PUBLISH_DRIVE, version=2, methodology_version=2))
    _, reduction, _ = world.do(RELEASE_ACTIVITY)
    assert (reduction.scenario_version, reduction.methodology_version, reduction.amount_g) == (1, 1, 1_000)


def test_its_share_stays_what_it_was() -> None:
    world = with_drives()
    world.do(drive(flags=("jump",), evidence="self_declared"))
    _, reduction, issued = world.do(RELEASE_ACTIVITY)
    assert (reduction.share, reduction.amount_g, issued.awarded_credits) == ("0.5", 500, 5)


def test_the_list_of_held_ones_is_worked_off() -> None:
    world = holding_one()
    world.do(drive("d2", flags=("manual",)))
    held = world.entries(Held)
    assert {key: entry.waits_for for key, entry in held.items()} == {
        "cars\nd1": ("jump",),
        "cars\nd2": ("manual",),
    }
    assert held["cars\nd1"].due() is None, "operators come when they come"
    world.do(RELEASE_ACTIVITY, but(DISMISS_ACTIVITY, activity_id="d2"))
    assert world.entries(Held) == {}


# ── Partners ─────────────────────────────────────────────────────────────────────────────────


def test_a_shared_claim_waits_for_partners() -> None:
    world = with_partners()
    [held] = world.do(driven("d1", 2, 1))
    assert (type(held), held.reasons) == (ActivityHeld, ("cross_check",))
    [entry] = world.entries(Held).values()
    assert entry.due() == NOW
    checked, reduction, issued = world.do(CHECKED)
    assert (checked.clears, reduction.amount_g, issued.awarded_credits) == ("cross_check", 1_000, 10)


def test_a_claim_that_is_not_shared_waits_for_nobody() -> None:
    world = with_drives(exclusion=(ExclusionRule(group="car", subject="vehicle"),))
    world.do(PUBLISH_POLICY)
    assert isinstance(world.do(driven("d1", 2, 1))[0], ReductionRecorded)


def test_without_partners_a_shared_claim_waits_for_nobody() -> None:
    world = with_drives(exclusion=(SHARED,))
    world.do(but(PUBLISH_POLICY, partners=()))
    assert isinstance(world.do(driven("d1", 2, 1))[0], ReductionRecorded)


@pytest.mark.parametrize("order", [(RELEASE_ACTIVITY, CHECKED), (CHECKED, RELEASE_ACTIVITY)])
def test_it_counts_when_nobody_is_left_to_wait_for_in_either_order(order: Any) -> None:
    world = with_partners()
    [held] = world.do(driven("d1", 2, 1, flags=("jump",)))
    assert held.reasons == ("jump", "cross_check")
    first, second = order
    [released] = world.do(first)
    assert released.clears == first.clears
    [entry] = world.entries(Held).values()
    assert entry.waits_for == (("cross_check",) if first is RELEASE_ACTIVITY else ("jump",))
    assert [event.topic for event in world.do(second)] == [
        "activity.released",
        "reduction.recorded",
        "credits.issued",
    ]


# ── Dismissed ────────────────────────────────────────────────────────────────────────────────


def test_a_dismissed_activity_counts_for_nothing() -> None:
    standing = BlockingClaim(
        group="car", programme_id="blue-city", source="taxis", id="t1", begins_at=NOW - DAY, ends_at=NOW
    )
    world = with_partners()
    world.do(driven("d1", 2, 1))
    [dismissed] = world.do(but(DISMISS_ACTIVITY, standing=standing))
    assert (dismissed.standing, dismissed.legs) == (standing, ())
    assert world.lots(DORA) == {}
    for step in (RELEASE_ACTIVITY, CHECKED, DISMISS_ACTIVITY, CORRECT, VOID):
        refusal = world.refusal(step)
        assert isinstance(refusal, ActivityStatusUnsuitable)
        assert refusal.status == "dismissed"


# ── Refusals ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("step", [RELEASE_ACTIVITY, DISMISS_ACTIVITY])
def test_nobody_can_decide_on_what_was_not_reported(step: Any) -> None:
    for command in (step, but(step, source="buses")):
        world = with_drives() if command is step else holding_one()
        refusal = world.refusal(command)
        assert isinstance(refusal, ActivityNotFound)
        assert refusal.details() == {"source": command.source, "activity_id": "d1"}


@pytest.mark.parametrize("step", [RELEASE_ACTIVITY, DISMISS_ACTIVITY])
@pytest.mark.parametrize(
    ("before", "status"),
    [
        ([drive()], "accepted"),
        ([drive(), VOID], "void"),
        ([drive(flags=("rollback",))], "rejected"),
        ([drive(flags=("jump",)), RELEASE_ACTIVITY], "accepted"),
        ([drive(flags=("jump",)), DISMISS_ACTIVITY], "dismissed"),
    ],
)
def test_only_what_is_held_can_be_decided_on(step: Any, before: Any, status: str) -> None:
    world = with_drives()
    world.do(*before)
    refusal = world.refusal(step)
    assert isinstance(refusal, ActivityStatusUnsuitable)
    assert refusal.details() == {"source": "cars", "activity_id": "d1", "status": status, "needed": "held"}


def test_reasons_that_it_is_not_held_for_cannot_be_cleared() -> None:
    refusal = holding_one().refusal(CHECKED)
    assert isinstance(refusal, ActivityStatusUnsuitable)
    assert (refusal.status, refusal.needed) == ("held: jump", "held for cross_check")


def test_reasons_cannot_be_cleared_twice() -> None:
    world = with_partners()
    world.do(driven("d1", 2, 1, flags=("jump",)), RELEASE_ACTIVITY)
    refusal = world.refusal(RELEASE_ACTIVITY)
    assert isinstance(refusal, ActivityStatusUnsuitable)
    assert refusal.status == "held: cross_check"


def test_whoever_has_left_earns_nothing_more_by_a_release() -> None:
    world = holding_one()
    world.do(but(CLOSE, participant_id="dora"))
    refusal = world.refusal(RELEASE_ACTIVITY)
    assert isinstance(refusal, AccountClosed)
    assert refusal.account == DORA
    world.do(DISMISS_ACTIVITY)
    assert world.lots(DORA) == {}


def test_what_could_never_be_counted_is_not_held_but_refused() -> None:
    assert isinstance(
        with_drives().refusal(but(drive(flags=("jump",)), measured=Measured())), MeasurementMissing
    )
    assert isinstance(with_drives().refusal(drive(km="far", flags=("jump",))), MeasurementMalformed)
