"""Which rows belong to the persons in lists, as conditions on the rows as they are now.

    held people ◀──owned── letters ◀──owned── files        a file of a letter of a held person
    held people ──owns──▶ addresses

The conditions follow every edge of the subject graph by which a row is somebody's, whichever places describe it. In
a cycle of references, or where many or long ways lead to a table, the rows of that table are listed first, once; an
edge then starts from the list.

Law: GDPR 4(1) and 18(1): what is about a person is theirs, wherever it lies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from servanda.persons.subject_graph import Component, Edge, StoreGraph
from servanda.stores.selection import All, Any, Condition, Equals, LeadsTo, PointedAt, Reaches

MOST_WAYS, MOST_LINKS = 3, 3
"""So many ways to a table, of so many links, are written out; where there are more, its rows are listed."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of the rows of a table that belong to somebody in the lists, and the condition that fills it."""

    name: str
    table: str
    key: tuple[str, ...]
    condition: Condition


@dataclass(slots=True)
class Belonging:
    """The rows of each table that belong to listed persons.

    `roots` are the conditions for the persons' own rows, by table. `listings` are filled before a condition is used,
    in this order; those of one group again and again, until no row is new.
    """

    graph: StoreGraph
    roots: Mapping[str, Sequence[Reaches]]
    listings: list[list[Listing]] = field(default_factory=list)
    _giving: dict[str, Condition] = field(default_factory=dict)
    _ways: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for component in self.graph.ownership_order():
            if component.cyclic:
                self._follow_cycle(component)
            else:
                self._follow(component.tables[0])

    def of_table(self, table: str, place: str = "") -> Condition | None:
        """The rows of a table that belong to a listed person; None if none can. `place`: of rows of this place."""
        parts: list[Condition] = list(self.roots.get(table, ()))
        parts += [
            self._along(e, e.place != place) for e in self.graph.owners(table) if e.giver in self._giving
        ]
        return None if not parts else parts[0] if len(parts) == 1 else Any(tuple(parts))

    def _follow(self, table: str) -> None:
        condition = self.of_table(table)
        if condition is None:
            return
        ways = len(self.roots.get(table, ())) + sum(
            self._ways[e.giver] for e in self.graph.owners(table) if e.giver in self._giving
        )
        self._giving[table], self._ways[table] = condition, ways
        long = isinstance(condition, Reaches) and len(condition.links) > MOST_LINKS
        if (long or ways > MOST_WAYS) and self.graph.shape[table].key:
            self.listings.append([self._listed(table, condition)])

    def _follow_cycle(self, component: Component) -> None:
        if all(self.of_table(table) is None for table in component.tables):
            return
        listed = [t for t in component.tables if self.graph.shape[t].key]
        for table in component.tables:
            # rows without a key cannot be listed: whatever one of them leads to counts as theirs
            self._giving[table], self._ways[table] = All(()), 1
        for table in listed:
            self._listed(table, All(()))
        conditions = [(t, self.of_table(t)) for t in listed]
        self.listings.append([self._listed(t, c) for t, c in conditions if c is not None])

    def _listed(self, table: str, condition: Condition) -> Listing:
        """List the rows of a table; its edges start from the list from now on."""
        name, key = f"theirs_{sorted(self.graph.places).index(table)}", self.graph.shape[table].key
        self._giving[table], self._ways[table] = Reaches((), key, name), 1
        return Listing(name, table, key, condition)

    def _along(self, edge: Edge, limited: bool) -> Condition:
        """The rows to which an edge brings somebody; `limited`: only rows that the place of the edge describes."""
        theirs, parts = self._giving[edge.giver], list[Condition]()
        if limited or edge.ownership == "owns":
            parts += [Equals(column, value) for column, value in edge.where]
        if edge.ownership == "owns":
            return PointedAt(edge.link, All((*parts, theirs)) if parts else theirs)
        led: Condition = LeadsTo(edge.link, theirs)
        if isinstance(theirs, Reaches):
            led = Reaches((edge.link, *theirs.links), theirs.key, theirs.list)
        return All((*parts, led)) if parts else led
