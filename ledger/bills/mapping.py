"""How to read a merchant's own file: a JSON document that names its columns, kept beside the merchant."""

import re
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from ledger.bills.rows import shown
from ledger.bills.values import DIRECTIVES, Unit
from ledger.domain.errors import BillMappingUnsuitable
from ledger.domain.limits import BILL_HEADER_ROW_MAX, BILL_MAPPING_BYTES_MAX

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Words = Annotated[list[Name], msgspec.Meta(max_length=50)]

_DIRECTIVE = re.compile(r"%(.?)")
_DAY: Final = {"Y", "m", "d"}


class KindByWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="by", tag="words"):
    """A column tells in words what a row is.

    Attributes:
        column: its name.
        use: words that mean a use; its amount is not below 0.
        refund: words that mean a refund; whichever sign its amount has, it is one that goes back.
        other: words of rows that are neither, given as kind ``other``.
        passed_over: words of rows that do not count, such as orders never paid.
    """

    column: Name
    use: Words
    refund: Words = []
    other: Words = []
    passed_over: Words = []


class KindBySign(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="by", tag="sign"):
    """The sign of the amount tells: below 0 it is a refund, otherwise a use."""


class Amount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column of amounts.

    Attributes:
        column: its name.
        unit: yuan, with at most two decimals that are not 0; or whole 分.
        is_grouped: whether commas may stand between thousands, as in 1,234.50.
    """

    column: Name
    unit: Unit
    is_grouped: bool = False


class Happened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The column of the day or the time.

    Attributes:
        column: its name.
        form: of its texts, with %Y %m %d %H %M %S %f %z. Without %H there are days only. Dates of a sheet
            are taken as they are.
        zone: IANA name of the zone of times without %z.
    """

    column: Name
    form: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    zone: Name = "Asia/Shanghai"


class SummaryRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of sums at the end: where the column has the word, the columns of amounts have their sums."""

    column: Name
    word: Name


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How to read a merchant's own file.

    Attributes:
        format: of the file.
        reference: the column of ids by which the ledger knows it.
        value: the column of amounts.
        happened: the column of days or times.
        kind: what tells uses from refunds; the sign of the amount when absent.
        fee: the column of fees.
        own_reference: the column of the merchant's own ids.
        store: the column of stores.
        counterparty: the column of the other party.
        note: the column of remarks.
        summary: how to know a row of sums.
        encoding: of a CSV; UTF-8 may begin with a mark.
        delimiter: of a CSV.
        sheet: name of the sheet of an XLSX; the first when absent.
        header_row: the row with the columns' names, from 1.
    """

    format: Literal["csv", "xlsx"]
    reference: Name
    value: Amount
    happened: Happened
    kind: KindByWords | KindBySign = KindBySign()
    fee: Amount | None = None
    own_reference: Name | None = None
    store: Name | None = None
    counterparty: Name | None = None
    note: Name | None = None
    summary: SummaryRow | None = None
    encoding: Literal["utf-8", "gb18030"] = "utf-8"
    delimiter: Literal[",", "\t", ";", "|"] = ","
    sheet: Name | None = None
    header_row: Annotated[int, msgspec.Meta(ge=1, le=BILL_HEADER_ROW_MAX)] = 1


def read_mapping(document: bytes | dict[str, Any]) -> Mapping:
    """Read a mapping.

    Args:
        document: JSON, or what was decoded from it.

    Raises:
        BillMappingUnsuitable
    """
    if isinstance(document, bytes) and len(document) > BILL_MAPPING_BYTES_MAX:
        raise BillMappingUnsuitable(reason=f"it is longer than {BILL_MAPPING_BYTES_MAX:,} bytes")
    try:
        mapping = (
            msgspec.json.decode(document, type=Mapping)
            if isinstance(document, bytes)
            else msgspec.convert(document, Mapping)
        )
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
        raise BillMappingUnsuitable(reason=str(wrong)) from None
    _check_form(mapping.happened.form)
    _check_zone(mapping.happened.zone)
    if isinstance(mapping.kind, KindByWords):
        _check_words(mapping.kind)
    return mapping


def _check_form(form: str) -> None:
    found = _DIRECTIVE.findall(form)
    unknown = [directive for directive in found if directive not in DIRECTIVES]
    if unknown:
        raise BillMappingUnsuitable(reason=f"%{shown(unknown[0])} is not read - at `$.happened.form`")
    named = [directive for directive in found if directive != "%"]
    if not set(named) >= _DAY or len(named) != len(set(named)):
        raise BillMappingUnsuitable(reason="it needs %Y, %m and %d, each once - at `$.happened.form`")
    if set(named) & {"M", "S", "f", "z"} and "H" not in named:
        raise BillMappingUnsuitable(reason="a time needs %H - at `$.happened.form`")


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BillMappingUnsuitable(reason="no name of the IANA database - at `$.happened.zone`") from None


def _check_words(kind: KindByWords) -> None:
    words = [*kind.use, *kind.refund, *kind.other, *kind.passed_over]
    if not kind.use and not kind.refund:
        raise BillMappingUnsuitable(reason="no word means a use or a refund - at `$.kind`")
    twice = next((word for word in words if words.count(word) > 1), None)
    if twice is not None:
        raise BillMappingUnsuitable(reason=f"{twice!r} stands twice - at `$.kind`")
