"""Renders values and column names for the page of a copy.

Table rows are rendered here rather than in a template, for speed: each value and each name goes through
`html.escape`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from html import escape
from typing import Any, Literal, NamedTuple

from servanda.documents.packing.forms import to_text
from servanda.documents.packing.statement import Statement
from servanda.documents.packing.tables import PackedTable
from servanda.locale import Catalogue, catalogue, day_in_words
from servanda.stores.discovery import lexicon

MAX_CHARACTERS = 2_000
"""The number of characters of a value shown on the page."""
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?")
_day = lru_cache(maxsize=4096)(day_in_words)


class Cell(NamedTuple):
    """A rendered value. `kind` is its CSS class."""

    text: str
    kind: Literal["text", "none", "number", "long", "when"] = "text"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, its name in the store, and whether it is technical (a key)."""

    words: str
    name: str
    technical: bool


@dataclass(frozen=True, slots=True)
class DisplayTable:
    """The rows of one place under one category; technical columns come last."""

    packed: PackedTable
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    left_out: tuple[str, ...]

    @property
    def more(self) -> bool:
        """Return whether the files have more rows than the page."""
        return self.packed.count > len(self.rows)

    @property
    def body(self) -> str:
        """The rows as HTML; each cell carries its heading as data-label, for narrow screens."""
        heads = [
            f'<td data-label="{escape(c.words)}" class="{"technical " if c.technical else ""}'
            for c in self.columns
        ]
        lines = (
            "".join(
                f'{head}{cell.kind}">{escape(cell.text)}</td>' for head, cell in zip(heads, row, strict=True)
            )
            for row in self.rows
        )
        return "".join(f"<tr>{line}</tr>\n" for line in lines)


@dataclass(frozen=True, slots=True)
class TableRenderer:
    """Selects the columns of a table and renders its values."""

    statement: Statement

    def under(self, category: str, packed: PackedTable) -> DisplayTable:
        """The columns of a category; the first category also gets the technical columns."""
        columns = packed.data[category]
        if category == next(iter(packed.data)):
            columns = (*columns, *packed.technical)
        return self._shown(packed, tuple(c for c in columns if c in packed.columns))

    def whole(self, packed: PackedTable) -> DisplayTable:
        """All columns."""
        return self._shown(packed, packed.columns)

    def _shown(self, packed: PackedTable, names: tuple[str, ...]) -> DisplayTable:
        positions = [packed.columns.index(name) for name in names]
        language, words = self.statement.language, self.statement.words
        rows = tuple(tuple(cell(row[i], language, words) for i in positions) for row in packed.first)
        columns = tuple(
            Column(heading(packed.fields.get(n, n), language), n, n in packed.technical) for n in names
        )
        left_out = tuple(heading(name, language) for name in packed.left_out)
        return DisplayTable(packed, columns, rows, left_out)


@lru_cache(maxsize=4096)
def heading(field: str, language: str) -> str:
    """The heading of a column: from the catalogue, or its capitalised name."""
    words = catalogue("columns", language)
    parts = lexicon.words(field)
    key = "_".join(parts)
    if words.knows(key):
        return words.say(key)
    if len(parts) > 1 and parts[-1] == "id":
        return words.say("of-number", what=heading("_".join(parts[:-1]), language))
    return field.replace("_", " ").strip().capitalize() or field


def cell(value: Any, language: str, words: Catalogue) -> Cell:
    """Render a value for the page."""
    match value:
        case None:
            return Cell("–", "none")
        case bool():
            return Cell(words.say("value.yes" if value else "value.no"))
        case int() | float() | Decimal():
            return Cell(to_text(value), "number")
        case datetime():
            return Cell(_moment(value, language, words), "when")
        case date():
            return Cell(_day(value, language), "when")
        case bytes() | bytearray() | memoryview():
            return Cell(words.say("bytes", count=len(bytes(value))), "none")
        case str():
            return _text(value, language, words)
        case _:
            return _text(to_text(value), language, words)


def _text(value: str, language: str, words: Catalogue) -> Cell:
    if value == "":
        return Cell(words.say("empty"), "none")
    if len(value) < 40 and _ISO.fullmatch(value):
        try:
            if len(value) == 10:
                return Cell(_day(date.fromisoformat(value), language), "when")
            return Cell(_moment(datetime.fromisoformat(value), language, words), "when")
        except ValueError:
            return Cell(value)
    if len(value) > MAX_CHARACTERS:
        return Cell(value[:MAX_CHARACTERS] + words.say("cut", count=len(value)), "long")
    return Cell(value, "long" if len(value) > 120 else "text")


def _moment(value: datetime, language: str, words: Catalogue) -> str:
    day = _day(value.date(), language)
    if value.time() == time() and value.tzinfo is None:
        return day
    clock = f"{value:%H:%M:%S}" if value.second or value.microsecond else f"{value:%H:%M}"
    offset = f" (UTC{value:%z})" if value.utcoffset() else " (UTC)" if value.tzinfo is not None else ""
    return words.say("moment", day=day, time=clock) + offset
