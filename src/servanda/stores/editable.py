"""Why a column cannot be one that persons change themselves: found when the stores document is bound.

What proves who somebody is, and what rows are known by, is not theirs to change without anybody: it is put
right on request, once somebody has looked at it. Law: GDPR 16 rectification, 32 security.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.stores.document import Place
from servanda.stores.secret import secrets
from servanda.stores.shape import Table


def editable_faults(place: Place, table: Table) -> Iterator[tuple[str, str, str]]:
    """What is wrong with `editable:` of a place: the column, why, and what to do."""
    for name in place.editable:
        column = table.columns.get(name)
        if column is None:
            yield name, f"table {table.name} has no column {name}", "name one of its columns"
        elif place.person != "self":
            yield (
                name,
                f"{name} cannot be edited: a row of {table.name} is no person",
                "let editable name columns of a place with person: self",
            )
        elif name in place.identifiers.values() or name in table.key:
            yield (
                name,
                f"{name} cannot be edited by the person: the row is known by it",
                "take it out: it is put right on request, with rectification",
            )
        elif column.generated:
            yield name, f"{name} cannot be edited: the database computes it", "take it out"
        elif secrets(place, (name,)):
            yield name, f"{name} cannot be edited: it proves who somebody is", "take it out"
        elif name in {flag.column for flag in place.flags.values()}:
            yield name, f"{name} is written by Servanda: it is a flag of the place", "take it out"
