"""What an activity may report, and how it is read: raw measurements, units last in their names.

Values are kept as they were reported, decimals as text, so that an auditor sees what the source sent.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Literal, cast

import msgspec

from ledger.domain import limits
from ledger.domain.errors import (
    DecimalMalformed,
    MeasurementMalformed,
    MeasurementMissing,
    MeasurementOutOfBounds,
    MeasurementUnexpected,
)
from ledger.domain.quantities import BILLIONTHS, billionths

MeasuredField = Literal[
    "distance_km", "energy_kwh", "fuel_l", "charged_kwh", "steps", "count", "mass_kg", "generated_kwh"
]


class Measured(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The measurements of one activity; each formula says which of them it needs, and takes no other.

    Attributes:
        distance_km: kilometres travelled, decimal text.
        energy_kwh: electricity taken from the vehicle's battery, decimal text.
        fuel_l: litres of fuel burnt, decimal text.
        charged_kwh: electricity charged at a charging point, decimal text.
        steps: steps walked.
        count: how many acts of one kind.
        mass_kg: kilograms sorted, returned or saved, decimal text.
        generated_kwh: electricity generated, decimal text.
    """

    distance_km: str | None = None
    energy_kwh: str | None = None
    fuel_l: str | None = None
    charged_kwh: str | None = None
    steps: int | None = None
    count: int | None = None
    mass_kg: str | None = None
    generated_kwh: str | None = None


MEASURED_FIELDS = cast("tuple[MeasuredField, ...]", Measured.__struct_fields__)

MEASURED_MAX: Mapping[MeasuredField, int] = {
    "distance_km": limits.DISTANCE_KM_MAX,
    "energy_kwh": limits.ENERGY_KWH_MAX,
    "fuel_l": limits.FUEL_L_MAX,
    "charged_kwh": limits.CHARGED_KWH_MAX,
    "steps": limits.STEPS_MAX,
    "count": limits.ACTS_MAX,
    "mass_kg": limits.MASS_KG_MAX,
    "generated_kwh": limits.GENERATED_KWH_MAX,
}
"""Greatest value of each field in one activity, in the unit its name ends in."""


def field_billionths(field: MeasuredField, reported: str | int) -> int:
    """Read one reported value as billionths of its unit.

    Raises:
        MeasurementMalformed: the text is no plain decimal.
        MeasurementOutOfBounds: below 0, or above the field's bound.
    """
    value_max = MEASURED_MAX[field]
    if isinstance(reported, int):
        value = reported * BILLIONTHS
    else:
        try:
            value = billionths(reported)
        except DecimalMalformed as malformed:
            raise MeasurementMalformed(field=field, value=malformed.value) from None
    if not 0 <= value <= value_max * BILLIONTHS:
        echo = str(reported)[: limits.ECHO_CHARS_MAX]
        raise MeasurementOutOfBounds(field=field, value=echo, value_max=value_max)
    return value


def read_measured(measured: Measured, *, fields: AbstractSet[str], formula: str) -> list[int]:
    """Read the values of one activity as billionths, in the order of `MEASURED_FIELDS`, 0 where unused.

    Args:
        measured: as reported.
        fields: the fields the formula needs; it takes no other.
        formula: its kind, for the answer when something is wrong.

    Raises:
        MeasurementMissing: a needed field is not reported.
        MeasurementUnexpected: another one is.
        MeasurementMalformed: a text is no plain decimal.
        MeasurementOutOfBounds: below 0, or above what one activity may report.
    """
    values = []
    for field, reported in zip(MEASURED_FIELDS, msgspec.structs.astuple(measured), strict=True):
        if reported is None:
            if field in fields:
                raise MeasurementMissing(field=field, formula=formula)
            values.append(0)
        elif field in fields:
            values.append(field_billionths(field, reported))
        else:
            raise MeasurementUnexpected(field=field, formula=formula)
    return values
