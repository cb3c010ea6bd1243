"""Copies that the database renews on demand: materialised views, full-text tables over another table.

Which of them follow a table that a sweep changes is written down before its first page and struck out once they were
renewed, so that a crash in between leaves no copy behind: the next sweep renews it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from servanda.database import Database
from servanda.stores.binding.binding import BoundPlace

_SETTING = "copies-to-renew"


def note(db: Database, place: BoundPlace) -> None:
    """Write down that copies of a place's rows must be renewed; before its rows are changed."""
    statements = {copy.renew: copy.name for copy in place.table.copies if copy.renew}
    known = _read(db)
    if statements and not statements.keys() <= known.get(place.store, {}).keys():
        known.setdefault(place.store, {}).update(statements)
        db.set(_SETTING, json.dumps(known))


def due(db: Database, store: str) -> dict[str, str]:
    """The statements that renew the copies of a store that wait for it, each with the name of the copy, in order."""
    return _read(db).get(store, {})


def done(db: Database, store: str, statements: Iterable[str]) -> None:
    """Strike out copies that were renewed."""
    known = _read(db)
    for statement in statements:
        known.get(store, {}).pop(statement, None)
    db.set(_SETTING, json.dumps({name: left for name, left in known.items() if left}))


def waiting(db: Database, place: BoundPlace) -> list[str]:
    """The copies of a place's rows that still wait to be renewed."""
    left = due(db, place.store)
    return [copy.name for copy in place.table.copies if copy.renew in left]


def _read(db: Database) -> dict[str, dict[str, str]]:
    statements: dict[str, dict[str, str]] = json.loads(db.setting(_SETTING) or "{}")
    return statements
