"""How a table of dated facts is read from its file, checked, and asked for a day."""

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
"""The files, by name, in the order in which they are shown."""


class BadFact(ServandaError):
    """A table of facts cannot be used: a row has no source, no day, or contradicts another."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What every row has. Both days are included; `valid_to` is None while it is so."""

    source: str
    valid_from: date
    valid_to: date | None

    def holds(self, day: date) -> bool:
        """Whether it is so on a day."""
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
    file: str, kind: str, make: Callable[[dict[str, Any]], Row], same: Callable[[Row], object]
) -> list[Row]:
    """The rows of a kind. Raises BadFact for one without source or day, or that overlaps one of the same thing."""
    head = _file(file)
    found: list[Row] = []
    for i, given in enumerate(head.get(kind, []), 1):
        row = {"source": head.get("source", ""), "valid_to": None} | given
        where = f"{file}.toml, {kind} {i}"
        if not row["source"]:
            raise BadFact(f"{where}: a fact without a source does not enter")
        if not isinstance(row.get("valid_from"), date):
            raise BadFact(f"{where}: since when it is so is missing", advice="write valid_from = 2018-05-25")
        try:
            found.append(make(row))
        except (TypeError, KeyError, ValueError) as error:
            raise BadFact(f"{where}: {error}") from None
    _apart(file, found, same)
    return found


def _apart(file: str, found: list[Row], same: Callable[[Row], object]) -> None:
    for i, row in enumerate(found):
        if row.valid_to is not None and row.valid_to < row.valid_from:
            raise BadFact(f"{file}.toml: {same(row)} ends on {row.valid_to}, before it begins")
        for other in found[:i]:
            if same(other) == same(row) and _meet(other, row):
                raise BadFact(f"{file}.toml: two rows say what holds for {same(row)} on {row.valid_from}")


def _meet(one: Fact, other: Fact) -> bool:
    return one.valid_from <= (other.valid_to or date.max) and other.valid_from <= (one.valid_to or date.max)


def every() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every row of every table: the table, the kind, and the row as its file has it, with its source."""
    for name in TABLES:
        head = _file(name)
        for kind, given in head.items():
            if isinstance(given, list):
                for row in given:
                    yield name, kind, {"source": head.get("source", ""), **row}


def changes(after: date, until: date) -> list[date]:
    """The days later than `after` and up to `until` on which some fact begins or is no longer so."""
    days = set()
    for _, _, row in every():
        ended = row.get("valid_to")
        days |= {row["valid_from"], *([ended + timedelta(days=1)] if ended else [])}
    return sorted(day for day in days if after < day <= until)
