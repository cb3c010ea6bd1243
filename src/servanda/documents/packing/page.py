"""The page of a copy: one self-contained HTML file in French or English.

All values are escaped. Dates and numbers are formatted for the reader; the data files have the exact values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from servanda.documents.packing.shown import DisplayTable, TableRenderer
from servanda.documents.packing.statement import CategoryStatement, Statement
from servanda.documents.packing.tables import PackedTable
from servanda.law.rights import in_order
from servanda.locale import Catalogue, day_in_words


@dataclass(frozen=True, slots=True)
class Section:
    """A category with its tables."""

    category: CategoryStatement
    tables: tuple[DisplayTable, ...]

    @property
    def count(self) -> int:
        """The count of rows in all tables."""
        return sum(table.packed.count for table in self.tables)


@dataclass(frozen=True, slots=True)
class Page:
    """The context of the template of a copy."""

    statement: Statement
    right: Literal["access", "portability"]
    at: datetime
    reference: str
    sections: tuple[Section, ...]
    named: tuple[DisplayTable, ...]
    absent: tuple[str, ...]
    packed: tuple[PackedTable, ...]

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
        """The count of all rows."""
        return sum(place.count for place in self.packed)

    @property
    def tally(self) -> tuple[tuple[str, int], ...]:
        """The counts at the top of the page."""
        return ("rows", self.rows), ("tables", len(self.packed)), ("categories", len(self.sections))

    @property
    def rights(self) -> tuple[str, ...]:
        """The names of the other rights to mention; national ones only in the policy's jurisdictions."""
        countries = {"", *self.statement.policy.jurisdictions}
        rows = [row for row in in_order() if row.listed and row.country in countries]
        return tuple(row.name for row in rows if self.words.knows(f"right.{row.name}"))

    @property
    def made(self) -> str:
        """The date of the copy in the company's zone, in words."""
        return day_in_words(
            self.at.astimezone(ZoneInfo(self.statement.policy.timezone)).date(), self.language
        )

    def say(self, key: str, /, **facts: object) -> str:
        """The sentence `<key>.<right>`, or `<key>`."""
        specific = f"{key}.{self.right}"
        return self.words.say(specific if self.words.knows(specific) else key, **facts)

    def number(self, count: int) -> str:
        """A number with the group separator of the language: 1 234 567 or 1,234,567."""
        return f"{count:,}".replace(",", "\u202f") if self.language == "fr" else f"{count:,}"

    def counted(self, key: str, count: int) -> str:
        """A count with its noun: “1 row”, “12 rows”."""
        singular = count == 1 or (count == 0 and self.language == "fr")
        return self.words.say(f"{key}.one" if singular else f"{key}.many", count=self.number(count))

    def facts(self, category: CategoryStatement) -> str:
        """The policy's facts about a category as HTML, cached in the statement."""
        drawn = self.statement.drawn
        if category.name not in drawn:
            drawn[category.name] = _template("package_facts.html").render(
                category=category, say=self.words.say
            )
        return drawn[category.name]


def make_page(
    statement: Statement,
    right: Literal["access", "portability"],
    at: datetime,
    reference: str,
    packed: Sequence[PackedTable],
) -> Page:
    """Arrange the tables by category in the order of the policy; then those that only mention the person."""
    own_tables = [place for place in packed if not place.named]
    present = {name for place in own_tables for name in place.data}
    ordered = [*statement.categories, *sorted(present - statement.categories.keys())]
    showing = TableRenderer(statement)
    sections = tuple(
        Section(
            statement.of(name),
            tuple(showing.under(name, place) for place in own_tables if name in place.data),
        )
        for name in ordered
        if name in present
    )
    absent = tuple(statement.of(name).says for name in ordered if name not in present)
    named_tables = tuple(showing.whole(place) for place in packed if place.named)
    return Page(statement, right, at, reference, sections, named_tables, absent, tuple(packed))


def render(page: Page) -> str:
    """Render a page as HTML."""
    return _template("package.html").render(page=page, say=page.say, policy=page.statement.policy, zip=zip)


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("servanda.documents"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template(name)
