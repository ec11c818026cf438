"""A table on paper: it repeats its header on every page that it goes on to."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from ledger.documents.paper import (
    GREEN,
    GREY,
    INK,
    LEFT_MM,
    PALE,
    WIDTH_MM,
    Align,
    Colour,
    Paper,
    colour_of,
)

PADDING_MM: Final = 1.2
LINE_MM_PER_POINT: Final = 0.44
"""From one line of a cell to the next, for each point of its letters."""

SQUEEZED: Final = 1.12
"""How much too long a text may be to be set smaller rather than in two lines."""


class Column(NamedTuple):
    """A column of a table."""

    title: str
    width: float
    """Millimetres."""
    align: Align = "left"


class Table:
    """Rows beneath a header."""

    def __init__(
        self, paper: Paper, columns: Sequence[Column], *, size: float = 8.5, heading: str = ""
    ) -> None:
        """Begin a table where the page stands.

        Args:
            paper: where it is drawn.
            columns: as wide together as the page.
            size: of the letters.
            heading: what stands above it on the pages that it goes on to.
        """
        self._paper = paper
        self._columns = columns
        self._size = size
        self._heading = heading
        self._height = size * LINE_MM_PER_POINT + 2.2
        self._places = [LEFT_MM + sum(column.width for column in columns[:n]) for n in range(len(columns))]
        self._header()

    def row(
        self,
        cells: Sequence[str],
        *,
        bold: bool = False,
        filled: bool = False,
        colour: Colour = INK,
        note: str = "",
    ) -> None:
        """Draw a row.

        Args:
            cells: a text that is far too long goes on in a line below; another is set smaller.
            bold: for sums.
            filled: for sums as well.
            colour: of what is not below zero.
            note: what is said below, over the whole width.
        """
        paper, size, line = self._paper, self._size, self._size * LINE_MM_PER_POINT
        texts = [
            self._fitted(column, cell, bold=bold) for column, cell in zip(self._columns, cells, strict=True)
        ]
        notes = paper.wrapped(note, size - 0.5, WIDTH_MM - 2 * PADDING_MM) if note else []
        height = self._height + (max(map(len, texts)) - 1) * line
        self._make_room(height + len(notes) * line)
        top = paper.y
        if filled:
            paper.box(top, height, PALE)
        baseline = top + self._height / 2 + size * 0.125
        for column, x, lines in zip(self._columns, self._places, texts, strict=True):
            self._cell(column, x, baseline, lines, bold=bold, colour=colour)
        for number, text in enumerate(notes):
            place = baseline + height - self._height + (number + 1) * line
            paper.put(LEFT_MM + PADDING_MM, place, text, size - 0.5, colour=GREY)
        paper.set_y(top + height + len(notes) * line)
        paper.rule(paper.y, weight=0.15)

    def _fitted(self, column: Column, text: str, *, bold: bool) -> list[str]:
        width = column.width - 2 * PADDING_MM
        if column.align == "right" or self._paper.measure(text, self._size, bold=bold) < width * SQUEEZED:
            return [text]
        return self._paper.wrapped(text, self._size, width, bold=bold)

    def _make_room(self, height: float) -> None:
        paper = self._paper
        if not paper.has_room(height):
            paper.add_page()
            if self._heading:
                section(paper, self._heading)
            self._header()

    def _cell(
        self, column: Column, x: float, y: float, lines: Sequence[str], *, bold: bool, colour: Colour
    ) -> None:
        paper, size = self._paper, self._size
        width = column.width - 2 * PADDING_MM
        for number, text in enumerate(lines):
            paper.put(
                x + PADDING_MM,
                y + number * size * LINE_MM_PER_POINT,
                text,
                size,
                width=width,
                align=column.align,
                bold=bold,
                colour=colour_of(text, colour),
            )

    def _header(self) -> None:
        paper, size = self._paper, self._size - 1
        widths = [column.width - 2 * PADDING_MM for column in self._columns]
        titles = [
            paper.wrapped(column.title, size, width)
            for column, width in zip(self._columns, widths, strict=True)
        ]
        line = size * LINE_MM_PER_POINT
        height = max(map(len, titles)) * line + 2.4
        for x, width, column, lines in zip(self._places, widths, self._columns, titles, strict=True):
            bottom = paper.y + height - 1.8 - (len(lines) - 1) * line
            for number, text in enumerate(lines):
                paper.put(
                    x + PADDING_MM,
                    bottom + number * line,
                    text,
                    size,
                    width=width,
                    align=column.align,
                    colour=GREY,
                )
        paper.set_y(paper.y + height)
        paper.rule(paper.y, colour=GREEN, weight=0.4)


def section(paper: Paper, title: str, note: str = "") -> None:
    """Draw the heading of a section."""
    paper.put(LEFT_MM, paper.y + 5, title, 11, bold=True, colour=GREEN)
    if note:
        paper.put(LEFT_MM, paper.y + 5, note, 8, width=WIDTH_MM, align="right", colour=GREY)
    paper.set_y(paper.y + 7)
