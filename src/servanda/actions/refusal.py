"""Why a column cannot take a change, and why rows of a table cannot go, decided from the shape of the table alone.

The plan, the pre-flight of `apply`, an erasure and the rules of `check` use it, so that they agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from servanda.stores.document.change import Change
from servanda.stores.fitting import is_json, misfit
from servanda.stores.shape import Column, Table, null_is_a_value


def refuses(table: Table, column: Column, change: Change) -> str:
    """Why a column cannot take a change; empty if it can."""
    empties = change == Change()
    if column.name in table.key:
        return "it is part of the key"
    if column.generated:
        return "the database computes it"
    if column.name in table.pointed_at:
        return "a foreign key leads to it, and its rows would point at nothing; point at the key instead"
    if table.instead_of("UPDATE"):
        return f"the rule {table.instead_of('UPDATE')} does something else in the place of an UPDATE; drop it"
    if empties:
        return _refuses_null(table, column)
    return _not_unique(table, column, change) or misfit(column, change) or _checked(table, column, change)


def refuses_delete(table: Table) -> str:
    """Why no row of a table can be deleted, whatever is asked of the database; empty if they can."""
    rule = table.instead_of("DELETE")
    return f"the rule {rule} does something else in the place of a DELETE; drop it" if rule else ""


def refused(table: Table, changes: Iterable[tuple[str, Change]]) -> list[tuple[str, str]]:
    """The columns that cannot take their changes, each with the reason."""
    known = (
        (name, refuses(table, table.columns[name], change))
        for name, change in changes
        if name in table.columns
    )
    return [(name, why) for name, why in known if why]


# -- NULL ------------------------------------------------------------------------------------


def _refuses_null(table: Table, column: Column) -> str:
    if not column.nullable:
        return "it is NOT NULL; give a constant"
    if any(_check_refuses_null(check, column.name) for check in table.checks):
        return "a CHECK asks that it is not NULL; drop the check"
    for name in _computed_from(table, column):
        if not table.columns[name].nullable:
            return f"{name} is computed from it and NOT NULL"
    index = next((i for i in table.unique_indexes if i.nulls and column.name in i.columns), None)
    return f"the unique index {index.name} takes NULL only once; use pseudonym" if index is not None else ""


def _check_refuses_null(check: str, column: str) -> bool:
    """Whether a CHECK may be violated by NULL: an unknown result passes, so only one that treats NULL as a value."""
    named = column.lower() in re.findall(r"\w+", check.lower())
    bare = re.sub(r"[\s()\"`\[\]]+", " ", check).strip().lower()
    passes = bare.startswith(f"{column.lower()} is null or ") or bare.endswith(
        f" or {column.lower()} is null"
    )
    return named and null_is_a_value(check) and not passes


# -- unique, checked -------------------------------------------------------------------------


def _computed_from(table: Table, column: Column) -> list[str]:
    """The columns that the database computes from this one."""
    word = re.compile(rf"\b{re.escape(column.name)}\b", re.IGNORECASE)
    return [c.name for c in table.columns.values() if c.computed_from and word.search(c.computed_from)]


def _not_unique(table: Table, column: Column, change: Change) -> str:
    names = {column.name, *_computed_from(table, column)}
    plain = any(names & set(unique) for unique in table.unique)
    other = next((i for i in table.unique_indexes if names & set(i.columns)), None)
    if not plain and other is None:
        return ""
    if change.constant is not None:
        return "it is unique, and a constant is not; use pseudonym or make it nullable"
    if change.pseudonym and (
        other is None or column.name not in other.columns or not _shortens(other.name, table)
    ):
        return ""
    if change.pseudonym:
        return "a unique index takes only its beginning, where pseudonyms may be equal; make it nullable"
    return "it is unique, and two rows may be left with the same value; use pseudonym or make it nullable"


def _shortens(index: str, table: Table) -> bool:
    """Whether a unique index takes only the beginning of a value."""
    return any(i.name == index and i.prefix for i in table.unique_indexes)


def _checked(table: Table, column: Column, change: Change) -> str:
    names = {column.name.lower(), *(name.lower() for name in _computed_from(table, column))}
    for check in table.checks:
        if not names & set(re.findall(r"\w+", check.lower())):
            continue
        if re.fullmatch(r"\W*json_valid\W*\w+\W*", check, re.IGNORECASE) and is_json(change.constant):
            continue
        return "a CHECK constrains it; set it to null, or drop the check"
    return ""
