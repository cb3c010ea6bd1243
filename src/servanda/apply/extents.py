"""How far a place has come: its greatest key, by which a database that is older than the ledger is noticed.

An erasure may take the rows with the greatest keys. Where the store does not count by itself, what is known is
brought down with it, so that nobody takes our own erasure for a restored backup.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from servanda.database import Database, tables
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.sql.session import Session


def has_numeric_key(place: BoundPlace) -> bool:
    """Whether the greatest key of a place says how far it has come: one number, of a table of its own."""
    key = place.table.key
    return (
        not place.place.files
        and not place.place.where
        and len(key) == 1
        and place.table.columns[key[0]].number
    )


def uncounted(db: Database) -> set[str]:
    """The places of which only the greatest key is known."""
    extent = tables.extent
    with db.read() as connection:
        return set(connection.execute(sa.select(extent.c.place).where(extent.c.counted == 0)).scalars())


def greatest_keys(session: Session, places: Sequence[BoundPlace]) -> list[int | None]:
    """The greatest key of each place, in one statement; None where nothing is there."""
    tops: list[Any] = []
    for place in places:
        row = session.table_of(place.table.name)
        tops.append(sa.select(sa.func.max(row.c[place.table.key[0]])).scalar_subquery())
    found = session.first(sa.select(*tops)) if tops else ()
    return [None if top is None else int(top) for top in found or ()]


def lower_extents(connection: sa.Connection, shrunk: Sequence[tuple[BoundPlace, int]]) -> None:
    """Note the greatest keys of places in which rows were erased; what was known to be lower stays."""
    extent = tables.extent
    for place, top in shrunk:
        lower = sa.update(extent).where(extent.c.place == place.name, extent.c.greatest > top)
        connection.execute(lower.values(greatest=top))
