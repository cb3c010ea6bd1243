"""`servanda stores graph` in words and as JSON: who is reached from where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from servanda.persons.subject_graph import Edge, StoreGraph


def text(graph: StoreGraph, orphans: Mapping[str, int]) -> Iterator[tuple[str, str, str]]:
    """Yield the graph as a tree that begins at the tables of persons: (table, link, note) per line."""
    printed: set[str] = set()
    for table in dict.fromkeys(p.table.name for p in graph.roots):
        names = sorted({n for p in graph.places[table] for n in p.place.identifiers})
        yield table, "persons" + (f", by {', '.join(names)}" if names else ""), _note(graph, table, orphans)
        printed.add(table)
        yield from _below(graph, table, 1, printed, orphans)
    for table in graph.places:
        if table not in graph.person_tables():
            mentioned = any(e.taker == table for e in graph.mentions())
            yield table, "only names persons" if mentioned else "reaches nobody", _note(graph, table, orphans)


def _below(
    graph: StoreGraph, table: str, depth: int, printed: set[str], orphans: Mapping[str, int]
) -> Iterator[tuple[str, str, str]]:
    edges: set[tuple[str, str]] = set()
    for edge in graph.edges:
        if edge.giver != table or edge.ownership == "none" or (edge.taker, how(edge)) in edges:
            continue
        edges.add((edge.taker, how(edge)))
        repeated = edge.taker in printed
        name = f"{'  ' * depth}└ {edge.taker}"
        yield (
            name,
            how(edge),
            "" if repeated or edge.ownership == "mentions" else _note(graph, edge.taker, orphans),
        )
        if not repeated and edge.ownership != "mentions":
            printed.add(edge.taker)
            yield from _below(graph, edge.taker, depth + 1, printed, orphans)


def how(edge: Edge) -> str:
    """Describe an edge in words: “owned, by email in any case”."""
    link = edge.link
    column = f"{link.columns[0]}.{link.path}" if link.path else " + ".join(link.columns)
    ways = {"folded": " in any case", "lower": " in small letters"}
    words = f"{edge.ownership}, by {column}{ways.get(link.compare, '')}"
    if link.compare in ("md5", "sha1", "sha256"):
        words += f" as {link.compare}"
    return words + "".join(f", {name} = {value}" for name, value in link.when)


def _note(graph: StoreGraph, table: str, orphans: Mapping[str, int]) -> str:
    notes = []
    if orphans.get(table):
        notes.append(f"{orphans[table]} rows of nobody")
    if not graph.shape[table].key:
        notes.append("no key: not reached by requests")
    return "; ".join(notes)


def as_json(graph: StoreGraph, orphans: Mapping[str, int]) -> dict[str, Any]:
    """The graph as JSON."""
    reached = graph.person_tables()
    tables = [
        {
            "table": table,
            "places": [p.name for p in living],
            "person": any(p.place.person == "self" for p in living),
            "reached": table in reached,
            "shared": table in reached and graph.may_have_several_owners(table),
            "orphans": orphans.get(table, 0),
        }
        for table, living in graph.places.items()
    ]
    edges = [
        {
            "place": e.place,
            "reference": e.label,
            "ownership": e.ownership,
            "from": e.link.table,
            "columns": list(e.link.columns),
            "to": e.link.to_table,
            "on": list(e.link.to_columns),
            "compare": e.link.compare,
            "when": dict(e.link.when),
        }
        for e in graph.edges
    ]
    return {"tables": tables, "edges": edges, "order": [list(c.tables) for c in graph.deletion_order()]}
