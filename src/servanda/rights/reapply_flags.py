"""Objections and withdrawals that a restored database has forgotten: their flags are set again.

Who objected is known by a keyed hash of the address alone, so every address of the places that have a flag
is hashed in a stream and compared.

Law: GDPR 21(3) and 7(3): they hold whatever becomes of the database.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from servanda.apply.corrections import Correction, correct
from servanda.database import Database, tables
from servanda.persons.person import Person
from servanda.persons.references import macs_of
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.opened import Opened
from servanda.stores.document.flags import Flag
from servanda.stores.sql.archive_table import database
from servanda.vault import Vault

_CHUNK = 500


def again(found: Opened, db: Database, vault: Vault, zone: str, now: datetime) -> int:
    """Set the flags again of everybody whose objection or withdrawal runs. Returns how many were not set."""
    today = now.astimezone(ZoneInfo(zone)).date().isoformat()
    with db.read() as connection:
        running = tables.suppression.c.expires_on >= today
        macs = set(connection.execute(sa.select(tables.suppression.c.mac).where(running)).scalars())
    done = 0
    for place in found.binding.places.values():
        flags = [place.place.flags[n] for n in ("objection", "withdrawal") if n in place.place.flags]
        if macs and flags and place.place.identifiers and place.store in found.sessions:
            wanted = list(_unset(found, vault, place, flags, macs))
            for start in range(0, len(wanted), _CHUNK):
                done += correct(found, wanted[start : start + _CHUNK])
    return done


def _unset(
    found: Opened, vault: Vault, place: BoundPlace, flags: list[Flag], macs: set[str]
) -> Iterator[Correction]:
    session = database(found.sessions[place.store])
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
