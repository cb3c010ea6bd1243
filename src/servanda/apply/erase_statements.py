"""The statements that carry out an erasure, in their order: first what stays is emptied, then what goes goes.

Children go before what they point at. A circle of foreign keys is opened by a reference that may be NULL;
a table that points at itself by one that may not is unwound from its outermost rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from servanda.persons.subject_graph import Edge, components
from servanda.plan.erasure import StoreEraser
from servanda.plan.limits import groups, where
from servanda.plan.reasons import TableRules
from servanda.stores.selection import Condition, Gathered, LeadsTo
from servanda.stores.sql.erasure import EMPTIED, STAYS, UNTOUCHED, ErasureStatements
from servanda.stores.sql.person_rows import APART, HELD, LAW, SHARED

End = tuple[str, Callable[[], int]]
"""The place whose rows a statement ends, and the statement; it returns how many."""


def changes(eraser: StoreEraser) -> Iterator[End]:
    """What lets rows that stay lead elsewhere, and empties them: in this order, for some lead by what is emptied."""
    tables = [(t, eraser.present.get(t.number, set())) for t in eraser.rules.tables.values()]
    for table, found in tables:
        yield from _loosened(eraser, table, found)
    for number, edge in eraser.reach.mentions.items():
        if edge.changes and edge.erase != "keep" and number in eraser.present:
            yield edge.place, _loosening(eraser, edge, number, unless=HELD | LAW | SHARED)
    for table, found in tables:
        if any(r & EMPTIED and not r & UNTOUCHED for r in found):
            yield from _emptied(eraser, table)


def _emptied(eraser: StoreEraser, table: TableRules) -> Iterator[End]:
    """What empties the fields of rows that stay, where nothing keeps them."""
    change = partial(eraser.rules.ending.change, reasons=EMPTIED, unless=UNTOUCHED)
    for place in table.places:
        listed = groups(place, table.limits[place.name])
        if listed and place.place.erase != "keep":
            named = {"where": where(place), "name": place.name}
            yield place.name, partial(change, table.table, table.number, listed, **named)


def _loosened(eraser: StoreEraser, table: TableRules, found: set[int]) -> Iterator[End]:
    """What lets rows that stay lead to nobody who leaves, by their references: shared ones, and all that they name."""
    for ownership, reasons, unless in (("owned", SHARED, HELD | LAW), ("mentions", STAYS, HELD | APART)):
        if not any(r & reasons and not r & unless for r in found):
            continue
        for edge in eraser.reach.graph.edges:
            theirs = eraser.rules.tables.get(edge.giver)
            mine = edge.taker == table.table and edge.ownership == ownership
            if mine and edge.changes and edge.erase != "keep" and theirs is not None:
                leaves = Gathered(theirs.number, none_of=UNTOUCHED)
                met = LeadsTo(edge.link, leaves)
                yield edge.place, _loosening(eraser, edge, table.number, reasons, unless, met)


def _loosening(
    eraser: StoreEraser,
    edge: Edge,
    number: int,
    reasons: int = -1,
    unless: int = 0,
    met: Condition | None = None,
) -> Callable[[], int]:
    over = eraser.rules.free(edge) if edge.ownership == "mentions" else None
    return partial(
        eraser.rules.ending.change,
        edge.taker,
        number,
        [(over, edge.changes)],
        where=where(eraser.stores.binding.places[edge.place]),
        met=met,
        reasons=reasons,
        unless=unless,
        name=f"{edge.place}.{edge.label}",
    )


def deletes(eraser: StoreEraser) -> Iterator[End]:
    """What ends the rows that nothing keeps, children first."""
    rules = eraser.rules
    for component, every in rules.order:
        tables = [t for t in every if 0 in eraser.present.get(t.number, ())]
        if not component.cyclic:
            yield from ((t.places[0].name, partial(_delete, rules.ending, t)) for t in tables)
            continue
        hard: dict[str, list[str]] = {t.table: [] for t in tables}
        for table in tables:
            for child in table.circle:
                if child.real is None or child.table.name not in hard:
                    continue
                loose = [c for c in child.link.columns if child.table.columns[c].nullable]
                if loose:
                    yield "", partial(_loosen, rules.ending, rules.tables[child.table.name], loose[0])
                elif child.table.name != table.table:
                    hard[table.table].append(child.table.name)
        for part in components(hard):
            for name in part.tables:
                table = rules.tables[name]
                yield table.places[0].name, partial(_unwind, rules.ending, table)


def _delete(ending: ErasureStatements, table: TableRules) -> int:
    return ending.delete(table.table, table.number, table.again)


def _loosen(ending: ErasureStatements, table: TableRules, column: str) -> int:
    ending.loosen(table.table, table.number, [column])
    return 0


def _unwind(ending: ErasureStatements, table: TableRules) -> int:
    """Delete rows of a table that may point at itself by a key that cannot be NULL: the outermost first."""
    own = [c for c in table.circle if c.table.name == table.table and c.real is not None]
    fixed = [c.link for c in own if not any(c.table.columns[n].nullable for n in c.link.columns)]
    if not fixed:
        return _delete(ending, table)
    done = 0
    while more := ending.unpointed(table.table, table.number, fixed, table.again):
        done += more
    return done
