"""Rows of an XLSX, each as the cells of the columns asked for.

A sheet is read row by row; only the texts that its cells share are held, and they are bounded.
"""

import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final

import openpyxl
from openpyxl.packaging.manifest import Manifest
from openpyxl.xml.constants import ARC_CONTENT_TYPES, WORKSHEET_TYPE
from openpyxl.xml.functions import fromstring

from ledger.bills.files import opened_raw
from ledger.bills.headers import Cell, places_of
from ledger.bills.mapping import Mapping
from ledger.bills.rows import Unreadable, shown, unreadable
from ledger.bills.values import Broken, Fault, plain_of
from ledger.domain.errors import BillFileUnsuitable
from ledger.domain.limits import (
    BILL_BYTES_MAX,
    BILL_COLUMNS_MAX,
    BILL_FIELD_CHARS_MAX,
    BILL_SHARED_TEXT_BYTES_MAX,
    BILL_SHEET_ROWS_MAX,
)

DIGITS_KEPT: Final = 15
"""Digits of a number that a sheet keeps. Source: the limits of Excel 2007 and later."""

_HALF_SECOND: Final = timedelta(milliseconds=500)


def sheet_rows(
    path: Path, mapping: Mapping, columns: Sequence[str | None], rows_max: int = BILL_SHEET_ROWS_MAX
) -> Iterator[tuple[int, Sequence[Cell]] | Unreadable]:
    """Give the rows below the header as the cells of `columns`; empty ones are left out.

    Raises:
        BillFileUnsuitable: it is no such file, or lacks the sheet or a column; before the first row.
        Broken: the rest cannot be read.
    """
    with _opened(path, mapping.sheet) as sheet:
        places = places_of(_header(sheet, mapping.header_row), columns)
        first = mapping.header_row + 1
        rows = sheet.iter_rows(
            min_row=first, max_col=1 + max(place for place in places if place is not None), values_only=True
        )
        number = first - 1
        while (row := _next(rows, number)) is not None:
            number += 1
            if number > rows_max:
                raise Broken("file_too_long", f"{rows_max:,}", number)
            if not any(value not in {None, ""} for value in row):
                continue
            try:
                yield number, ["" if place is None else _cell(row[place]) for place in places]
            except Fault as fault:
                yield unreadable(number, fault.reason, fault.text)


def _unsuitable(reason: str, found: str = "") -> BillFileUnsuitable:
    return BillFileUnsuitable(kind="merchant", reason=reason, found=shown(found))


@contextmanager
def _opened(path: Path, name: str | None) -> Iterator[Any]:
    with opened_raw(path, "merchant") as file:
        book = _loaded(file)
        try:
            names = [sheet.title for sheet in book.worksheets]
            if not names or (name is not None and name not in names):
                raise _unsuitable("it has no such sheet", ", ".join(names))
            sheet = book[names[0] if name is None else name]
            # How large it is stands in it, too, and would leave out what lies beyond.
            sheet.reset_dimensions()
            yield sheet
        finally:
            book.close()


def _loaded(file: IO[bytes]) -> Any:
    try:
        _check_size(file)
        with warnings.catch_warnings():
            # Of styles and extensions that are not read here.
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(file, read_only=True, data_only=True)
    except BillFileUnsuitable:
        raise
    except Exception as wrong:  # noqa: BLE001 - a damaged file makes the library raise anything
        raise _unsuitable("it is no XLSX that can be read", str(wrong)) from None


def _check_size(file: IO[bytes]) -> None:
    """Refuse what unpacks to more than is read; no member unpacks to more than it says."""
    with zipfile.ZipFile(file) as archive:
        sizes = {member.filename: member.file_size for member in archive.infolist()}
        if sizes.get(ARC_CONTENT_TYPES, 0) > BILL_SHARED_TEXT_BYTES_MAX:
            raise _unsuitable(f"it unpacks to more than {BILL_SHARED_TEXT_BYTES_MAX:,} bytes")
        tree: Any = fromstring(archive.read(ARC_CONTENT_TYPES))
    manifest = Manifest.from_tree(tree)
    parts = [] if manifest is None else manifest.Override
    if sum(sizes.values()) > BILL_BYTES_MAX:
        raise _unsuitable(f"it unpacks to more than {BILL_BYTES_MAX:,} bytes")
    # Sheets are read row by row, all else at once; a part may claim to be both.
    sheets = {part.PartName.lstrip("/") for part in parts if part.ContentType == WORKSHEET_TYPE}
    others = {part.PartName.lstrip("/") for part in parts if part.ContentType != WORKSHEET_TYPE}
    if sum(size for name, size in sizes.items() if name not in sheets - others) > BILL_SHARED_TEXT_BYTES_MAX:
        raise _unsuitable(f"its cells share more than {BILL_SHARED_TEXT_BYTES_MAX:,} bytes")


def _header(sheet: Any, row: int) -> list[str]:
    rows = sheet.iter_rows(min_row=row, max_row=row, max_col=BILL_COLUMNS_MAX, values_only=True)
    try:
        found = _next(rows, row) or ()
    except Broken as broken:
        raise _unsuitable("its sheet cannot be read", broken.text) from None
    while found and found[-1] is None:
        found = found[:-1]
    return ["" if value is None else str(value) for value in found]


def _next(rows: Iterator[Sequence[Any]], number: int) -> Sequence[Any] | None:
    try:
        return next(rows, None)
    except Exception as wrong:  # noqa: BLE001 - a damaged file makes the library raise anything
        raise Broken("file_truncated", str(wrong), number + 1) from None


def _cell(value: Any) -> Cell:
    """Give a cell as text, or as a time to the second."""
    match value:
        case str():
            if len(value) > BILL_FIELD_CHARS_MAX:
                raise Fault("field_too_long", value)
            return value
        case int() | float() if not isinstance(value, bool):
            text = plain_of(value)
            if len(text.partition(".")[0].lstrip("-")) > DIGITS_KEPT:
                raise Fault("digits_lost", text)
            return text
        case datetime():
            return (value + _HALF_SECOND).replace(microsecond=0)
        case date():
            return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - the zone is that of the mapping
        case _:
            return "" if value is None else str(value)
