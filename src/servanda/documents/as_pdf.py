"""Renders a paper as PDF: A4, tagged with its language.

The font is Caladea (SIL Open Font License), in the folder fonts, embedded as a subset. The output is
deterministic: the same paper and creation time give the same bytes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from servanda.documents.paper import Block, Heading, Link, Paper, Paragraph, Quote, Table

_MARGIN, _INDENT, _LINE = 24.0, 6.0, 5.6
_INK, _SOFT, _RULE, _ACCENT = (29, 33, 41), (86, 94, 107), (210, 206, 196), (32, 70, 111)
_NARROW = str.maketrans({"\u202f": "\u00a0", "\u2009": "\u00a0"})
"""Replacements for characters that the font lacks."""


def render(paper: Paper, at: datetime) -> bytes:
    """Render a paper as PDF with `at` as its creation time."""
    sheet = _Sheet(paper)
    sheet.set_creation_date(at.astimezone(UTC))
    sheet.write_head()
    for block in paper.blocks:
        sheet.write_block(block)
    sheet.write_end()
    return bytes(sheet.output())


@cache
def _fonts() -> Path:
    return Path(str(files("servanda.documents") / "fonts"))


class _Sheet(FPDF):
    """The pages of one paper."""

    def __init__(self, paper: Paper) -> None:
        super().__init__(format="A4")
        self.paper = paper
        for style, name in (("", "Regular"), ("B", "Bold"), ("I", "Italic")):
            self.add_font("caladea", style, _fonts() / f"Caladea-{name}.ttf")
        self.set_title(paper.subject.translate(_NARROW))
        self.set_author(paper.sender.name)
        self.set_lang(paper.language)
        self.set_margins(_MARGIN, _MARGIN, _MARGIN)
        self.set_auto_page_break(True, _MARGIN)
        self.add_page()

    def footer(self) -> None:
        """Write the page number, from the second page on."""
        if self.page_no() > 1:
            self.set_y(-15)
            self._face(9, colour=_SOFT)
            self.cell(0, 5, str(self.page_no()), align="C")

    def write_head(self) -> None:
        """Write the sender, recipient, date, reference and subject."""
        self._say(self.paper.sender.name, 12, "B", after=0.5)
        for line in filter(None, (self.paper.sender.postal, self.paper.sender.contact)):
            self._say(line, 9.5, colour=_SOFT, after=0)
        self.ln(8)
        self._say(self.paper.to, 10.5, align="R", after=0)
        self._say(self.paper.dated, 10.5, align="R", after=8)
        if self.paper.reference:
            self._say(self.paper.reference, 9.5, colour=_SOFT, after=1.5)
        self._say(self.paper.subject, 15, "B", line=7, after=5)

    def write_block(self, block: Block) -> None:
        """Write one block below the previous one."""
        match block:
            case Paragraph(text):
                self._say(text)
            case Heading(text):
                self._keep_together(30)
                self.ln(2)
                self._say(text, 12, "B", line=6, after=2)
            case Quote(text):
                self._quote(text)
            case Link(label, url):
                self._say(f"{label} :" if self.paper.language == "fr" else f"{label}:", 11, "B", after=0.5)
                self._say(url, 9.5, colour=_ACCENT, link=url)
            case Table():
                self._table(block)

    def write_end(self) -> None:
        """Write the closing and the signature."""
        self._keep_together(30)
        self.ln(2)
        self._say(self.paper.closing, after=8)
        self._say(self.paper.sender.name, 11, "B")

    def _say(
        self,
        text: str,
        size: float = 11,
        style: str = "",
        *,
        colour: tuple[int, int, int] = _INK,
        align: str = "L",
        line: float = _LINE,
        after: float = 3,
        link: str = "",
    ) -> None:
        self._face(size, style, colour)
        self.multi_cell(
            0, line, text.translate(_NARROW), align=align, link=link, new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )
        self.ln(after)

    def _face(self, size: float, style: str = "", colour: tuple[int, int, int] = _INK) -> None:
        self.set_font("caladea", style, size)
        self.set_text_color(*colour)

    def _quote(self, text: str) -> None:
        """Write a quotation with a vertical line beside it."""
        top, page = self.get_y(), self.page_no()
        self.set_left_margin(_MARGIN + _INDENT)
        self.set_x(_MARGIN + _INDENT)
        self._say(text.strip(), 11, "I", after=0)
        self.set_left_margin(_MARGIN)
        if self.page_no() == page:
            self.set_draw_color(*_ACCENT)
            self.set_line_width(0.6)
            self.line(_MARGIN + 1.5, top + 0.5, _MARGIN + 1.5, self.get_y() - 0.5)
        self.ln(4)

    def _table(self, table: Table) -> None:
        self._face(10)
        self.set_draw_color(*_RULE)
        self.set_line_width(0.2)
        head = FontFace(emphasis="BOLD", color=_SOFT, size_pt=9)
        with self.table(
            borders_layout="HORIZONTAL_LINES", headings_style=head, line_height=5, text_align="LEFT",
            v_align="TOP", padding=(1.2, 2, 1.2, 0), col_widths=_widths(table),
        ) as pdf_table:  # fmt: skip
            for row in (table.head, *table.rows):
                pdf_table.row([cell.translate(_NARROW) for cell in row])
        self.ln(4)

    def _keep_together(self, height: float) -> None:
        if self.will_page_break(height):
            self.add_page()


def _widths(table: Table) -> tuple[int, ...]:
    """Relative column widths by the longest text, between 8 and 40."""
    columns = zip(table.head, *table.rows, strict=True)
    return tuple(min(max(8, *map(len, column)), 40) for column in columns)
