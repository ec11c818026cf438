"""Exact numbers: how decimal text becomes a value, and the one way a value becomes whole.

Nothing here knows what is being measured. Every value is exact from the text to the floor: text is
read as a whole number of billionths, or as a fraction, and never as binary floating point.
"""

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Final

from ledger.domain import limits
from ledger.domain.errors import DecimalMalformed, SplitWeightsInvalid

BILLIONTHS: Final[int] = 10**limits.DECIMAL_FRACTION_DIGITS_MAX
"""How many of the smallest step that decimal text can express make one whole."""

# `[0-9]` and not `\d`, which also matches full-width and other scripts' digits: two spellings of a
# number would be two contents under one id. int() and Decimal() would further take "1_0" and " 1 ".
_DECIMAL = re.compile(
    rf"(0|[1-9][0-9]{{0,{limits.DECIMAL_INTEGER_DIGITS_MAX - 1}}})"
    rf"(?:\.([0-9]{{1,{limits.DECIMAL_FRACTION_DIGITS_MAX}}}))?"
)


def billionths(text: str) -> int:
    """Read decimal text as a whole number of billionths: ``"3.75"`` is 3 750 000 000.

    Args:
        text: ASCII digits with at most one point: no sign, exponent, underscore, blank or leading
            zero. ``limits.DECIMAL_INTEGER_DIGITS_MAX`` digits before the point and
            ``limits.DECIMAL_FRACTION_DIGITS_MAX`` after it, trailing zeros included.

    Raises:
        DecimalMalformed: the text is anything else.
    """
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise DecimalMalformed(value=text[: limits.ECHO_CHARS_MAX])
    whole, fraction = match.groups()
    if fraction is None:
        return int(whole) * BILLIONTHS
    return int(whole + fraction.ljust(limits.DECIMAL_FRACTION_DIGITS_MAX, "0"))


@lru_cache(maxsize=4096)
def exact(text: str) -> Fraction:
    """Read decimal text as an exact fraction; meant for factors, which recur, so it remembers them.

    Raises:
        DecimalMalformed: as `billionths`.
    """
    return Fraction(billionths(text), BILLIONTHS)


def floor_to_whole(value: Fraction) -> int:
    """Round an exact value down to a whole one, and never below 0.

    The only rounding of a methodology: downwards, so that a credit is never given for more than was
    avoided (conservativeness), and once, at the very end.
    """
    return max(0, value.numerator // value.denominator)


def floored_share(whole: int, factor: Fraction) -> int:
    """Give a part of a whole amount, or several times as much, floored as by `floor_to_whole`."""
    return max(0, whole * factor.numerator // factor.denominator)


@lru_cache(maxsize=1024)
def _decimal_places(denominator: int) -> int | None:
    """Places after the point that a reduced fraction needs, or None when its decimals never end."""
    twos = fives = 0
    while denominator % 2 == 0:
        denominator //= 2
        twos += 1
    while denominator % 5 == 0:
        denominator //= 5
        fives += 1
    return max(twos, fives) if denominator == 1 else None


def exact_text(value: Fraction) -> str:
    """Write an exact value for people: ``"3532.01517225"``, or ``"10/3"`` where decimals never end."""
    places = _decimal_places(value.denominator)
    if places is None:
        return f"{value.numerator}/{value.denominator}"
    if places == 0:
        return str(value.numerator)
    # Exact: the denominator divides 10^places by the choice of places.
    digits = str(abs(value.numerator) * (10**places // value.denominator)).rjust(places + 1, "0")
    sign = "-" if value.numerator < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def split_by_largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Split a whole amount by weights so that the parts are whole and sum to it exactly.

    Each part is its exact share, floored; what is left goes one by one to the largest remainders,
    ties in declared order. A negative total is the mirror image of the positive one, so that a
    refund takes from everybody precisely what the payment took.

    Args:
        total: whole units, of any sign.
        weights: one per part, in declared order, each at least 0 and not all 0.

    Raises:
        SplitWeightsInvalid: there is no weight above 0, or one below.
    """
    weight_sum = sum(weights)
    if weight_sum <= 0 or min(weights) < 0:
        raise SplitWeightsInvalid(weights=list(weights))
    if total < 0:
        return [-part for part in split_by_largest_remainder(-total, weights)]
    floors_and_remainders = [divmod(total * weight, weight_sum) for weight in weights]
    parts = [floor for floor, _ in floors_and_remainders]
    # sorted() is stable, which is what keeps ties in declared order.
    by_remainder = sorted(range(len(parts)), key=lambda index: -floors_and_remainders[index][1])
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return parts
