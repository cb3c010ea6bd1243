"""The age from which a child consents alone to an online service, by country and date.

Law: GDPR art. 8(1) sixteen, unless a Member State sets a lower age, not below thirteen. The
table names the national provision; where a country has set none, sixteen is the Regulation's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from servanda.errors import ServandaError
from servanda.law.facts.table import Fact, rows


@dataclass(frozen=True, slots=True)
class Majority(Fact):
    """The age in one country, from a day on; its source is the national provision."""

    country: str
    years: int


class UnknownAge(ServandaError):
    """A country, or a day, for which no age of consent is known."""


@cache
def ages() -> tuple[Majority, ...]:
    """The ages of all countries and dates."""
    return tuple(rows("ages", "age", lambda row: Majority(**row), lambda age: age.country))


def majority(country: str, day: date, threshold: int | None = None) -> Majority:
    """Return the age that counts in a country on a day; `own` is one that somebody asks about instead.

    Raises UnknownAge.
    """
    if threshold is not None:
        return Majority("GDPR 8(1)", day, None, country, threshold)
    for row in ages():
        if row.country == country and row.holds(day):
            return row
    countries = ", ".join(dict.fromkeys(row.country for row in ages()))
    first = min(row.valid_from for row in ages())
    raise UnknownAge(
        f"no age of consent is known for “{country}” on {day}", advice=f"known since {first}: {countries}"
    )
