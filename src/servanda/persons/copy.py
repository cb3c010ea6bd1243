"""Reads every row that is held about a person, in one snapshot per store.

    for held in copy_of(found, human):         place by place
        for row in held.rows: …                row by row, as the store sends them

Rows are streamed: two million need no more memory than two. Each `Held` must be read before the next. Of rows that
only mention the person, just the columns that name them are copied. Passwords and keys are omitted, and listed.

Law: GDPR 15(1) and (3), 15(4) rights of others, 32 for what proves who somebody is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from servanda.persons.collect import Reach
from servanda.persons.person import Human
from servanda.persons.subject_graph import Edge, StoreGraph, SubjectGraph
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.open_stores import OpenStores
from servanda.stores.discovery.secrets import secrets


@dataclass(frozen=True, slots=True)
class Held:
    """The rows of one place that belong to a person. `data` maps each category to its columns.

    `left_out` are omitted columns, such as passwords. `named` is true if the rows belong to others and only mention
    the person. `fields` maps columns to fields of the policy; `zone` is the time zone of naive times.
    """

    place: str
    table: str
    data: dict[str, tuple[str, ...]]
    columns: tuple[str, ...]
    left_out: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]
    named: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)
    zone: str = "UTC"


class Copier:
    """Copies the rows of persons, one person after the other, from the stores of one project."""

    def __init__(self, stores: OpenStores) -> None:
        graphs = SubjectGraph.of(stores.binding).stores
        self._reaches = {
            name: Reach.of(stores, graph)
            for name, graph in graphs.items()
            if name in stores.sessions and graph.places
        }

    def count(self, human: Human) -> dict[tuple[str, ...], int]:
        """The number of rows of a person in each table, by the places of the table; no row is read."""
        here = {person.place.split(".", 1)[0] for person in human}
        found: dict[tuple[str, ...], int] = {}
        for store, reach in self._reaches.items():
            if store not in here:
                continue
            with reach.session.snapshot():
                reach.gather([human])
                counts = reach.rows.counts()
            for table, number in reach.numbers.items():
                if counts.get(number):
                    found[tuple(p.name for p in reach.graph.places[table])] = counts[number]
        return found

    def copy(self, human: Human) -> Iterator[Held]:
        """Every row of a person, place by place, in one snapshot per store."""
        here = {person.place.split(".", 1)[0] for person in human}
        for store, reach in self._reaches.items():
            if store in here:
                with reach.session.snapshot():
                    yield from _held(reach, human)


def copy_of(stores: OpenStores, human: Human) -> Iterator[Held]:
    """Every row of a person. For several persons, use one `Copier`."""
    yield from Copier(stores).copy(human)


def _held(reach: Reach, human: Human) -> Iterator[Held]:
    reach.gather([human])
    counts = reach.rows.counts()
    for table, number in reach.numbers.items():
        for place in reach.graph.places[table] if counts.get(number) else ():
            yield from _read(reach, place, (number, counts[number]), _columns(reach.graph, place))
    for number, edge in reach.mentions.items():
        if counts.get(number):
            place = next(p for p in reach.graph.places[edge.taker] if p.name == edge.place)
            yield from _read(reach, place, (number, counts[number]), _naming(place, edge), named=True)


def _read(
    reach: Reach, place: BoundPlace, counted: tuple[int, int], columns: Sequence[str], *, named: bool = False
) -> Iterator[Held]:
    """The rows of a place, if there are any; rows that the caller did not read are skipped."""
    hidden = secrets(place.place, tuple(columns))
    shown = tuple(c for c in columns if c not in hidden)
    where, (number, count) = tuple(place.place.where.items()), counted
    rows = reach.rows.stream(place.table.name, number, shown, where, 0, count)
    first = next(rows, None)
    if first is None:
        return
    data = {name: tuple(c for c in own if c in shown) for name, own in place.data.items()}
    fields = {c: name for name, own in place.place.fields.items() for c in own if c in shown}
    again, zone = _again(first, rows), place.entry.timezone
    yield Held(place.name, place.table.name, data, shown, hidden, again, named, fields, zone)
    for _ in rows:
        pass


def _again(first: tuple[Any, ...], rest: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    yield first
    yield from rest


def _columns(graph: StoreGraph, place: BoundPlace) -> list[str]:
    """The columns of a place in table order: data, key, identifiers, and references to the person."""
    wanted = {c for own in place.data.values() for c in own} | set(place.table.key)
    wanted |= set(place.place.identifiers.values())
    wanted |= {c for e in graph.owners(place.table.name) if e.ownership == "owned" for c in e.link.columns}
    return [c for c in place.table.columns if c in wanted]


def _naming(place: BoundPlace, edge: Edge) -> list[str]:
    """The columns of another person's row that name the person."""
    wanted = {*place.table.key, *edge.link.columns, *(c for c, _ in edge.changes)}
    return [c for c in place.table.columns if c in wanted]
