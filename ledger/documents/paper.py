"""Paper: A4 pages with a running head and foot, and texts that are measured, wrapped and placed on them.

Rule of the room: lengths are millimetres from the top left corner, sizes of letters are points. Fonts
come with the ledger and only the characters that are used go into the file, so it looks the same
everywhere.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from fpdf import FPDF
from fpdf.fonts import TTFFont

from ledger.documents.amounts import MINUS
from ledger.documents.words import Words

Align = Literal["left", "right"]
Colour = tuple[int, int, int]

FONTS: Final = Path(__file__).with_name("fonts")
LEFT_MM, RIGHT_MM, TOP_MM, BOTTOM_MM = 16, 194, 24, 278
WIDTH_MM: Final = RIGHT_MM - LEFT_MM

INK: Final[Colour] = (31, 42, 38)
GREY: Final[Colour] = (104, 116, 111)
GREEN: Final[Colour] = (27, 107, 79)
PALE: Final[Colour] = (238, 245, 242)
RULE: Final[Colour] = (208, 219, 214)
RED: Final[Colour] = (179, 38, 30)
AMBER: Final[Colour] = (140, 90, 0)

UNPRINTABLE: Final = "\N{WHITE SQUARE}"
"""Stands for a character that the fonts do not have."""

# What is kept together at the end of a line: a word up to its hyphen, or a character with the marks that
# close it.
_WORD: Final = r"(?:[!-,.-~\u00a0-\u024f]+-?|-) *"
_CLOSING: Final = r"\u3001\u3002\uff01\uff09\uff0c\uff1a\uff1b\uff1f\u300b\u3011\u201d"
_PIECES: Final = re.compile(rf"{_WORD}|.[{_CLOSING}]* *", re.DOTALL)


class Paper(FPDF):
    """Pages of one document."""

    def __init__(self, words: Words, *, made_at: datetime, title: str, left: str, right: str) -> None:
        """Begin a document without pages.

        Args:
            words: the language.
            made_at: what the file tells as the instant of its making.
            title: what the file tells as its title.
            left: what runs along the head of every page but the first, on the left.
            right: the same on the right, and at the foot of every page.
        """
        super().__init__(format="A4")
        self.words = words
        self._running = left, right
        self.set_creation_date(made_at)
        self.set_title(title)
        self.set_lang("zh-CN" if words.language == "zh" else "en")
        self.set_auto_page_break(auto=False)
        self.add_font("noto", "", FONTS / "NotoSansSC-Regular.woff")
        self.add_font("noto", "B", FONTS / "NotoSansSC-Bold.woff")
        self._widths = {style: _font(self, style).cw for style in ("", "B")}
        self._known = {style: frozenset(_font(self, style).cmap) for style in ("", "B")}
        self.add_page()

    def finished(self) -> bytes:
        """Give the document's bytes."""
        return bytes(self.output())

    def close_fonts(self) -> None:
        """Let the files of the fonts go."""
        for style in ("", "B"):
            _font(self, style).close()

    # --- Texts ----------------------------------------------------------------------------------

    def measure(self, text: str, size: float, *, bold: bool = False) -> float:
        """Give the width of a text."""
        widths = self._widths["B" if bold and self._has_bold(text) else ""]
        return sum(widths[ord(character)] for character in text) * size / 1000 / self.k

    def put(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        width: float = 0,
        align: Align = "left",
        bold: bool = False,
        colour: Colour = INK,
    ) -> None:
        """Place one line of text with its baseline at `y`.

        `width` is what it is aligned in, and where it has no room its letters are smaller.
        """
        if width:
            needed = self.measure(text, size, bold=bold)
            size = size * min(1, width / needed) if needed else size
            x += max(0, width - needed) if align == "right" else 0
        style = "B" if bold and self._has_bold(text) else ""
        known = self._known[style]
        if not known.issuperset(map(ord, text)):
            text = "".join(one if ord(one) in known else UNPRINTABLE for one in text)
        self.set_font("noto", style, size)
        self.set_text_color(*colour)
        self.text(x, y, text)

    def wrapped(self, text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
        """Break a text into lines that are no wider than `width`."""
        if self.measure(text, size, bold=bold) <= width:
            return [text]
        lines = [""]
        for piece in self._pieces(text, size, width, bold=bold):
            if lines[-1] and self.measure((lines[-1] + piece).rstrip(), size, bold=bold) > width:
                lines.append("")
            lines[-1] += piece
        return [line.rstrip() for line in lines]

    def cut(self, text: str, size: float, width: float) -> str:
        """Give as much of a text as there is room for, with an ellipsis where something is missing."""
        if self.measure(text, size) <= width:
            return text
        while text and self.measure(f"{text}…", size) > width:
            text = text[:-1]
        return f"{text}…"

    def _pieces(self, text: str, size: float, width: float, *, bold: bool) -> Iterator[str]:
        for piece in _PIECES.findall(text):
            if self.measure(piece, size, bold=bold) <= width:
                yield piece
            else:
                yield from piece

    def _has_bold(self, text: str) -> bool:
        """Whether the bold font has every character of a text; a name is never set in two fonts."""
        return self._known["B"].issuperset(map(ord, text))

    # --- Pages ----------------------------------------------------------------------------------

    def has_room(self, height: float) -> bool:
        """Whether so much fits on the page below what is there."""
        return self.y + height <= BOTTOM_MM

    def rule(self, y: float, *, colour: Colour = RULE, weight: float = 0.2) -> None:
        """Draw a line from margin to margin."""
        self.set_draw_color(*colour)
        self.set_line_width(weight)
        self.line(LEFT_MM, y, RIGHT_MM, y)

    def box(
        self, y: float, height: float, colour: Colour, *, x: float = LEFT_MM, width: float = WIDTH_MM
    ) -> None:
        """Fill a rectangle."""
        self.set_fill_color(*colour)
        self.rect(x, y, width, height, style="F")

    def header(self) -> None:
        """Draw what stands at the head of every page; the first has a letterhead instead."""
        self.box(0, 3, GREEN, x=0, width=self.w)
        self.set_y(TOP_MM)
        if self.page_no() > 1:
            left, right = self._running
            room = WIDTH_MM - self.measure(right, 8) - 6
            self.put(LEFT_MM, 14, self.cut(left, 8, room), 8, colour=GREY)
            self.put(LEFT_MM, 14, right, 8, width=WIDTH_MM, align="right", colour=GREY)
            self.rule(17)

    def footer(self) -> None:
        """Draw what stands at the foot of every page."""
        self.rule(284)
        self.put(LEFT_MM, 289, self._running[1], 8, colour=GREY)
        self.set_font("noto", "", 8)
        self.set_text_color(*GREY)
        self.c_margin = 0
        self.set_xy(LEFT_MM, 285.5)
        text = self.words["page"].format(page=self.page_no(), pages="{nb}")
        self.cell(WIDTH_MM, 5, text, align="R")


def _font(paper: FPDF, style: str) -> TTFFont:
    font = paper.fonts[f"noto{style}"]
    assert isinstance(font, TTFFont)
    return font


def colour_of(amount: str, otherwise: Colour = INK) -> Colour:
    """Give the colour of an amount: red below zero."""
    return RED if amount.startswith(MINUS) else otherwise
