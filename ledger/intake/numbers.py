"""Numbers as other systems write them, read strictly and without floats."""

from typing import Final

from ledger.domain.limits import DECIMAL_FRACTION_DIGITS_MAX, DECIMAL_INTEGER_DIGITS_MAX

M_PER_KM: Final = 1_000
M_PER_TENTH_KM: Final = 100
ODOMETER_DIGITS_MAX: Final = 9
"""Of kilometres: a billion is beyond any vehicle, and keeps int() quick."""

_KM_FRACTION_DIGITS: Final = 3


def whole(text: str) -> int | None:
    """Read plain ASCII digits; None for anything else, such as a sign, a blank or an underscore."""
    if text.isdecimal() and text.isascii() and len(text) <= DECIMAL_INTEGER_DIGITS_MAX + 1:
        return int(text)
    return None


def metres_of_km(text: str) -> int | None:
    """Read kilometres as whole metres, the nearest one; None for anything but plain digits.

    An odometer has one decimal; more of them are a program's binary floats, as in 12345.700000000001.
    """
    if text[-2:-1] == ".":  # one decimal, so it comes first
        tenths = text[:-2] + text[-1]
        if tenths.isdecimal() and tenths.isascii() and 1 < len(tenths) <= ODOMETER_DIGITS_MAX + 1:
            return int(tenths) * M_PER_TENTH_KM
        return None
    km, point, fraction = text.partition(".")
    digits = km + fraction
    if not km or (point and not fraction) or not (digits.isdecimal() and digits.isascii()):
        return None
    if len(km) > ODOMETER_DIGITS_MAX:
        return None
    return int(km + fraction[:_KM_FRACTION_DIGITS].ljust(_KM_FRACTION_DIGITS, "0")) + (
        fraction[_KM_FRACTION_DIGITS:] >= "5"
    )


def km_text(metres: int) -> str:
    """Write metres as kilometres, with one decimal as an odometer has, or three where one will not do."""
    tenths, rest = divmod(metres, M_PER_TENTH_KM)
    if rest:
        return f"{metres // M_PER_KM}.{metres % M_PER_KM:03d}"
    return f"{tenths // 10}.{tenths % 10}"


def decimal_text(text: str) -> str | None:
    """Give a decimal as an activity may report it, or None for anything else.

    Digits beyond the ninth decimal are cut off: no meter has them, a program's binary floats do.
    """
    integer, point, fraction = text.partition(".")
    digits = integer + fraction
    if not integer or (point and not fraction) or not (digits.isdecimal() and digits.isascii()):
        return None
    integer = integer.lstrip("0") or "0"
    if len(integer) > DECIMAL_INTEGER_DIGITS_MAX:
        return None
    if len(fraction) > DECIMAL_FRACTION_DIGITS_MAX:
        fraction = fraction[:DECIMAL_FRACTION_DIGITS_MAX].rstrip("0")
    return f"{integer}.{fraction}" if fraction else integer
