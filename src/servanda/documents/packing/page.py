"""The page of a copy: one HTML file that needs nothing else, in the look of the centre, in French or English.

Every value stands in it as text, never as markup. Days are in words, numbers of rows in the reader's way; what
is exact lies in the files beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from servanda.documents.packing.shown import Showing, Shown
from servanda.documents.packing.statement import Statement, Told
from servanda.documents.packing.tables import Laid
from servanda.law.rights import in_order
from servanda.locale import Catalogue, day_in_words


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
    def tally(self) -> tuple[tuple[str, int], ...]:
        """What the head of the page counts."""
        return ("rows", self.rows), ("tables", len(self.laid)), ("categories", len(self.sections))

    @property
    def rights(self) -> tuple[str, ...]:
        """The other rights that the copy tells people of, those of the law of one country only where it holds."""
        countries = {"", *self.statement.policy.jurisdictions}
        rows = [row for row in in_order() if row.listed and row.country in countries]
        return tuple(row.name for row in rows if self.words.knows(f"right.{row.name}"))

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

    def facts(self, told: Told) -> str:
        """What the policy says of a category, as HTML; drawn once for all copies of one statement."""
        drawn = self.statement.drawn
        if told.name not in drawn:
            drawn[told.name] = _template("package_facts.html").render(told=told, say=self.words.say)
        return drawn[told.name]


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
    showing = Showing(statement)
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
    return _template("package.html").render(page=page, say=page.say, policy=page.statement.policy, zip=zip)


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("servanda.documents"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template(name)
