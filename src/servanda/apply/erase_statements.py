"""The statements of an erasure, in order: UPDATEs of rows that stay, then DELETEs of rows that go.

Children are deleted before their parents. A cycle of foreign keys is broken by setting a nullable reference
to NULL. A table with a NOT NULL reference to itself is deleted in rounds, unreferenced rows first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from servanda.persons.subject_graph import components
from servanda.plan.erasure import StoreEraser
from servanda.plan.reasons_to_stay import TableRules
from servanda.stores.sql.erasure import ErasureStatements

Statement = tuple[str, Callable[[], int]]
"""A place, and a statement that changes or deletes its rows and returns the number of rows."""


def update_statements(eraser: StoreEraser) -> Iterator[Statement]:
    """The statements that redirect references of rows that stay, and empty their fields."""
    for place, emptying in eraser.emptyings():
        yield place, partial(eraser.rules.statements.change, emptying)


def delete_statements(eraser: StoreEraser) -> Iterator[Statement]:
    """The statements that delete the rows without a reason to stay, children first."""
    rules = eraser.rules
    for component, every in rules.order:
        tables = [t for t in every if 0 in eraser.present.get(t.number, ())]
        if not component.cyclic:
            yield from ((t.places[0].name, partial(_delete, rules.statements, t)) for t in tables)
            continue
        required: dict[str, list[str]] = {t.table: [] for t in tables}
        for table in tables:
            for child in table.cycle:
                if child.real is None or child.table.name not in required:
                    continue
                nullable_columns = [c for c in child.link.columns if child.table.columns[c].nullable]
                if nullable_columns:
                    yield (
                        "",
                        partial(
                            _detach, rules.statements, rules.tables[child.table.name], nullable_columns[0]
                        ),
                    )
                elif child.table.name != table.table:
                    required[table.table].append(child.table.name)
        for part in components(required):
            for name in part.tables:
                table = rules.tables[name]
                yield table.places[0].name, partial(_delete_self_referencing, rules.statements, table)


def _delete(statements: ErasureStatements, table: TableRules) -> int:
    return statements.delete(table.table, table.number, table.recheck)


def _detach(statements: ErasureStatements, table: TableRules, column: str) -> int:
    statements.detach(table.table, table.number, [column])
    return 0


def _delete_self_referencing(statements: ErasureStatements, table: TableRules) -> int:
    """Delete rows of a table that may reference itself by a NOT NULL key: unreferenced rows first, in rounds."""
    own = [c for c in table.cycle if c.table.name == table.table and c.real is not None]
    fixed = [c.link for c in own if not any(c.table.columns[n].nullable for n in c.link.columns)]
    if not fixed:
        return _delete(statements, table)
    done = 0
    while more := statements.delete_unreferenced(table.table, table.number, fixed, table.recheck):
        done += more
    statements.require_gone(table.table, table.number, table.recheck)
    return done
