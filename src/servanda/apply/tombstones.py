"""Tombstones: keyed hashes of erased rows, by which they are recognised when a backup restores them.

    erased row ──▶ HMAC of place and key · HMAC of the whole row · HMAC of each identifier · expiry day

They are stored in Servanda's own database, not in the one that is restored, contain no personal data, and
expire with the longest backup. An unconfirmed tombstone belongs to an erasure whose outcome is unknown.

Law: GDPR 17(1) stays done after a restore; 25(1), 5(1)(c): no more than that takes.

`refuse_if_restored` stops every command until a restored database is resolved.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from servanda.database import Database, moment, put, tables
from servanda.errors import Refused
from servanda.law.period import Period
from servanda.persons.collect import Reach
from servanda.persons.references import normalise
from servanda.policy.policy import Policy
from servanda.stores.binding.binding import BoundPlace
from servanda.vault import Vault

DEFAULT_LIFETIME = Period(years=1)
"""How long a tombstone is kept if the policy does not state how long backups are kept."""
_KEY = "identifiers"
_TOP = "top:"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """The fingerprints (hex) of one erased row of a person, and the reference of the erasure.

    `names` are those of its identifiers, and, after “top:”, the greatest key of the place at that time, where known.
    """

    reference: str
    place: str
    key: str
    row: str
    names: tuple[str, ...]
    erased_at: datetime


@dataclass(slots=True)
class Fingerprinter:
    """Computes fingerprints (HMAC-SHA256) under the current key, or under an earlier one by its number."""

    secrets: Sequence[bytes] = field(repr=False)

    @classmethod
    def of(cls, vault: Vault) -> Fingerprinter:
        """A fingerprinter with every key of the vault, the newest first."""
        newest = vault.current(_KEY)
        return cls([vault.secret(_KEY, n) for n in range(newest, 0, -1)])

    def key(self, place: str, key: Iterable[Any], number: int = 0) -> str:
        """The fingerprint of a key."""
        return self._mac(number, f"tombstone:key:{place}:{_json(list(key))}")

    def keys(self, place: str, key: Iterable[Any]) -> Iterator[str]:
        """The fingerprint of a key under every key of the vault."""
        text = f"tombstone:key:{place}:{_json(list(key))}"
        return (self._mac(number, text) for number in range(len(self.secrets)))

    def row(self, place: str, values: Mapping[str, Any], number: int = 0) -> str:
        """The fingerprint of a whole row."""
        return self._mac(number, f"tombstone:row:{place}:{_json(dict(sorted(values.items())))}")

    def name(self, value: Any, number: int = 0) -> str:
        """The fingerprint of an identifier, as addresses are compared."""
        return self._mac(number, f"tombstone:name:{normalise(str(value))}")

    def _mac(self, number: int, text: str) -> str:
        return hmac.digest(self.secrets[number], text.encode(), "sha256").hex()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain, separators=(",", ":"))


def _plain(value: Any) -> str:
    match value:
        case datetime() | date() | time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case Decimal() | timedelta():
            return str(value)
        case _:
            return str(value)


def tombstones_of(
    reach: Reach,
    fingerprinter: Fingerprinter,
    references: Sequence[str],
    at: datetime,
    tops: Mapping[str, int] = MappingProxyType({}),
) -> list[tuple[str, tuple[Any, ...], Tombstone]]:
    """The tombstones of the locked rows of persons, each with the table and the key of its row."""
    return [
        (table, tuple(row[k] for k in reach.graph.shape[table].key), tombstone)
        for table, rows in reach.own.items()
        for person, row in rows
        for tombstone in _tombstones_of_row(
            reach.graph.places[table], fingerprinter, references[person], (row, at), tops
        )
    ]


def top_of(tombstone: Tombstone) -> int | None:
    """The greatest key of the place when a row was erased; None if unknown."""
    tops = [name.removeprefix(_TOP) for name in tombstone.names if name.startswith(_TOP)]
    return int(tops[0]) if tops else None


def _tombstones_of_row(
    places: Sequence[BoundPlace],
    fingerprinter: Fingerprinter,
    reference: str,
    erased: tuple[Mapping[str, Any], datetime],
    tops: Mapping[str, int],
) -> Iterator[Tombstone]:
    row, at = erased
    for place in places:
        if any(row[c] != v for c, v in place.place.where.items()):
            continue
        named = [row[c] for c in place.place.identifiers.values() if row[c] is not None]
        names = tuple(fingerprinter.name(value) for value in named)
        names += (f"{_TOP}{tops[place.name]}",) if place.name in tops else ()
        key = fingerprinter.key(place.name, [row[c] for c in place.table.key])
        yield Tombstone(reference, place.name, key, fingerprinter.row(place.name, row), names, at)


def write_tombstones(connection: sa.Connection, tombstones: Sequence[Tombstone], until: date) -> None:
    """Store unconfirmed tombstones before the erasure; confirmed ones with the same key are left as they are."""
    tombstone = tables.tombstone
    known: set[tuple[str, str]] = set()
    references = list(dict.fromkeys(s.reference for s in tombstones))
    for start in range(0, len(references), 500):
        mine = tombstone.c.reference.in_(references[start : start + 500])
        query = sa.select(tombstone.c.mac, tombstone.c.reference).where(mine, tombstone.c.confirmed == 1)
        known |= {(mac, reference) for mac, reference in connection.execute(query)}
    rows = [
        {
            "mac": s.key,
            "reference": s.reference,
            "place": s.place,
            "row_mac": s.row,
            "name_macs": json.dumps(s.names),
            "erased_at": moment(s.erased_at),
            "confirmed": 0,
            "expires_on": until.isoformat(),
        }
        for s in tombstones
        if (s.key, s.reference) not in known
    ]
    if rows:
        put(connection, tables.tombstone, rows)


def delete_tombstones(connection: sa.Connection, tombstones: Sequence[Tombstone]) -> None:
    """Delete tombstones of rows that stayed, or that were accepted as not restored."""
    tombstone = tables.tombstone
    for one in tombstones:
        same = sa.and_(tombstone.c.mac == one.key, tombstone.c.reference == one.reference)
        connection.execute(sa.delete(tombstone).where(same))


def confirm_tombstones(connection: sa.Connection, references: Sequence[str]) -> None:
    """Mark the tombstones of completed erasures as confirmed."""
    tombstone = tables.tombstone
    for start in range(0, len(references), 500):
        mine = tombstone.c.reference.in_(references[start : start + 500])
        connection.execute(sa.update(tombstone).where(mine).values(confirmed=1))


def all_tombstones(db: Database) -> dict[str, list[tuple[Tombstone, bool]]]:
    """Every tombstone by the fingerprint of its key, and whether it is confirmed."""
    found: dict[str, list[tuple[Tombstone, bool]]] = {}
    with db.read() as connection:
        for row in connection.execute(sa.select(tables.tombstone)):
            at = datetime.fromisoformat(row.erased_at)
            tombstone = Tombstone(
                row.reference, row.place, row.mac, row.row_mac, tuple(json.loads(row.name_macs)), at
            )
            found.setdefault(row.mac, []).append((tombstone, bool(row.confirmed)))
    return found


def expiry_day(policy: Policy, today: date) -> date:
    """The day until which a tombstone is needed: as long as the longest backup is kept."""
    expire = policy.backups.expire_after if policy.backups is not None else None
    return today + (expire or DEFAULT_LIFETIME)


def delete_expired_tombstones(db: Database, today: date) -> int:
    """Delete expired tombstones. Returns the number of rows."""
    over = tables.tombstone.c.expires_on < today.isoformat()
    with db.begin() as connection:
        return int(connection.execute(sa.delete(tables.tombstone).where(over)).rowcount)


def tombstones_of_unchanged_rows(
    reach: Reach, fingerprinter: Fingerprinter, set_: Sequence[Tombstone]
) -> list[Tombstone]:
    """The tombstones whose row is still unchanged although it was to be emptied; inside the erasing transaction."""
    by_key = {one.key: one for one in set_}
    found: list[Tombstone] = []
    for table in reach.own:
        for _, row in reach.rows.kept_own_rows(table):
            for place in reach.graph.places[table]:
                key = fingerprinter.key(place.name, [row[c] for c in place.table.key])
                tombstone = by_key.get(key)
                if tombstone is not None and is_restored(fingerprinter, place, row, tombstone):
                    found.append(tombstone)
    return found


def is_restored(
    fingerprinter: Fingerprinter, place: BoundPlace, row: Mapping[str, Any], tombstone: Tombstone
) -> bool | None:
    """Whether a row is the erased one, restored; None if unknown, because only the key is the same.

    It is if the whole row is unchanged, or if an identifier is the same and no date in the row is later than
    the erasure: a later date means a new account of the same person.
    """
    named = [row[c] for c in place.place.identifiers.values() if row.get(c) is not None]
    for number in range(len(fingerprinter.secrets)):
        if fingerprinter.row(place.name, row, number) == tombstone.row:
            return True
        if {fingerprinter.name(value, number) for value in named} & set(tombstone.names):
            return not any(is_later(value, tombstone.erased_at) for value in row.values())
    return None if named else False


def is_later(value: Any, than: datetime) -> bool:
    """Whether a date, a datetime or an ISO text is later than an instant."""
    if isinstance(value, str) and len(value) >= 10 and value[4:5] == "-":
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return False
    if isinstance(value, datetime):
        return value.replace(tzinfo=than.tzinfo) > than if value.tzinfo is None else value > than
    return isinstance(value, date) and value > than.date()


SETTING = "restored"


def refuse_if_restored(db: Database) -> None:
    """Raise Refused while a restored database is not resolved; reads only the stored result of the last check."""
    said = db.setting(SETTING)
    if not said:
        return
    found = json.loads(said)
    what = (
        f"{found['rows']} erased row{'s' if found['rows'] > 1 else ''} came back"
        if found["rows"]
        else f"the latest rows of {', '.join(found['behind'])} are gone"
    )
    raise Refused(
        f"a database was restored from a backup: {what}",
        advice="if a backup was restored: servanda restore replay; if not: "
        "servanda restore accept --reason WORDS --second NAME",
    )
