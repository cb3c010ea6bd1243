"""How a row reaches a person: routes along the links of the stores document.

    lines --invoice--> invoices --account--> accounts (person: self)

A route of a place is a chain of links to a place whose rows are persons. The one that `person` begins is the main
route, or, where a place has no `person`, the first that a reference begins whose rows it owns. A row whose route is
broken (NULL, a missing parent) is an orphan, which only retention ends.

What belongs to a person over any reference, in either direction, is decided by `persons.belonging`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

from servanda.stores.binding.binding import Binding, BoundPlace
from servanda.stores.document.archiving import ArchiveTable
from servanda.stores.selection import Condition, Link, Reaches
from servanda.stores.shape import Points, Table


@dataclass(frozen=True, slots=True)
class Route:
    """The links from a place to the place of its persons; empty if its rows are persons."""

    links: tuple[Link, ...]
    root: str

    def reaches(self, key: tuple[str, ...], listed: str) -> Condition:
        """The rows whose person is in a list."""
        return Reaches(self.links, key, listed)


def route(binding: Binding, place: BoundPlace) -> Route | None:
    """The main route of a place to its persons; None if it has none."""
    found = routes(binding, place)
    return found[0] if found else None


MOST_ROUTES = 64


def routes(binding: Binding, place: BoundPlace) -> tuple[Route, ...]:
    """The routes of a place over references by which its rows are somebody's, the main one first; 64 at most."""
    found = partial(_routes, binding, place, (), frozenset())
    return binding.cached(("routes", place.name), lambda: tuple(islice(found(), MOST_ROUTES)))


def _routes(
    binding: Binding, place: BoundPlace, links: tuple[Link, ...], seen: frozenset[str]
) -> Iterator[Route]:
    if place.place.person == "self":
        yield Route(links, place.name)
        return
    for label, following in _owners(binding, place):
        if following.name not in seen | {place.name} and _leads_to_persons(binding, following):
            yield from _routes(binding, following, (*links, place.links[label]), seen | {place.name})


def _owners(binding: Binding, place: BoundPlace) -> Iterator[tuple[str, BoundPlace]]:
    """The references by which rows of a place are somebody's, each with the place that it points at."""
    declared = place.place.links()
    for label in place.owned_by:
        following = binding.places.get(f"{place.store}.{declared[label].to}") if label in declared else None
        if following is not None:
            yield label, following


def _leads_to_persons(binding: Binding, place: BoundPlace) -> bool:
    """Whether any route leads from a place to persons, so that a search need not try the others."""

    def follow() -> frozenset[str]:
        found = {p.name for p in binding.places.values() if p.place.person == "self"}
        while more := {
            p.name
            for p in binding.places.values()
            if p.name not in found and any(to.name in found for _, to in _owners(binding, p))
        }:
            found |= more
        return frozenset(found)

    return place.name in binding.cached("leads to persons", follow)


@dataclass(frozen=True, slots=True)
class Child:
    """A table whose rows reference a place. `places` are the places in that table, if any.

    `real` is the foreign key, if the database declares one.
    """

    table: Table
    link: Link
    places: tuple[BoundPlace, ...]
    real: Points | None


def children(binding: Binding, place: BoundPlace) -> tuple[Child, ...]:
    """Every table that references a place, by a declared reference or a foreign key.

    A reference with `when` applies to some rows only, and is a separate child. The archive table of the place is
    no child: its rows stay when the original is deleted.
    """
    return binding.cached(("children", place.name), lambda: tuple(_children(binding, place)))


def _children(binding: Binding, place: BoundPlace) -> list[Child]:
    how = place.place.archive
    copies = how.table if isinstance(how, ArchiveTable) else None
    shape = binding.shapes[place.store]
    found: dict[tuple[str, tuple[str, ...], str], Child] = {}
    for other in binding.places.values():
        if other.store != place.store or other.table.name == copies:
            continue
        for link in other.links.values():
            if link.to_table == place.table.name:
                living = tuple(binding.of_table(place.store, link.table))
                at = (link.table, link.columns, repr(link.when))
                found[at] = Child(other.table, link, living, _real(other.table, link))
    for table, points in shape.pointing_at(place.table.name):
        at = (table.name, points.columns, repr(()))
        if at not in found:
            link = Link(table.name, points.columns, place.table.name, points.to_columns)
            found[at] = Child(table, link, tuple(binding.of_table(place.store, table.name)), points)
    return [found[at] for at in sorted(found)]


def _real(table: Table, link: Link) -> Points | None:
    return next((p for p in table.points if p.columns == link.columns and p.table == link.to_table), None)


def children_first(binding: Binding) -> tuple[BoundPlace, ...]:
    """The places in the order of deletion, children first; cycles by name."""
    return binding.cached("children first", lambda: tuple(_children_first(binding)))


def _children_first(binding: Binding) -> list[BoundPlace]:
    order: list[BoundPlace] = []
    state: dict[str, int] = {}

    def visit(place: BoundPlace) -> None:
        state[place.name] = 1
        for child in children(binding, place):
            for living in child.places:
                if living.name not in state:
                    visit(living)
        state[place.name] = 2
        order.append(place)

    for name in sorted(binding.places):
        if name not in state:
            visit(binding.places[name])
    return order
