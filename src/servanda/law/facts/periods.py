"""How long data must stay by law, and how long they should stay at most, by what they are."""

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

    `tag` says what the data are (accounting, connection, prospect …), `since` what the period counts
    from; `when` is a condition of the company (operator_or_host, b2c_electronic_120), empty where
    it always holds; `ground` is how a retention cites it.
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

    return tuple(rows("periods", kind, make, lambda found: (found.tag, found.country)))


def minima(tag: str, countries: Sequence[str], day: date) -> list[Limit]:
    """What the law of these countries asks to keep data of a kind for, on a day; conditions are the caller's."""
    return [
        found
        for found in _limits("minimum")
        if found.tag == tag and found.country in countries and found.holds(day)
    ]


def maximum(tag: str, countries: Sequence[str], day: date) -> Limit | None:
    """How long data of a kind should stay at most by the authorities of these countries; the shortest."""
    return min(
        (
            found
            for found in _limits("maximum")
            if found.tag == tag and found.country in countries and found.holds(day)
        ),
        key=lambda found: date.min + found.period,
        default=None,
    )
