"""One person, by a row of the application that stands for them.

Who is meant by an address, a number or another identifier: every row that bears it.

Looked for in the columns that the stores document names under `identifiers`, and at places that know a
person by nothing but an address: a guest's ticket, a newsletter. Letters' case does not count; everything
else does: josé@ is not jose@.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from servanda.persons.subject_graph import SubjectGraph
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.open_stores import OpenStores


@dataclass(frozen=True, slots=True)
class Person:
    """A row that is a person, or is about one: its place and its key there.

    It lives in memory only: never in a plan, the ledger, a log or a message. One human may be several
    of these, since an account, a newsletter and a contact form know each other by an address at most.
    """

    place: str
    key: tuple[str | int, ...]


Human = Sequence[Person]
"""Every row that stands for one human being."""


_BY_VALUE = frozenset({"folded", "lower", "text", "exact"})


def find(stores: OpenStores, identifier: str, named: str | None = None) -> list[Person]:
    """Every row that bears an identifier, of any name or of this one; empty where nobody does.

    Several rows of one place are several persons, or one who is there twice: who asks must be told apart.
    Rows that are found by the address of a row that was found are left out: that one leads to them.
    """
    wanted = identifier.strip()
    persons: list[Person] = []
    for place, column, owner in _columns(stores, named):
        if owner and any(stores.binding.places[p.place].table.name == owner for p in persons):
            continue
        kind = place.table.columns[column]
        if kind.number and not wanted.isdecimal():
            continue
        session = stores.session_of(place)
        keys = session.find(place.table.name, column, int(wanted) if kind.number else wanted)
        persons += [Person(place.name, key) for key in keys]
    return list(dict.fromkeys(persons))


def _columns(stores: OpenStores, named: str | None) -> Iterator[tuple[BoundPlace, str, str]]:
    """The columns that identify, persons' own rows first; of addresses the table that they lead to."""
    for place in sorted(stores.binding.places.values(), key=lambda p: p.place.person != "self"):
        if place.table.key:
            own = {column: "" for name, column in place.place.identifiers.items() if named in (None, name)}
            yield from ((place, column, "") for column in own)
    if named is None:
        yield from _addresses(stores)


def _addresses(stores: OpenStores) -> Iterator[tuple[BoundPlace, str, str]]:
    """Columns by which rows point at a person's identifier, and not at their key: there without the person, too."""
    for graph in SubjectGraph.of(stores.binding).stores.values():
        selves = {p.table.name: set(p.place.identifiers.values()) for p in graph.roots}
        for edge in graph.edges:
            place = stores.binding.places[edge.place]
            by_value = edge.ownership == "owned" and edge.link.compare in _BY_VALUE and not edge.link.path
            if by_value and edge.link.to_columns[0] in selves.get(edge.link.to_table, ()) and place.table.key:
                led = edge.link.to_table if edge.link.compare in ("folded", "lower") else ""
                yield place, edge.link.columns[0], led
