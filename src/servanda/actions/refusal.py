"""Why a column cannot take a change, decided from the shape of the table alone.

Both the pre-flight of `apply` and a rule of `check` use it, so that they agree.
"""

from __future__ import annotations

from servanda.stores.document.change import Change
from servanda.stores.shape import Column, Table


def refuses(table: Table, column: Column, change: Change) -> str:
    """Why a column cannot take a change; empty if it can."""
    empties = change == Change()
    if column.name in table.key:
        return "it is part of the key"
    if column.generated:
        return "the database computes it"
    if empties and not column.nullable:
        return "it is NOT NULL; give a constant"
    if change.constant is not None and any(column.name in u for u in table.unique):
        return "it is unique, and a constant is not; use pseudonym or make it nullable"
    if column.name in table.checked and not empties:
        return "a CHECK constrains it; set it to null, or drop the check"
    if change.pseudonym and column.length is not None and column.length < 36:
        return f"a pseudonym has 36 characters, and it holds {column.length}"
    return ""
