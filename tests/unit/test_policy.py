"""The programme's policy: version by version, what holds over all scenarios."""

from typing import Any

import msgspec
import pytest

from ledger.domain import limits
from ledger.domain.errors import PartnerUnsuitable, VersionOutOfSequence, WindowWithoutRipening
from tests.unit.builders import NOW, World, but, converted
from tests.unit.carbon_commands import PUBLISH_DRIVE, PUBLISH_POLICY, with_drives


def test_before_a_policy_there_are_neither_caps_nor_partners() -> None:
    policy = World().state.rulebook.policy
    assert (policy.version, policy.year_credits, policy.partners) == (0, None, ())


def test_the_latest_version_holds_and_says_all_that_does() -> None:
    world = World()
    [first] = world.do(PUBLISH_POLICY)
    assert world.state.rulebook.policy == first
    assert (first.year_credits, first.partners, first.recorded_at) == (1_000, ("blue-city",), NOW)
    [second] = world.do(but(PUBLISH_POLICY, version=2, year_credits=None, partners=()))
    assert world.state.rulebook.policy == second
    assert (second.year_credits, second.partners) == (None, ())
    assert world.state.configured_at_position == world.state.position


@pytest.mark.parametrize(("versions", "version"), [(0, 2), (1, 1), (1, 3)])
def test_versions_follow_one_another(versions: int, version: int) -> None:
    world = World()
    world.do(*(but(PUBLISH_POLICY, version=n + 1) for n in range(versions)))
    refusal = world.refusal(but(PUBLISH_POLICY, version=version, partners=("green-city",)))
    assert isinstance(refusal, VersionOutOfSequence)
    assert refusal.details() == {"id": "policy", "version": version, "expected": versions + 1}


@pytest.mark.parametrize(
    ("partners", "named"),
    [(("green-city",), "green-city"), (("blue-city", "red-city", "blue-city"), "blue-city")],
)
def test_a_partner_is_another_programme_named_once(partners: Any, named: str) -> None:
    refusal = World().refusal(but(PUBLISH_POLICY, partners=partners))
    assert isinstance(refusal, PartnerUnsuitable)
    assert refusal.details() == {"field": "partners", "programme_id": named}


def test_there_are_as_many_partners_as_there_may_be_and_no_more() -> None:
    partners = [f"town-{n}" for n in range(limits.PARTNERS_MAX)]
    assert len(converted(PUBLISH_POLICY, partners=partners).partners) == limits.PARTNERS_MAX
    with pytest.raises(msgspec.ValidationError):
        converted(PUBLISH_POLICY, partners=[*partners, "town-x"])
    for version in (0, limits.VERSION_MAX + 1):
        with pytest.raises(msgspec.ValidationError):
            converted(PUBLISH_POLICY, version=version)


# ── Windows of scenarios ─────────────────────────────────────────────────────────────────────


def test_a_claim_window_needs_a_ripening() -> None:
    refusal = with_drives().refusal(but(PUBLISH_DRIVE, version=2, claim_within_h=1))
    assert isinstance(refusal, WindowWithoutRipening)
    assert refusal.field == "claim_within_h"


@pytest.mark.parametrize("field", ["ripens_after_h", "claim_within_h"])
def test_windows_have_their_bounds(field: str) -> None:
    for hours in (1, limits.WINDOW_H_MAX):
        assert getattr(converted(PUBLISH_DRIVE, **{field: hours}), field) == hours
    for hours in (0, -1, limits.WINDOW_H_MAX + 1):
        with pytest.raises(msgspec.ValidationError):
            converted(PUBLISH_DRIVE, **{field: hours})


def test_a_scenario_keeps_every_rule_it_was_published_with() -> None:
    world = with_drives()
    told = but(PUBLISH_DRIVE, version=2, evidence={"proof": "0.9"}, ripens_after_h=48, claim_within_h=168)
    [published] = world.do(told)
    for name in type(told).__struct_fields__:
        assert getattr(published, name) == getattr(told, name)
