"""Sets the flags of objections and withdrawals again, after a database was restored from a backup.

Objections are stored by a keyed hash of the address only, so every address in places with flags is hashed, as a
stream, and compared.

Law: GDPR 21(3) and 7(3): they hold whatever becomes of the database.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from servanda.apply.corrections import Correction, correct
from servanda.database import tables
from servanda.persons.person import Person
from servanda.persons.references import macs_of
from servanda.project import Project
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.open_stores import OpenStores
from servanda.stores.document.flags import Flag
from servanda.stores.sql.archive_table import database
from servanda.vault import Vault

_CHUNK = 500


def reapply_flags(project: Project) -> int:
    """Set the flags of all objections and withdrawals in force. Returns the number of rows that lacked one."""
    stores, db, today = project.stores, project.database, project.today.isoformat()
    with db.read() as connection:
        running = tables.suppression.c.expires_on >= today
        macs = set(connection.execute(sa.select(tables.suppression.c.mac).where(running)).scalars())
    done = 0
    for place in stores.binding.places.values():
        flags = [place.place.flags[n] for n in ("objection", "withdrawal") if n in place.place.flags]
        if macs and flags and place.place.identifiers and place.store in stores.sessions:
            wanted = list(_unset(stores, project.vault, place, flags, macs))
            for start in range(0, len(wanted), _CHUNK):
                done += correct(stores, wanted[start : start + _CHUNK])
    return done


def _unset(
    stores: OpenStores, vault: Vault, place: BoundPlace, flags: list[Flag], macs: set[str]
) -> Iterator[Correction]:
    session = database(stores.sessions[place.store])
    row: Any = session.table_of(place.table.name)
    names = list(place.place.identifiers.values())
    columns = [*place.table.key, *names, *(flag.column for flag in flags)]
    size = len(place.table.key)
    met: list[Correction] = []
    with session.snapshot():
        for values in session.stream(sa.select(*(row.c[c] for c in columns))):
            bears = [v for v in values[size : size + len(names)] if v is not None]
            if not any(mac in macs for value in bears for mac in macs_of(vault, str(value))):
                continue
            now = values[size + len(names) :]
            change = {f.column: f.on for f, v in zip(flags, now, strict=True) if v != f.on}
            if change:
                met.append(Correction(Person(place.name, tuple(values[:size])), change))
    yield from met
