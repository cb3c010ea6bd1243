"""The tools for transfers out of the EEA, with their dates of validity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

from servanda.law.facts.table import Fact, rows


@dataclass(frozen=True, slots=True)
class Tool(Fact):
    """A tool for transfers (GDPR 45 to 49).

    `countries` are those it applies to, empty for all; `until` is the last day for contracts made
    while it was valid; `instead` is the id of its successor.
    """

    id: str
    names: tuple[str, ...]
    kind: Literal["adequacy", "safeguard", "derogation"]
    countries: tuple[str, ...] = ()
    until: date | None = None
    instead: str = ""

    def serves(self, day: date) -> bool:
        """Return whether a transfer may rest on it on a day, also under an earlier contract."""
        return self.holds(day) or (self.until is not None and self.valid_from <= day <= self.until)


@cache
def tools() -> tuple[Tool, ...]:
    """All tools, valid or not."""

    def make(row: dict[str, Any]) -> Tool:
        lists = {"names": tuple(row["names"]), "countries": tuple(row.get("countries", ()))}
        return Tool(**row | lists)

    return tuple(rows("tools", "tool", make, lambda entry: entry.id))


def tool(word: str) -> Tool | None:
    """The tool with this id (privacy-shield) or common name (“Privacy Shield”)."""
    folded = word.casefold()
    return next(
        (
            entry
            for entry in tools()
            if folded == entry.id or folded in (name.casefold() for name in entry.names)
        ),
        None,
    )
