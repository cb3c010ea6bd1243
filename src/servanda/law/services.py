"""Discontinued services that policies still link to.

A row has the last day of a service and its source; a service without a row is assumed to exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Ended:
    """A discontinued service: its names and its last day."""

    names: tuple[str, ...]
    last_day: date
    source: str


ENDED: tuple[Ended, ...] = (
    Ended(
        ("Google+", "Google Plus"),
        date(2019, 4, 1),
        "Google, announcement of 2019-01-30: closed on 2019-04-02",
    ),
    Ended(
        ("Internet Explorer",), date(2022, 6, 14), "Microsoft, lifecycle of Internet Explorer 11: 2022-06-15"
    ),
    Ended(
        ("Universal Analytics",),
        date(2023, 6, 30),
        "Google, announcement of 2022-03-16: no data from 2023-07-01",
    ),
    Ended(("Vine",), date(2017, 1, 16), "Twitter, announcement of 2016-10-27: closed on 2017-01-17"),
    Ended(("ODR platform", "RLL"), date(2025, 7, 19), "Regulation (EU) 2024/3228: closed on 2025-07-20"),
)


def ended(name: str, day: date) -> Ended | None:
    """The row of a service that is discontinued on a day, or None."""
    folded = name.casefold()
    rows = (row for row in ENDED if folded in (n.casefold() for n in row.names))
    return next((row for row in rows if row.last_day < day), None)
