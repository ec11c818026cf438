"""What all sheets of a workbook have in common: formats, headers, cells of each kind."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from ledger.documents.amounts import local, yuan
from ledger.documents.words import Words

MONEY: Final = "#,##0.00;[Red]-#,##0.00"
GREEN: Final = "#1B6B4F"
PALE: Final = "#E9F2EE"
FONT: Final = "Microsoft YaHei"
"""There on Windows; others put the font that they have in its place."""


class Sheet:
    """A sheet that is written from its first row to its last."""

    def __init__(self, book: "Book", worksheet: Any) -> None:
        self.book = book
        self.raw = worksheet
        self.name: str = worksheet.get_name()
        self.row = 0

    def header(self, texts: Sequence[str]) -> None:
        """Write the names of the columns."""
        for column, text in enumerate(texts):
            self.raw.write_string(self.row, column, text, self.book.formats["header"])
        self.row += 1

    def text(self, column: int, text: str | None, form: str = "text") -> None:
        """Write a text, never a formula."""
        if text:
            self.raw.write_string(self.row, column, text, self.book.formats[form])

    def whole(self, column: int, number: int | None, form: str = "whole") -> None:
        """Write a whole number."""
        if number is not None:
            self.raw.write_number(self.row, column, number, self.book.formats[form])

    def money(self, column: int, fen: int | None, form: str = "money") -> None:
        """Write an amount in yuan, exactly."""
        if fen is not None:
            self.raw.write_number(self.row, column, yuan(fen), self.book.formats[form])

    def sum(self, column: int, formula: str, fen: int, form: str = "total_money") -> None:
        """Write a formula together with what it comes to."""
        self.raw.write_formula(self.row, column, formula, self.book.formats[form], yuan(fen))

    def day(self, column: int, day: date, form: str = "day") -> None:
        """Write a date."""
        self.raw.write_datetime(self.row, column, day, self.book.formats[form])

    def instant(self, column: int, instant: datetime | None, form: str = "instant") -> None:
        """Write an instant as the programme's clocks show it."""
        if instant is not None:
            shown = local(instant, self.book.time_zone)
            self.raw.write_datetime(self.row, column, shown, self.book.formats[form])


class Book:
    """A workbook in one language."""

    def __init__(self, workbook: Any, words: Words, time_zone: str) -> None:
        self._workbook = workbook
        self.words = words
        self.time_zone = time_zone
        self.formats = {
            name: workbook.add_format({"font_name": FONT, "font_size": 10, **form})
            for name, form in _FORMATS.items()
        }

    def sheet(self, name: str, number: int = 1, *, landscape: bool = False) -> Sheet:
        """Add a sheet that is printed on A4, as wide as the page."""
        title = self.words[name] if number == 1 else f"{self.words[name]} {number}"
        worksheet = self._workbook.add_worksheet(title)
        worksheet.set_paper(9)
        worksheet.fit_to_pages(1, 0)
        worksheet.set_footer("&C&P / &N")
        worksheet.hide_gridlines(2)
        if landscape:
            worksheet.set_landscape()
        return Sheet(self, worksheet)

    def in_yuan(self, name: str) -> str:
        """Give the name of a column of amounts."""
        return self.words["column_in_yuan"].format(name=self.words[name])

    def in_zone(self, name: str) -> str:
        """Give the name of a column of instants."""
        return self.words["column_in_zone"].format(name=self.words[name], zone=self.time_zone)


_LINE: Final = {"bottom": 1, "bottom_color": "#D5DEDA"}
_TOTAL: Final = {"bold": True, "top": 1, "bottom": 1, "bg_color": PALE}
_FORMATS: Final[dict[str, dict[str, Any]]] = {
    "title": {"bold": True, "font_size": 16, "font_color": GREEN},
    "label": {"font_color": "#5F6B66"},
    "plain": {},
    "plain_day": {"num_format": "yyyy-mm-dd", "align": "left"},
    "plain_instant": {"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left"},
    "small": {"font_size": 8, "font_color": "#5F6B66"},
    "header": {
        "bold": True,
        "font_color": "#FFFFFF",
        "bg_color": GREEN,
        "text_wrap": True,
        "valign": "vcenter",
    },
    "text": _LINE,
    "whole": {**_LINE, "num_format": "0"},
    "money": {**_LINE, "num_format": MONEY},
    "day": {**_LINE, "num_format": "yyyy-mm-dd", "align": "left"},
    "instant": {**_LINE, "num_format": "yyyy-mm-dd hh:mm:ss", "align": "left"},
    "total_text": _TOTAL,
    "total_whole": {**_TOTAL, "num_format": "0"},
    "total_money": {**_TOTAL, "num_format": MONEY},
}
