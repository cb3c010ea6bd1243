"""Somebody who asks to be erased would be refused, since their rows can neither go nor be emptied.

An erasure deletes what nothing keeps and empties the rest. A row must stay where rows that stay point at it:
invoices under accounting law, or rows that nobody mapped. Where nothing says how it is then emptied, or a column
refuses it, the whole erasure is refused, before anything is changed (GDPR 17(1): without undue delay).

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TEXT);
    CREATE TABLE answers (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts, body TEXT);
    CREATE INDEX answers_account ON answers (account_id);
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}
      answers:
        data: account
        person: none
        triggers: {account_closure: {of: author, column: closed_at, open: null}}
        references:
          author: {via: account_id, to: accounts, ownership: mentions, erase: detach}

Good:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TEXT);
    CREATE TABLE answers (id INTEGER PRIMARY KEY, account_id INTEGER REFERENCES accounts, body TEXT);
    CREATE INDEX answers_account ON answers (account_id);
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}
      answers:
        data: account
        person: none
        triggers: {account_closure: {of: author, column: closed_at, open: null}}
        references:
          author: {via: account_id, to: accounts, ownership: mentions, erase: detach}

Say `skeleton: true` and `at_end` at the place, let the reference be NULL, or let it lead to a row that stands
for persons who left (`erase: placeholder`).
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.actions.refusal import refuses
from servanda.persons.routes import Child, children
from servanda.persons.subject_graph import StoreGraph, SubjectGraph
from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View
from servanda.stores.binding.binding import BoundPlace


@rule("SV444", law="GDPR 17(1)", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Check what references write on erasure, and rows that stay below rows to be erased."""
    for graph in SubjectGraph.of(view.bound).stores.values():
        yield from _columns(view, graph)
        for table in sorted(graph.person_tables()):
            for place in graph.places[table]:
                if not place.place.at_end and place.place.erase == "delete" and not place.table.view:
                    yield from _kept(view, graph, place)


def _columns(view: View, graph: StoreGraph) -> Iterator[Finding]:
    for edge in graph.edges:
        place = view.bound.places[edge.place]
        for name, change in edge.changes:
            why = refuses(place.table, place.table.columns[name], change)
            if why:
                path = ("person",) if edge.label == "person" else ("references", edge.label)
                message = f"{place.name}: {name} cannot be emptied when the person leaves: {why}"
                yield fails(view.at(place, *path), message, "make it nullable, or give a placeholder")


def _kept(view: View, graph: StoreGraph, place: BoundPlace) -> Iterator[Finding]:
    """The children of a place that stay when the person is erased."""
    for child in children(view.bound, place):
        if child.real is not None and child.real.on_delete == "SET NULL":
            continue
        why = _stays(graph, child)
        if why and not (view.deletes(place) and child.places):  # reported by a rule on ends
            columns = ", ".join(child.link.columns)
            message = f"{child.table.name} ({columns}) points at {place.name} and {why}: its person cannot be erased"
            fix = f"skeleton: true and at_end: at {place.short}, or let the reference be NULL"
            yield fails(view.at(place), message, fix)


def _stays(graph: StoreGraph, child: Child) -> str:
    """The reason why rows of a child stay on erasure; empty if they are deleted or detached."""
    if not child.places:
        return "no place describes it"
    for edge in graph.edges:
        same_link = edge.link.table == child.table.name and edge.link.columns == child.link.columns
        if (
            same_link
            and {c for c, _ in edge.changes} >= set(child.link.columns)
            and edge.ownership == "mentions"
        ):
            return ""
    for living in child.places:
        keeper = next((p.name for p, r in living.limits if r.outlives_erasure), "")
        if keeper:
            return f"stays for {keeper}"
    return "" if child.table.name in graph.person_tables() else "is nobody’s"
