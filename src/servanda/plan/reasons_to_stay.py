"""The reasons for which rows stay when their person is erased, as one condition per table and reason.

    shared       another person owns the row, too          evaluated from persons outwards
    held         a hold covers the row, or its person
    by law       the ground of some field is not over
    declared     stores.yaml says `erase: anonymise` or `erase: keep`; or no category names all that the row holds
    pointed at   a row that stays references it            evaluated children first; in cycles, until stable

Each is at most one statement per table, and none if the reason cannot occur.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from servanda.persons.collect import Reach
from servanda.persons.holds import HeldRows, Hold
from servanda.persons.routes import Child, children
from servanda.persons.subject_graph import Component, Edge, StoreGraph
from servanda.plan.load import held
from servanda.plan.retention_limits import (
    Limit,
    has_unbound_minimum,
    is_set_to_null,
    kept_by_law,
    limits_after_erasure,
    where,
    without_legal_minimum,
)
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.obstacles import unnamed_columns
from servanda.stores.binding.open_stores import OpenStores
from servanda.stores.selection import (
    All,
    Any,
    Condition,
    Equals,
    Gathered,
    LeadsTo,
    Not,
    PointedAt,
    Undone,
)
from servanda.stores.sql.erasure import EMPTIED, STAYS, UNTOUCHED, ErasureStatements
from servanda.stores.sql.person_rows import Reason


@dataclass(slots=True)
class TableRules:
    """The rules for the gathered rows of one table. `recheck` is evaluated again by the DELETE.

    `pointed_from` are the references of rows that keep these if they stay: each with its table, if all its rows were
    gathered, so that only those that stay for a reason matter; else with “”.
    `rows_held`: a hold covers rows of this table by a condition, whosever they are.
    """

    table: str
    number: int
    places: tuple[BoundPlace, ...]
    limits: dict[str, list[Limit]]
    reasons: list[tuple[Reason, Condition]] = field(default_factory=list)
    pointed_from: list[tuple[str, Condition]] = field(default_factory=list)
    pointed_at_in_cycle: list[tuple[str, Condition]] = field(default_factory=list)
    cycle: list[Child] = field(default_factory=list)
    recheck: Condition | None = None
    rows_held: bool = False

    @property
    def may_stay(self) -> bool:
        """Whether any reason to stay can occur in this table."""
        return bool(self.reasons or self.pointed_from or self.pointed_at_in_cycle)

    def reasons_now(
        self, staying: set[str], *, held: bool
    ) -> tuple[list[tuple[Reason, Condition]], tuple[object, ...]]:
        """The reasons to evaluate if only rows of the tables in `staying` stay, with or without holds; and a name."""
        chosen = [(t, condition) for t, condition in self.pointed_from if not t or t in staying]
        own = [(flag, condition) for flag, condition in self.reasons if held or flag != Reason.HELD]
        pointed = [(Reason.POINTED, Any(tuple(c for _, c in chosen)))] if chosen else []
        return own + pointed, (held, *(t for t, _ in chosen))


@dataclass(slots=True)
class StoreRules:
    """The reasons for which rows stay in one store, on one day and under its holds.

    `shared` are the conditions for shared rows, in the order of ownership; `shared_outright` those that need no
    propagation: rows of other persons, and places with `shared: mine`. With `only`, rows of all other places stay.
    """

    stores: OpenStores
    reach: Reach
    today: date
    holds: Sequence[Hold]
    only: frozenset[str] | None = None
    statements: ErasureStatements = field(init=False)
    tables: dict[str, TableRules] = field(default_factory=dict)
    order: list[tuple[Component, list[TableRules]]] = field(default_factory=list)
    shared: list[tuple[list[tuple[TableRules, Condition]], bool]] = field(default_factory=list)
    shared_outright: list[tuple[TableRules, Condition, bool]] = field(default_factory=list)
    mention_reasons: dict[int, list[tuple[Reason, Condition]]] = field(default_factory=dict)
    sharing: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.statements = ErasureStatements(self.reach.rows)
        numbers = self.reach.numbers
        for table, number in numbers.items():
            places = self.graph.places[table]
            limits = {p.name: limits_after_erasure(self.stores.binding, p, self.today) for p in places}
            self.tables[table] = TableRules(table, number, places, limits)
        sharing = self.sharing = self.graph.shareable() & numbers.keys()
        listed = {s.place for hold in self.holds for s in hold.scope if isinstance(s, HeldRows)}
        for rules in self.tables.values():
            rules.rows_held = any(p.name in listed for p in rules.places)
        self.mention_reasons = {
            n: r for n, edge in self.reach.mentions.items() if (r := self._mention_reasons(edge, sharing))
        }
        for component in self.graph.deletion_order():
            tables = [self.tables[t] for t in component.tables if t in numbers]
            for rules in tables:
                self._add_reasons(rules)
            for rules in tables:
                self._add_pointed_at(rules, component, sharing)
            self.order.append((component, tables))
        for component in self.graph.ownership_order():
            tables = [self.tables[t] for t in component.tables if t in sharing]
            conditions = [(r, c) for r in tables if (c := self._shared_condition(r, sharing)) is not None]
            if conditions:
                self.shared.append((conditions, component.cyclic))

    @property
    def graph(self) -> StoreGraph:
        """The subject graph of the store."""
        return self.reach.graph

    # -- the rules of each table ---------------------------------------------------------------

    def _add_reasons(self, rules: TableRules) -> None:
        """Add the reasons of a table that do not depend on other rows: law, holds, declared, outside of `only`."""
        law = [s for p in rules.places if (s := kept_by_law(p, rules.limits[p.name])) is not None]
        law += [where(p) for p in rules.places if has_unbound_minimum(p)]
        covered = [
            All((where(p), c)) for p in rules.places if (c := held(self.stores, p, self.holds)) is not None
        ]
        declared = [
            where(p) for p in rules.places if p.place.erase in ("anonymise", "keep") or self._holds_more(p)
        ]
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
            rules.recheck = All(tuple(Not(part) for part in law))

    def _holds_more(self, place: BoundPlace) -> bool:
        """Whether rows hold columns that no category names: they are emptied. A person's own row goes whole."""
        return place.place.person != "self" and bool(unnamed_columns(self.stores.binding, place))

    def _mention_reasons(self, edge: Edge, sharing: set[str]) -> list[tuple[Reason, Condition]]:
        """The reasons for which a mention stays: a hold, a law on the columns to empty, or the named row stays."""
        place, reasons = self.stores.binding.places[edge.place], []
        covered = held(self.stores, place, self.holds)
        if covered is not None:
            reasons.append((Reason.HELD, (covered)))
        over = self.without_legal_minimum(edge)
        if over is not None:
            reasons.append((Reason.LAW, (Not(over))))
        if edge.giver in sharing:
            leaves = Gathered(self.tables[edge.giver].number, none_of=Reason.SHARED)
            reasons.append((Reason.SHARED, Not(LeadsTo(edge.link, leaves))))
        return reasons

    def without_legal_minimum(self, edge: Edge) -> Condition | None:
        """The rows in which no law keeps the columns that a reference empties; None: all rows."""
        place = self.stores.binding.places[edge.place]
        return without_legal_minimum(place, self.tables[edge.taker].limits[edge.place], dict(edge.changes))

    def _add_pointed_at(self, rules: TableRules, component: Component, sharing: set[str]) -> None:
        """Add the reason POINTED: a referencing row that stays keeps the row, at least anonymised."""
        every: dict[tuple[str, tuple[str, ...], str], Child] = {}
        for place in rules.places:
            for child in children(self.stores.binding, place):
                if child.real is None and set(child.link.to_columns) & place.place.at_end.keys():
                    continue  # references a column that is emptied: keeping the row would not help
                every.setdefault((child.table.name, child.link.columns, repr(child.link.when)), child)
        for (table, columns, _), child in every.items():
            if table in component.tables:
                rules.cycle.append(child)
            gathered = self._all_gathered(child, component, sharing)
            if gathered and not self.tables[table].may_stay:
                continue
            gone = self._is_gone(child)
            if child.real is not None and child.real.on_delete == "SET NULL" and gone is None:
                continue
            condition = PointedAt(child.link, None if gone is None else Not(gone))
            if table in component.tables and table in self.tables:
                rules.pointed_at_in_cycle.append((f"{table}:{','.join(columns)}", condition))
            else:
                rules.pointed_from.append((table if gathered else "", condition))

    def _all_gathered(self, child: Child, component: Component, sharing: set[str]) -> bool:
        """Whether every row that references a gathered one was gathered, and can be nobody else's."""
        theirs = self.tables.get(child.table.name)
        if theirs is None or child.table.name in sharing | set(component.tables):
            return False
        return any(
            e.ownership == "owned"
            and e.link.columns == child.link.columns
            and not e.where
            and not e.link.nobody
            for e in self.graph.owners(child.table.name)
            if e.link.when == child.link.when and e.link.to_table == child.link.to_table
        )

    def _is_gone(self, child: Child) -> Condition | None:
        """When a referencing row is deleted or redirected before this row's turn; None: never."""
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
        if any(
            is_set_to_null(p, theirs.limits[p.name], c) for p in theirs.places for c in child.link.columns
        ):
            ways.append(Gathered(theirs.number, any_of=EMPTIED, none_of=UNTOUCHED))
        ways += [way for edge in self._replacing_edges(child) for way in self._redirected(theirs, edge)]
        return Any(tuple(ways))

    def _redirected(self, theirs: TableRules, edge: Edge) -> Iterator[Condition]:
        """When the reference of a row that stays is changed, so that it no longer leads to a leaving person."""
        if edge.ownership == "owned":
            yield Gathered(theirs.number, any_of=Reason.SHARED, none_of=Reason.HELD | Reason.LAW)
        number = next((n for n, e in self.reach.mentions.items() if e is edge), None)
        if number is not None:
            yield Gathered(number, none_of=Reason.HELD | Reason.LAW | Reason.SHARED)
            own = Gathered(theirs.number, any_of=STAYS, none_of=Reason.HELD | Reason.APART)
            over = self.without_legal_minimum(edge)
            yield own if over is None else All((own, over))

    def _replacing_edges(self, child: Child) -> Iterator[Edge]:
        """The edges whose changes overwrite the columns of this reference."""
        for edge in self.graph.edges:
            same = edge.link.table == child.table.name and edge.link.columns == child.link.columns
            if same and {c for c, _ in edge.changes} & set(edge.link.columns):
                yield edge

    def _shared_condition(self, rules: TableRules, sharing: set[str]) -> Condition | None:
        """When a row is shared: one of its owners stays, or is a shared row itself. None if it never is."""
        conditions: list[Condition] = []
        if all(p.place.shared == "any" for p in rules.places):
            return None
        able = self.graph.person_tables()
        for edge in self.graph.owners(rules.table):
            theirs = self.tables.get(edge.giver)
            if theirs is None or edge.giver not in able:
                continue  # its rows belong to no person, so they make no one an owner
            leaves = Gathered(theirs.number, none_of=Reason.SHARED if edge.giver in sharing else 0)
            other = All((Not(leaves), self._has_owner(edge.giver)))
            if edge.ownership == "owned":
                conditions.append(LeadsTo(edge.link, other))
            else:
                conditions.append(PointedAt(edge.link, other))
        selves = [where(p) for p in rules.places if p.place.person == "self"]
        mine = [where(p) for p in rules.places if p.place.shared == "mine"]
        for parts, others in ((selves, True), (mine, False)):
            if parts and conditions:
                self.shared_outright.append((rules, (Any(tuple(parts))), others))
        return Any(tuple(conditions)) if conditions else None

    def _has_owner(self, table: str, seen: frozenset[str] = frozenset()) -> Condition:
        """Whether a row still belongs to somebody: to a person who was not erased, over whatever rows lead there.

        A row that a law keeps of an erased person, or that leads to no person, makes nobody an owner. In a cycle of
        references the row counts as somebody's.
        """
        if table in seen:
            return All(())
        places = self.graph.places[table]
        ways: list[Condition] = [
            All((where(p), self._not_anonymised(p))) for p in places if p.place.person == "self"
        ]
        able = self.graph.person_tables()
        for edge in self.graph.owners(table):
            if edge.giver in able:
                owner = self._has_owner(edge.giver, seen | {table})
                rows = tuple(Equals(column, value) for column, value in edge.where)
                if edge.ownership == "owned":
                    ways.append(All((*rows, LeadsTo(edge.link, owner))))
                else:
                    ways.append(PointedAt(edge.link, All((*rows, owner))))
        return Any(tuple(ways)) if ways else All(())

    def _not_anonymised(self, place: BoundPlace) -> Condition:
        """Whether a person's own row is not the anonymised row of somebody who was erased before."""
        if place.place.skeleton and place.place.at_end:
            return Undone(tuple(place.place.at_end.items()))
        return All(())
