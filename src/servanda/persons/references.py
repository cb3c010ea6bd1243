"""References to persons: random identifiers that plans, requests and the ledger use for them.

    address ──normalise──▶ HMAC under the key “identifiers” ──▶ reference

One row maps the hash of an address to its reference, and it is the only link. It is created for one use and
deleted after it; the references in the ledger are anonymous from then on.
Law: GDPR 4(5) and 25(1): what is pseudonymous while the row is there, is anonymous after.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa

from servanda.database import tables
from servanda.stores.addresses import comparable
from servanda.vault import Vault

Use = Literal["request", "directive"]
_KEY = "identifiers"


def normalise(identifier: str) -> str:
    """An address as it is compared: see `stores.addresses`."""
    return comparable(identifier)


def mac_of(vault: Vault, identifier: str) -> str:
    """The keyed hash of an address under the current key, 64 hex digits."""
    return vault.mac(_KEY, normalise(identifier).encode())


def macs_of(vault: Vault, identifier: str) -> list[str]:
    """The keyed hash under every key, newest first, to find entries made under an older key."""
    return vault.macs(_KEY, normalise(identifier).encode())


def names_of(
    vault: Vault, place: str, key: Sequence[Any], named: Sequence[Any], created: Sequence[Any]
) -> tuple[str, ...]:
    """The keyed hashes by which the archives know a person's row: its identifiers, and its key with its creation.

    The second finds who has changed their address since. Under the current key.
    """
    macs = [mac_of(vault, str(value)) for value in named if value not in (None, "")]
    if created and None not in created:
        macs.append(vault.mac(_KEY, _creation(place, key, created)))
    return tuple(macs)


def all_names_of(
    vault: Vault, place: str, key: Sequence[Any], named: Sequence[Any], created: Sequence[Any]
) -> list[str]:
    """The same hashes under every key."""
    macs = [mac for value in named if value not in (None, "") for mac in macs_of(vault, str(value))]
    if created and None not in created:
        macs += vault.macs(_KEY, _creation(place, key, created))
    return macs


def _creation(place: str, key: Sequence[Any], created: Sequence[Any]) -> bytes:
    return json.dumps(["created", place, list(key), list(created)], default=str).encode()


def refer(
    connection: sa.Connection, vault: Vault, use: Use, identifier: str, expires_on: date | None = None
) -> str:
    """Get or create the reference of an address for one use; sets its expiry day."""
    person = tables.person
    until = expires_on.isoformat() if expires_on else None
    found = find(connection, vault, use, identifier)
    if found is not None:
        same = person.c.reference == found
        connection.execute(sa.update(person).where(same).values(expires_on=until))
        return found
    reference = secrets.token_hex(16)
    row = {"reference": reference, "use": use, "mac": mac_of(vault, identifier), "expires_on": until}
    connection.execute(sa.insert(person).values(row))
    return reference


def find(connection: sa.Connection, vault: Vault, use: Use, identifier: str) -> str | None:
    """The reference of an address for one use; None if there is none."""
    person = tables.person
    query = sa.select(person.c.reference).where(
        person.c.use == use, person.c.mac.in_(macs_of(vault, identifier))
    )
    found = connection.execute(query).scalars().first()
    return None if found is None else str(found)


def forget(connection: sa.Connection, today: date) -> int:
    """Delete expired references. Returns the number of rows."""
    over = tables.person.c.expires_on < today.isoformat()
    return int(connection.execute(sa.delete(tables.person).where(over)).rowcount)
