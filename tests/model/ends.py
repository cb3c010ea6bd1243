"""The law of ends, written a second time: which rows must have ended and which must stand, row by row.

It knows the typed documents and calendar days, and nothing of how Servanda plans or
applies. Its world is plain: tables of rows, the foreign keys between them, holds.

    field   stays while any ground of a category that names it runs (decision 6)
    ground  the earliest maximum, moved out to the latest minimum
    row     ends when its last field has ended, no hold is on it and no row that stays needs it;
            before that, fields that have ended are emptied as `at_end` says
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from servanda.policy.policy import Policy
from servanda.policy.promise import Retention
from servanda.stores.document.document import Place, StoresDocument
from servanda.stores.document.triggers import AtColumn

Key = int | str
Row = dict[str, Any]
Stand = dict[str, dict[Key, Row]]
"""The rows of each place, by their keys."""


@dataclass(frozen=True)
class Link:
    """A foreign key of the database: its child and column, its parent, and what a delete does with the child."""

    child: str
    column: str
    parent: str
    rule: str


@dataclass(frozen=True)
class Law:
    """What both documents say, with the foreign keys of the database."""

    policy: Policy
    stores: StoresDocument
    links: tuple[Link, ...] = ()

    def places(self) -> dict[str, Place]:
        return {name: place for entry in self.stores.stores.values() for name, place in entry.places.items()}

    def retentions(self, category: str) -> list[Retention]:
        """The retentions that are enforced on a category."""
        kept = [p for p in self.policy.promises if p.keep == "enforce"]
        return [e for p in kept for e in p.enforced if isinstance(e, Retention) and category in e.data]


def categories(place: Place) -> dict[str, list[str] | None]:
    """The categories of a place with their columns; None is the whole row."""
    data: Any = place.data
    if isinstance(data, Mapping):
        return {c: None if columns in ("all", ["all"]) else list(columns) for c, columns in data.items()}
    return dict.fromkeys([data] if isinstance(data, str) else data)


def is_over(law: Law, place: Place, category: str, row: Row, today: date) -> bool:
    """Whether the last ground of a category has ended for a row; without a retention or a date it never does."""
    grounds: dict[str, list[tuple[str, date]]] = {}
    for retention in law.retentions(category):
        trigger = place.triggers.get(retention.trigger)
        if not isinstance(trigger, AtColumn):
            raise NotImplementedError(f"a trigger of another kind: {trigger}")
        day = row[trigger.column]
        if day is None:
            return False
        for period in retention.periods:
            day = period + day
        ground = retention.ground
        text = str(ground.law or ground.recommendation or ground.choice)
        grounds.setdefault(text, []).append((retention.limit, day))
    return bool(grounds) and all(_last(limits) < today for limits in grounds.values())


def _last(limits: list[tuple[str, date]]) -> date:
    """The last day of one ground: the earliest maximum, but never before the latest minimum."""
    at_most = [day for limit, day in limits if limit == "max"]
    at_least = [day for limit, day in limits if limit == "min"]
    return max([*([min(at_most)] if at_most else []), *at_least])


def emptied(place: Place, row: Row, columns: Iterable[str]) -> Row:
    """A row after some of its columns have ended: only what `at_end` names is changed."""
    changed = dict(row)
    for column in columns:
        if column in place.at_end:
            change = place.at_end[column]
            changed[column] = None if change is None else change.constant
    return changed


def ended_columns(law: Law, place: Place, row: Row, today: date) -> tuple[set[str], bool]:
    """The columns of a row that have ended, and whether the whole row has."""
    every = categories(place)
    over = {c: is_over(law, place, c, row, today) for c in every}
    ended = {
        column
        for column in row
        if (naming := [c for c, columns in every.items() if columns is None or column in columns])
        and all(over[c] for c in naming)
    }
    stays = any(r.keeps_row for c in every for r in law.retentions(c))
    return ended, all(over.values()) and not stays


def swept(law: Law, stand: Stand, held: frozenset[tuple[str, Key]], today: date) -> Stand:
    """What stands when all that is over on a day has ended: rows gone, columns emptied, references set to NULL."""
    places, after = law.places(), {name: dict(rows) for name, rows in stand.items()}
    due: dict[str, set[Key]] = {}
    for name, place in places.items():
        due[name] = set()
        for key, row in stand[name].items():
            if (name, key) in held:
                continue
            ended, whole = ended_columns(law, place, row, today)
            if whole:
                due[name].add(key)
            else:
                after[name][key] = emptied(place, row, ended)
    gone = _unneeded(law, stand, held, due)
    for name, keys in due.items():
        for key in keys:
            if key in gone[name]:
                del after[name][key]
            else:
                after[name][key] = emptied(places[name], stand[name][key], places[name].at_end)
    for link in law.links:
        for key, row in after[link.child].items():
            if row[link.column] in gone[link.parent]:
                after[link.child][key] = {**row, link.column: None}
    return after


def _unneeded(
    law: Law, stand: Stand, held: frozenset[tuple[str, Key]], due: dict[str, set[Key]]
) -> dict[str, set[Key]]:
    """Of the rows that are over, those that no row needs that stays.

    A row whose reference may be set to NULL needs nothing, unless it is held.
    """
    gone: dict[str, set[Key]] = {name: set() for name in due}
    while True:
        before = sum(map(len, gone.values()))
        for name, keys in due.items():
            for key in keys - gone[name]:
                if not any(_needs(link, stand, held, gone, key) for link in law.links if link.parent == name):
                    gone[name].add(key)
        if sum(map(len, gone.values())) == before:
            return gone


def _needs(
    link: Link, stand: Stand, held: frozenset[tuple[str, Key]], gone: dict[str, set[Key]], key: Key
) -> bool:
    there = [k for k, row in stand[link.child].items() if row[link.column] == key]
    if link.rule == "SET NULL":
        return any((link.child, k) in held for k in there)
    return any(k not in gone[link.child] for k in there)
