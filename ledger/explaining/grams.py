"""From measurements to whole grams: the methodology, its factors, every term, the share, the one floor."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

from ledger.domain import addresses
from ledger.domain.addresses import GRAMS
from ledger.domain.methodologies.formulas import petrol_g_per_l
from ledger.domain.methodologies.measured import MEASURED_FIELDS, Measured
from ledger.domain.methodology import WHOLE_SHARE, read_share
from ledger.domain.quantities import exact, exact_text, floor_to_whole
from ledger.domain.rulebook import PublishedMethodology
from ledger.explaining.steps import Place, Step, checked

_PETROL_CHAIN: Final = (
    "petrol_net_calorific_value",
    "petrol_carbon_content",
    "petrol_oxidation",
    "petrol_density",
)
"""Factors that give a litre of petrol together."""


def measurements(measured: Measured) -> list[dict[str, Any]]:
    """Give what was reported, field by field."""
    return [
        {"field": field, "value": str(value)}
        for field in MEASURED_FIELDS
        if (value := getattr(measured, field)) is not None
    ]


def explain_methodology(place: Place, methodology: PublishedMethodology) -> Iterator[Step]:
    """Say which version of a methodology counts, by which formula and with which numbers."""
    event = methodology.event
    yield place.step(
        "methodology",
        methodology_id=event.id,
        methodology_version=event.version,
        name_zh=event.name_zh,
        name_en=event.name_en,
        formula=event.formula,
    )
    for name, value in sorted(event.parameters.items()):
        yield place.step("parameter", name=name, value=value)
    for factor in event.factors:
        yield place.step(
            "factor.illustrative" if factor.illustrative else "factor",
            name=factor.name,
            value=factor.value,
            unit=factor.unit,
            region=factor.region,
            year=factor.year,
            source=factor.source,
            published_on=factor.published_on,
        )
    values = {factor.name: factor.value for factor in event.factors}
    if all(name in values for name in _PETROL_CHAIN):
        yield place.step(
            "petrol",
            g_per_l=exact_text(petrol_g_per_l({name: exact(value) for name, value in values.items()})),
            net_calorific_value=values["petrol_net_calorific_value"],
            carbon_content=values["petrol_carbon_content"],
            oxidation=values["petrol_oxidation"],
            density=values["petrol_density"],
        )


def explain_reduction(
    place: Place,
    methodology: PublishedMethodology,
    measured: Measured,
    share: str,
) -> Iterator[Step]:
    """Compute what an activity avoids term by term, and compare with the event's `exact_g` and `amount_g`.

    Args:
        place: of an event with both of them.
        methodology: by which it counts.
        measured: what counts as reported.
        share: what evidence and quality leave.
    """
    total = Fraction(0)
    for term in methodology.formula.terms:
        value = getattr(measured, term.field)
        amount = Fraction(value) if isinstance(value, int) else exact(value)
        if term.block:
            amount = Fraction(amount // term.block)
        product = term.coefficient_g * amount
        total += product
        yield place.step(
            "term.block" if term.block else "term",
            role=term.role,
            field=term.field,
            measured=[{"field": term.field, "value": str(value)}],
            block=term.block,
            times=exact_text(amount),
            coefficient_g=exact_text(term.coefficient_g),
            exact_g=exact_text(product),
        )
    shared = total * read_share(share)
    yield place.step(
        "exact" if share == WHOLE_SHARE else "exact.shared",
        checked(place.event.exact_g, exact_text(shared)),
        sum_g=exact_text(total),
        share=share,
        exact_g=place.event.exact_g,
    )
    yield place.step(
        "floor",
        checked(place.event.amount_g, floor_to_whole(shared)),
        exact_g=place.event.exact_g,
        amount_g=place.event.amount_g,
    )


def explain_grams_entered(place: Place, amount_g: int) -> Step:
    """Say what is entered for the participant, and compare the legs with it."""
    account = addresses.participant(place.event.participant_id)
    return place.step(
        "grams.entered" if amount_g >= 0 else "grams.taken_back",
        checked(amount_g, place.into(GRAMS, account)),
        account=account,
        amount_g=abs(amount_g),
    )
