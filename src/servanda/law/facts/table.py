"""Loads and validates tables of dated facts."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any, TypeVar

from servanda.errors import ServandaError

TABLES = ("eea", "adequacy", "tools", "authorities", "ages", "phone", "periods")
"""The names of the files in display order."""


class BadFact(ServandaError):
    """A table of facts is invalid: a row has no source or no date, or contradicts another."""


@dataclass(frozen=True, slots=True)
class Fact:
    """The columns of every row. Both dates are inclusive; `valid_to` is None if the fact is current."""

    source: str
    valid_from: date
    valid_to: date | None

    def holds(self, day: date) -> bool:
        """Return whether the fact is valid on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


Row = TypeVar("Row", bound=Fact)


@cache
def _file(name: str) -> dict[str, Any]:
    text = resources.files("servanda.law.facts").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadFact(f"the table of facts {name}.toml cannot be read: {error}") from None


def rows(
    file: str, kind: str, make: Callable[[dict[str, Any]], Row], identity: Callable[[Row], object]
) -> list[Row]:
    """The rows of a kind. Raises BadFact for a row without source or date, and for overlapping rows."""
    head = _file(file)
    loaded: list[Row] = []
    for i, fields in enumerate(head.get(kind, []), 1):
        row = {"source": head.get("source", ""), "valid_to": None} | fields
        where = f"{file}.toml, {kind} {i}"
        if not row["source"]:
            raise BadFact(f"{where}: the source is missing", advice="write source = “…”")
        if not isinstance(row.get("valid_from"), date):
            raise BadFact(f"{where}: the first day is missing", advice="write valid_from = 2018-05-25")
        try:
            loaded.append(make(row))
        except (TypeError, KeyError, ValueError) as error:
            raise BadFact(f"{where}: {error}") from None
    _apart(file, loaded, identity)
    return loaded


def _apart(file: str, loaded: list[Row], identity: Callable[[Row], object]) -> None:
    for i, row in enumerate(loaded):
        if row.valid_to is not None and row.valid_to < row.valid_from:
            raise BadFact(f"{file}.toml: {identity(row)} ends on {row.valid_to}, before it begins")
        for earlier in loaded[:i]:
            if identity(earlier) == identity(row) and _meet(earlier, row):
                raise BadFact(f"{file}.toml: two rows say what holds for {identity(row)} on {row.valid_from}")


def _meet(first: Fact, second: Fact) -> bool:
    return first.valid_from <= (second.valid_to or date.max) and second.valid_from <= (
        first.valid_to or date.max
    )


def every() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (table, kind, row) for every row of every table, with its source."""
    for name in TABLES:
        head = _file(name)
        for kind, entries in head.items():
            if isinstance(entries, list):
                for row in entries:
                    yield name, kind, {"source": head.get("source", ""), **row}


def changes(after: date, until: date) -> list[date]:
    """The days after `after` and up to `until` on which some fact starts or ceases to be valid."""
    days = set()
    for _, _, row in every():
        ended = row.get("valid_to")
        days |= {row["valid_from"], *([ended + timedelta(days=1)] if ended else [])}
    return sorted(day for day in days if after < day <= until)
