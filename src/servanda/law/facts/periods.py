"""Legal minima and recommended maxima of retention, by kind of data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from servanda.law.facts.table import Fact, rows
from servanda.law.period import Period, parse_period


@dataclass(frozen=True, slots=True)
class Limit(Fact):
    """A legal minimum, or a recommended maximum, of one kind of data in one country.

    `tag` is the kind of data (accounting, connection, prospect …), `since` the start of the period;
    `when` is a condition on the company (operator_or_host, b2c_electronic_120), empty if it always
    applies; `ground` is the citation for a retention.
    """

    tag: str
    country: str
    period: Period
    since: str
    ground: str
    when: str = ""


@cache
def _limits(kind: str) -> tuple[Limit, ...]:
    def make(row: dict[str, Any]) -> Limit:
        rest = {key: value for key, value in row.items() if key != "from"}
        return Limit(**rest | {"since": row["from"], "period": parse_period(row["period"])})

    return tuple(rows("periods", kind, make, lambda limit: (limit.tag, limit.country)))


def minima(tag: str, countries: Sequence[str], day: date) -> list[Limit]:
    """The legal minima for a kind of data in these countries on a day; the caller checks the conditions."""
    return [
        limit
        for limit in _limits("minimum")
        if limit.tag == tag and limit.country in countries and limit.holds(day)
    ]


def countries_of(tag: str) -> frozenset[str]:
    """The countries whose legal minima for a kind of data are in the tables."""
    return frozenset(limit.country for limit in _limits("minimum") if limit.tag == tag)


def maximum(tag: str, countries: Sequence[str], day: date) -> Limit | None:
    """The shortest recommended maximum for a kind of data in these countries, or None."""
    return min(
        (
            limit
            for limit in _limits("maximum")
            if limit.tag == tag and limit.country in countries and limit.holds(day)
        ),
        key=lambda limit: date.min + limit.period,
        default=None,
    )
