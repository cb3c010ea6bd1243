"""What Servanda's tables know of archived rows: whose each is, when it ends, where it lies; and whom the archives know.

Law: GDPR 5(2) evidence; 15 and 17 reach what is archived, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from servanda.database import tables


@dataclass(frozen=True, slots=True)
class Archived:
    """One archived row as Servanda's tables know it: whose it is, when it ends, where it lies.

    A key may be given again, so `whose` tells its person from others who had that key: the digest of the hashes that
    `archived_name` has of them; empty where nothing was known of them but the key.
    """

    place: str
    promise: str
    row_key: str
    fingerprint: str
    last_day: str
    trigger_day: str
    person_place: str
    person_key: str
    segment: str
    position: int
    length: int
    data_key: str
    whose: str = ""

    @property
    def bound_to(self) -> str:
        """What its ciphertext is bound to."""
        return "\n".join(  # noqa: FLY002
            (self.segment, self.place, self.promise, self.row_key, self.fingerprint, self.last_day)
        )


def of_row(row: Mapping[str, Any]) -> Archived:
    """One archived row, from a row of Servanda's table."""
    return Archived(**{name: row[name] for name in Archived.__slots__})


def same_row(row: Archived) -> sa.ColumnElement[bool]:
    """Whether a recorded row is this one."""
    table = tables.archived
    keys = ("place", "promise", "row_key", "fingerprint", "last_day")
    return sa.and_(*(table.c[k] == getattr(row, k) for k in keys))


def drop(connection: Connection, rows: Sequence[Archived]) -> None:
    """Forget rows whose keys are destroyed, and what persons were known by of whom nothing is archived any more."""
    for row in rows:
        connection.execute(sa.delete(tables.archived).where(same_row(row)))
    name, archived = tables.archived_name, tables.archived
    same = [getattr(name.c, c) == getattr(archived.c, c) for c in ("person_place", "person_key", "whose")]
    connection.execute(sa.delete(name).where(~sa.exists(sa.select(sa.literal(1)).where(*same))))


def whose(names: Iterable[str]) -> str:
    """The digest of the keyed hashes that a person is known by; empty if there are none."""
    listed = sorted(set(names))
    return hashlib.sha256("\n".join(listed).encode()).hexdigest() if listed else ""


PersonId = tuple[str, str, str]
"""A person as the archives know them: place, key, `whose`."""


def known_as(connection: Connection, macs: Sequence[str]) -> list[PersonId]:
    """Whom the archives know by any of some keyed hashes."""
    name = tables.archived_name
    query = sa.select(name.c.person_place, name.c.person_key, name.c.whose).where(name.c.mac.in_(macs))
    return [(row.person_place, row.person_key, row.whose) for row in connection.execute(query.distinct())]


def of_persons(connection: Connection, persons: Iterable[PersonId]) -> list[Archived]:
    """What is archived of some persons."""
    table, found = tables.archived, []
    for place, key, known in persons:
        query = sa.select(table).where(
            table.c.person_place == place, table.c.person_key == key, table.c.whose == known
        )
        query = query.order_by(table.c.place, table.c.promise, table.c.row_key, table.c.last_day)
        found += [of_row(dict(row)) for row in connection.execute(query).mappings()]
    return found


def row_values(row: Archived) -> dict[str, Any]:
    """A row as its record has it."""
    return {name: getattr(row, name) for name in Archived.__slots__}


def lying(row: Archived, position: int, length: int) -> Archived:
    """A row that lies somewhere in its segment."""
    return Archived(**row_values(row) | {"position": position, "length": length})
