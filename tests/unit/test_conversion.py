"""How many credits an activity earns by each kind of rule."""

from typing import Any

import msgspec
import pytest

from ledger.domain import limits
from ledger.domain.conversion import (
    ConversionRule,
    CreditsPerAct,
    CreditsPerBlock,
    CreditsPerGrams,
    check_rule,
    credits_for,
    remainder_g,
)
from ledger.domain.errors import (
    ConversionFieldUnmeasured,
    ConversionRuleOutOfBounds,
    MeasurementMissing,
    MeasurementOutOfBounds,
)
from ledger.domain.methodology import Measured

NOTHING = Measured()
PER_GRAMS = CreditsPerGrams(credits=2, per_g=100)
PER_BLOCK = CreditsPerBlock(credits=3, block=500, field="steps")
PER_ACT = CreditsPerAct(credits=5)


@pytest.mark.parametrize(
    ("amount_g", "credits_", "rest_g"), [(0, 0, 0), (99, 0, 99), (100, 2, 0), (199, 2, 99), (3532, 70, 32)]
)
def test_only_whole_shares_of_grams_earn(amount_g: int, credits_: int, rest_g: int) -> None:
    assert credits_for(PER_GRAMS, amount_g=amount_g, measured=NOTHING) == credits_
    assert remainder_g(PER_GRAMS, amount_g=amount_g) == rest_g


@pytest.mark.parametrize(("steps", "credits_"), [(0, 0), (499, 0), (500, 3), (7250, 42)])
def test_only_whole_blocks_earn_whatever_the_grams(steps: int, credits_: int) -> None:
    assert credits_for(PER_BLOCK, amount_g=10**6, measured=Measured(steps=steps)) == credits_
    assert remainder_g(PER_BLOCK, amount_g=10**6) == 0


@pytest.mark.parametrize(("mass_kg", "credits_"), [("0.999999999", 0), ("1", 30), ("2.5", 60)])
def test_blocks_of_a_decimal_measurement_are_counted_exactly(mass_kg: str, credits_: int) -> None:
    rule = CreditsPerBlock(credits=30, block=1, field="mass_kg")
    assert credits_for(rule, amount_g=0, measured=Measured(mass_kg=mass_kg)) == credits_


@pytest.mark.parametrize(("count", "credits_"), [(None, 5), (0, 0), (1, 5), (3, 15)])
def test_an_activity_without_a_count_is_one_act(count: int | None, credits_: int) -> None:
    assert credits_for(PER_ACT, amount_g=0, measured=Measured(count=count)) == credits_


def test_a_share_cuts_what_the_grams_do_not_already_tell() -> None:
    assert credits_for(PER_GRAMS, amount_g=100, measured=NOTHING, share="0.5") == 2
    assert credits_for(PER_BLOCK, amount_g=0, measured=Measured(steps=500), share="0.5") == 1
    assert credits_for(PER_ACT, amount_g=0, measured=Measured(count=3), share="0.5") == 7


def test_a_rule_needs_its_measurement_within_bounds() -> None:
    with pytest.raises(MeasurementMissing):
        credits_for(PER_BLOCK, amount_g=0, measured=NOTHING)
    with pytest.raises(MeasurementOutOfBounds):
        credits_for(PER_ACT, amount_g=0, measured=Measured(count=limits.ACTS_MAX + 1))


BOUNDS = [
    (PER_GRAMS, "credits", limits.RULE_CREDITS_MAX),
    (PER_GRAMS, "per_g", limits.RULE_PER_G_MAX),
    (PER_BLOCK, "credits", limits.RULE_CREDITS_MAX),
    (PER_BLOCK, "block", limits.RULE_BLOCK_MAX),
    (PER_ACT, "credits", limits.RULE_CREDITS_MAX),
]


@pytest.mark.parametrize(("rule", "field", "bound"), BOUNDS)
def test_a_rules_number_is_taken_at_its_bounds_and_refused_one_past_them(
    rule: Any, field: str, bound: int
) -> None:
    for value in (1, bound):
        check_rule(msgspec.structs.replace(rule, **{field: value}), formula="steps_block")
    for value in (0, bound + 1):
        with pytest.raises(ConversionRuleOutOfBounds) as caught:
            check_rule(msgspec.structs.replace(rule, **{field: value}), formula="steps_block")
        assert caught.value.details() == {"field": field, "value": value, "value_max": bound}


def test_blocks_of_what_the_formula_never_reads_are_refused() -> None:
    with pytest.raises(ConversionFieldUnmeasured):
        check_rule(PER_BLOCK, formula="distance")


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (PER_GRAMS, b'{"kind":"credits_per_grams","credits":2,"per_g":100}'),
        (PER_BLOCK, b'{"kind":"credits_per_block","credits":3,"block":500,"field":"steps"}'),
        (PER_ACT, b'{"kind":"credits_per_act","credits":5}'),
    ],
)
def test_a_rules_stored_form_never_changes(rule: ConversionRule, text: bytes) -> None:
    assert msgspec.json.encode(rule) == text
    assert msgspec.json.decode(text, type=ConversionRule) == rule
