"""The suppression list: keyed hashes of addresses that must not be used or imported again.

An address that was erased or objected must be recognised when a list is imported, without being stored in clear.
Stored are only a hash under a key of the vault, the purpose, and dates.

Law: GDPR 21(3) who objects is not canvassed any more; 5(1)(c) nothing more is kept than that
takes; CNIL, référentiel “gestion des activités commerciales” (2022): three years at least.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

import sqlalchemy as sa

from servanda.database import put, tables
from servanda.law.period import Period
from servanda.persons.references import mac_of, macs_of
from servanda.vault import Vault

Purpose = Literal["marketing", "all"]
"""What is suppressed: marketing, or everything (after an erasure)."""
KEPT = Period(years=3)
"""How long an address is suppressed; restarts with each objection."""


def suppress(
    connection: sa.Connection, vault: Vault, address: str, purpose: Purpose, today: date, request: int | None
) -> None:
    """Suppress an address for a purpose."""
    row = {
        "mac": mac_of(vault, address),
        "purpose": purpose,
        "since": today.isoformat(),
        "expires_on": (today + KEPT).isoformat(),
        "request": request,
    }
    put(connection, tables.suppression, row)


def suppressed(connection: sa.Connection, vault: Vault, address: str, today: date) -> set[Purpose]:
    """The purposes for which an address is suppressed today."""
    kept = tables.suppression
    mine = kept.c.mac.in_(macs_of(vault, address))
    query = sa.select(kept.c.purpose).where(mine, kept.c.expires_on >= today.isoformat())
    return set(connection.execute(query).scalars())


def lift(connection: sa.Connection, vault: Vault, address: str, purpose: Purpose) -> bool:
    """Remove an address from the list, at the person's request. Returns whether it was suppressed."""
    kept = tables.suppression
    same = sa.and_(kept.c.mac.in_(macs_of(vault, address)), kept.c.purpose == purpose)
    return bool(connection.execute(sa.delete(kept).where(same)).rowcount)


def filter_allowed(
    connection: sa.Connection, vault: Vault, addresses: Iterable[str], purpose: Purpose, today: date
) -> list[bool]:
    """For each address, whether it may be used; for an import, or before a mailing."""
    kept, listed = tables.suppression, list(addresses)
    macs = [macs_of(vault, address) for address in listed]
    wanted = [mac for each in macs for mac in each]
    found: set[str] = set()
    for start in range(0, len(wanted), 500):
        chunk = wanted[start : start + 500]
        query = sa.select(kept.c.mac).where(
            kept.c.mac.in_(chunk),
            kept.c.purpose.in_((purpose, "all")),
            kept.c.expires_on >= today.isoformat(),
        )
        found |= set(connection.execute(query).scalars())
    return [not (set(each) & found) for each in macs]
