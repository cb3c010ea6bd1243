"""From what age a child consents alone to a service on the net, by country and day.

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
    """The age in one country, from a day on; its source is the provision that says so."""

    country: str
    years: int


class UnknownAge(ServandaError):
    """A country, or a day, for which no age of consent is known."""


@cache
def ages() -> tuple[Majority, ...]:
    """Every age, of every country and day."""
    return tuple(rows("ages", "age", lambda row: Majority(**row), lambda found: found.country))


def majority(country: str, day: date, own: int | None = None) -> Majority:
    """Return the age that counts in a country on a day; `own` is one that somebody asks about instead.

    Raises UnknownAge.
    """
    if own is not None:
        return Majority("GDPR 8(1)", day, None, country, own)
    for row in ages():
        if row.country == country and row.holds(day):
            return row
    known = ", ".join(dict.fromkeys(row.country for row in ages()))
    first = min(row.valid_from for row in ages())
    raise UnknownAge(
        f"no age of consent is known for “{country}” on {day}", advice=f"known since {first}: {known}"
    )
