"""The page of a copy: one HTML file that needs nothing else, in the look of the centre, in French or English.

Every value stands in it as text, never as markup. Days are in words, numbers of rows in the reader's way; what
is exact lies in the files beside it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from servanda.documents.packing.forms import to_text
from servanda.documents.packing.statement import Statement, Told
from servanda.documents.packing.tables import Laid
from servanda.locale import Catalogue, catalogue, day_in_words
from servanda.stores import lexicon

LONG = 2_000
"""Characters of one value that the page shows."""
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?")


@dataclass(frozen=True, slots=True)
class Cell:
    """One value as the page shows it. `kind` is its look: text, none, number, long."""

    text: str
    kind: Literal["text", "none", "number", "long"] = "text"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its words, and its name in the store."""

    words: str
    name: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The rows of one place under one category. `technical` are numbers that join rows, shown last."""

    laid: Laid
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    left_out: tuple[str, ...]

    @property
    def more(self) -> bool:
        """Whether the files have rows that the page has not."""
        return self.laid.count > len(self.rows)


@dataclass(frozen=True, slots=True)
class Section:
    """A category and what was found of it."""

    told: Told
    tables: tuple[Shown, ...]

    @property
    def count(self) -> int:
        """The rows in which something of it was found."""
        return sum(table.laid.count for table in self.tables)


@dataclass(frozen=True, slots=True)
class Page:
    """A copy as a person reads it."""

    statement: Statement
    right: Literal["access", "portability"]
    at: datetime
    reference: str
    sections: tuple[Section, ...]
    named: tuple[Shown, ...]
    absent: tuple[str, ...]
    laid: tuple[Laid, ...]

    @property
    def language(self) -> str:
        """The language of the page."""
        return self.statement.language

    @property
    def words(self) -> Catalogue:
        """The sentences of copies."""
        return self.statement.words

    @property
    def rows(self) -> int:
        """All rows of the copy."""
        return sum(place.count for place in self.laid)

    @property
    def made(self) -> str:
        """The day in the company's zone, in words."""
        return day_in_words(
            self.at.astimezone(ZoneInfo(self.statement.policy.timezone)).date(), self.language
        )

    def say(self, key: str, /, **facts: object) -> str:
        """A sentence: the one of this right where there is one."""
        own = f"{key}.{self.right}"
        return self.words.say(own if self.words.knows(own) else key, **facts)

    def number(self, count: int) -> str:
        """A number in the reader's way: 1 234 567 or 1,234,567."""
        return f"{count:,}".replace(",", "\u202f") if self.language == "fr" else f"{count:,}"

    def counted(self, key: str, count: int) -> str:
        """So many of something: “1 row”, “12 rows”."""
        one = count == 1 or (count == 0 and self.language == "fr")
        return self.words.say(f"{key}.one" if one else f"{key}.many", count=self.number(count))


def lay_out(
    statement: Statement,
    right: Literal["access", "portability"],
    at: datetime,
    reference: str,
    laid: Sequence[Laid],
) -> Page:
    """Arrange what was found: by category, in the order of the policy; then what names the person only."""
    own = [place for place in laid if not place.named]
    found = {name for place in own for name in place.data}
    known = [*statement.categories, *sorted(found - statement.categories.keys())]
    showing = _Showing(statement)
    sections = tuple(
        Section(statement.of(name), tuple(showing.under(name, place) for place in own if name in place.data))
        for name in known
        if name in found
    )
    absent = tuple(statement.of(name).says for name in known if name not in found)
    named = tuple(showing.whole(place) for place in laid if place.named)
    return Page(statement, right, at, reference, sections, named, absent, tuple(laid))


def render(page: Page) -> str:
    """The HTML of a page."""
    return _template().render(page=page, say=page.say, policy=page.statement.policy)


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("servanda.documents"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("package.html")


@dataclass(frozen=True, slots=True)
class _Showing:
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
        columns = tuple(Column(heading(laid.fields.get(n, n), language), n) for n in names)
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
            return Cell(_moment(value, language, words))
        case date():
            return Cell(day_in_words(value, language))
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
                return Cell(day_in_words(date.fromisoformat(value), language))
            return Cell(_moment(datetime.fromisoformat(value), language, words))
        except ValueError:
            return Cell(value)
    if len(value) > LONG:
        return Cell(value[:LONG] + words.say("cut", count=len(value)), "long")
    return Cell(value, "long" if len(value) > 120 else "text")


def _moment(value: datetime, language: str, words: Catalogue) -> str:
    day = day_in_words(value.date(), language)
    if value.time() == time() and value.tzinfo is None:
        return day
    clock = f"{value:%H:%M:%S}" if value.second or value.microsecond else f"{value:%H:%M}"
    offset = f" (UTC{value:%z})" if value.utcoffset() else " (UTC)" if value.tzinfo is not None else ""
    return words.say("moment", day=day, time=clock) + offset
