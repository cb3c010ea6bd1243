"""The subject graph: how rows belong to persons, over declared references and real foreign keys.

    lines ──owned──▶ invoices ──owned──▶ accounts (self)       the person's rows, against the arrows
    accounts ──owns──▶ addresses                               along the arrow: data that a person points to
    comments ──mentions──▶ accounts                            another person's row that names the person

Nodes are tables, because ownership belongs to a row, whichever places describe it. Ownership is followed from
table to table along the edges; tables in a cycle form a *component*, which is followed until nothing new is
found. A row without a path to a person is an orphan, which only retention ends.

Law: GDPR 4(1), 15(1) and 17(1): what is about a person is theirs, wherever it lies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from servanda.stores.binding.binding import Binding, BoundPlace
from servanda.stores.document.change import Change, Scalar
from servanda.stores.document.reference import Erase, Ownership, Reference
from servanda.stores.selection import Link
from servanda.stores.shape import Table


@dataclass(frozen=True, slots=True)
class Edge:
    """A reference of a place, and what it means for ownership.

    `where` are the values that select the rows of the place. `erase` and `changes` define what happens to a row
    when the person at the other end is erased.
    """

    place: str
    label: str
    to: str
    link: Link
    ownership: Ownership
    where: tuple[tuple[str, Scalar], ...] = ()
    erase: Erase | None = None
    changes: tuple[tuple[str, Change], ...] = ()

    @property
    def giver(self) -> str:
        """The table whose rows pass their persons on, along this edge."""
        return self.link.table if self.ownership == "owns" else self.link.to_table

    @property
    def taker(self) -> str:
        """The table whose rows then belong to those persons, or name them."""
        return self.link.to_table if self.ownership == "owns" else self.link.table


@dataclass(frozen=True, slots=True)
class Component:
    """A strongly connected component: tables in a cycle of references, or a single table."""

    tables: tuple[str, ...]
    cyclic: bool


@dataclass(frozen=True, slots=True)
class StoreGraph:
    """The graph of one store."""

    store: str
    places: dict[str, tuple[BoundPlace, ...]]
    edges: tuple[Edge, ...]
    shape: Mapping[str, Table] = field(repr=False)

    @property
    def roots(self) -> list[BoundPlace]:
        """The places whose rows are persons."""
        return [p for living in self.places.values() for p in living if p.place.person == "self"]

    def owners(self, table: str) -> list[Edge]:
        """The edges that give rows of a table an owner."""
        return [e for e in self.edges if e.taker == table and e.ownership in ("owned", "owns")]

    def mentions(self, table: str | None = None) -> list[Edge]:
        """The edges by which other persons' rows name a person."""
        return [e for e in self.edges if e.ownership == "mentions" and table in (None, e.taker)]

    def writes(self, place: str) -> bool:
        """Whether references of a place are changed when a person is erased."""
        return any(e.place == place and e.changes and e.ownership != "none" for e in self.edges)

    def person_tables(self) -> set[str]:
        """The tables whose rows can belong to a person."""
        found = {p.table.name for p in self.roots}
        while True:
            more = {e.taker for t in self.places for e in self.owners(t) if e.giver in found} - found
            if not more:
                return found
            found |= more

    def ownership_order(self) -> list[Component]:
        """The tables in the order of ownership: owners first."""
        giving: dict[str, list[str]] = {t: [] for t in self.places}
        for edge in self.edges:
            if edge.ownership in ("owned", "owns"):
                giving[edge.taker].append(edge.giver)
        return components(giving)

    def deletion_order(self) -> list[Component]:
        """The tables in the order of deletion: children before parents, by any reference."""
        pointed: dict[str, list[str]] = {t: [] for t in self.places}
        for living in self.places.values():
            for place in living:
                for link in place.links.values():
                    if link.to_table in pointed:
                        pointed[link.to_table].append(link.table)
        return components(pointed)

    def may_have_several_owners(self, table: str) -> bool:
        """Whether a row of a table may belong to more than one person."""
        owners = self.owners(table)
        many = any(not self.is_unique(e) for e in owners)
        selves = any(p.place.person == "self" for p in self.places.get(table, ()))
        ways = {(e.link, e.ownership) for e in owners}  # places of one table may say the same reference
        return many or len(ways) + selves > 1

    def is_unique(self, edge: Edge) -> bool:
        """Whether at most one row leads to a given row along this edge."""
        if edge.ownership == "owns":
            return False
        there, ends = self.shape[edge.link.to_table], set(edge.link.to_columns)
        exact = edge.link.compare in ("exact", "text")
        return exact and any(set(key) <= ends for key in (there.key, *there.unique) if key)

    def shareable(self) -> set[str]:
        """The tables whose rows may be shared by several persons, directly or through their owners."""
        found = {t for t in self.places if self.may_have_several_owners(t)}
        while True:
            more = {
                e.taker for e in self.edges if e.ownership in ("owned", "owns") and e.giver in found
            } - found
            if not more:
                return found
            found |= more


@dataclass(frozen=True, slots=True)
class SubjectGraph:
    """The graphs of all stores that have tables."""

    stores: dict[str, StoreGraph]

    @classmethod
    def of(cls, binding: Binding) -> SubjectGraph:
        """The graph of the references that the stores document declares."""
        return binding.cached("subject graph", lambda: cls._of(binding))

    @classmethod
    def _of(cls, binding: Binding) -> SubjectGraph:
        found: dict[str, StoreGraph] = {}
        for store, shape in binding.shapes.items():
            own_places = [p for p in binding.places.values() if p.store == store and not p.place.files]
            places: dict[str, list[BoundPlace]] = {}
            for place in own_places:
                places.setdefault(place.table.name, []).append(place)
            edges = tuple(e for p in own_places for e in _edges(p) if e.link.to_table in places)
            listed = {table: tuple(living) for table, living in places.items()}
            found[store] = StoreGraph(store, listed, edges, shape.tables)
        return cls(found)


def is_of_persons(binding: Binding, place: BoundPlace) -> bool:
    """Whether rows of a place can be a person's, whichever reference says so, or the place says that they are."""
    if place.place.person not in (None, "none"):
        return True
    graph = SubjectGraph.of(binding).stores[place.store]
    return place.table.name in binding.cached(("tables of persons", place.store), graph.person_tables)


def _edges(place: BoundPlace) -> Iterator[Edge]:
    """The edges of a place; undeclared foreign keys have the ownership “none”."""
    person = place.place.person
    own = "person" if isinstance(person, Reference) else person
    declared = place.place.links()
    for label, link in place.links.items():
        said = declared.get(label)
        ownership = said.ownership if said is not None else None
        if ownership is None:
            ownership = "owned" if label == own else "none"
        yield Edge(
            place.name,
            label,
            f"{place.store}.{said.to}" if said is not None else "",
            _compared_as_bytes(place, link),
            ownership,
            tuple(place.place.where.items()),
            said.erase if said is not None else None,
            tuple(said.changes().items()) if said is not None else (),
        )


def _compared_as_bytes(place: BoundPlace, link: Link) -> Link:
    """The link; text columns without a foreign key are compared as bytes, whatever their collation."""
    real = any(p.columns == link.columns and p.table == link.to_table for p in place.table.points)
    if link.plain and not real and len(link.columns) == 1 and _is_text(place.table, link.columns[0]):
        return replace(link, compare="text")
    return link


def _is_text(table: Table, column: str) -> bool:
    kind = table.columns[column].type.upper()
    return "CHAR" in kind or "TEXT" in kind


def components(before: Mapping[str, Iterable[str]]) -> list[Component]:
    """The strongly connected components (Tarjan), each after those that `before` names for its nodes."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[Component] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(set(before[node])):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            cut = stack.index(node)
            tables = tuple(sorted(stack[cut:]))
            del stack[cut:]
            found.append(Component(tables, len(tables) > 1 or node in before[node]))

    for node in sorted(before):
        if node not in index:
            visit(node)
    return found
