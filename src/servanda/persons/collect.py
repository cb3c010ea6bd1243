"""Gathers every row that belongs to some persons in one store, set by set along the subject graph.

    the persons' own rows ─▶ component after component of the graph, cycles in rounds ─▶ rows that mention them

It takes one statement per stage of edges, or per edge and round of a cycle, however many persons there are. The
keys of the rows are kept in temporary tables of the store, until the transaction ends.

Law: GDPR 15(1) and 17(1).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from servanda.persons.person import Human, Person
from servanda.persons.subject_graph import Component, Edge, StoreGraph
from servanda.stores.binding.open_stores import OpenStores
from servanda.stores.sql import archive_table as sql_copy
from servanda.stores.sql.person_rows import EdgeQuery, PersonRows
from servanda.stores.sql.session import Session


@dataclass(slots=True)
class Stage:
    """Edges that are independent and followed together; then the cycles that they lead into."""

    entering: list[EdgeQuery] = field(default_factory=list)
    cycles: list[tuple[Component, list[EdgeQuery]]] = field(default_factory=list)


@dataclass(slots=True)
class Reach:
    """The gathered rows of some persons in one store. `mentions` are the edges that only name them, by number.

    `gathered_tables` are the tables with gathered rows, `own_tables` those with rows that are the persons themselves.
    `own` holds these rows, if they were locked, by table, each with the number of the person.
    """

    graph: StoreGraph
    session: Session
    rows: PersonRows
    mentions: dict[int, Edge]
    flow: list[Stage]
    mention_queries: list[EdgeQuery]
    gathered_tables: set[str] = field(default_factory=set)
    own_tables: set[str] = field(default_factory=set)
    own: dict[str, list[tuple[int, dict[str, Any]]]] = field(default_factory=dict, repr=False)
    doubtful: dict[int, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, stores: OpenStores, graph: StoreGraph) -> Reach:
        """Prepare to follow a graph: creates the temporary tables; outside of any transaction."""
        tables = sorted(
            t for t in graph.person_tables() | {e.taker for e in graph.mentions()} if graph.shape[t].key
        )
        numbers = {table: n for n, table in enumerate(tables)}
        named = [e for e in graph.mentions() if {e.giver, e.taker} <= numbers.keys()]
        mentions = {len(numbers) + i: edge for i, edge in enumerate(named)}
        session = sql_copy.database(stores.sessions[graph.store])
        rows = PersonRows(session, numbers)
        rows.ready()
        mention_queries = [
            EdgeQuery(
                e.link, e.where, n, numbers[e.giver], False, False, numbers[e.taker], graph.is_unique(e), True
            )
            for n, e in mentions.items()
        ]
        return cls(graph, session, rows, mentions, _flow(graph, numbers), mention_queries)

    @property
    def numbers(self) -> dict[str, int]:
        """The number of each table whose rows can be gathered."""
        return dict(self.rows.numbers)

    def gather(
        self,
        humans: Sequence[Human],
        *,
        rows: Sequence[Human] = (),
        reading: bool = True,
        lock: bool = False,
    ) -> None:
        """Gather every row of some persons, each with its number in `humans`; inside a transaction.

        `rows` are further known rows of theirs. With `lock` their own rows are locked and read first. With
        `reading` no row of the application is locked. A remembered row counts only if it exists and is still the
        same; `doubtful` gets the places of those that exist and have changed, by the number of the person.
        """
        self.rows.clear()
        self.own = {}
        self.doubtful = {}
        seeds, known = self._seeds(humans), self._seeds(rows)
        for table, keys in seeds.items():
            self.rows.seed(table, [(n, key[1:]) for key, n in keys.items()])
            if lock:
                self.own[table] = self.rows.lock_own_rows(table)
        for table, keys in known.items():
            more = [(n, key[1:]) for key, n in keys.items() if key not in seeds.get(table, {})]
            self.rows.seed(table, more, persons=False)
        changed = self._remove_others(humans, rows)
        gathered_tables, self.own_tables = {*seeds, *known}, {*seeds}
        self.gathered_tables = gathered_tables
        roots = {p.table.name for p in self.graph.roots}
        fresh = gathered_tables <= roots
        for stage in self.flow:
            entering = stage.entering if fresh else [replace(e, fresh=False) for e in stage.entering]
            gathered_tables |= self._follow(entering, gathered_tables, reading)
            for component, inside in stage.cycles:
                if gathered_tables & set(component.tables):
                    self._follow_cycle(inside, reading)
                    gathered_tables |= set(component.tables)
        self._follow(self.mention_queries, gathered_tables, reading)
        for table, persons in changed.items():
            again = {(number, _as_text(table_key)) for number, table_key in self._keys(table)}
            for number, person in persons:
                if (number, _as_text(person.key)) not in again:
                    self.doubtful.setdefault(number, []).append(person.place)

    def _remove_others(
        self, humans: Sequence[Human], rows: Sequence[Human]
    ) -> dict[str, list[tuple[int, Person]]]:
        """Take out remembered rows that are gone or have changed. Returns those that have changed, by table.

        The application may have deleted a row since, and its database given the key to somebody else's.
        """
        places = {p.name: (table, p) for table, living in self.graph.places.items() for p in living}
        remembered: dict[str, dict[tuple[int, tuple[str, ...]], Person]] = {}
        for number, human in ((n, h) for part in (humans, rows) for n, h in enumerate(part)):
            for person in human:
                if person.content and person.place in places and places[person.place][0] in self.rows.numbers:
                    known = remembered.setdefault(places[person.place][0], {})
                    known.setdefault((number, _as_text(person.key)), person)
        changed: dict[str, list[tuple[int, Person]]] = {}
        for table, known in remembered.items():
            gone = dict(known)
            for number, row in self.rows.all_rows(table):
                at = (number, _as_text(row[c] for c in self._key_of(table)))
                if at not in known:
                    continue
                remembered_row = gone.pop(at)
                if not remembered_row.is_still(row, places[remembered_row.place][1]):
                    changed.setdefault(table, []).append((number, remembered_row))
            lost = [(number, person.key) for (number, _), person in gone.items()]
            self.rows.remove(table, [*lost, *((n, p.key) for n, p in changed.get(table, ()))])
        return changed

    def _key_of(self, table: str) -> tuple[str, ...]:
        return tuple(self.session.store.shape.tables[table].key)

    def _keys(self, table: str) -> Iterator[tuple[int, tuple[Any, ...]]]:
        for number, row in self.rows.all_rows(table):
            yield number, tuple(row[c] for c in self._key_of(table))

    def _seeds(self, humans: Sequence[Human]) -> dict[str, dict[tuple[object, ...], int]]:
        """The rows of some persons by table: the number of the person, by that number and the key of the row.

        A remembered key is text where the one that was read has a type; both are one row.
        """
        places = {p.name: t for t, living in self.graph.places.items() for p in living}
        found: dict[str, dict[tuple[object, ...], int]] = {}
        seen: set[tuple[object, ...]] = set()
        for number, human in enumerate(humans):
            for person in sorted(human, key=lambda p: all(isinstance(k, str) for k in p.key)):
                at = (places.get(person.place), number, *_as_text(person.key))
                if at[0] in self.rows.numbers and at not in seen:
                    seen.add(at)
                    found.setdefault(places[person.place], {})[number, *person.key] = number
        return found

    def _follow(self, queries: Sequence[EdgeQuery], gathered_tables: set[str], reading: bool) -> set[str]:
        """Follow the edges that start in gathered tables. Returns the tables that they led to."""
        begun = [a for a in queries if (a.link.table if a.forward else a.link.to_table) in gathered_tables]
        if not begun or not self.rows.follow_all(begun, reading=reading):
            return set()
        counts = self.rows.counts() if len(begun) > 1 else {begun[0].number: 1}
        return {a.link.to_table if a.forward else a.link.table for a in begun if counts.get(a.number)}

    def _follow_cycle(self, inside: list[EdgeQuery], reading: bool) -> None:
        """Follow the edges of a cycle until a round finds nothing new."""
        round_ = 1
        while any([self.rows.follow(query, round_, reading=reading) for query in inside]):  # noqa: C419 (all of them)
            round_ += 1


def _as_text(key: Iterable[Any]) -> tuple[str, ...]:
    """A key as it is compared with a remembered one, whose values were stored as JSON."""
    return tuple(map(str, key))


def _flow(graph: StoreGraph, numbers: dict[str, int]) -> list[Stage]:
    """The components in stages; the edges into a stage start in earlier stages."""
    level: dict[str, int] = {}
    stages: dict[int, Stage] = {}
    for component in graph.ownership_order():
        edges = [e for t in component.tables for e in graph.owners(t) if {e.giver, e.taker} <= numbers.keys()]
        outside = [e for e in edges if not (component.cyclic and e.giver in component.tables)]
        here = 1 + max((level.get(e.giver, 0) for e in outside), default=0)
        level |= dict.fromkeys(component.tables, here)
        stage = stages.setdefault(here, Stage())
        stage.entering += [_edge_query(graph, e, numbers, rounds=False) for e in outside]
        inside = [_edge_query(graph, e, numbers, rounds=True) for e in edges if e not in outside]
        if inside:
            stage.cycles.append((component, inside))
    return [stages[here] for here in sorted(stages)]


def _edge_query(graph: StoreGraph, edge: Edge, numbers: dict[str, int], *, rounds: bool) -> EdgeQuery:
    return EdgeQuery(
        edge.link,
        edge.where,
        numbers[edge.taker],
        numbers[edge.giver],
        forward=edge.ownership == "owns",
        rounds=rounds,
        single=graph.is_unique(edge),
        fresh=not rounds and all(p.table.name != edge.taker for p in graph.roots),
    )
