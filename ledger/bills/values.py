"""Values as bills write them, read strictly: amounts into whole 分, ids, days and instants."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Final, Literal

from ledger.bills.rows import Reason
from ledger.domain.limits import BILL_FIELD_CHARS_MAX, BILL_REFERENCE_CHARS_MAX, BILL_VALUE_FEN_MAX

REMEMBERED_MAX: Final = 20_000
"""Texts remembered: prices and days come again and again."""

Unit = Literal["yuan", "fen"]

_FRACTION_DIGITS: Final[dict[Unit, int]] = {"yuan": 2, "fen": 0}
_DIGITS_MAX: Final = 40
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")


class Fault(Exception):
    """A value cannot be read; the reader makes an `Unreadable` of it."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.text = text


class Broken(Fault):
    """Nothing after this place can be read.

    Attributes:
        line: where it is; 0 while nobody has told.
    """

    def __init__(self, reason: Reason, text: str, line: int = 0) -> None:
        super().__init__(reason, text)
        self.line = line


class Amounts(dict[str, int]):
    """Amounts in 分 by the texts that write them; a dict, because a bill has few prices and very often.

    A text is plain digits with at most one point and a sign; digits that are no whole 分 must be 0.

    Raises:
        Fault: it is no amount, not of whole 分, or beyond `BILL_VALUE_FEN_MAX`.
    """

    def __init__(self, unit: Unit = "yuan", *, is_grouped: bool = False) -> None:
        super().__init__()
        self._digits = _FRACTION_DIGITS[unit]
        self._is_grouped = is_grouped

    def __missing__(self, text: str) -> int:
        if len(self) >= REMEMBERED_MAX:
            self.clear()
        plain = text.replace(",", "") if self._is_grouped and _GROUPED.fullmatch(text) else text
        found = self[text] = fen_of(plain, self._digits)
        return found


def fen_of(text: str, fraction_digits: int = 2) -> int:
    """Read an amount that has so many digits of whole 分 after its point.

    Raises:
        Fault
    """
    unsigned = text[1:] if text[:1] in {"-", "+"} else text
    whole, point, part = unsigned.partition(".")
    digits = whole + part
    if not whole or (point and not part) or not (digits.isascii() and digits.isdecimal()):
        raise Fault("value_malformed", text)
    if len(digits) > _DIGITS_MAX:
        raise Fault("value_out_of_bounds", text)
    if part[fraction_digits:].strip("0"):
        raise Fault("value_not_whole_fen", text)
    fen = int(whole + part[:fraction_digits].ljust(fraction_digits, "0"))
    if fen > BILL_VALUE_FEN_MAX:
        raise Fault("value_out_of_bounds", text)
    return -fen if text[0] == "-" else fen


def plain_of(number: float) -> str:
    """Write a number of a sheet as the shortest decimal that means it, which is what its author typed.

    Raises:
        Fault: it is no finite number.
    """
    exact = Decimal(repr(number))
    if not exact.is_finite():
        raise Fault("value_malformed", str(number))
    return format(exact, "f").removesuffix(".0")


def reference_of(text: str) -> str:
    """Read an id; blanks around it, with which some programs keep digits from Excel, are left out.

    Raises:
        Fault
    """
    text = text.strip()
    if len(text) > BILL_REFERENCE_CHARS_MAX or not text.isprintable():
        raise Fault("reference_unsuitable", text)
    return text


def text_of(text: str) -> str:
    """Read a text for people, with a blank in place of each sign that cannot be printed.

    Raises:
        Fault
    """
    if len(text) > BILL_FIELD_CHARS_MAX:
        raise Fault("field_too_long", text)
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text).strip()


# --- days and instants ----------------------------------------------------------------------------

Moment = tuple[date, datetime | None]
"""A local day, and the instant (UTC) where the form has times."""

DIRECTIVES: Final = frozenset("YmdHMSfz%")
"""What a form may have after %: all others depend on the machine's language, or leave the day open."""

_ISO_FORMS: Final = {"%Y-%m-%d %H:%M:%S": " ", "%Y-%m-%dT%H:%M:%S": "T"}
_ISO_CHARS: Final = 19


class Moments(dict[str, Moment]):
    """Moments by the texts that write them in one form, local in a zone where they name no offset.

    Of an hour that comes twice when clocks are put back, the first one is meant.

    Raises:
        Fault: it is not in this form, or a time that clocks were put forward over.
    """

    def __init__(self, form: str, zone: tzinfo) -> None:
        super().__init__()
        self._form = form
        self._zone = zone
        self._parse = _parser(form)
        self.has_times = "%H" in form
        self._reason: Reason = "time_malformed" if self.has_times else "day_malformed"

    def __missing__(self, text: str) -> Moment:
        if len(self) >= REMEMBERED_MAX:
            self.clear()
        # strptime takes the digits of every script.
        if not text.isascii() and any(c.isdecimal() and not c.isascii() for c in text):
            raise Fault(self._reason, text)
        try:
            found = self[text] = self.of(self._parse(text))
        except ValueError:
            raise Fault(self._reason, text) from None
        return found

    def of(self, local: datetime) -> Moment:
        """Give the moment of a local time that was read already."""
        if not self.has_times:
            return local.date(), None
        at = local if local.tzinfo is not None else local.replace(tzinfo=self._zone)
        before, after = at.utcoffset(), at.replace(fold=1).utcoffset()
        # Only within a gap is the offset before the change the smaller one (PEP 495).
        if before is not None and after is not None and before < after:
            raise Fault(self._reason, local.isoformat())
        try:
            return local.date(), at.astimezone(UTC)
        except OverflowError:
            raise Fault(self._reason, local.isoformat()) from None


def _parser(form: str) -> Callable[[str], datetime]:
    separator = _ISO_FORMS.get(form)

    def read(text: str) -> datetime:
        # Ten times as quick as strptime, which stays for texts such as 2024-5-6.
        if (
            len(text) == _ISO_CHARS
            and text[10] == separator
            and text[4] == text[7] == "-"
            and text[13] == text[16] == ":"
        ):
            return datetime.fromisoformat(text)
        return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is that of the mapping

    return read
