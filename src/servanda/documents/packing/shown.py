"""Values in the words of a reader: headings, days, what is empty, what is too long for a page.

The rows of a table are made here as HTML, since a copy has many of them: each value and each name goes through
`html.escape`, and nothing else stands between the tags.
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
from servanda.documents.packing.tables import Laid
from servanda.locale import Catalogue, catalogue, day_in_words
from servanda.stores.discovery import lexicon

LONG = 2_000
"""Characters of one value that the page shows."""
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?")
_day = lru_cache(maxsize=4096)(day_in_words)


class Cell(NamedTuple):
    """One value as the page shows it. `kind` is its look: text, none, number, long, a moment."""

    text: str
    kind: Literal["text", "none", "number", "long", "when"] = "text"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its words, its name in the store, and whether it only joins rows."""

    words: str
    name: str
    technical: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """The rows of one place under one category; columns that only join rows stand last."""

    laid: Laid
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    left_out: tuple[str, ...]

    @property
    def more(self) -> bool:
        """Whether the files have rows that the page has not."""
        return self.laid.count > len(self.rows)

    @property
    def body(self) -> str:
        """The rows as HTML; each cell says its heading, for narrow screens."""
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
class Showing:
    """Chooses columns and puts values into words."""

    statement: Statement

    def under(self, category: str, laid: Laid) -> Shown:
        """The columns of a category; those of none stand at the end of the first."""
        wanted = laid.data[category]
        if category == next(iter(laid.data)):
            wanted = (*wanted, *laid.technical)
        return self._shown(laid, tuple(c for c in wanted if c in laid.columns))

    def whole(self, laid: Laid) -> Shown:
        """Every column."""
        return self._shown(laid, laid.columns)

    def _shown(self, laid: Laid, names: tuple[str, ...]) -> Shown:
        at = [laid.columns.index(name) for name in names]
        language, words = self.statement.language, self.statement.words
        rows = tuple(tuple(cell(row[i], language, words) for i in at) for row in laid.first)
        columns = tuple(
            Column(heading(laid.fields.get(n, n), language), n, n in laid.technical) for n in names
        )
        left_out = tuple(heading(name, language) for name in laid.left_out)
        return Shown(laid, columns, rows, left_out)


@lru_cache(maxsize=4096)
def heading(field: str, language: str) -> str:
    """What a column is called: in the words of the catalogue where it knows its name, else the name itself."""
    words = catalogue("columns", language)
    parts = lexicon.words(field)
    key = "_".join(parts)
    if words.knows(key):
        return words.say(key)
    if len(parts) > 1 and parts[-1] == "id":
        return words.say("of-number", what=heading("_".join(parts[:-1]), language))
    return field.replace("_", " ").strip().capitalize() or field


def cell(value: Any, language: str, words: Catalogue) -> Cell:
    """A value as the page shows it."""
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
    if len(value) > LONG:
        return Cell(value[:LONG] + words.say("cut", count=len(value)), "long")
    return Cell(value, "long" if len(value) > 120 else "text")


def _moment(value: datetime, language: str, words: Catalogue) -> str:
    day = _day(value.date(), language)
    if value.time() == time() and value.tzinfo is None:
        return day
    clock = f"{value:%H:%M:%S}" if value.second or value.microsecond else f"{value:%H:%M}"
    offset = f" (UTC{value:%z})" if value.utcoffset() else " (UTC)" if value.tzinfo is not None else ""
    return words.say("moment", day=day, time=clock) + offset
