"""What Servanda remembers of a row ends with the row: events, warnings, and latest dates of deleted children.

    rows deleted ─▶ the keys in the lists whose rows are gone ─▶ deleted from Servanda's own tables

An erasure deletes them in the transaction of its outcome; a sweep does it at the end of each step. Whatever a crash or
the application left behind goes at the start of the next sweep. A row that got the key in between is told from the
former one by its mark (`stores.binding.identity`).

Law: GDPR 5(1)(c) and (e).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa

from servanda.database import Database
from servanda.plan.load import Key, key_text, remembered_lists
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.open_stores import OpenStores
from servanda.stores.sql.archive_table import database

Forget = Callable[[sa.Connection], None]


@dataclass(frozen=True, slots=True)
class Gone:
    """Keys whose rows are gone, and the records to delete with them."""

    records: sa.ColumnElement[bool]
    table: sa.Table
    keys: tuple[Key, ...]

    def forget(self, connection: sa.Connection) -> None:
        """Delete the records."""
        of_key = sa.and_(self.records, self.table.c.parent_key == sa.bindparam("gone"))
        connection.execute(
            sa.delete(self.table).where(of_key), [{"gone": key_text(key)} for key in self.keys]
        )


def gone(stores: OpenStores, places: list[BoundPlace]) -> Iterator[Gone]:
    """The keys in the lists of some places whose rows are gone; they leave the lists."""
    for place in places:
        lists = list(remembered_lists(place))
        if not lists or not place.table.key or place.place.files:
            continue
        session = database(stores.session_of(place))
        if session.partitions.detached(place.table.name):
            continue  # rows of a detached partition have not left
        for one in lists:
            for keys in session.remove_missing(one.name, place.table.name):
                yield Gone(one.records, one.table, tuple(keys))


def forget_gone(stores: OpenStores, db: Database, places: list[BoundPlace]) -> None:
    """Delete what is remembered of rows of some places that are gone."""
    for one in gone(stores, places):
        with db.begin() as connection:
            one.forget(connection)


def to_forget(stores: OpenStores, names: set[str]) -> Forget:
    """A write that deletes what is remembered of the rows that are gone now; looks into the stores at once."""
    places = [stores.binding.places[name] for name in sorted(names)]
    return partial(_forget_all, list(gone(stores, places)))


def _forget_all(each_gone: list[Gone], connection: sa.Connection) -> None:
    for one in each_gone:
        one.forget(connection)
