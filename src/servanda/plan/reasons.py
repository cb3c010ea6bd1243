"""Why rows of a person stay when they are erased, table by table, as questions that the store answers.

    shared     another person's too                        in the order in which persons reach rows
    held       by a hold, with everything of whom it is about
    by law     some field has a ground that is not over
    declared   stores.yaml says that such rows stay
    pointed at by a row that stays                         children first; in a circle, until nothing new stays

Each is one statement a table at most, and none where nothing of the kind can be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from servanda.persons.collect import Reach
from servanda.persons.holds import Hold
from servanda.persons.routes import Child, children
from servanda.persons.subject_graph import Component, Edge, StoreGraph
from servanda.plan.limits import Limit, free, released, stays, surviving, unknown, where
from servanda.plan.load import held
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.open_stores import OpenStores
from servanda.stores.selection import All, Any, Condition, Gathered, LeadsTo, Not, PointedAt, Undone
from servanda.stores.sql.erasure import EMPTIED, STAYS, UNTOUCHED, ErasureStatements
from servanda.stores.sql.person_rows import Reason


@dataclass(slots=True)
class TableRules:
    """What holds for the gathered rows of one table."""

    table: str
    number: int
    places: tuple[BoundPlace, ...]
    limits: dict[str, list[Limit]]
    reasons: list[tuple[Reason, Condition]] = field(default_factory=list)
    inside: list[tuple[str, Condition]] = field(default_factory=list)
    circle: list[Child] = field(default_factory=list)
    again: Condition | None = None

    @property
    def may_stay(self) -> bool:
        """Whether a row can stay for a reason of its own."""
        return bool(self.reasons or self.inside)


@dataclass(slots=True)
class StoreRules:
    """Why rows stay in one store, under the holds and on the day that this was made with.

    With `only`, every row of another place stays as it is.
    """

    stores: OpenStores
    reach: Reach
    today: date
    holds: Sequence[Hold]
    only: frozenset[str] | None = None
    ending: ErasureStatements = field(init=False)
    tables: dict[str, TableRules] = field(default_factory=dict)
    order: list[tuple[Component, list[TableRules]]] = field(default_factory=list)
    shared: list[tuple[list[tuple[TableRules, Condition]], bool]] = field(default_factory=list)
    alone: list[tuple[TableRules, Condition, bool]] = field(default_factory=list)
    naming: dict[int, list[tuple[Reason, Condition]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ending = ErasureStatements(self.reach.rows)
        numbers = self.reach.numbers
        for table, number in numbers.items():
            places = self.graph.places[table]
            limits = {p.name: surviving(self.stores.binding, p, self.today) for p in places}
            self.tables[table] = TableRules(table, number, places, limits)
        sharing = self.graph.shareable() & numbers.keys()
        self.naming = {n: r for n, edge in self.reach.mentions.items() if (r := self._naming(edge, sharing))}
        for component in self.graph.order():
            tables = [self.tables[t] for t in component.tables if t in numbers]
            for rules in tables:
                self._reasons(rules)
            for rules in tables:
                self._pointed(rules, component, sharing)
            self.order.append((component, tables))
        for component in self.graph.flow():
            mine = [self.tables[t] for t in component.tables if t in sharing]
            asks = [(r, a) for r in mine if (a := self._sharing(r, sharing)) is not None]
            if asks:
                self.shared.append((asks, component.cyclic))

    @property
    def graph(self) -> StoreGraph:
        """The subject graph of the store."""
        return self.reach.graph

    # -- the rules of each table ---------------------------------------------------------------

    def _reasons(self, rules: TableRules) -> None:
        """Why rows of a table stay of themselves: law, holds, what the document declares."""
        law = [s for p in rules.places if (s := stays(p, rules.limits[p.name])) is not None]
        law += [where(p) for p in rules.places if unknown(p)]
        covered = [
            All((where(p), c)) for p in rules.places if (c := held(self.stores, p, self.holds)) is not None
        ]
        declared = [where(p) for p in rules.places if p.place.erase in ("anonymise", "keep")]
        apart = [where(p) for p in rules.places if self.only is not None and p.name not in self.only]
        for flag, parts in (
            (Reason.LAW, law),
            (Reason.HELD, covered),
            (Reason.DECLARED, declared),
            (Reason.APART, apart),
        ):
            if parts:
                rules.reasons.append((flag, (Any(tuple(parts)))))
        if law:
            rules.again = All(tuple(Not(part) for part in law))

    def _naming(self, edge: Edge, sharing: set[str]) -> list[tuple[Reason, Condition]]:
        """Why rows of others go on naming somebody: who is named stays, a hold, a law on what would be emptied."""
        place, reasons = self.stores.binding.places[edge.place], []
        covered = held(self.stores, place, self.holds)
        if covered is not None:
            reasons.append((Reason.HELD, (covered)))
        over = self.free(edge)
        if over is not None:
            reasons.append((Reason.LAW, (Not(over))))
        if edge.giver in sharing:
            leaves = Gathered(self.tables[edge.giver].number, none_of=Reason.SHARED)
            reasons.append((Reason.SHARED, Not(LeadsTo(edge.link, leaves))))
        return reasons

    def free(self, edge: Edge) -> Condition | None:
        """The rows in which no law keeps what a reference empties; None: all."""
        place = self.stores.binding.places[edge.place]
        return free(place, self.tables[edge.taker].limits[edge.place], dict(edge.changes))

    def _pointed(self, rules: TableRules, component: Component, sharing: set[str]) -> None:
        """What points at rows of a table and stays keeps them, at least as skeletons."""
        every: dict[tuple[str, tuple[str, ...], str], Child] = {}
        for place in rules.places:
            for child in children(self.stores.binding, place):
                if child.real is None and set(child.link.to_columns) & place.place.at_end.keys():
                    continue  # by a value that a skeleton has not: it would lead nowhere all the same
                every.setdefault((child.table.name, child.link.columns, repr(child.link.when)), child)
        outside: list[Condition] = []
        for (table, columns, _), child in every.items():
            if table in component.tables:
                rules.circle.append(child)
            if self._always_goes(child, component, sharing):
                continue
            goes = self._goes(child)
            if child.real is not None and child.real.on_delete == "SET NULL" and goes is None:
                continue
            asks = PointedAt(child.link, None if goes is None else Not(goes))
            if table in component.tables and table in self.tables:
                rules.inside.append((f"{table}:{','.join(columns)}", asks))
            else:
                outside.append(asks)
        rules.reasons += [(Reason.POINTED, Any(tuple(outside)))] if outside else []

    def _always_goes(self, child: Child, component: Component, sharing: set[str]) -> bool:
        """Whether every row that points here by this reference was gathered, and nothing can keep it."""
        theirs = self.tables.get(child.table.name)
        if theirs is None or theirs.may_stay or child.table.name in sharing | set(component.tables):
            return False
        return any(
            e.ownership == "owned"
            and e.link.columns == child.link.columns
            and not e.where
            and not e.link.nobody
            for e in self.graph.owners(child.table.name)
            if e.link.when == child.link.when and e.link.to_table == child.link.to_table
        )

    def _goes(self, child: Child) -> Condition | None:
        """Whether a row that points here is gone, or points elsewhere, once this one's turn has come."""
        theirs = self.tables.get(child.table.name)
        ways: list[Condition] = []
        if child.real is not None and child.real.on_delete == "SET NULL":
            covered = [c for p in child.places if (c := held(self.stores, p, self.holds)) is not None]
            if not covered:
                return None
            return Not(Any(tuple(covered)))
        if theirs is None:
            return None
        ways.append(Gathered(theirs.number, any_of=0))
        if any(released(p, theirs.limits[p.name], c) for p in theirs.places for c in child.link.columns):
            ways.append(Gathered(theirs.number, any_of=EMPTIED, none_of=UNTOUCHED))
        ways += [way for edge in self._replacing(child) for way in self._elsewhere(theirs, edge)]
        return Any(tuple(ways))

    def _elsewhere(self, theirs: TableRules, edge: Edge) -> Iterator[Condition]:
        """When a reference of a row that stays is changed, so that it does not lead to who leaves any more."""
        if edge.ownership == "owned":
            yield Gathered(theirs.number, any_of=Reason.SHARED, none_of=Reason.HELD | Reason.LAW)
        number = next((n for n, e in self.reach.mentions.items() if e is edge), None)
        if number is not None:
            yield Gathered(number, none_of=Reason.HELD | Reason.LAW | Reason.SHARED)
            own = Gathered(theirs.number, any_of=STAYS, none_of=Reason.HELD | Reason.APART)
            over = self.free(edge)
            yield own if over is None else All((own, over))

    def _replacing(self, child: Child) -> Iterator[Edge]:
        """The edges that lead elsewhere, when a person leaves, by the columns of this reference."""
        for edge in self.graph.edges:
            same = edge.link.table == child.table.name and edge.link.columns == child.link.columns
            if same and {c for c, _ in edge.changes} & set(edge.link.columns):
                yield edge

    def _sharing(self, rules: TableRules, sharing: set[str]) -> Condition | None:
        """When a row is also somebody else's: one who stays, or whose row is shared itself."""
        asks: list[Condition] = []
        if all(p.place.shared == "any" for p in rules.places):
            return None
        able = self.graph.reached()
        for edge in self.graph.owners(rules.table):
            theirs = self.tables.get(edge.giver)
            if theirs is None or edge.giver not in able:
                continue  # its rows can be nobody's, so they make nobody an owner
            leaves = Gathered(theirs.number, none_of=Reason.SHARED if edge.giver in sharing else 0)
            other = All((Not(leaves), self._alive(theirs)))
            if edge.ownership == "owned":
                asks.append(LeadsTo(edge.link, other))
            else:
                asks.append(PointedAt(edge.link, other))
        selves = [where(p) for p in rules.places if p.place.person == "self"]
        mine = [where(p) for p in rules.places if p.place.shared == "mine"]
        for parts, others in ((selves, True), (mine, False)):
            if parts and asks:
                self.alone.append((rules, (Any(tuple(parts))), others))
        return Any(tuple(asks)) if asks else None

    def _alive(self, theirs: TableRules) -> Condition:
        """Whether a row is not the skeleton of somebody who left before."""
        left = [p for p in theirs.places if p.place.person == "self" and p.place.skeleton and p.place.at_end]
        parts = [Any((Not(where(p)), Undone(tuple(p.place.at_end.items())))) for p in left]
        return All(tuple(parts))
