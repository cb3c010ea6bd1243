"""Orphans: rows with personal data that belong to no person, because no reference leads to one.

The reference is NULL, a value that means “nobody”, or the parent is gone. No request can reach such a row; only
retention ends it.
"""

from __future__ import annotations

from servanda.persons.subject_graph import StoreGraph
from servanda.stores.sql.archive_table import database
from servanda.stores.sql.links import equals, joined
from servanda.stores.verbs import Session


def orphans(graph: StoreGraph, session: Session) -> dict[str, int]:
    """The number of orphans in each table whose rows should belong to persons."""
    import sqlalchemy as sa

    opened = database(session)
    found: dict[str, int] = {}
    for table in sorted(graph.person_tables()):
        living = graph.places[table]
        if any(p.place.person == "self" and not p.place.where for p in living):
            continue
        row = opened.table_of(table)
        lost = []
        for edge in graph.owners(table):
            other = edge.link.to_table if edge.ownership == "owned" else edge.link.table
            there = opened.table_of(other).alias()
            source, target = (row, there) if edge.ownership == "owned" else (there, row)
            met = [joined(opened.store, edge.link, source, target)]
            met += [equals(source.c[name], value) for name, value in edge.where]
            lost.append(~sa.exists(sa.select(sa.literal(1)).select_from(there).where(*met)))
        for place in living:
            if place.place.person == "self":
                lost.append(~sa.and_(*(equals(row.c[n], v) for n, v in place.place.where.items())))
        count = opened.first(sa.select(sa.func.count()).select_from(row).where(*lost))
        found[table] = int(count[0])
    return found
