"""Conversion rules: how many credits an activity earns, given its grams and its measurements.

Grams and credits are separate: within one city 8 to 43 g per credit were seen, so some rules never
look at the grams. A rule is versioned data; its version stays on every issuance made by it.
"""

import msgspec

from ledger.domain import limits
from ledger.domain.errors import (
    ConversionFieldUnmeasured,
    ConversionRuleOutOfBounds,
    MeasurementMissing,
)
from ledger.domain.methodologies.formulas import FORMULAS
from ledger.domain.methodologies.measured import Measured, MeasuredField, field_billionths
from ledger.domain.methodology import WHOLE_SHARE, FormulaKind, read_share
from ledger.domain.quantities import BILLIONTHS, floor_to_whole


class CreditsPerGrams(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="credits_per_grams",
):
    """`credits` for every whole `per_g` grams; grams beyond the last whole share earn nothing."""

    credits: int
    per_g: int


class CreditsPerBlock(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="credits_per_block",
):
    """`credits` for every whole `block` units of one measurement, whatever the grams."""

    credits: int
    block: int
    field: MeasuredField


class CreditsPerAct(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="credits_per_act",
):
    """`credits` for every act: the reported count, or one when the measurement carries no count."""

    credits: int


ConversionRule = CreditsPerGrams | CreditsPerBlock | CreditsPerAct


def check_rule(rule: ConversionRule, *, formula: FormulaKind) -> None:
    """Refuse a rule that could not be used with activities of the given formula.

    Raises (in this order):
        ConversionRuleOutOfBounds: a number is below 1 or above its bound.
        ConversionFieldUnmeasured: blocks of a measurement that the formula never reads.
    """
    bounds = [("credits", rule.credits, limits.RULE_CREDITS_MAX)]
    match rule:
        case CreditsPerGrams():
            bounds.append(("per_g", rule.per_g, limits.RULE_PER_G_MAX))
        case CreditsPerBlock():
            bounds.append(("block", rule.block, limits.RULE_BLOCK_MAX))
        case CreditsPerAct():
            pass
    for field, value, value_max in bounds:
        if not 1 <= value <= value_max:
            raise ConversionRuleOutOfBounds(field=field, value=value, value_max=value_max)
    if isinstance(rule, CreditsPerBlock) and rule.field not in FORMULAS[formula].fields:
        raise ConversionFieldUnmeasured(field=rule.field, formula=formula)


def credits_for(rule: ConversionRule, *, amount_g: int, measured: Measured, share: str = WHOLE_SHARE) -> int:
    """Whole credits that an activity desires, before any cap.

    Args:
        rule: of the scenario.
        amount_g: whole grams of the reduction, at least 0.
        measured: as reported.
        share: the part that the evidence earns. It has already cut the grams, so a rule that counts
            grams must not cut again; the other rules cut their credits, floored.

    Raises:
        MeasurementMissing: a block's measurement is not reported.
        MeasurementMalformed, MeasurementOutOfBounds: or cannot be read.
        ShareOutOfBounds: as `read_share`.
    """
    match rule:
        case CreditsPerGrams():
            return amount_g // rule.per_g * rule.credits
        case CreditsPerBlock():
            times = _reported(measured, rule.field) // (rule.block * BILLIONTHS)
        case CreditsPerAct():
            times = 1 if measured.count is None else _reported(measured, "count") // BILLIONTHS
    return floor_to_whole(times * rule.credits * read_share(share))


def remainder_g(rule: ConversionRule, *, amount_g: int) -> int:
    """Whole grams that no credit was given for; nobody carries them, and only some rules know any."""
    return amount_g % rule.per_g if isinstance(rule, CreditsPerGrams) else 0


def _reported(measured: Measured, field: MeasuredField) -> int:
    """Billionths of a measurement that the rule cannot do without."""
    reported: str | int | None = getattr(measured, field)
    if reported is None:
        raise MeasurementMissing(field=field, formula="credits_per_block")
    return field_billionths(field, reported)
