"""The tools on which a transfer out of the EEA may rest, and when each was valid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

from servanda.law.facts.table import Fact, rows


@dataclass(frozen=True, slots=True)
class Tool(Fact):
    """A tool for transfers (GDPR 45 to 49).

    `countries` are those it is for, empty for all; `until` the last day for contracts made while
    it was valid; `instead` the id of the tool that took its place.
    """

    id: str
    names: tuple[str, ...]
    kind: Literal["adequacy", "safeguard", "derogation"]
    countries: tuple[str, ...] = ()
    until: date | None = None
    instead: str = ""

    def serves(self, day: date) -> bool:
        """Whether a transfer may rest on it on a day, contracts made earlier included."""
        return self.holds(day) or (self.until is not None and self.valid_from <= day <= self.until)


@cache
def tools() -> tuple[Tool, ...]:
    """Every tool that ever was, valid or not."""

    def make(row: dict[str, Any]) -> Tool:
        lists = {"names": tuple(row["names"]), "countries": tuple(row.get("countries", ()))}
        return Tool(**row | lists)

    return tuple(rows("tools", "tool", make, lambda found: found.id))


def tool(word: str) -> Tool | None:
    """The tool with this id (privacy-shield), or that texts call so (“Privacy Shield”)."""
    folded = word.casefold()
    return next(
        (
            found
            for found in tools()
            if folded == found.id or folded in (name.casefold() for name in found.names)
        ),
        None,
    )
