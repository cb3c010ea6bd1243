"""One-time links: what proves that whoever opens one reads the mail of an address.

A token has 256 random bits. Only its keyed hash is kept, so that a copy of the database opens
nothing; it ends after an hour, or when it was used. A download may be opened some times more,
and every time is counted.

How often somebody may ask is limited by address and by source. Whether an address is known
is never told: the same page, in the same time, answers both (GDPR 12(6), 32).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Literal

import sqlalchemy as sa

from servanda.database import moment, put, tables
from servanda.persons.references import normalise
from servanda.vault import Vault

Use = Literal["identity", "download"]
LIFE: dict[Use, timedelta] = {"identity": timedelta(hours=1), "download": timedelta(days=7)}
TIMES: dict[Use, int] = {"identity": 1, "download": 5}
_KEY = "identifiers"


@dataclass(frozen=True, slots=True)
class Link:
    """A link that was good: the request that it belongs to, and how often it still opens."""

    request: int
    left: int


def make(connection: sa.Connection, vault: Vault, use: Use, request: int, now: datetime) -> str:
    """Make a link of a request. Returns its token, which is kept nowhere."""
    token = secrets.token_urlsafe(32)
    row = {
        "mac": _mac(vault, token),
        "request": request,
        "use": use,
        "made_at": moment(now),
        "expires_at": moment(now + LIFE[use]),
        "left": TIMES[use],
    }
    connection.execute(sa.insert(tables.link).values(row))
    return token


def look(connection: sa.Connection, vault: Vault, use: Use, token: str, now: datetime) -> Link | None:
    """What a token would open, without using it up; None where it is forged, used, or over."""
    link = tables.link
    query = sa.select(link.c.request, link.c.left).where(*_good(vault, use, token, now))
    row = connection.execute(query).first()
    return None if row is None else Link(row.request, row.left)


def spend(connection: sa.Connection, vault: Vault, use: Use, token: str, now: datetime) -> Link | None:
    """Use a token once; None where it is forged, used, or over. Of two at a time, one gets it."""
    link, good = tables.link, _good(vault, use, token, now)
    if not connection.execute(sa.update(link).where(*good).values(left=link.c.left - 1)).rowcount:
        return None
    query = sa.select(link.c.request, link.c.left).where(link.c.mac.in_(_macs(vault, token)))
    row = connection.execute(query).one()
    return Link(row.request, row.left)


def revoke(connection: sa.Connection, request: int, use: Use) -> None:
    """End every link of a request for one use: a new one takes their place."""
    link = tables.link
    connection.execute(sa.delete(link).where(link.c.request == request, link.c.use == use))


def opening(connection: sa.Connection, use: Use, now: datetime) -> set[int]:
    """The requests that have a link which still opens."""
    link = tables.link
    good = sa.and_(link.c.use == use, link.c.left > 0, link.c.expires_at > moment(now))
    return set(connection.execute(sa.select(link.c.request).where(good)).scalars())


def sweep(connection: sa.Connection, now: datetime) -> int:
    """Remove links that are over, and attempts that no limit counts any more. Returns how many links."""
    gone = sa.delete(tables.link).where(tables.link.c.expires_at < moment(now - timedelta(days=1)))
    done = int(connection.execute(gone).rowcount)
    connection.execute(sa.delete(tables.attempt).where(tables.attempt.c.at < moment(now - _WINDOW)))
    return done


# -- how often ------------------------------------------------------------------------------

_WINDOW = timedelta(hours=1)
MOST = {"address": 5, "source": 30}
"""Attempts within an hour, by the address that is asked about and by the source that asks."""


def allowed(connection: sa.Connection, vault: Vault, address: str, source: str, now: datetime) -> bool:
    """Count an attempt, and say whether it is one of those that are carried out."""
    since, attempt, fine = moment(now - _WINDOW), tables.attempt, True
    for kind, value in (("address", normalise(address)), ("source", _network(source))):
        mac = vault.mac(_KEY, f"attempt:{kind}:{value}".encode())
        count = sa.select(sa.func.count()).where(attempt.c.mac == mac, attempt.c.at >= since)
        fine = fine and int(connection.execute(count).scalar_one()) < MOST[kind]
        put(connection, attempt, {"mac": mac, "at": moment(now)})
    return fine


def _network(source: str) -> str:
    """The source itself; of IPv6, the network of 64 bits that one subscriber has."""
    try:
        address = ip_address(source)
    except ValueError:
        return source
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((address, 64), strict=False))


def _good(vault: Vault, use: Use, token: str, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    link = tables.link
    return (
        link.c.mac.in_(_macs(vault, token)),
        link.c.use == use,
        link.c.left > 0,
        link.c.expires_at > moment(now),
    )


def _mac(vault: Vault, token: str) -> str:
    return vault.mac(_KEY, b"link:" + token.encode())


def _macs(vault: Vault, token: str) -> list[str]:
    return vault.macs(_KEY, b"link:" + token.encode())
