"""How far an activity is believed: flags, tiers of evidence, and the shares that they leave."""

from typing import Any, get_args

import msgspec
import pytest

from ledger.domain import limits
from ledger.domain.activity import ActivityHeld, ActivityRejected, ReductionRecorded
from ledger.domain.errors import TreatmentUnknown
from ledger.domain.methodology import Measured
from ledger.domain.quality import EvidenceTier, QualityFlag
from tests.unit.builders import but, converted
from tests.unit.carbon_commands import (
    DORA,
    PUBLISH_DRIVE,
    PUBLISH_DRIVING,
    RECORD_DRIVE,
    drive,
    with_drives,
)

FLAGS = get_args(QualityFlag)

# ── Treatments ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("flags", "kind", "reasons"),
    [
        ((), ReductionRecorded, None),
        (("late",), ReductionRecorded, None),
        (("gap",), ReductionRecorded, None),
        (("jump",), ActivityHeld, ("jump",)),
        (("manual",), ActivityHeld, ("manual",)),  # of which the methodology says nothing
        (("late", "manual", "gap", "jump"), ActivityHeld, ("manual", "jump")),
        (("rollback",), ActivityRejected, ("rollback",)),
        (("jump", "late", "rollback", "gap"), ActivityRejected, ("rollback",)),
    ],
)
def test_the_harshest_treatment_of_the_flags_decides(flags: Any, kind: Any, reasons: Any) -> None:
    first, *_ = with_drives().do(but(RECORD_DRIVE, flags=flags))
    assert type(first) is kind
    assert first.flags == flags
    assert getattr(first, "reasons", None) == reasons


@pytest.mark.parametrize("flag", FLAGS)
def test_a_flag_of_which_nothing_is_said_holds(flag: Any) -> None:
    world = with_drives()
    world.do(
        but(PUBLISH_DRIVING, id="silent", quality={}),
        but(PUBLISH_DRIVE, id="other", methodology_id="silent"),
    )
    [held] = world.do(drive(flags=(flag,), scenario_id="other"))
    assert (type(held), held.reasons) == (ActivityHeld, (flag,))


def test_what_is_rejected_moves_nothing_and_opens_nobody() -> None:
    world = with_drives()
    [rejected] = world.do(drive(participant_id="nobody", flags=("rollback",)))
    assert rejected.legs == ()
    assert world.account("participant:nobody").status is None


def test_what_is_held_moves_nothing_and_opens_its_participant() -> None:
    world = with_drives()
    [held] = world.do(drive(participant_id="eve", flags=("jump",)))
    assert held.legs == ()
    assert world.account("participant:eve").status == "open"


# ── Shares ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("flags", "evidence", "share", "grams"),
    [
        ((), "platform", "1", 1_000),
        ((), "proof", "1", 1_000),
        ((), "self_declared", "0.5", 500),
        (("gap",), "platform", "0.5", 500),
        (("estimated",), "platform", "0.8", 800),
        (("estimated", "gap"), "platform", "0.5", 500),  # the smallest, not the product
        (("estimated",), "self_declared", "0.5", 500),
        (("late",), "self_declared", "0.5", 500),
    ],
)
def test_the_smallest_share_counts(flags: Any, evidence: Any, share: str, grams: int) -> None:
    world = with_drives()
    reduction, issued = world.do(drive(flags=flags, evidence=evidence))
    assert (reduction.share, reduction.amount_g, reduction.evidence) == (share, grams, evidence)
    assert issued.awarded_credits == grams // 100
    assert world.account(DORA).total("gCO2e") == grams


def test_a_scenario_says_what_each_tier_earns() -> None:
    world = with_drives(evidence={"self_declared": "0.4", "proof": "0.9", "platform": "0.95"})
    shares = [
        world.do(drive(tier, evidence=tier))[0].share for tier in ("self_declared", "proof", "platform")
    ]
    assert shares == ["0.4", "0.9", "0.95"]


def test_a_share_is_floored_once_and_never_up() -> None:
    [reduction] = with_drives().do(drive(km="0.99", evidence="self_declared"))
    assert (reduction.exact_g, reduction.amount_g) == ("49.5", 49)


def test_what_earns_less_than_a_credit_earns_none_and_keeps_its_grams() -> None:
    events = with_drives().do(drive(km="0.99"))
    assert [event.topic for event in events] == ["reduction.recorded"]


def test_a_held_activity_remembers_its_share_for_when_it_counts() -> None:
    [held] = with_drives().do(drive(flags=("jump", "estimated"), evidence="proof"))
    assert (held.share, held.reasons) == ("0.8", ("jump",))


# ── What may be published ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("treatment", ["accept", "hold", "reject", "0.5", "0.0001", "0.9999", "1"])
def test_a_treatment_is_a_word_or_a_share(treatment: str) -> None:
    world = with_drives()
    [published] = world.do(but(PUBLISH_DRIVING, id="x", quality={"late": treatment}))
    assert published.quality == {"late": treatment}


@pytest.mark.parametrize("treatment", ["", "Accept", "0", "0.0", "1.1", "-0.5", "50%", "0.12345", "x" * 400])
def test_any_other_treatment_is_refused(treatment: str) -> None:
    refusal = with_drives().refusal(but(PUBLISH_DRIVING, id="x", quality={"gap": treatment}))
    assert isinstance(refusal, TreatmentUnknown)
    assert refusal.field == "quality.gap"
    assert refusal.value == treatment[: limits.ECHO_CHARS_MAX]


@pytest.mark.parametrize("share", ["accept", "hold", "0", "1.5", "0.12345"])
def test_what_a_tier_earns_is_a_share_and_no_word(share: str) -> None:
    refusal = with_drives().refusal(but(PUBLISH_DRIVE, version=2, evidence={"proof": share}))
    assert isinstance(refusal, TreatmentUnknown)
    assert refusal.details() == {"field": "evidence.proof", "value": share}


def test_a_share_has_at_most_as_many_characters_as_it_may_have() -> None:
    at = "0." + "1" * (limits.SHARE_CHARS_MAX - 2)
    world = with_drives()
    world.decide(but(PUBLISH_DRIVE, version=2, evidence={"proof": at}))
    assert isinstance(
        world.refusal(but(PUBLISH_DRIVE, version=2, evidence={"proof": at + "1"})), TreatmentUnknown
    )


# ── What may be reported ─────────────────────────────────────────────────────────────────────


def test_an_activity_may_have_every_flag_once() -> None:
    assert len(FLAGS) == limits.FLAGS_MAX
    assert converted(RECORD_DRIVE, flags=list(FLAGS)).flags == FLAGS
    with pytest.raises(msgspec.ValidationError):
        converted(RECORD_DRIVE, flags=[*FLAGS, "late"])


@pytest.mark.parametrize(("field", "value"), [("flags", ["odd"]), ("evidence", "hearsay")])
def test_unheard_of_flags_and_tiers_are_refused(field: str, value: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        converted(RECORD_DRIVE, **{field: value})


@pytest.mark.parametrize("tier", get_args(EvidenceTier))
def test_rejected_measurements_need_not_make_sense(tier: Any) -> None:
    broken = but(RECORD_DRIVE, measured=Measured(distance_km="a lot"), flags=("rollback",), evidence=tier)
    [rejected] = with_drives().do(broken)
    assert rejected.measured == Measured(distance_km="a lot")
