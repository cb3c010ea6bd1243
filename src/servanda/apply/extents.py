"""The extent of a place: its greatest key. If it shrinks, the database was probably restored from a backup.

An erasure may delete the rows with the greatest keys. In stores without counters the stored extent is then
lowered, so that our own erasure is not mistaken for a restored backup.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from servanda.database import Database, tables
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.sql.session import Session


def has_numeric_key(place: BoundPlace) -> bool:
    """Whether a place has an extent: a key of one numeric column, in a table that it does not share."""
    key = place.table.key
    return (
        not place.place.files
        and not place.place.where
        and len(key) == 1
        and place.table.columns[key[0]].number
    )


def uncounted(db: Database) -> set[str]:
    """The places in stores without counters: only their greatest key is known."""
    extent = tables.extent
    with db.read() as connection:
        return set(connection.execute(sa.select(extent.c.place).where(extent.c.counted == 0)).scalars())


def greatest_keys(session: Session, places: Sequence[BoundPlace]) -> list[int | None]:
    """The greatest key of each place, in one statement; None for an empty table."""
    tops: list[Any] = []
    for place in places:
        row = session.table_of(place.table.name)
        tops.append(sa.select(sa.func.max(row.c[place.table.key[0]])).scalar_subquery())
    found = session.first(sa.select(*tops)) if tops else ()
    return [None if top is None else int(top) for top in found or ()]


def lower_extents(connection: sa.Connection, shrunk: Sequence[tuple[BoundPlace, int]]) -> None:
    """Lower the stored extents of places in which rows were erased; never raises one."""
    extent = tables.extent
    for place, top in shrunk:
        lower = sa.update(extent).where(extent.c.place == place.name, extent.c.greatest > top)
        connection.execute(lower.values(greatest=top))
